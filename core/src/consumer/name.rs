//! What groups and services are called.

use super::{Refusal, Result};

/// `<service>-consumer`: words of a-z and 0-9 with dashes between, 64 characters at most.
pub fn parse_group(name: &str) -> Result<&str> {
    match name.strip_suffix("-consumer") {
        Some(service) if is_service(service) && name.len() <= 64 => Ok(name),
        _ => Err(Refusal::Wrong(
            "a group is called like word-counter-consumer: words of a-z and 0-9, dashes, and -consumer at the end".into(),
        )),
    }
}

/// Words of a-z and 0-9 with dashes between, 64 characters at most; the first begins with a letter.
pub fn is_service(name: &str) -> bool {
    let word = |w: &str| !w.is_empty() && w.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    name.len() <= 64 && name.starts_with(|c: char| c.is_ascii_lowercase()) && name.split('-').all(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_called_after_their_service() {
        for good in ["a-consumer", "word-counter-consumer", "s3-consumer"] {
            assert!(parse_group(good).is_ok(), "{good}");
        }
        let long = format!("{}-consumer", "a".repeat(56));
        for bad in ["", "-consumer", "word-counter", "Word-consumer", "3d-consumer", "a--b-consumer", "a_b-consumer", "a/b-consumer", &long]
        {
            assert!(parse_group(bad).is_err(), "{bad}");
        }
    }
}
