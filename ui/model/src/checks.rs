//! What the doctor says, as Health shows it.

use loom_schemas::api::Check;

use crate::numbers;

/// What fails first, then what to watch; each in the doctor's order.
pub fn worst_first(mut checks: Vec<Check>) -> Vec<Check> {
    checks.sort_by_key(|c| match c.state.as_str() {
        "fail" => 0,
        "warn" => 1,
        "ok" => 3,
        _ => 2,
    });
    checks
}

/// The shape and the word of a check's state.
pub fn state(state: &str) -> (&'static str, &'static str) {
    match state {
        "ok" => ("ok", "well"),
        "warn" => ("behind", "watch"),
        "fail" => ("down", "not well"),
        _ => ("unknown", "unknown"),
    }
}

/// `1 thing is not well, 2 things to watch, 9 checks in all`
pub fn summary(checks: &[Check]) -> String {
    let many = |state: &str| checks.iter().filter(|c| c.state == state).count();
    let (bad, watch) = (many("fail"), many("warn"));
    let mut parts = Vec::new();
    if bad > 0 {
        parts.push(format!("{} not well", numbers::of(bad, "check")));
    }
    if watch > 0 {
        parts.push(format!("{} to watch", if bad > 0 { watch.to_string() } else { numbers::of(watch, "check") }));
    }
    if parts.is_empty() {
        return format!("All is well: {}.", numbers::of(checks.len(), "check"));
    }
    format!("{}, {} in all.", parts.join(", "), checks.len())
}

/// What the doctor says are fragments; on a page they stand alone.
pub fn sentence(fix: &str) -> String {
    let end = if fix.ends_with(['.', '!', '?']) || fix.is_empty() { "" } else { "." };
    format!("{}{end}", first_upper(fix))
}

/// A text begins large, unless with a name of a file or a model.
pub fn first_upper(text: &str) -> String {
    let word = text.split(' ').next().unwrap_or_default().trim_end_matches([',', ':', ';']);
    if !word.chars().all(|c| c.is_alphabetic() || c == '\'') {
        return text.to_string();
    }
    let mut letters = text.chars();
    let first: String = letters.next().map(|c| c.to_uppercase().collect()).unwrap_or_default();
    first + letters.as_str()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, state: &str) -> Check {
        Check { check: name.into(), state: state.into(), message: String::new(), fix: None, action: None }
    }

    #[test]
    fn the_worst_stands_first_and_the_rest_in_order() {
        let all = worst_first([("a", "ok"), ("b", "warn"), ("c", "fail"), ("d", "ok"), ("e", "fail")].map(|(n, s)| check(n, s)).into());
        assert_eq!(all.iter().map(|c| c.check.as_str()).collect::<Vec<_>>(), ["c", "e", "b", "a", "d"]);
        assert_eq!(summary(&all), "2 checks not well, 1 to watch, 5 in all.");
        assert_eq!(summary(&all[3..]), "All is well: 2 checks.");
        assert_eq!(summary(&all[2..]), "1 check to watch, 3 in all.");
    }

    #[test]
    fn a_fragment_becomes_a_sentence() {
        assert_eq!(
            (sentence("free some space"), sentence("`loom dlq list` shows them."), sentence("")),
            ("Free some space.".into(), "`loom dlq list` shows them.".into(), String::new())
        );
        assert_eq!(["dead letters", "moonshine-tiny-en", ""].map(first_upper), ["Dead letters", "moonshine-tiny-en", ""]);
        assert_eq!(["off: nothing leaves", "loom.db is whole"].map(sentence), ["Off: nothing leaves.", "loom.db is whole."]);
    }
}
