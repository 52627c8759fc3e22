//! United States social security numbers: three, two and four digits (ssa.gov, randomised since 2011: no area 000,
//! 666 or from 900, no group 00, no serial 0000).

use super::{Finding, Recognizer, surer};
use crate::privacy::spoken::{Gap, Item, Run, count, joined};
use crate::privacy::text::Doc;

pub struct Ssn;

const KIND: &str = "US_SSN";
const WORDS: [&str; 8] = ["social", "security", "ssn", "ssns", "ssid", "ss", "ssa", "taxpayer"];

impl Recognizer for Ssn {
    fn entity_type(&self) -> &'static str {
        KIND
    }
    fn context(&self) -> &'static [&'static str] {
        &WORDS
    }
    fn find(&self, doc: &Doc<'_>, out: &mut Vec<Finding>) {
        for run in doc.runs.iter().filter(|r| r.total() >= 7) {
            let context = doc.near(run.start(), run.end(), &WORDS);
            let before = out.len();
            typed(run, context, out);
            if out.len() == before
                && let Some((score, why)) = spoken(run, context)
            {
                out.push(Finding { entity_type: KIND, start: run.start(), end: run.end(), score, why });
            }
        }
    }
}

fn typed(run: &Run, context: bool, out: &mut Vec<Finding>) {
    let mut push = |items: &[Item], score| {
        let why = "nine digits as a social security number has them";
        out.push(Finding { entity_type: KIND, start: items[0].start, end: items[items.len() - 1].end, score, why });
    };
    for (i, item) in run.items.iter().enumerate() {
        let three = &run.items[i..run.items.len().min(i + 3)];
        let lens: Vec<usize> = three.iter().map(|t| t.digits.len()).collect();
        let same = three.len() == 3 && three[1].gap == three[2].gap && three[1].gap != Gap::Comma;
        if lens == [3, 2, 4] && same && !three.iter().any(|t| t.word) {
            // Within a longer number it is that number's.
            let alone = run.items.len() == 3 || context;
            if alone && valid(&joined(three), context) {
                push(three, surer(0.5, context));
            }
        } else if item.digits.len() == 9 && !item.word && (run.items.len() == 1 || context) && valid(&item.digits, context) {
            push(&run.items[i..=i], surer(0.3, context));
        }
    }
}

fn valid(d: &str, context: bool) -> bool {
    let area_ok = !matches!(&d[..3], "000" | "666") && (context || !d.starts_with('9'));
    area_ok && &d[3..5] != "00" && &d[5..] != "0000" && d.bytes().any(|b| b != d.as_bytes()[0])
}

/// Said aloud or written oddly; with context a digit may have been lost or heard twice.
fn spoken(run: &Run, context: bool) -> Option<(f32, &'static str)> {
    let total = run.total();
    if context && (7..=11).contains(&total) {
        return Some((if total == 9 { 0.7 } else { 0.6 }, "about nine digits near words for social security"));
    }
    let groups: Vec<usize> = run.items.chunk_by(|_, b| !matches!(b.gap, Gap::Comma | Gap::Dot)).map(count).collect();
    (total == 9 && run.spelled() == 9 && groups == [3, 2, 4] && !run.is_counting())
        .then_some((0.55, "nine digits said in groups of three, two and four"))
}
