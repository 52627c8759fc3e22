//! The token that `loom` puts behind the `#` of the address it opens.

/// `#token=…` or `#token=…&page=…`: the token, if it is one.
pub fn from_hash(hash: &str) -> Option<&str> {
    let found = hash.trim_start_matches('#').split('&').find_map(|part| part.strip_prefix("token="))?;
    let plain = !found.is_empty() && found.chars().all(|c| c.is_ascii_alphanumeric() || "-_.~".contains(c));
    plain.then_some(found)
}

/// The page a hash names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Page {
    Live,
    #[default]
    Timeline,
    Pipeline,
    Topics,
    Settings,
    Health,
    /// The first run.
    Welcome,
}

impl Page {
    pub const ALL: [Page; 7] = [Page::Live, Page::Timeline, Page::Pipeline, Page::Topics, Page::Settings, Page::Health, Page::Welcome];

    /// What stands before the first `/`: the rest is the page's own.
    pub fn from_hash(hash: &str) -> Self {
        Self::named(hash).unwrap_or_default()
    }
    /// The same; `None` where no page is named.
    pub fn named(hash: &str) -> Option<Self> {
        let name = hash.trim_start_matches('#').split('/').next().unwrap_or_default();
        Self::ALL.into_iter().find(|p| p.hash().trim_start_matches('#') == name)
    }
    pub fn hash(self) -> &'static str {
        match self {
            Page::Live => "#live",
            Page::Timeline => "#timeline",
            Page::Pipeline => "#pipeline",
            Page::Topics => "#topics",
            Page::Settings => "#settings",
            Page::Health => "#health",
            Page::Welcome => "#welcome",
        }
    }
    pub fn name(self) -> &'static str {
        match self {
            Page::Live => "Live",
            Page::Timeline => "Timeline",
            Page::Pipeline => "Pipeline",
            Page::Topics => "Topics",
            Page::Settings => "Settings",
            Page::Health => "Health",
            Page::Welcome => "Welcome",
        }
    }
}

/// Where to begin when no page was asked for.
///
/// `welcomed`: this browser saw the first run through; `said`: there is a line on the timeline; `listens`: a microphone was asked for.
pub fn first_page(welcomed: bool, said: bool, listens: bool) -> Page {
    match (said, listens) {
        (false, _) if !welcomed => Page::Welcome,
        (false, _) | (_, true) => Page::Live,
        (true, false) => Page::Timeline,
    }
}

/// What a page's own part of the hash says: `media.text.released` of `#topics/media.text.released`.
pub fn rest_of_hash(hash: &str) -> Option<&str> {
    hash.split_once('/').map(|(_, rest)| rest).filter(|rest| !rest.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_taken_only_from_its_place() {
        assert_eq!(from_hash("#token=abc-123_x"), Some("abc-123_x"));
        assert_eq!(from_hash("#page=1&token=abc"), Some("abc"));
        assert_eq!(from_hash("#timeline"), None);
        assert_eq!(from_hash("#token="), None);
        assert_eq!(from_hash("#token=a%0d%0ab"), None);
    }

    #[test]
    fn a_hash_names_a_page_and_back() {
        for page in Page::ALL {
            assert_eq!(Page::from_hash(page.hash()), page);
            assert_eq!(Page::from_hash(&format!("{}/2026-01-31", page.hash())), page);
        }
        assert_eq!(rest_of_hash("#topics/media.text.released"), Some("media.text.released"));
        assert_eq!(rest_of_hash("#topics/"), None);
        assert_eq!(rest_of_hash("#topics"), None);
        assert_eq!(Page::from_hash("#token=abc"), Page::Timeline);
        assert_eq!(Page::named("#nowhere"), None);
    }

    #[test]
    fn one_begins_where_there_is_something_to_see() {
        assert_eq!(first_page(false, false, true), Page::Welcome);
        assert_eq!(first_page(true, false, false), Page::Live);
        assert_eq!(first_page(false, true, true), Page::Live);
        assert_eq!(first_page(true, true, false), Page::Timeline);
    }
}
