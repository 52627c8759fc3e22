//! What is remembered of a first: which record it was and when, not what it said.

use uuid::Uuid;

use crate::bus::Record;
use crate::env::Time;
use crate::error::{Error, Result};

/// A record that came first, or the one that is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct First {
    /// Of a record that was set aside and given back, the id it had at first: it is no repeat of itself.
    pub id: Uuid,
    pub recorded_at: Time,
    pub received_at: Time,
    pub partition: u32,
    pub offset: u64,
}

impl First {
    /// Bytes on disk.
    pub const BYTES: usize = 44;

    pub fn of(r: &Record) -> Self {
        Self {
            id: r.origin().message_id,
            recorded_at: r.recorded_at(),
            received_at: r.received_at(),
            partition: r.partition(),
            offset: r.offset(),
        }
    }

    /// The order in which records came.
    pub fn arrival(&self) -> (Time, u32, u64) {
        (self.received_at, self.partition, self.offset)
    }

    /// The layout on disk: id, recorded and received in microseconds, partition, offset, big end first.
    pub fn encode(&self, to: &mut Vec<u8>) {
        to.extend(self.id.as_bytes());
        to.extend(self.recorded_at.0.to_be_bytes());
        to.extend(self.received_at.0.to_be_bytes());
        to.extend(self.partition.to_be_bytes());
        to.extend(self.offset.to_be_bytes());
    }

    /// And what follows it.
    pub fn decode(from: &[u8]) -> Result<(Self, &[u8])> {
        let (id, from) = take::<16>(from)?;
        let (recorded, from) = take::<8>(from)?;
        let (received, from) = take::<8>(from)?;
        let (partition, from) = take::<4>(from)?;
        let (offset, from) = take::<8>(from)?;
        let first = Self {
            id: Uuid::from_bytes(id),
            recorded_at: Time(i64::from_be_bytes(recorded)),
            received_at: Time(i64::from_be_bytes(received)),
            partition: u32::from_be_bytes(partition),
            offset: u64::from_be_bytes(offset),
        };
        Ok((first, from))
    }
}

/// So many bytes, and what follows them.
pub fn take<const N: usize>(from: &[u8]) -> Result<([u8; N], &[u8])> {
    from.split_first_chunk::<N>().map(|(head, rest)| (*head, rest)).ok_or_else(|| Error::bug("a row of deduplication is too short"))
}
