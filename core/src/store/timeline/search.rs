//! Search: the newest matches from the index alone, ranked; then rows and snippets of the best.

use loom_schemas::api::SearchHit;
use rusqlite::{CachedStatement, Connection, params};

use super::lines::{audio_link, hyphenated, micros_to_text, span, uuid_text};
use super::{RANKED_MATCHES, query, rank};
use crate::error::Result;
use crate::store::{Found, Range};

const NEWEST: &str = "SELECT rowid, loom_rank(utterance_text, ?4) FROM utterance_text
    WHERE utterance_text MATCH ?1 AND rowid >= ?2 AND rowid < ?3 ORDER BY rowid DESC LIMIT ?5";

/// The snippet is of column 0, the text, at most 24 words.
const HIT: &str = "SELECT u.message_id, u.recorded_at, u.duration_s, u.device_id, u.text, u.stream_id,
        snippet(utterance_text, 0, '[', ']', '…', 24)
    FROM utterance_text JOIN utterance u ON u.id = utterance_text.rowid
    WHERE utterance_text MATCH ?1 AND utterance_text.rowid = ?2";

pub(super) fn search(c: &Connection, query: &str, range: &Range) -> Result<Found> {
    let Some(expression) = query::expression(query, range.device) else {
        return Ok(Found::default());
    };
    let (from, to) = span(range);
    let mut newest = newest_statement(c)?;
    let wanted = params![expression, from, to, i64::from(range.device.is_some()), RANKED_MATCHES as i64 + 1];
    let mut matches: Vec<(i64, f64)> = newest.query_map(wanted, |r| Ok((r.get(0)?, r.get(1)?)))?.collect::<Result<_, _>>()?;
    let capped = matches.len() > RANKED_MATCHES;
    matches.truncate(RANKED_MATCHES);
    // They come newest first, and the sort is stable: of equals the newest stays first.
    matches.sort_by(|a, b| b.1.total_cmp(&a.1));
    matches.truncate(range.limit);
    let mut row = c.prepare_cached(HIT)?;
    let hits = matches.iter().map(|&(id, score)| hit(&mut row, &expression, id, score)).collect::<Result<_>>()?;
    Ok(Found { hits, capped })
}

/// A connection that searches keeps more pages: decrypting those of common words again is most of a phrase's time.
const CACHE_KIB: i64 = 16 * 1024;

/// A connection learns the ranking when it is first searched.
fn newest_statement(c: &Connection) -> Result<CachedStatement<'_>> {
    match c.prepare_cached(NEWEST) {
        Ok(s) => Ok(s),
        Err(_) => {
            rank::register(c)?;
            c.pragma_update(None, "cache_size", -CACHE_KIB)?;
            Ok(c.prepare_cached(NEWEST)?)
        }
    }
}

fn hit(row: &mut CachedStatement, expression: &str, id: i64, score: f64) -> Result<SearchHit> {
    Ok(row.query_row(params![expression, id], |r| {
        let message_id = uuid_text(r, 0)?;
        Ok(SearchHit {
            recorded_at: micros_to_text(r.get(1)?),
            duration_s: r.get(2)?,
            device_id: hyphenated(r.get(3)?),
            text: r.get(4)?,
            audio: audio_link(&message_id, r.get(5)?),
            snippet: r.get(6)?,
            score,
            message_id,
        })
    })?)
}
