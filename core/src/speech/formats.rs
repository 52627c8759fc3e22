//! A transcription as text, JSON, SubRip or WebVTT.

use std::fmt::Write;

use serde::Serialize;

use super::transcribe::{Segment, Transcription};

/// What `--format json` prints of a file, on one line.
#[derive(Serialize)]
pub struct FileTranscription<'a> {
    pub file: &'a str,
    #[serde(flatten)]
    pub transcription: &'a Transcription,
}

/// A line a segment.
pub fn text(t: &Transcription) -> String {
    t.segments.iter().fold(String::new(), |out, s| out + &s.text + "\n")
}

/// SubRip: numbered cues, comma before the milliseconds.
pub fn srt(t: &Transcription) -> String {
    let mut out = String::new();
    for (i, cue) in cues(t).enumerate() {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{}\n{} --> {}\n{}\n", i + 1, clock(cue.start_s, ','), clock(cue.end_s, ','), cue.text);
    }
    out
}

/// WebVTT: a header, a dot before the milliseconds, markup escaped.
pub fn vtt(t: &Transcription) -> String {
    let mut out = "WEBVTT\n\n".to_string();
    for cue in cues(t) {
        let text = cue.text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        let _ = writeln!(out, "{} --> {}\n{text}\n", clock(cue.start_s, '.'), clock(cue.end_s, '.'));
    }
    out
}

struct Cue {
    start_s: f64,
    end_s: f64,
    text: String,
}

/// Longest text of a cue, in characters: two lines of a screen.
const CUE: usize = 84;

/// Segments in pieces that fit a screen.
fn cues(t: &Transcription) -> impl Iterator<Item = Cue> {
    t.segments.iter().flat_map(cues_of)
}

fn cues_of(segment: &Segment) -> Vec<Cue> {
    let mut cues: Vec<Cue> = Vec::new();
    for w in &segment.words {
        match cues.last_mut().filter(|c| c.text.chars().count() + 1 + w.text.chars().count() <= CUE) {
            Some(cue) => {
                cue.text = format!("{} {}", cue.text, w.text);
                cue.end_s = cue.end_s.max(w.end_s);
            }
            None => cues.push(Cue { start_s: w.start_s, end_s: w.end_s, text: w.text.clone() }),
        }
    }
    cues
}

/// `00:01:02,345`
fn clock(seconds: f64, point: char) -> String {
    let ms = (seconds.max(0.0) * 1000.0).round() as u64;
    format!("{:02}:{:02}:{:02}{point}{:03}", ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60, ms % 1000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::speech::stt::Word;

    fn example() -> Transcription {
        let word = |text: &str, start_s, end_s| Word { text: text.into(), start_s, end_s, confidence: 0.5 };
        let words = vec![word("Is", 3599.5, 3599.75), word("1<2?", 3600.0, 3601.2344)];
        Transcription {
            duration_s: 3700.0,
            engine: "e".into(),
            model: "m".into(),
            language: "en".into(),
            text: "Is 1<2?".into(),
            segments: vec![Segment { start_s: 3599.5, end_s: 3601.2344, text: "Is 1<2?".into(), words }],
        }
    }

    #[test]
    fn each_format_as_its_readers_want_it() {
        let t = example();
        assert_eq!(text(&t), "Is 1<2?\n");
        assert_eq!(srt(&t), "1\n00:59:59,500 --> 01:00:01,234\nIs 1<2?\n\n");
        assert_eq!(vtt(&t), "WEBVTT\n\n00:59:59.500 --> 01:00:01.234\nIs 1&lt;2?\n\n");
        let json = serde_json::to_string(&FileTranscription { file: "a.wav", transcription: &t }).unwrap();
        assert!(json.starts_with(r#"{"file":"a.wav","duration_s":3700.0,"engine":"e","model":"m","language":"en","text":"Is 1<2?","segments":[{"start_s":3599.5,"end_s":3601.2344,"text":"Is 1<2?","words":[{"text":"Is","start_s":3599.5,"end_s":3599.75,"confidence":0.5},"#), "{json}");
    }

    #[test]
    fn long_segments_become_several_cues() {
        let mut t = example();
        let word = t.segments[0].words[0].clone();
        t.segments[0].words = (0..100).map(|i| Word { start_s: f64::from(i), end_s: f64::from(i) + 0.5, ..word.clone() }).collect();
        let cues: Vec<Cue> = cues(&t).collect();
        assert!(cues.len() > 3 && cues.iter().all(|c| c.text.len() <= CUE));
        assert!(cues.windows(2).all(|p| p[0].end_s <= p[1].start_s));
    }
}
