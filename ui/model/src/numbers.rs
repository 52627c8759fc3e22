//! Numbers as Loom writes them.

/// `18 249`, with a narrow no-break space.
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push('\u{202f}');
        }
        out.push(c);
    }
    out
}

/// `0.6 s`, `41 s`, `6 min 40 s`, `2 h 10 min`
pub fn duration(seconds: f64) -> String {
    let whole = seconds.round() as u64;
    match whole {
        _ if seconds < 9.95 => format!("{seconds:.1} s"),
        0..60 => format!("{whole} s"),
        60..3600 => format!("{} min {} s", whole / 60, whole % 60),
        _ => format!("{} h {} min", whole / 3600, whole / 60 % 60),
    }
}

/// `4.1 kB`, by thousands.
pub fn bytes(n: u64) -> String {
    const UNITS: [&str; 4] = ["kB", "MB", "GB", "TB"];
    if n < 1000 {
        return format!("{n} B");
    }
    let mut value = n as f64 / 1000.0;
    let mut unit = 0;
    while value >= 999.5 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    if value < 9.95 { format!("{value:.1} {}", UNITS[unit]) } else { format!("{value:.0} {}", UNITS[unit]) }
}

/// `3.0/s`, `16/min`, `2/h`, `idle`: two digits that count.
pub fn rate(per_minute: f64) -> String {
    let two = |n: f64| if n < 9.95 { format!("{n:.1}") } else { count(n.round() as u64) };
    match per_minute {
        m if m >= 59.5 => format!("{}/s", two(m / 60.0)),
        m if m >= 0.995 => format!("{}/min", two(m)),
        m if m * 60.0 >= 0.5 => format!("{}/h", (m * 60.0).round()),
        _ => "idle".into(),
    }
}

/// `1 line`, `23 lines`
pub fn of(n: usize, one: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{} {one}s", count(n as u64)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_as_the_look_says() {
        assert_eq!([0, 999, 18_249, 1_000_000].map(count), ["0", "999", "18\u{202f}249", "1\u{202f}000\u{202f}000"]);
        assert_eq!([0.6, 9.97, 41.2, 400.0, 7800.0].map(duration), ["0.6 s", "10 s", "41 s", "6 min 40 s", "2 h 10 min"]);
        assert_eq!([12, 4100, 41_000, 999_600, 7_200_000].map(bytes), ["12 B", "4.1 kB", "41 kB", "1.0 MB", "7.2 MB"]);
        assert_eq!([180.0, 16.0, 9.1, 0.034, 0.0].map(rate), ["3.0/s", "16/min", "9.1/min", "2/h", "idle"]);
        assert_eq!((of(1, "line"), of(0, "line"), of(1200, "line")), ("1 line".into(), "0 lines".into(), "1\u{202f}200 lines".into()));
    }
}
