//! How many tests passed and failed, read from what the runners print.

use super::suite::Outcome;

/// Cargo: `test result: ok. 12 passed; 0 failed; …` for each binary. A run that ends badly without naming a failed
/// test (it did not build, it crashed) has failed once.
pub fn cargo(said: &str, ok: bool) -> Outcome {
    let mut sum = Outcome::default();
    for line in said.lines().filter(|l| l.starts_with("test result:")) {
        sum.passed += before(line, " passed").unwrap_or(0);
        sum.failed += before(line, " failed").unwrap_or(0);
    }
    at_least_one(sum, ok)
}

/// Node's test runner: `# pass 3`, `# fail 0` (or with `ℹ` on a terminal).
pub fn node(said: &str, ok: bool) -> Outcome {
    let mut sum = Outcome::default();
    for line in said.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["#" | "ℹ", "pass", n] => sum.passed = n.parse().unwrap_or(0),
            ["#" | "ℹ", "fail", n] => sum.failed = n.parse().unwrap_or(0),
            _ => {}
        }
    }
    at_least_one(sum, ok)
}

/// A script's last line: `N passed, N failed`.
pub fn script(said: &str, ok: bool) -> Outcome {
    let last = said.lines().rev().find(|l| !l.trim().is_empty()).unwrap_or_default();
    let sum = Outcome { passed: before(last, " passed").unwrap_or(0), failed: before(last, " failed").unwrap_or(0), note: String::new() };
    at_least_one(sum, ok)
}

fn at_least_one(mut sum: Outcome, ok: bool) -> Outcome {
    if !ok && sum.failed == 0 {
        sum.failed = 1;
    }
    // A suite that ran nothing proves nothing.
    if ok && sum.passed == 0 && sum.failed == 0 {
        sum = Outcome { passed: 0, failed: 1, note: "no test ran".into() };
    }
    sum
}

/// The number that ends where `mark` begins.
fn before(line: &str, mark: &str) -> Option<u64> {
    let head = &line[..line.find(mark)?];
    head.rsplit(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(o: &Outcome) -> (u64, u64) {
        (o.passed, o.failed)
    }

    #[test]
    fn cargo_sums_over_binaries() {
        let said = "running 2 tests\ntest result: ok. 12 passed; 0 failed; 1 ignored\n\ntest result: FAILED. 3 passed; 2 failed; 0 ignored";
        assert_eq!(pair(&cargo(said, false)), (15, 2));
    }

    #[test]
    fn a_build_that_breaks_is_a_failure() {
        assert_eq!(pair(&cargo("error: could not compile", false)), (0, 1));
        assert_eq!(pair(&cargo("test result: ok. 4 passed; 0 failed", false)), (4, 1));
    }

    #[test]
    fn a_suite_without_a_test_is_a_failure() {
        assert_eq!(pair(&script("", true)), (0, 1));
        assert_eq!(pair(&cargo("test result: ok. 0 passed; 0 failed", true)), (0, 1));
    }

    #[test]
    fn node_and_scripts_say_it_their_own_way() {
        assert_eq!(pair(&node("ok 1 - a\n# tests 5\n# pass 4\n# fail 1", false)), (4, 1));
        assert_eq!(pair(&script("ok a\nok b\n2 passed, 0 failed\n\n", true)), (2, 0));
        assert_eq!(pair(&script("2 passed, 0 failed", false)), (2, 1));
    }
}
