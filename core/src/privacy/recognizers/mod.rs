//! One recogniser a kind of thing that must not be seen. Each looks at the text once, in linear time, and says
//! where, how sure, and why; words of context near by make it surer. A kind is added by its file and a line in [`ALL`].

mod card;
mod email;
mod iban;
mod ip;
mod phone;
mod phone_codes;
mod secret;
mod spelled;
mod ssn;

use super::text::Doc;

pub use secret::{ready, secret_field};

/// Something that must not be seen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Finding {
    /// `CREDIT_CARD`, `EMAIL_ADDRESS` …, in Presidio's words where it has one.
    pub entity_type: &'static str,
    /// Bytes of the text.
    pub start: usize,
    pub end: usize,
    /// 0 to 1.
    pub score: f32,
    /// For a person; never quotes the text.
    pub why: &'static str,
}

/// Finds one kind.
pub trait Recognizer: Sync {
    fn entity_type(&self) -> &'static str;
    /// Lower-case words near which a finding is likelier.
    fn context(&self) -> &'static [&'static str];
    /// BCP 47 of the one language it understands; `None` where language does not matter.
    fn language(&self) -> Option<&'static str> {
        None
    }
    /// In order of place; may overlap with other kinds.
    fn find(&self, doc: &Doc<'_>, out: &mut Vec<Finding>);
}

/// Every recogniser, the kinds in the order a tie is decided.
pub static ALL: [&dyn Recognizer; 7] = [&card::Card, &iban::Iban, &ssn::Ssn, &email::Email, &ip::Ip, &phone::Phone, &secret::Secret];

/// What a recogniser finds, for whoever asks what Loom can find.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Supported {
    pub entity_type: &'static str,
    /// BCP 47; `None` for every language.
    pub language: Option<&'static str>,
    /// Words near which a finding is surer.
    pub context: &'static [&'static str],
}

/// Every kind that can be found.
pub fn supported() -> impl Iterator<Item = Supported> {
    ALL.iter().map(|r| Supported { entity_type: r.entity_type(), language: r.language(), context: r.context() })
}

/// Changes with anything that finds more or less: part of what names a derived record.
pub const REVISION: u32 = 1;

/// How much surer context makes, as Presidio has it.
const CONTEXT: f32 = 0.35;

fn surer(score: f32, context: bool) -> f32 {
    if context { (score + CONTEXT).min(1.0) } else { score }
}

#[cfg(test)]
mod tests;
