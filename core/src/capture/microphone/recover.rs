//! After a kill: what was heard and written, and no record names yet, is named now, and the stream ended there.

use loom_schemas::payload::StreamEnd;

use super::writer::{RECORD, Road};
use crate::capture::chunk::Chunks;
use crate::error::Result;
use crate::store::audio::StreamState;

/// Before any microphone is opened, and after the store was recovered; how many streams were ended.
///
/// Errors: `Stop` when the disk is full; what could not be done is done at the next start.
pub fn recover(road: &Road) -> Result<usize> {
    let broken = road.store.unended_microphones()?;
    for (stream_id, state) in &broken {
        end(road, stream_id, state)?;
    }
    Ok(broken.len())
}

fn end(road: &Road, stream_id: &str, state: &StreamState) -> Result<()> {
    let StreamState { device_id, source, started_at, on_disk, logged, .. } = state.clone();
    let chunks = Chunks { stream_id: stream_id.into(), source, device_id, started_at, producer: "microphone" };
    road.store.settle(stream_id)?;
    let upto = on_disk.max(logged);
    let places = (logged..upto).step_by(RECORD as usize);
    let mut records = places.map(|at| chunks.record(at, (upto - at).min(RECORD) as u32, None)).collect::<Result<Vec<_>>>()?;
    records.push(chunks.record(upto, 0, Some(StreamEnd::DeviceLost))?);
    road.bus.append(records)?;
    road.store.end_stream(stream_id, upto, StreamEnd::DeviceLost)
}
