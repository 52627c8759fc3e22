//! A look for keys and passwords before they are committed: well-known prefixes followed by enough of the right letters.

use std::fs;
use std::process::Command;

use crate::Result;
use crate::args::Args;
use crate::command::output;
use crate::place::Place;

/// What a key begins with, and how many letters, digits, `_` or `-` follow at least.
const KEYS: [(&str, usize); 13] = [
    ("AKIA", 16),
    ("ASIA", 16),
    ("AIza", 35),
    ("ghp_", 36),
    ("gho_", 36),
    ("ghs_", 36),
    ("github_pat_", 40),
    ("glpat-", 20),
    ("npm_", 36),
    ("sk-ant-", 24),
    ("sk_live_", 24),
    ("xoxb-", 24),
    ("xoxp-", 24),
];

/// A line that says this holds an invented key, as tests of the privacy filter need.
const INVENTED: &str = "secret-scan: invented";

pub fn command(place: &Place, args: &Args) -> Result {
    let found = if args.staged { in_stage(place)? } else { in_tree(place)?.1 };
    match found.as_slice() {
        [] => Ok(()),
        f => Err(format!("{}\nTake them out, or where they are invented write \"{INVENTED}\" in the file.", f.join("\n"))),
    }
}

/// How many tracked files were read, and `file:line kind` of what was found in them.
pub fn in_tree(place: &Place) -> Result<(usize, Vec<String>)> {
    let names = output(git(place).args(["ls-files"]))?;
    let mut found = Vec::new();
    let mut read = 0;
    for name in names.lines() {
        if let Ok(text) = fs::read_to_string(place.root.join(name)) {
            read += 1;
            found.extend(scan(name, &text));
        }
    }
    Ok((read, found))
}

fn in_stage(place: &Place) -> Result<Vec<String>> {
    let names = output(git(place).args(["diff", "--cached", "--name-only", "--diff-filter=ACMR"]))?;
    let mut found = Vec::new();
    for name in names.lines() {
        if let Ok(text) = output(git(place).arg("show").arg(format!(":{name}"))) {
            found.extend(scan(name, &text));
        }
    }
    Ok(found)
}

fn git(place: &Place) -> Command {
    let mut git = Command::new("git");
    git.arg("-C").arg(&place.root).args(["-c", "core.quotePath=false"]);
    git
}

fn scan(name: &str, text: &str) -> Vec<String> {
    if text.contains(INVENTED) {
        return Vec::new();
    }
    text.lines().enumerate().filter_map(|(n, line)| secret(line).map(|kind| format!("{name}:{} {kind}", n + 1))).collect()
}

/// What kind of secret a line holds; never the secret itself.
fn secret(line: &str) -> Option<String> {
    if line.contains("-----BEGIN") && line.contains("PRIVATE KEY-----") {
        return Some("a private key".into());
    }
    KEYS.iter().find(|(prefix, least)| follows(line, prefix, *least)).map(|(prefix, _)| format!("a key that begins with {prefix}"))
}

fn follows(line: &str, prefix: &str, least: usize) -> bool {
    line.match_indices(prefix).any(|(at, _)| {
        let own_word = !line[..at].ends_with(|c: char| c.is_ascii_alphanumeric());
        let body: String = line[at + prefix.len()..].chars().take_while(|c| c.is_ascii_alphanumeric() || "_-".contains(*c)).collect();
        own_word && body.len() >= least && !body.contains("EXAMPLE")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    // Put together here, so that this file holds none.
    fn key(prefix: &str, letters: usize) -> String {
        format!("let key = \"{prefix}{}\";", "Q7".repeat(letters / 2))
    }

    #[test]
    fn each_kind_of_key_is_found_with_its_line() {
        for (prefix, least) in KEYS {
            let text = format!("nothing\n{}", key(prefix, least + 2));
            let found = scan("a.rs", &text);
            assert_eq!(found.len(), 1, "{prefix}");
            assert!(found[0].starts_with("a.rs:2 ") && !found[0].contains("Q7Q7"), "{found:?}");
        }
        assert_eq!(scan("k", &format!("-----BEGIN RSA {}-----", "PRIVATE KEY")).len(), 1);
    }

    #[test]
    fn what_is_short_invented_or_part_of_a_word_is_left_alone() {
        assert!(scan("a", &key("AKIA", 8)).is_empty());
        assert!(scan("a", "AKIAIOSFODNN7EXAMPLE").is_empty());
        assert!(scan("a", &format!("xx{}", &key("AKIA", 20)[11..])).is_empty());
        assert!(scan("a", &format!("// {INVENTED}\n{}", key("AKIA", 20))).is_empty());
    }
}
