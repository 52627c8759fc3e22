//! Phone numbers: international (ITU-T E.164), North American, national ones near a word for a phone, typed or said.

use super::phone_codes::calling_code;
use super::{Finding, Recognizer, surer};
use crate::privacy::spoken::{Gap, Item, Run, count, joined, windows};
use crate::privacy::text::Doc;

pub struct Phone;

const KIND: &str = "PHONE_NUMBER";
const STRONG: [&str; 27] = [
    "phone",
    "phones",
    "telephone",
    "tel",
    "mobile",
    "cell",
    "cellphone",
    "fax",
    "whatsapp",
    "sms",
    "dial",
    "hotline",
    "landline",
    "voicemail",
    "telefon",
    "telefono",
    "teléfono",
    "téléphone",
    "telefone",
    "móvil",
    "celular",
    "mobil",
    "desk",
    "pager",
    "telefonnummer",
    "rufnummer",
    "numaram",
];
const WEAK: [&str; 13] =
    ["call", "called", "calling", "number", "numbers", "reach", "text", "ring", "contact", "answering", "messages", "message", "office"];
/// What else has a number.
const OTHER: [&str; 24] = [
    "order",
    "invoice",
    "tracking",
    "ticket",
    "reference",
    "case",
    "account",
    "room",
    "serial",
    "part",
    "item",
    "id",
    "version",
    "flight",
    "zip",
    "card",
    "iban",
    "security",
    "page",
    "model",
    "isbn",
    "policy",
    "license",
    "passport",
];

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Context {
    None,
    Weak,
    Strong,
}

impl Recognizer for Phone {
    fn entity_type(&self) -> &'static str {
        KIND
    }
    fn context(&self) -> &'static [&'static str] {
        &STRONG
    }
    fn find(&self, doc: &Doc<'_>, out: &mut Vec<Finding>) {
        for run in doc.runs.iter().filter(|r| r.total() >= 5) {
            let context = context(doc, run);
            match spoken(run, context) {
                Some((score, why)) => out.push(finding(doc, &run.items, score, why)),
                None => typed(doc, run, context, out),
            }
        }
    }
}

fn context(doc: &Doc<'_>, run: &Run) -> Context {
    let (start, end) = (run.start(), run.end());
    if doc.preceded(start, 3, &OTHER) && !doc.preceded(start, 3, &STRONG) {
        Context::None
    } else if doc.near(start, end, &STRONG) {
        Context::Strong
    } else if doc.preceded(start, 5, &WEAK) || doc.followed(end, 2, &WEAK) {
        Context::Weak
    } else {
        Context::None
    }
}

/// Digits said one by one, in one breath.
fn spoken(run: &Run, context: Context) -> Option<(f32, &'static str)> {
    let (total, spelled) = (run.total(), run.spelled());
    if run.is_counting() {
        return None;
    }
    if context != Context::None && spelled >= 7 && total <= 17 {
        return Some((0.65, "digits said near a word for a phone"));
    }
    (run.in_words() >= 10 && (10..=12).contains(&total)).then_some((0.55, "as many digits as a phone number has, said one by one"))
}

/// Windows of whole items that are a number, from the left, the longest first.
fn typed(doc: &Doc<'_>, run: &Run, context: Context, out: &mut Vec<Finding>) {
    let items = &run.items;
    let mut i = 0;
    while i < items.len() {
        // A lone digit begins a number only before an area code, after a plus, or near a word for a phone.
        let lone = items[i].digits.len() == 1 && items.get(i + 1).is_none_or(|n| n.digits.len() != 3);
        if lone && context == Context::None && !plus(doc, items[i].start) {
            i += 1;
            continue;
        }
        let found = windows(items, i, 5, 17).rev().find_map(|j| classify(doc, &items[i..j], context).map(|s| (j, s)));
        let Some((j, (score, why))) = found else {
            i += 1;
            continue;
        };
        out.push(finding(doc, &items[i..j], score, why));
        i = j;
    }
}

