//! A `User-Agent` line, as far as it says which kind of device it is. The crates for it carry a table of thousands of browsers and
//! bots with a pattern each; of a person's own devices a few words matter: the system, the model where it stands, and which
//! program it is.

use super::look::Look;

/// Of browsers, who comes first: a later one's word stands in an earlier one's line too.
const BROWSERS: [(&str, &str); 6] = [
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
];

pub fn read(line: &str) -> Look {
    let inside = line.split_once('(').and_then(|(_, rest)| rest.split_once(')')).map_or("", |(inside, _)| inside);
    let words: Vec<&str> = inside.split(';').map(str::trim).collect();
    let says = |word: &str| line.contains(word);
    let (kind, platform, model) = match () {
        () if says("iPhone") => (Some("mobile_ios"), Some("iOS"), Some("iPhone")),
        () if says("iPad") => (Some("tablet"), Some("iOS"), Some("iPad")),
        () if says("Android") => {
            let kind = if says("Tablet") || (says("Mozilla/") && !says("Mobile")) { "tablet" } else { "mobile_android" };
            (Some(kind), Some("Android"), android_model(&words))
        }
        () if says("CrOS") => (Some("laptop"), Some("ChromeOS"), None),
        () if says("Windows NT") => (Some("desktop"), Some("Windows"), None),
        () if says("Macintosh") || says("macOS") => (Some("desktop"), Some("macOS"), None),
        () if says("X11") || says("Linux") => (Some("desktop"), Some("Linux"), None),
        () => (None, None, None),
    };
    let text = |t: Option<&str>| t.map(String::from);
    Look { kind: text(kind), platform: text(platform), model: text(model), agent: family(line) }
}

/// What stands behind `Android 14`, unless it is the one letter that browsers put there instead.
fn android_model<'a>(words: &[&'a str]) -> Option<&'a str> {
    let at = words.iter().position(|w| w.starts_with("Android"))?;
    let model = words.get(at + 1)?.split(" Build/").next()?.trim();
    (model.len() > 1 && !model.starts_with("rv:") && !["Mobile", "Tablet", "wv"].contains(&model)).then_some(model)
}

/// The program's name without its version.
fn family(line: &str) -> Option<String> {
    let first = line.split(['/', ' ', '(']).next().filter(|w| !w.is_empty())?;
    if first != "Mozilla" {
        return Some(first.into());
    }
    BROWSERS.iter().find(|(word, _)| line.contains(word)).map(|(_, name)| (*name).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_phones_computers_and_programs() {
        for (line, says) in [
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
                [Some("mobile_ios"), Some("iOS"), Some("iPhone"), Some("Safari")],
            ),
            (
                "Mozilla/5.0 (Linux; Android 14; Pixel 8 Build/UD1A.230803.041; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/120.0.0.0 Mobile Safari/537.36",
                [Some("mobile_android"), Some("Android"), Some("Pixel 8"), Some("Chrome")],
            ),
            (
                "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Safari/537.36",
                [Some("tablet"), Some("Android"), None, Some("Chrome")],
            ),
            (
                "Mozilla/5.0 (Android 14; Mobile; rv:128.0) Gecko/128.0 Firefox/128.0",
                [Some("mobile_android"), Some("Android"), None, Some("Firefox")],
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Safari/537.36 Edg/139.0.0.0",
                [Some("desktop"), Some("Windows"), None, Some("Edge")],
            ),
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
                [Some("desktop"), Some("Linux"), None, Some("Firefox")],
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15",
                [Some("desktop"), Some("macOS"), None, Some("Safari")],
            ),
            ("OwnTracks-Android/gms/420500003", [Some("mobile_android"), Some("Android"), None, Some("OwnTracks-Android")]),
            ("okhttp/4.12.0", [None, None, None, Some("okhttp")]),
            ("curl/8.5.0", [None, None, None, Some("curl")]),
            ("", [None, None, None, None]),
            ("(((", [None, None, None, None]),
        ] {
            let l = read(line);
            let found = [&l.kind, &l.platform, &l.model, &l.agent].map(|p| p.as_deref());
            assert_eq!(found, says, "{line}");
        }
    }
}
