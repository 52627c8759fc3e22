//! Search: the newest matches from the index alone, ranked; then rows and snippets of the best.

use loom_schemas::api::SearchHit;
use rusqlite::types::Value;
use rusqlite::{CachedStatement, Connection, params, params_from_iter};
use uuid::Uuid;

use super::lines::{audio_link, hyphenated, kept, micros_to_text, span, uuid_text};
use super::{RANKED_MATCHES, query, rank};
use crate::error::Result;
use crate::store::{ELSEWHERE, Found, Range};

const NEWEST: &str = "SELECT rowid, loom_rank(utterance_text, ?4) FROM utterance_text
    WHERE utterance_text MATCH ?1 AND rowid >= ?2 AND rowid < ?3 ORDER BY rowid DESC LIMIT ?5";

/// The snippet is of column 0, the text, at most 24 words.
const HIT: &str = "SELECT u.message_id, u.recorded_at, u.duration_s, u.device_id, u.text, u.stream_id,
        snippet(utterance_text, 0, '[', ']', '…', 24)
    FROM utterance_text JOIN utterance u ON u.id = utterance_text.rowid
    WHERE utterance_text MATCH ?1 AND utterance_text.rowid = ?2";

/// Matches that are held against what only rows know (their source, a star, a mask); of more, the newest.
const LOOKED_AT_MATCHES: usize = 20_000;

pub(super) fn search(c: &Connection, query: &str, range: &Range) -> Result<Found> {
    let Some(expression) = query::expression(query, range.device) else {
        return Ok(Found::default());
    };
    let (mut matches, capped) = ranked(c, &expression, range)?;
    // They come newest first, and the sort is stable: of equals the newest stays first.
    matches.sort_by(|a, b| b.1.total_cmp(&a.1));
    matches.truncate(range.limit);
    let mut row = c.prepare_cached(HIT)?;
    let hits: Vec<_> = matches.iter().map(|&(id, score)| hit(&mut row, &expression, id, score)).collect::<Result<_>>()?;
    let elsewhere = if hits.is_empty() && (range.from.is_some() || range.to.is_some()) { elsewhere(c, &expression, range)? } else { 0 };
    Ok(Found { hits, capped, elsewhere })
}

/// The newest matches, newest first, with their scores; and whether there are more.
fn ranked(c: &Connection, expression: &str, range: &Range) -> Result<(Vec<(i64, f64)>, bool)> {
    let (from, to) = span(range);
    let by_rows = range.starred || range.masked || range.source.is_some();
    let most = if by_rows { LOOKED_AT_MATCHES } else { RANKED_MATCHES };
    let mut newest = newest_statement(c)?;
    let wanted = params![expression, from, to, i64::from(range.device.is_some()), most as i64 + 1];
    let mut matches: Vec<(i64, f64)> = newest.query_map(wanted, |r| Ok((r.get(0)?, r.get(1)?)))?.collect::<Result<_, _>>()?;
    let mut capped = matches.len() > most;
    matches.truncate(most);
    if by_rows {
        matches = kept_rows(c, range, matches)?;
        capped |= matches.len() > RANKED_MATCHES;
        matches.truncate(RANKED_MATCHES);
    }
    Ok((matches, capped))
}

fn kept_rows(c: &Connection, range: &Range, matches: Vec<(i64, f64)>) -> Result<Vec<(i64, f64)>> {
    let mut values = vec![Value::Null];
    let sql = format!("SELECT 1 FROM utterance u WHERE u.id = ?1 AND {}", kept(range, &mut values));
    let mut statement = c.prepare_cached(&sql)?;
    let mut found = Vec::new();
    for (id, score) in matches {
        values[0] = id.into();
        if statement.exists(params_from_iter(&values))? {
            found.push((id, score));
            if found.len() > RANKED_MATCHES {
                break;
            }
        }
    }
    Ok(found)
}

/// Ids of all that match.
pub(super) fn all(c: &Connection, query: &str, range: &Range) -> Result<Vec<Uuid>> {
    let Some(expression) = query::expression(query, range.device) else { return Ok(Vec::new()) };
    let (from, to) = span(range);
    let sql = "SELECT u.message_id FROM utterance_text CROSS JOIN utterance u ON u.id = utterance_text.rowid
               WHERE utterance_text MATCH ?1 AND utterance_text.rowid >= ?2 AND utterance_text.rowid < ?3";
    let id = |r: &rusqlite::Row| r.get(0).map(Uuid::from_bytes);
    Ok(c.prepare_cached(sql)?.query_map(params![expression, from, to], id)?.collect::<rusqlite::Result<_>>()?)
}

/// Matches at any other time, [`ELSEWHERE`] at most.
fn elsewhere(c: &Connection, expression: &str, range: &Range) -> Result<u64> {
    let anytime = Range { from: None, to: None, ..range.clone() };
    let mut values: Vec<Value> = vec![expression.to_owned().into(), (ELSEWHERE as i64).into()];
    let kept = kept(&anytime, &mut values);
    let sql = format!(
        "SELECT count(*) FROM (SELECT 1 FROM utterance_text CROSS JOIN utterance u ON u.id = utterance_text.rowid
            WHERE utterance_text MATCH ?1 AND {kept} LIMIT ?2)"
    );
    Ok(c.prepare_cached(&sql)?.query_row(params_from_iter(&values), |r| r.get::<_, i64>(0))?.unsigned_abs())
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
