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
    #[default]
    Timeline,
    Pipeline,
}

impl Page {
    pub fn from_hash(hash: &str) -> Self {
        match hash.trim_start_matches('#') {
            "pipeline" => Page::Pipeline,
            _ => Page::Timeline,
        }
    }
    pub fn hash(self) -> &'static str {
        match self {
            Page::Timeline => "#timeline",
            Page::Pipeline => "#pipeline",
        }
    }
    pub fn name(self) -> &'static str {
        match self {
            Page::Timeline => "Timeline",
            Page::Pipeline => "Pipeline",
        }
    }
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
        for page in [Page::Timeline, Page::Pipeline] {
            assert_eq!(Page::from_hash(page.hash()), page);
        }
        assert_eq!(Page::from_hash("#token=abc"), Page::Timeline);
    }
}