fn classify(doc: &Doc<'_>, items: &[Item], context: Context) -> Option<(f32, &'static str)> {
    let (digits, total) = (joined(items), count(items));
    let near = context != Context::None;
    let lens: Vec<usize> = items.iter().map(|i| i.digits.len()).collect();
    if plus(doc, items[0].start) {
        let known = calling_code(&digits).is_some() && (7..=15).contains(&total);
        return known.then(|| (surer(0.6, near), "a plus, a country's code and a number"));
    }
    if digits.starts_with("00")
        && (10..=17).contains(&total)
        && calling_code(&digits[2..]).is_some()
        && (near || items.len() > 1)
        && !listed(items)
    {
        return Some((surer(0.5, near), "a country's code and a number"));
    }
    if is_date(items, &lens) {
        return None;
    }
    let national = digits.strip_prefix('1').filter(|_| total == 11).unwrap_or(&digits);
    if is_american(national) {
        let grouped = matches!(lens[..], [3, 3, 4] | [1, 3, 3, 4] | [3, 7] | [1, 3, 7] | [6, 4]) && !listed(items);
        return (grouped || near).then(|| (surer(if grouped { 0.6 } else { 0.3 }, near), "a North American number"));
    }
    if looks_otherwise(items, &lens) {
        return None;
    }
    let grouped = items.len() > 1 && lens.iter().all(|l| *l <= 7) || total >= 9;
    match context {
        Context::Strong if (7..=15).contains(&total) || (5..7).contains(&total) && announced(doc, items) => {
            Some((0.6, "a number near a word for a phone"))
        }
        Context::Weak if (7..=15).contains(&total) && grouped && !listed(items) => Some((0.55, "a number near a word for calling")),
        _ => {
            let enough = if items.len() == 2 { 10..=11 } else { 9..=11 };
            let trunk = digits.starts_with('0') && !digits.starts_with("00") && enough.contains(&total) && items.len() > 1;
            (trunk && !listed(items) && lens[0] >= 2).then_some((0.5, "groups of digits after a trunk zero"))
        }
    }
}

/// Straight after "phone number" or "call me on": short numbers are whole ones in small countries.
fn announced(doc: &Doc<'_>, items: &[Item]) -> bool {
    let start = items[0].start;
    doc.preceded(start, 4, &["number", "nummer", "numero", "número", "numéro", "call", "dial"]) && doc.preceded(start, 6, &STRONG)
}

/// Area code and exchange begin with 2 to 9 (NANPA).
fn is_american(d: &str) -> bool {
    d.len() == 10 && d.as_bytes()[0] >= b'2' && d.as_bytes()[3] >= b'2'
}

/// Numbers after each other with commas or sentences between.
fn listed(items: &[Item]) -> bool {
    items[1..].iter().any(|i| i.gap == Gap::Comma)
}

fn is_date(items: &[Item], lens: &[usize]) -> bool {
    let year = |i: usize| items[i].digits.starts_with("19") || items[i].digits.starts_with("20");
    match lens {
        [4, 1 | 2, 1 | 2, ..] => year(0),
        [1 | 2, 1 | 2, 4, ..] => year(2),
        [4, 4] => year(0) && year(1),
        _ => false,
    }
}

/// Thousands with commas, decimals, dotted quads.
fn looks_otherwise(items: &[Item], lens: &[usize]) -> bool {
    let dotted = items.len() > 1 && items[1..].iter().all(|i| i.gap == Gap::Dot);
    let quad = dotted && items.len() == 4 && items.iter().all(|i| i.digits.parse::<u16>().is_ok_and(|n| n < 256));
    let thousands = items.len() > 1 && lens[0] <= 3 && lens[1..].iter().all(|l| *l == 3) && listed(items);
    quad || thousands || dotted && items.len() == 2
}

fn plus(doc: &Doc<'_>, start: usize) -> bool {
    let before = doc.text[..start].trim_end_matches(['(', ' ']);
    start - before.len() <= 2 && (before.ends_with(['+', '＋']) || doc.words_before(start, 1).any(|t| t.is("plus") && start - t.end <= 2))
}

/// With the plus and bracket before it and the extension after it.
fn finding(doc: &Doc<'_>, items: &[Item], score: f32, why: &'static str) -> Finding {
    let (mut start, mut end) = (items[0].start, items[items.len() - 1].end);
    let inside = &doc.text[start..end];
    if doc.text[..start].ends_with('(') && inside.contains(')') {
        start -= 1;
    }
    if let Some(p) = doc.text[..start].trim_end_matches(['(', ' ']).chars().next_back().filter(|c| matches!(c, '+' | '＋')) {
        let at = doc.text[..start].trim_end_matches(['(', ' ']).len();
        if start - at <= 2 {
            start = at - p.len_utf8();
        }
    } else if let Some(t) = doc.words_before(start, 1).find(|t| t.is("plus") && start - t.end <= 2) {
        start = t.start;
    }
    end += extension(&doc.text[end..]);
    Finding { entity_type: KIND, start, end, score, why }
}

/// Bytes of " ext. 42", "x4587" or " extension 42".
fn extension(rest: &str) -> usize {
    let trimmed = rest.trim_start_matches([' ', ',']);
    let skipped = rest.len() - trimmed.len();
    let Some(word) = ["extension", "ext.", "ext", "x"].iter().find(|w| trimmed.get(..w.len()).is_some_and(|t| t.eq_ignore_ascii_case(w)))
    else {
        return 0;
    };
    let after = &trimmed[word.len()..];
    let number = after.trim_start_matches(' ');
    let digits = number.bytes().take(7).take_while(u8::is_ascii_digit).count();
    let gap = after.len() - number.len();
    if skipped > 2 || gap > 2 || !(1..=6).contains(&digits) { 0 } else { skipped + word.len() + gap + digits }
}
