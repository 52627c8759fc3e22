//! Which language it is: by its letters where there is enough of it, else by the recogniser's own word.

use loom_schemas::payload::{Context, Transcript};
use whichlang::Lang;

use super::Enricher;
use crate::env::Time;

/// Below this many letters a guess is worth less than what the recogniser says.
const ENOUGH_LETTERS: usize = 40;

/// A linear classifier over n-grams (whichlang), sixteen languages.
pub struct Language;

impl Enricher for Language {
    fn revision(&self) -> String {
        "language/1".into()
    }

    fn enrich(&self, _recorded_at: Time, said: &Transcript, context: &mut Context) {
        context.language = language(&said.text, &said.language);
    }
}

fn language(text: &str, engine: &str) -> String {
    // One letter of Chinese or Japanese says as much as several of an alphabet.
    let weight = |c: char| if ('\u{3040}'..='\u{9fff}').contains(&c) { 4 } else { 1 };
    let letters: usize = text.chars().filter(|c| c.is_alphabetic()).map(weight).sum();
    if letters < ENOUGH_LETTERS && !engine.is_empty() { engine.into() } else { code(whichlang::detect_language(text)).into() }
}

/// BCP 47.
fn code(lang: Lang) -> &'static str {
    match lang {
        Lang::Ara => "ar",
        Lang::Cmn => "zh",
        Lang::Deu => "de",
        Lang::Eng => "en",
        Lang::Fra => "fr",
        Lang::Hin => "hi",
        Lang::Ita => "it",
        Lang::Jpn => "ja",
        Lang::Kor => "ko",
        Lang::Nld => "nl",
        Lang::Por => "pt",
        Lang::Rus => "ru",
        Lang::Spa => "es",
        Lang::Swe => "sv",
        Lang::Tur => "tr",
        Lang::Vie => "vi",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn enough_text_speaks_for_itself() {
        for (text, want) in [
            ("Ask not what your country can do for you, ask what you can do for your country.", "en"),
            ("Der Zug nach München fährt heute leider mit zwanzig Minuten Verspätung ab.", "de"),
            ("Je voudrais réserver une table pour deux personnes ce soir, s'il vous plaît.", "fr"),
            ("El perro corre por el parque mientras los niños juegan con la pelota.", "es"),
            ("Сегодня хорошая погода, и мы пойдём гулять в парк вместе с детьми.", "ru"),
            ("今日はとても天気がいいので、公園を散歩したいと思います。", "ja"),
        ] {
            assert_eq!(language(text, "xx"), want, "{text}");
        }
    }

    #[test]
    fn little_text_is_what_the_recogniser_says() {
        for text in ["", "Ja.", "4111 1111 1111 1111, 2222 3333 4444 5555 6666", "Oui, merci"] {
            assert_eq!(language(text, "en-GB"), "en-GB", "{text}");
        }
        assert_eq!(language("Ja.", "").len(), 2);
    }
}
