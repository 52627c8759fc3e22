//! What a program says of the device it runs on, with its requests: `User-Agent` (RFC 9110) and the client hints
//! `Sec-CH-UA`, `-Platform`, `-Model` and `-Mobile` (User-Agent Client Hints, WICG). Kept of it: platform, model, kind of device
//! and the program's family. No version, no language, no address, nothing that tells two devices of one model apart.

use super::agent;

/// Characters of each part.
const LONGEST: usize = 64;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// `mobile_android`, `laptop` …
    pub kind: Option<String>,
    pub platform: Option<String>,
    pub model: Option<String>,
    /// The program's family: `Firefox`, `OwnTracks`.
    pub agent: Option<String>,
}

impl Look {
    /// From headers, as `header` finds them; hints before the agent's line, which browsers blur.
    pub fn of<'a>(header: impl Fn(&str) -> Option<&'a str>) -> Self {
        let line = header("user-agent").map(agent::read).unwrap_or_default();
        let platform = header("sec-ch-ua-platform").and_then(quoted).filter(|p| p != "Unknown");
        let mobile = header("sec-ch-ua-mobile").map(|v| v.trim() == "?1");
        let kind = match (platform.as_deref(), mobile) {
            (Some("Android"), Some(true)) => Some("mobile_android".into()),
            (Some("Android"), Some(false)) => Some("tablet".into()),
            (Some("iOS"), Some(true)) => Some("mobile_ios".into()),
            (Some(_), Some(false)) => Some("desktop".into()),
            _ => None,
        };
        Self {
            kind: kind.or(line.kind),
            model: header("sec-ch-ua-model").and_then(quoted).or(line.model),
            agent: header("sec-ch-ua").and_then(family).or(line.agent),
            platform: platform.or(line.platform),
        }
        .cut()
    }

    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn cut(mut self) -> Self {
        for part in [&mut self.kind, &mut self.platform, &mut self.model, &mut self.agent] {
            let clean = part.take().map(|p| p.chars().filter(|c| !c.is_control()).take(LONGEST).collect::<String>().trim().to_string());
            *part = clean.filter(|p| !p.is_empty());
        }
        self
    }
}

/// A string of structured fields (RFC 9651), or bare words.
fn quoted(value: &str) -> Option<String> {
    let inside = value.trim().trim_matches('"').trim();
    (!inside.is_empty()).then(|| inside.to_string())
}

/// The brand that is neither the engine nor the made-up one that is to keep servers honest (`Not A;Brand`).
fn family(brands: &str) -> Option<String> {
    let mut names = brands.split("\",").filter_map(|b| b.split('"').nth(1));
    let real = |name: &&str| !(name.starts_with("Not") || name.starts_with(' ') || name.contains("Brand"));
    let all: Vec<&str> = names.by_ref().filter(real).collect();
    all.iter().find(|n| **n != "Chromium").or(all.first()).map(|n| n.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(headers: &[(&str, &'static str)]) -> [Option<String>; 4] {
        let l = Look::of(|name| headers.iter().find(|(n, _)| *n == name).map(|(_, v)| *v));
        [l.kind, l.platform, l.model, l.agent]
    }

    #[test]
    fn hints_say_more_than_the_line_and_a_made_up_brand_is_none() {
        let some = |s: &str| Some(s.to_string());
        let phone = look(&[
            ("sec-ch-ua", "\"Not;A=Brand\";v=\"99\", \"Google Chrome\";v=\"139\", \"Chromium\";v=\"139\""),
            ("sec-ch-ua-platform", "\"Android\""),
            ("sec-ch-ua-model", "\"Pixel 8\""),
            ("sec-ch-ua-mobile", "?1"),
            (
                "user-agent",
                "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Mobile Safari/537.36",
            ),
        ]);
        assert_eq!(phone, [some("mobile_android"), some("Android"), some("Pixel 8"), some("Google Chrome")]);
        let empty = look(&[("sec-ch-ua-model", "\"\""), ("sec-ch-ua-platform", "\"Linux\""), ("sec-ch-ua-mobile", "?0")]);
        assert_eq!(empty, [some("desktop"), some("Linux"), None, None]);
        assert_eq!(look(&[]), [None, None, None, None]);
        let [.., long, _] =
            look(&[("sec-ch-ua-model", "\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"")]);
        assert_eq!(long.unwrap().len(), LONGEST);
    }
}
