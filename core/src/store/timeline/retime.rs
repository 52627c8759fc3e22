//! When each word of a changed wording was said: what stayed keeps its time, what was put in its place shares the time of
//! what it replaced, so that the words still light up with the sound.

use loom_schemas::payload::Masked;

use super::lines::TimedWord;

/// The words of `text`, with the times of what was heard.
pub(super) fn retime(heard: &[TimedWord], text: &str) -> Vec<TimedWord> {
    let new: Vec<&str> = text.split_whitespace().collect();
    let mut out: Vec<TimedWord> = Vec::with_capacity(new.len());
    let (mut n, mut h) = (0, 0);
    for (i, j) in common(heard, &new).into_iter().chain([(heard.len(), new.len())]) {
        let before = out.last().map_or(0.0, |w| w.2);
        let next = heard.get(i).map(|w| w.1);
        let span = match (&heard[h..i], next) {
            ([first, .., last], _) => (first.1, last.2),
            ([only], _) => (only.1, only.2),
            ([], Some(next)) => (before, next.max(before)),
            ([], None) => (before, heard.last().map_or(before, |w| w.2.max(before))),
        };
        share(&new[n..j], span, &mut out);
        if let (Some(was), Some(word)) = (heard.get(i), new.get(j)) {
            out.push(((*word).into(), was.1, was.2, was.3));
        }
        (h, n) = (i + 1, j + 1);
    }
    out
}

/// Words that share a span of time by their lengths. Nobody heard them, the owner is sure.
fn share(words: &[&str], (from, to): (f64, f64), out: &mut Vec<TimedWord>) {
    let all: usize = words.iter().map(|w| w.chars().count()).sum();
    let mut done = 0;
    let at = |done: usize| ((from + (to - from) * done as f64 / all.max(1) as f64) * 1e6).round() / 1e6;
    for w in words {
        let begins = at(done);
        done += w.chars().count();
        out.push(((*w).into(), begins, at(done), 1.0));
    }
}

/// A longest common run of words in order, by place in both; case and punctuation do not count.
fn common(heard: &[TimedWord], new: &[&str]) -> Vec<(usize, usize)> {
    let plain = |w: &str| w.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect::<String>();
    let a: Vec<String> = heard.iter().map(|w| plain(&w.0)).collect();
    let b: Vec<String> = new.iter().map(|w| plain(w)).collect();
    let mut longest = vec![vec![0u32; b.len() + 1]; a.len() + 1];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            longest[i][j] = if a[i] == b[j] { longest[i + 1][j + 1] + 1 } else { longest[i + 1][j].max(longest[i][j + 1]) };
        }
    }
    let (mut i, mut j, mut pairs) = (0, 0, Vec::new());
    while i < a.len() && j < b.len() {
        if a[i] == b[j] {
            pairs.push((i, j));
            (i, j) = (i + 1, j + 1);
        } else if longest[i + 1][j] >= longest[i][j + 1] {
            i += 1;
        } else {
            j += 1;
        }
    }
    pairs
}

/// Places that were masked in what was heard and stand in the new text too, beside those found in it.
pub(super) fn remask(heard: &str, masked: &[Masked], text: &str, found: &[Masked]) -> Vec<Masked> {
    let (old, new): (Vec<char>, Vec<char>) = (heard.chars().collect(), text.chars().collect());
    let mut all = found.to_vec();
    let mut from = 0;
    for m in masked {
        let Some(covering) = old.get(m.start as usize..m.end as usize).filter(|c| !c.is_empty()) else { continue };
        let Some(at) = new[from..].windows(covering.len()).position(|w| w == covering) else { continue };
        let (start, end) = (from + at, from + at + covering.len());
        all.push(Masked { start: start as u32, end: end as u32, ..m.clone() });
        from = end;
    }
    all.sort_by_key(|m| (m.start, m.end));
    all.dedup_by(|b, a| b.start < a.end);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(text: &str) -> Vec<TimedWord> {
        text.split(' ').enumerate().map(|(i, w)| (w.to_string(), i as f64, i as f64 + 0.8, 0.5)).collect()
    }

    fn timed(was: &str, text: &str) -> Vec<(String, f64, f64)> {
        retime(&heard(was), text).into_iter().map(|(w, a, b, _)| (w, a, b)).collect()
    }

    #[test]
    fn what_stayed_keeps_its_time_and_what_came_shares_it() {
        let w = |w: &str, a, b| (w.to_string(), a, b);
        assert_eq!(timed("we meat here", "we meet here"), [w("we", 0.0, 0.8), w("meet", 1.0, 1.8), w("here", 2.0, 2.8)]);
        assert_eq!(timed("We meet", "we, meet!"), [w("we,", 0.0, 0.8), w("meet!", 1.0, 1.8)]);
        assert_eq!(timed("a bcd e", "a bb c e"), [w("a", 0.0, 0.8), w("bb", 1.0, 1.533_333), w("c", 1.533_333, 1.8), w("e", 2.0, 2.8)]);
        assert_eq!(timed("a b", "x a b"), [w("x", 0.0, 0.0), w("a", 0.0, 0.8), w("b", 1.0, 1.8)]);
        assert_eq!(timed("a b", "a xx b"), [w("a", 0.0, 0.8), w("xx", 0.8, 1.0), w("b", 1.0, 1.8)]);
        assert_eq!(timed("a b c", "c"), [w("c", 2.0, 2.8)]);
        assert_eq!(timed("a b", "x y"), [w("x", 0.0, 0.9), w("y", 0.9, 1.8)]);
        assert_eq!(retime(&[], "x"), [("x".to_string(), 0.0, 0.0, 1.0)]);
        assert_eq!(retime(&heard("a"), ""), []);
    }

    #[test]
    fn times_never_run_backwards() {
        for text in ["a x b y c", "c b a", "x", "a a a a", "b"] {
            let words = retime(&heard("a b c"), text);
            assert!(words.windows(2).all(|w| w[0].1 <= w[0].2 && w[0].2 <= w[1].1), "{words:?}");
        }
    }

    #[test]
    fn a_covering_that_is_left_in_the_text_stays_one() {
        let mask = |start, end| Masked { entity_type: "EMAIL_ADDRESS".into(), start, end, score: 0.9 };
        let places = |m: Vec<Masked>| m.iter().map(|m| (m.start, m.end)).collect::<Vec<_>>();
        let was = "mail <EMAIL_ADDRESS> or <EMAIL_ADDRESS> ü";
        let masked = [mask(5, 20), mask(24, 39)];
        assert_eq!(places(remask(was, &masked, "ü write <EMAIL_ADDRESS>", &[])), [(8, 23)]);
        assert_eq!(places(remask(was, &masked, "nothing", &[])), []);
        assert_eq!(places(remask(was, &masked, "<EMAIL_ADDRESS> <EMAIL_ADDRESS>", &[mask(0, 15)])), [(0, 15), (16, 31)]);
    }
}
