//! `loom_rank(utterance_text, ignored)`: Okapi BM25 (Robertson and Zaragoza 2009) with FTS5's own k1 = 1.2 and
//! b = 0.75, larger is better, the last `ignored` phrases left out.
//!
//! FTS5's `bm25()` first reads every row of the table that holds a phrase, to learn how rare it is: on a
//! million rows that takes longer than all else. Here one phrase alone is not weighed, since its weight
//! would not change the order, and of several each is counted to [`COUNTED`] rows at most.

use std::ffi::{c_int, c_void};
use std::ptr;

use rusqlite::{Connection, ffi};

use super::id;
use crate::error::{Error, Result};

/// Rows that hold a phrase are counted so far; beyond, it is simply common.
const COUNTED: i64 = 10_000;
const K1: f64 = 1.2;
const B: f64 = 0.75;

/// Adds the function to a connection.
pub(super) fn register(c: &Connection) -> Result<()> {
    // SAFETY: the handle lives as long as `c`; FTS5 is compiled in and answers `fts5(?)` by writing its api pointer
    // through the pointer bound under this name; the function needs no user data.
    let code = unsafe {
        let db = c.handle();
        let mut statement = ptr::null_mut();
        let mut api: *mut ffi::fts5_api = ptr::null_mut();
        let code = ffi::sqlite3_prepare_v2(db, c"SELECT fts5(?1)".as_ptr(), -1, &mut statement, ptr::null_mut());
        if code == ffi::SQLITE_OK {
            ffi::sqlite3_bind_pointer(statement, 1, ptr::from_mut(&mut api).cast(), c"fts5_api_ptr".as_ptr(), None);
            ffi::sqlite3_step(statement);
        }
        ffi::sqlite3_finalize(statement);
        match api.as_ref().and_then(|a| a.xCreateFunction) {
            Some(create) => create(api, c"loom_rank".as_ptr(), ptr::null_mut(), Some(loom_rank), None),
            None => ffi::SQLITE_ERROR,
        }
    };
    if code == ffi::SQLITE_OK { Ok(()) } else { Err(Error::bug("full-text search does not take Loom's ranking")) }
}

/// What one query needs for all its rows.
struct Weights {
    /// A weight a phrase, those of the ignored ones left out.
    phrases: Vec<f64>,
    mean_length: f64,
}

unsafe extern "C" fn loom_rank(
    api: *const ffi::Fts5ExtensionApi,
    row: *mut ffi::Fts5Context,
    answer: *mut ffi::sqlite3_context,
    arguments: c_int,
    argument: *mut *mut ffi::sqlite3_value,
) {
    // SAFETY: FTS5 calls this with its own api, a row of a running query and `arguments` values.
    unsafe {
        let ignored = if arguments > 0 { ffi::sqlite3_value_int(*argument) } else { 0 };
        match score(&*api, row, ignored) {
            Ok(score) => ffi::sqlite3_result_double(answer, score),
            Err(code) => ffi::sqlite3_result_error_code(answer, code),
        }
    }
}

type Api = ffi::Fts5ExtensionApi;
type Row = *mut ffi::Fts5Context;

/// Calls a function of FTS5's table and gives its code as a result.
macro_rules! ask {
    ($api:expr, $name:ident, $($arg:expr),*) => {
        match $api.$name {
            Some(f) => match f($($arg),*) { ffi::SQLITE_OK => Ok(()), code => Err(code) },
            None => Err(ffi::SQLITE_ERROR),
        }
    };
}

/// Okapi BM25 of the row.
///
/// # Safety
/// `row` is the row at hand of a running query that `api` belongs to.
unsafe fn score(api: &Api, row: Row, ignored: c_int) -> Result<f64, c_int> {
    // SAFETY: `row` is passed on as FTS5 gave it; out pointers are locals; the auxiliary data is what `weigh` left.
    unsafe {
        let kept = api.xGetAuxdata.map_or(ptr::null_mut(), |get| get(row, 0)).cast::<Weights>();
        let weights = if kept.is_null() { weigh(api, row, ignored)? } else { kept };
        let length = id::length(api.xRowid.map_or(0, |f| f(row)));
        let relative = K1 * (1.0 - B + B * length / (*weights).mean_length);
        let mut score = 0.0;
        for (i, weight) in (0..).zip(&(*weights).phrases) {
            let n = occurrences(api, row, i)?;
            score += weight * n * (K1 + 1.0) / (n + relative);
        }
        Ok(score)
    }
}

/// How often the row holds a phrase.
unsafe fn occurrences(api: &Api, row: Row, phrase: c_int) -> Result<f64, c_int> {
    let next = api.xPhraseNext.ok_or(ffi::SQLITE_ERROR)?;
    let mut n = 0.0;
    let (mut column, mut offset) = (0, 0);
    // SAFETY: as in `score`; FTS5 fills the iterator before it is used.
    unsafe {
        let mut at: ffi::Fts5PhraseIter = std::mem::zeroed();
        ask!(api, xPhraseFirst, row, phrase, &mut at, &mut column, &mut offset)?;
        while column >= 0 {
            n += 1.0;
            next(row, &mut at, &mut column, &mut offset);
        }
    }
    Ok(n)
}

/// Weighs the phrases, and leaves the weights with the query, which drops them when it ends.
unsafe fn weigh(api: &Api, row: Row, ignored: c_int) -> Result<*mut Weights, c_int> {
    // SAFETY: as in `score`; `count` gets the counter it expects.
    unsafe {
        let (mut rows, mut tokens) = (0, 0);
        ask!(api, xRowCount, row, &mut rows)?;
        ask!(api, xColumnTotalSize, row, 0, &mut tokens)?;
        let n = api.xPhraseCount.map_or(0, |f| f(row)) - ignored;
        let mut phrases = vec![1.0; n.max(0) as usize];
        if n > 1 {
            for (i, weight) in (0..).zip(&mut phrases) {
                let mut holding = 0i64;
                ask!(api, xQueryPhrase, row, i, ptr::from_mut(&mut holding).cast(), Some(count))?;
                *weight = (((rows - holding) as f64 + 0.5) / (holding as f64 + 0.5)).ln().max(1e-6);
            }
        }
        let weights = Box::into_raw(Box::new(Weights { phrases, mean_length: (tokens as f64 / rows.max(1) as f64).max(1.0) }));
        // FTS5 drops the weights itself if it cannot keep them.
        ask!(api, xSetAuxdata, row, weights.cast(), Some(forget))?;
        Ok(weights)
    }
}

unsafe extern "C" fn forget(weights: *mut c_void) {
    // SAFETY: made by `Box::into_raw` in `weigh`, dropped once.
    drop(unsafe { Box::from_raw(weights.cast::<Weights>()) });
}

unsafe extern "C" fn count(_: *const Api, _: Row, counter: *mut c_void) -> c_int {
    // SAFETY: `weigh` passes its counter, which outlives the call.
    let n = unsafe { &mut *counter.cast::<i64>() };
    *n += 1;
    if *n < COUNTED { ffi::SQLITE_OK } else { ffi::SQLITE_DONE }
}
