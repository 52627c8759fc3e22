//! Printing: JSON Lines for programs, aligned columns for people. A reader that leaves early is no error.

use std::io::{self, IsTerminal, Write};
use std::path::Path;

use serde_json::Value;

/// A line on standard output; ends the program quietly when nobody reads any more.
pub fn line(text: &str) {
    write_out(format!("{text}\n").as_bytes());
}

/// Bytes as they are.
pub fn write_out(bytes: &[u8]) {
    let mut out = io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Ok(()) => {}
        Err(e) if e.kind() == io::ErrorKind::BrokenPipe => std::process::exit(0),
        Err(_) => {
            complain("standard output cannot be written to: is the disk full?");
            std::process::exit(1);
        }
    }
}

/// A sentence on standard error. If nobody reads it there is nobody left to tell.
pub fn complain(sentence: &str) {
    progress("");
    let _ = writeln!(io::stderr().lock(), "loom: {}", printable(sentence));
}

/// How far something long is: one line of a terminal, written over and over; nothing elsewhere.
pub fn progress(text: &str) {
    let mut err = io::stderr().lock();
    if err.is_terminal() {
        // Progress that cannot be shown is no reason to stop.
        let _ = write!(err, "\r{}\u{1b}[K", printable(text)).and_then(|()| err.flush());
    }
}

/// Seconds of a recording that are done.
pub fn progress_of(file: &Path, seconds: f64, total: Option<f64>) {
    let of = total.map_or_else(String::new, |t| format!(" of {t:.0}"));
    progress(&format!("{}: {seconds:.0}{of} s", file.file_name().unwrap_or_default().to_string_lossy()));
}

/// Without what a terminal would act on.
pub fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// A column: its heading, and what stands in it for a row.
pub type Column<'a> = (&'a str, Box<dyn Fn(&Value) -> String + 'a>);

/// A column that shows a field as it is.
pub fn field<'a>(heading: &'a str, key: &'a str) -> Column<'a> {
    (heading, Box::new(move |row| plain(&row[key])))
}

pub fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(s) => s.clone(),
        Value::Array(a) => a.iter().map(plain).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

/// Rows as JSON Lines, or as a table.
pub fn rows(json: bool, rows: &[Value], columns: &[Column]) {
    if json {
        rows.iter().for_each(|r| line(&r.to_string()));
    } else if !rows.is_empty() {
        write_out(table(rows, columns).as_bytes());
    }
}

/// Columns padded to their widest cell; numbers to the right, the last column as long as it likes.
fn table(rows: &[Value], columns: &[Column]) -> String {
    let cells: Vec<Vec<String>> = rows.iter().map(|r| columns.iter().map(|c| printable(&(c.1)(r))).collect()).collect();
    let width = |i: usize| cells.iter().map(|c| c[i].chars().count()).chain([columns[i].0.chars().count()]).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns.len()).map(width).collect();
    let is_number = |i: usize| cells.iter().all(|c| c[i].is_empty() || c[i].parse::<f64>().is_ok());
    let right: Vec<bool> = (0..columns.len()).map(is_number).collect();
    let headings: Vec<String> = columns.iter().map(|c| c.0.to_string()).collect();
    let mut out = String::new();
    for row in std::iter::once(&headings).chain(&cells) {
        let padded = row.iter().enumerate().map(|(i, cell)| {
            let gap = " ".repeat(widths[i].saturating_sub(cell.chars().count()));
            if right[i] { format!("{gap}{cell}") } else { format!("{cell}{gap}") }
        });
        out.push_str(padded.collect::<Vec<_>>().join("  ").trim_end());
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn tables_align_and_hold_no_control_characters() {
        let rows = [json!({"a": "x\u{1b}[31m", "n": 5}), json!({"a": "längst", "n": 100})];
        let out = table(&rows, &[field("NAME", "a"), field("LAG", "n")]);
        assert_eq!(out, "NAME    LAG\nx [31m    5\nlängst  100\n");
    }
}
