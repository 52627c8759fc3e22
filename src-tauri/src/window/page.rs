//! What the window shows where Loom itself cannot: one plain sentence.

use tauri::http::Response;

/// Where that is.
pub const SCHEME: &str = "loom-says";
pub const ADDRESS: &str = "loom-says://localhost/";

/// Paper and ink, as the pages have it.
const STYLE: &str = "html{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif;background:light-dark(#f6f4ef,#15191e);\
    color:light-dark(#1d2126,#ece9e2)}body{max-width:34rem;margin:20vh auto;padding:0 1.5rem}h1{font-size:20px;font-weight:600}";

pub fn answer(sentence: &str) -> Response<Vec<u8>> {
    let html = format!(
        "<!doctype html><html lang=en><meta charset=utf-8><title>Loom</title><style>{STYLE}</style>\
         <h1>Loom did not open</h1><p role=alert>{}</p></html>",
        plain(sentence)
    );
    Response::builder().header("Content-Type", "text/html; charset=utf-8").body(html.into_bytes()).unwrap_or_default()
}

/// A sentence with its first letter large, unless that is a file's, and nothing that a page would act on.
fn plain(sentence: &str) -> String {
    let safe = sentence.replace('&', "&amp;").replace('<', "&lt;");
    if safe.split(' ').next().is_some_and(|word| word.contains('.')) {
        return safe;
    }
    let mut letters = safe.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_are_no_markup() {
        assert_eq!(plain("the <b>folder</b> & its lock"), "The &lt;b>folder&lt;/b> &amp; its lock");
        assert_eq!(plain("settings.toml, line 1: so"), "settings.toml, line 1: so");
        assert_eq!(plain(""), "");
        assert!(String::from_utf8(answer("it is <i>so</i>").into_body()).unwrap().contains(">It is &lt;i>so"));
    }
}
