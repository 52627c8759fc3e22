//! What is shown, as files that other programs read. The timeline is the owner's, and it is they who take it out, so its lines
//! are written as they see them. A topic's records go to whoever gets the file: they are opened for [`Export`], which the
//! wall allows for shared topics alone.

mod topic;

use jiff::tz::TimeZone;
use loom_schemas::api::TimelineRow;

pub use topic::{csv_head, record};

use crate::env::Time;
use crate::error::{Error, Result};

/// How lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One JSON object a line.
    Jsonl,
    Csv,
    /// A heading a day.
    Markdown,
    /// Subtitles, counted from the first line.
    Srt,
    Vtt,
}

impl Format {
    /// `Invalid` for one that is not known.
    pub fn parse(name: &str) -> Result<Self> {
        match name {
            "jsonl" => Ok(Self::Jsonl),
            "csv" => Ok(Self::Csv),
            "md" => Ok(Self::Markdown),
            "srt" => Ok(Self::Srt),
            "vtt" => Ok(Self::Vtt),
            _ => Err(Error::invalid("format is one of jsonl, csv, md, srt and vtt")),
        }
    }
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Jsonl => "application/jsonl",
            Self::Csv => "text/csv; charset=utf-8",
            Self::Markdown => "text/markdown; charset=utf-8",
            Self::Srt => "application/x-subrip",
            Self::Vtt => "text/vtt; charset=utf-8",
        }
    }
    /// What a file of it ends with.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Jsonl => "jsonl",
            Self::Csv => "csv",
            Self::Markdown => "md",
            Self::Srt => "srt",
            Self::Vtt => "vtt",
        }
    }
}

/// Lines one after the other, oldest first.
pub struct Writer {
    format: Format,
    zone: TimeZone,
    lines: u64,
    /// Where subtitles begin to count.
    begin: Option<Time>,
    day: String,
}

impl Writer {
    pub fn new(format: Format, zone: TimeZone) -> Self {
        Self { format, zone, lines: 0, begin: None, day: String::new() }
    }

    /// What stands before the first line.
    pub fn head(&self) -> &'static str {
        match self.format {
            Format::Csv => "recorded_at,duration_s,source,device_id,language,starred,text\r\n",
            Format::Vtt => "WEBVTT\n\n",
            _ => "",
        }
    }

    pub fn line(&mut self, l: &TimelineRow) -> Result<String> {
        self.lines += 1;
        let at = Time::parse(&l.recorded_at)?;
        Ok(match self.format {
            Format::Jsonl => serde_json::to_string(l).map_err(|e| Error::bug("a line does not serialise").because(e))? + "\n",
            Format::Csv => {
                let fields =
                    [&l.recorded_at, &l.duration_s.to_string(), &l.source, &l.device_id, &l.language, &l.starred.to_string(), &l.text];
                fields.map(|f| csv(f)).join(",") + "\r\n"
            }
            Format::Markdown => self.markdown(at, l),
            Format::Srt | Format::Vtt => self.cue(at, l),
        })
    }

    fn markdown(&mut self, at: Time, l: &TimelineRow) -> String {
        let local = at.timestamp().to_zoned_datetime(self.zone.clone());
        let day = local.strftime("%Y-%m-%d").to_string();
        let head = if day == self.day { String::new() } else { format!("{}## {day}\n\n", if self.lines > 1 { "\n" } else { "" }) };
        self.day = day;
        let star = if l.starred { " ★" } else { "" };
        format!("{head}- **{}**{star} {}\n", local.strftime("%H:%M:%S"), plain(&l.text))
    }

    fn cue(&mut self, at: Time, l: &TimelineRow) -> String {
        let begin = *self.begin.get_or_insert(at);
        let from = (at.seconds() - begin.seconds()).max(0.0);
        let (from, to) = (clock(from, self.format), clock(from + l.duration_s.max(0.001), self.format));
        // An arrow in the text would be taken for times, a tag for markup.
        let text = l.text.replace("-->", "→");
        let text = if self.format == Format::Vtt { text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;") } else { text };
        format!("{}\n{from} --> {to}\n{text}\n\n", self.lines)
    }
}

/// Hours, minutes, seconds and milliseconds, with the mark before the last that the format has.
fn clock(seconds: f64, format: Format) -> String {
    let ms = (seconds * 1000.0).round() as u64;
    let mark = if format == Format::Srt { ',' } else { '.' };
    format!("{:02}:{:02}:{:02}{mark}{:03}", ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60, ms % 1000)
}

/// A field as RFC 4180 has it. What a spreadsheet would take for a formula gets an apostrophe before it, which it takes for text.
pub(super) fn csv(field: &str) -> String {
    let formula = field.starts_with(['=', '+', '-', '@', '\t', '\r']) && field.parse::<f64>().is_err();
    let field = if formula { format!("'{field}") } else { field.to_owned() };
    match field.contains(['"', ',', '\n', '\r']) {
        true => format!("\"{}\"", field.replace('"', "\"\"")),
        false => field,
    }
}

/// Text in which Markdown finds nothing of its own.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|' | '&' | '~') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests;
