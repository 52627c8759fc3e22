//! A rule, checked and ready to be asked.

use loom_schemas::dedup::{DedupRule, Match};
use sha2::{Digest, Sha256};

use super::fields::Compared;
use super::image::MOST_DISTANCE;
use super::window::Window;
use super::{LONGEST_S, MOST_FIELDS};
use crate::bus::{TopicName, names};
use crate::door::Wrong;
use crate::rules::is_id;
use crate::schema::Pointer;

const DESCRIPTION_BYTES: usize = 1_000;
const LEAST_SIMILARITY: f64 = 0.5;

/// One rule of those that are kept.
#[derive(Debug)]
pub struct Compiled {
    pub rule: DedupRule,
    pub topic: TopicName,
    pub window: Window,
    pub into: Option<TopicName>,
    pub how: How,
    /// Changes with what is compared: what is remembered under another one is another rule's. Part of keys and ids on disk.
    pub digest: [u8; 32],
}

#[derive(Debug)]
pub enum How {
    Id,
    Fields(Vec<Compared>),
    Text { fields: Vec<Pointer>, similarity: f64 },
    Image { field: Pointer, distance: u32 },
}

impl Compiled {
    /// Everything that is wrong with a rule by itself.
    pub fn compile(rule: &DedupRule) -> Result<Self, Vec<Wrong>> {
        let mut wrong = Vec::new();
        if !is_id(&rule.id) {
            wrong.push(Wrong::new("/id", "format", "1 to 64 of a-z, 0-9, -, _ and ."));
        }
        if rule.description.len() > DESCRIPTION_BYTES {
            wrong.push(Wrong::new("/description", "maxLength", format!("at most {DESCRIPTION_BYTES} bytes")));
        }
        for (pointer, seconds, least) in [("/window_s", rule.window_s, 1), ("/lateness_s", rule.lateness_s, 0)] {
            if !(least..=LONGEST_S).contains(&seconds) {
                wrong.push(Wrong::new(pointer, "range", format!("{least} to {LONGEST_S} seconds, which are 366 days")));
            }
        }
        let topic = topic("/topic", &rule.topic, &mut wrong);
        if topic.as_ref().is_some_and(|t| t.as_str() == names::DUPLICATES) {
            wrong.push(Wrong::new("/topic", "loop", "another topic: this one is what is said of duplicates"));
        }
        let into = rule.into.as_deref().map(|t| self::topic("/into", t, &mut wrong));
        let how = how(&rule.by, &mut wrong);
        match (topic, how, into) {
            (Some(topic), Some(how), into @ (None | Some(Some(_)))) if wrong.is_empty() => {
                let window = Window::new(rule.window_s, rule.lateness_s);
                Ok(Self { topic, window, into: into.flatten(), how, digest: digest(rule), rule: rule.clone() })
            }
            _ => Err(wrong),
        }
    }

    /// Tells apart what several rules make of one record. Part of ids on disk: fixed for ever.
    pub fn index(&self) -> u64 {
        u64::from_be_bytes(std::array::from_fn(|i| self.digest[i]))
    }
}

fn topic(at: &str, name: &str, wrong: &mut Vec<Wrong>) -> Option<TopicName> {
    match TopicName::parse(name) {
        Ok(t) if !t.is_dlq() => return Some(t),
        Ok(_) => wrong.push(Wrong::new(at, "format", "a topic that holds no dead letters")),
        Err(e) => wrong.push(Wrong::new(at, "format", e.message())),
    }
    None
}

fn how(by: &Match, wrong: &mut Vec<Wrong>) -> Option<How> {
    let before = wrong.len();
    let counted = |n: usize, wrong: &mut Vec<Wrong>| {
        if !(1..=MOST_FIELDS).contains(&n) {
            wrong.push(Wrong::new("/match/fields", "minItems", format!("1 to {MOST_FIELDS} fields: this one has {n}")));
        }
        n <= MOST_FIELDS
    };
    let pointer = |at: String, text: &str, wrong: &mut Vec<Wrong>| {
        Pointer::parse(text).map_err(|e| wrong.push(Wrong::new(at, "format", e.message()))).ok()
    };
    let how = match by {
        Match::Id {} => Some(How::Id),
        Match::Fields { fields } => {
            let fields: &[_] = if counted(fields.len(), wrong) { fields } else { &[] };
            let compared = fields.iter().enumerate().map(|(i, f)| Compared::compile(f, &format!("/match/fields/{i}"), wrong));
            Some(How::Fields(compared.collect::<Vec<_>>().into_iter().flatten().collect()))
        }
        Match::Text { fields, similarity } => {
            if !(LEAST_SIMILARITY..=1.0).contains(similarity) {
                wrong.push(Wrong::new("/match/similarity", "range", format!("{LEAST_SIMILARITY} to 1")));
            }
            let fields: &[_] = if counted(fields.len(), wrong) { fields } else { &[] };
            let pointers = fields.iter().enumerate().map(|(i, f)| pointer(format!("/match/fields/{i}"), f, wrong));
            Some(How::Text { fields: pointers.collect::<Vec<_>>().into_iter().flatten().collect(), similarity: *similarity })
        }
        Match::Image { field, distance } => {
            if *distance > MOST_DISTANCE {
                wrong.push(Wrong::new("/match/distance", "range", format!("0 to {MOST_DISTANCE} places of 64")));
            }
            pointer("/match/field".into(), field, wrong).map(|field| How::Image { field, distance: *distance })
        }
    };
    how.filter(|_| wrong.len() == before)
}

/// Over what decides which records are alike: neither description, lateness nor where the firsts go.
fn digest(rule: &DedupRule) -> [u8; 32] {
    let said = (&rule.id, &rule.topic, &rule.by, rule.window_s, rule.across_devices);
    // Rules are plain data, which always serialises.
    Sha256::digest(serde_json::to_vec(&said).unwrap_or_default()).into()
}
