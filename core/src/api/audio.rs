//! A line's sound as WAV, in ranges as players ask for them.

use std::ops::RangeInclusive;
use std::sync::Arc;

use axum::extract::State as Extract;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::problem::Problem;
use super::query::Message;
use super::state::{State, blocking};
use loom_schemas::payload::AudioRef;

/// RIFF, format and data chunk headers.
const HEADER: u64 = 44;
/// Bytes of a sample, 16-bit little endian.
const SAMPLE: u64 = 2;

/// The sound of a line: WAV, 16-bit mono.
#[utoipa::path(get, path = "/api/timeline/{message_id}/audio", tag = "timeline", params(("message_id" = String, Path), ("Range" = Option<String>, Header)),
    responses((status = 200, body = Vec<u8>, content_type = "audio/wav"), (status = 206, body = Vec<u8>, content_type = "audio/wav"),
        (status = 404, body = super::Problem), (status = 410, body = super::Problem), (status = 416, body = super::Problem)))]
pub async fn sound(Extract(state): Extract<Arc<State>>, Message(id): Message, headers: HeaderMap) -> Result<Response, Problem> {
    let timeline = state.timeline.clone();
    let audio = blocking(move || timeline.audio(id)).await?.ok_or_else(|| Problem::not_found("no sound is kept for this line"))?;
    let total = HEADER + audio.samples * SAMPLE;
    let wanted = headers.get(header::RANGE).and_then(|r| r.to_str().ok()).map_or(Wanted::All, |r| parse_range(r, total));
    let (status, range) = match wanted {
        Wanted::All => (StatusCode::OK, 0..=total - 1),
        Wanted::Part(range) => (StatusCode::PARTIAL_CONTENT, range),
        Wanted::Beyond => return Ok(beyond(total)),
    };
    let content_range = format!("bytes {}-{}/{total}", range.start(), range.end());
    let body = blocking(move || bytes(&state, &audio, range)).await?;
    let mut response = (status, [(header::CONTENT_TYPE, "audio/wav"), (header::ACCEPT_RANGES, "bytes")], body).into_response();
    if status == StatusCode::PARTIAL_CONTENT
        && let Ok(v) = content_range.parse()
    {
        response.headers_mut().insert(header::CONTENT_RANGE, v);
    }
    Ok(response)
}

fn beyond(total: u64) -> Response {
    let mut response = Problem::new(StatusCode::RANGE_NOT_SATISFIABLE, "the range is beyond the sound's end").into_response();
    if let Ok(v) = format!("bytes */{total}").parse() {
        response.headers_mut().insert(header::CONTENT_RANGE, v);
    }
    response
}

#[derive(Debug, PartialEq)]
enum Wanted {
    All,
    Part(RangeInclusive<u64>),
    Beyond,
}

/// One range of bytes (RFC 9110, 14.2); several, or what is no range, mean the whole.
fn parse_range(text: &str, total: u64) -> Wanted {
    let Some((from, to)) = text.trim().strip_prefix("bytes=").and_then(|r| r.split_once('-')) else { return Wanted::All };
    let last = total - 1;
    match (from.trim().parse::<u64>(), to.trim().parse::<u64>()) {
        (Ok(a), Ok(b)) if a <= b && a <= last => Wanted::Part(a..=b.min(last)),
        (Ok(a), Ok(b)) if a <= b => Wanted::Beyond,
        (Ok(a), Err(_)) if to.trim().is_empty() && a <= last => Wanted::Part(a..=last),
        (Ok(_), Err(_)) if to.trim().is_empty() => Wanted::Beyond,
        (Err(_), Ok(0)) if from.trim().is_empty() => Wanted::Beyond,
        (Err(_), Ok(n)) if from.trim().is_empty() => Wanted::Part(total.saturating_sub(n)..=last),
        _ => Wanted::All,
    }
}

/// Reads only the samples the range touches.
fn bytes(state: &State, audio: &AudioRef, range: RangeInclusive<u64>) -> crate::Result<Vec<u8>> {
    let (from, to) = (*range.start(), *range.end() + 1);
    let mut out = Vec::with_capacity((to - from) as usize);
    if from < HEADER {
        let header = wav_header(audio.samples, audio.sample_rate);
        out.extend_from_slice(&header[from as usize..to.min(HEADER) as usize]);
    }
    if to > HEADER {
        let (a, b) = (from.max(HEADER) - HEADER, to - HEADER);
        let first = a / SAMPLE;
        let samples = state.audio.read(&audio.stream_id, audio.first_sample + first, b.div_ceil(SAMPLE) - first)?;
        let pcm: Vec<u8> = samples.iter().flat_map(|s| ((s * 32768.0).round().clamp(-32768.0, 32767.0) as i16).to_le_bytes()).collect();
        let skip = (a - first * SAMPLE) as usize;
        out.extend_from_slice(
            pcm.get(skip..skip + (b - a) as usize).ok_or_else(|| crate::Error::skip("part of this sound is no longer kept"))?,
        );
    }
    Ok(out)
}

fn wav_header(samples: u64, rate: u32) -> [u8; HEADER as usize] {
    // An utterance is half a minute: far below what these 32 bits hold.
    let data = u32::try_from(samples * SAMPLE).unwrap_or(u32::MAX - HEADER as u32);
    let mut h = [0; HEADER as usize];
    h[..4].copy_from_slice(b"RIFF");
    h[4..8].copy_from_slice(&(data + HEADER as u32 - 8).to_le_bytes());
    h[8..16].copy_from_slice(b"WAVEfmt ");
    h[16..20].copy_from_slice(&16u32.to_le_bytes());
    h[20..22].copy_from_slice(&1u16.to_le_bytes());
    h[22..24].copy_from_slice(&1u16.to_le_bytes());
    h[24..28].copy_from_slice(&rate.to_le_bytes());
    h[28..32].copy_from_slice(&(rate * SAMPLE as u32).to_le_bytes());
    h[32..34].copy_from_slice(&(SAMPLE as u16).to_le_bytes());
    h[34..36].copy_from_slice(&16u16.to_le_bytes());
    h[36..40].copy_from_slice(b"data");
    h[40..].copy_from_slice(&data.to_le_bytes());
    h
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_as_players_write_them() {
        for (text, expect) in [
            ("bytes=0-", Wanted::Part(0..=99)),
            ("bytes=0-0", Wanted::Part(0..=0)),
            ("bytes=10-19", Wanted::Part(10..=19)),
            ("bytes=90-200", Wanted::Part(90..=99)),
            ("bytes=-5", Wanted::Part(95..=99)),
            ("bytes=-500", Wanted::Part(0..=99)),
            ("bytes=100-", Wanted::Beyond),
            ("bytes=100-200", Wanted::Beyond),
            ("bytes=-0", Wanted::Beyond),
            ("bytes=5-2", Wanted::All),
            ("bytes=0-1,5-6", Wanted::All),
            ("lines=0-1", Wanted::All),
            ("bytes=x-y", Wanted::All),
        ] {
            assert_eq!(parse_range(text, 100), expect, "{text}");
        }
    }
}
