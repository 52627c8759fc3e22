//! Finding by a few letters: those of the query in order, best where words begin and letters stand together.

/// Places of a name's characters that the query's letters fell on, and how well: more is better.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Match {
    pub score: i32,
    /// From and until, in bytes, of what was found; in order, apart.
    pub spans: Vec<(usize, usize)>,
}

/// `None` where the letters are not all there. No letters: everything matches alike.
pub fn find(query: &str, name: &str) -> Option<Match> {
    let wanted: Vec<char> = query.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect();
    if wanted.is_empty() {
        return Some(Match { score: 0, spans: Vec::new() });
    }
    let places: Vec<(usize, char)> = name.char_indices().collect();
    // From each place where the first letter is, the rest as soon as it comes: the best of these.
    (0..places.len()).filter_map(|from| from_here(&wanted, &places, from)).max_by_key(|m| m.score)
}

fn from_here(wanted: &[char], places: &[(usize, char)], from: usize) -> Option<Match> {
    let same = |i: usize, c: char| places[i].1.to_lowercase().eq(std::iter::once(c));
    if !same(from, wanted[0]) {
        return None;
    }
    let (mut score, mut spans, mut at) = (-(from as i32).min(12), Vec::<(usize, usize)>::new(), from);
    for (nth, &c) in wanted.iter().enumerate() {
        // A word that begins with the letter is meant before one that holds it.
        let rest = at..places.len();
        let next = if nth > 0 && at < places.len() && same(at, c) { Some(at) } else { None };
        let next =
            next.or_else(|| rest.clone().find(|&i| same(i, c) && begins(places, i))).or_else(|| rest.clone().find(|&i| same(i, c)))?;
        let (start, end) = (places[next].0, places[next].0 + places[next].1.len_utf8());
        let joined = spans.last().is_some_and(|s| s.1 == start);
        score += 1 + if joined { 8 } else { 0 } + if begins(places, next) { 10 } else { 0 };
        match spans.last_mut() {
            Some(last) if joined => last.1 = end,
            _ => spans.push((start, end)),
        }
        at = next + 1;
    }
    Some(Match { score: score * 4 - places.len() as i32 / 4, spans })
}

fn begins(places: &[(usize, char)], at: usize) -> bool {
    at == 0 || !places[at - 1].1.is_alphanumeric()
}

/// The best of these names, with their places in the list; alike ones stay in order.
pub fn rank(query: &str, names: &[&str], most: usize) -> Vec<(usize, Match)> {
    let mut found: Vec<(usize, Match)> = names.iter().enumerate().filter_map(|(i, n)| Some((i, find(query, n)?))).collect();
    found.sort_by_key(|(_, m)| std::cmp::Reverse(m.score));
    found.truncate(most);
    found
}

/// The name in pieces: found, or not.
pub fn pieces<'a>(name: &'a str, spans: &[(usize, usize)]) -> Vec<(bool, &'a str)> {
    let (mut out, mut at) = (Vec::new(), 0);
    for &(from, to) in spans {
        out.push((false, &name[at..from]));
        out.push((true, &name[from..to]));
        at = to;
    }
    out.push((false, &name[at..]));
    out.retain(|(_, text)| !text.is_empty());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn best<'a>(query: &str, names: &[&'a str]) -> Option<&'a str> {
        rank(query, names, 1).first().map(|(i, _)| names[*i])
    }

    #[test]
    fn what_begins_with_the_letters_is_meant_first() {
        let names = ["Topics", "Pipeline", "Pause listening", "parakeet-tdt-consumer", "privacy-filter-consumer", "Forget the last 5 min"];
        assert_eq!(best("pau", &names), Some("Pause listening"));
        assert_eq!(best("pfc", &names), Some("privacy-filter-consumer"));
        assert_eq!(best("pipe", &names), Some("Pipeline"));
        assert_eq!(best("tdt", &names), Some("parakeet-tdt-consumer"));
        assert_eq!(best("zz", &names), None);
        assert_eq!(best("f5", &names), Some("Forget the last 5 min"));
    }

    #[test]
    fn found_letters_are_marked() {
        let name = "media.text.released";
        let found = find("relea", name).unwrap();
        assert_eq!(pieces(name, &found.spans), [(false, "media.text."), (true, "relea"), (false, "sed")]);
        let umlaut = find("ÜB", "über allem").unwrap();
        assert_eq!(pieces("über allem", &umlaut.spans), [(true, "üb"), (false, "er allem")]);
    }

    #[test]
    fn no_letters_find_everything() {
        assert_eq!(find("  ", "Live"), Some(Match { score: 0, spans: vec![] }));
        assert_eq!(pieces("Live", &[]), [(false, "Live")]);
        assert_eq!(find("a", ""), None);
        assert_eq!(rank("", &["b", "a", "c"], 2).iter().map(|r| r.0).collect::<Vec<_>>(), [0, 1]);
    }
}
