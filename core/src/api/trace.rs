//! Trace ids as requests carry them: W3C Trace Context, and Loom v2's `X-Trace-ID`.

use axum::http::HeaderMap;

use crate::bus::Trace;
use crate::env::Entropy;

/// The trace a request belongs to, with a span of its own; a new one where it names none that is valid.
pub fn of_request(headers: &HeaderMap, entropy: &dyn Entropy) -> Trace {
    let mut trace = Trace::default();
    entropy.fill(&mut trace.span_id);
    match traceparent(headers).or_else(|| loom_v2(headers)) {
        Some(id) => trace.trace_id = id,
        None => entropy.fill(&mut trace.trace_id),
    }
    trace
}

/// Version 00 has exactly these fields; later ones may append more. All zeros is no id.
fn traceparent(headers: &HeaderMap) -> Option<[u8; 16]> {
    let mut all = headers.get_all("traceparent").iter();
    let (Some(one), None) = (all.next(), all.next()) else { return None };
    let text = one.to_str().ok()?.trim_matches([' ', '\t']);
    let (version, rest) = text.split_at_checked(2)?;
    let version = hex_of::<1>(version)?[0];
    let fields = rest.strip_prefix('-')?;
    let (fields, more) = fields.split_at_checked(52)?;
    let fits = if version == 0 { more.is_empty() } else { version != 0xff && (more.is_empty() || more.starts_with('-')) };
    let mut parts = fields.split('-');
    let trace = hex_of::<16>(parts.next()?)?;
    let span = hex_of::<8>(parts.next()?)?;
    hex_of::<1>(parts.next()?)?;
    (fits && parts.next().is_none() && trace != [0; 16] && span != [0; 8]).then_some(trace)
}

/// UUID-shaped ones lose their dashes.
fn loom_v2(headers: &HeaderMap) -> Option<[u8; 16]> {
    parse_id(headers.get("x-trace-id")?.to_str().ok()?)
}

/// A trace id in hex, dashes allowed.
pub fn parse_id(text: &str) -> Option<[u8; 16]> {
    let plain: String = text.chars().filter(|c| *c != '-').map(|c| c.to_ascii_lowercase()).collect();
    hex_of::<16>(&plain).filter(|id| *id != [0; 16])
}

/// Lower-case hex of exactly `N` bytes.
fn hex_of<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut out = [0; N];
    let lower = text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    (lower && hex::decode_to_slice(text, &mut out).is_ok()).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::env::Seeded;

    fn id(values: &[&str]) -> Option<[u8; 16]> {
        let mut h = HeaderMap::new();
        for v in values {
            h.append("traceparent", v.parse().unwrap());
        }
        traceparent(&h)
    }

    /// After the W3C's own test data.
    #[test]
    fn only_a_valid_traceparent_counts() {
        const T: &str = "12345678901234567890123456789012";
        let good = |s: &str| assert_eq!(id(&[s]).map(hex::encode).as_deref(), Some(T), "{s}");
        let bad = |s: &str| assert_eq!(id(&[s]), None, "{s}");
        good("00-12345678901234567890123456789012-1234567890123456-01");
        good("00-12345678901234567890123456789012-1234567890123456-01 \t");
        good("cc-12345678901234567890123456789012-1234567890123456-01");
        good("cc-12345678901234567890123456789012-1234567890123456-01-what-the-future-will-be-like");
        bad("cc-12345678901234567890123456789012-1234567890123456-01.what-the-future-will-not-be-like");
        bad("ff-12345678901234567890123456789012-1234567890123456-01");
        bad("00-12345678901234567890123456789012-1234567890123456-01-more");
        bad("00-12345678901234567890123456789012-1234567890123456-01.");
        bad("00-12345678901234567890123456789012-0000000000000000-01");
        bad("00-00000000000000000000000000000000-1234567890123456-01");
        bad("00-12345678901234567890123456789012-.234567890123456-01");
        bad("00-1234567890123456789012345678901A-1234567890123456-01");
        bad("00-123456789012345678901234567890123-1234567890123456-01");
        bad(".0-12345678901234567890123456789012-1234567890123456-01");
        bad("0000-12345678901234567890123456789012-1234567890123456-01");
        bad("00-12345678901234567890123456789012-1234567890123456-1");
        bad("");
        assert_eq!(id(&["00-12345678901234567890123456789011-1234567890123456-01"; 2]), None);
    }

    #[test]
    fn the_older_header_loses_its_dashes() {
        let mut h = HeaderMap::new();
        h.insert("x-trace-id", "550E8400-e29b-41d4-a716-446655440000".parse().unwrap());
        assert_eq!(hex::encode(of_request(&h, &Seeded::new(1)).trace_id), "550e8400e29b41d4a716446655440000");
    }
}
