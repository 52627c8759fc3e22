//! One line a step on stderr, with what it took.

use std::io::{IsTerminal, Write, stderr};
use std::time::{Duration, Instant};

use crate::Result;

/// Does a step and says how long it took; the step answers in a few words what came of it.
pub fn step(name: &str, work: impl FnOnce() -> Result<String>) -> Result {
    let start = Instant::now();
    let done = work();
    let took = seconds(start.elapsed());
    let mut err = stderr().lock();
    // A progress line may stand where this one goes.
    let clear = if stderr().is_terminal() { "\r\x1b[K" } else { "" };
    let line = match &done {
        Ok(said) => format!("{name:<18} {said:<52} {took:>9}"),
        Err(sentence) => format!("{name:<18} {sentence} {took}"),
    };
    writeln!(err, "{clear}{line}").ok();
    done.map(drop)
}

/// A heading for what takes long and speaks for itself.
pub fn begin(name: &str, what: &str) {
    eprintln!("{name:<18} {what} …");
}

/// A line that the next one overwrites; on no terminal, nothing.
pub fn passing(line: &str) {
    if stderr().is_terminal() {
        eprint!("\r\x1b[K{line}");
        stderr().flush().ok();
    }
}

/// A line that the next one overwrites; on no terminal it stands for itself, when it says something new.
pub fn changing(line: &str, new: bool) {
    if stderr().is_terminal() {
        passing(line);
    } else if new {
        eprintln!("{line}");
    }
}

/// `0.6 s`, `41 s`, `6 min 40 s`
pub fn seconds(d: Duration) -> String {
    let s = d.as_secs_f64();
    match s {
        s if s < 9.95 => format!("{s:.1} s"),
        s if s < 59.5 => format!("{s:.0} s"),
        s => format!("{} min {} s", (s.round() as u64) / 60, (s.round() as u64) % 60),
    }
}

/// `4.1 MB`
pub fn bytes(n: u64) -> String {
    match n {
        n if n < 1000 => format!("{n} B"),
        n if n < 1_000_000 => format!("{:.0} kB", n as f64 / 1e3),
        n => format!("{:.1} MB", n as f64 / 1e6),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_sizes_read_as_a_person_writes_them() {
        let all = [0.04, 3.25, 9.97, 41.2, 59.7, 400.0].map(|s| seconds(Duration::from_secs_f64(s)));
        assert_eq!(all, ["0.0 s", "3.2 s", "10 s", "41 s", "1 min 0 s", "6 min 40 s"]);
        assert_eq!([7, 41_000, 4_100_000].map(bytes), ["7 B", "41 kB", "4.1 MB"]);
    }
}
