//! A segmenter's memory as bytes: at most 2 KiB with a piece of 30 s open.

use super::{Frame, Open, Segmenter, Tuning};
use crate::error::Result;
use crate::speech::bytes::{Reader, put_u32, put_u64};

impl Segmenter {
    pub fn save(&self, to: &mut Vec<u8>) {
        put_u64(to, self.next);
        put_u64(to, self.floor);
        put_frames(to, self.recent.iter());
        to.push(u8::from(self.open.is_some()));
        if let Some(open) = &self.open {
            put_u64(to, open.start);
            put_u64(to, open.onset);
            put_u64(to, open.last_speech);
            put_u32(to, open.speech);
            to.push(u8::from(open.continues));
            put_frames(to, open.frames.iter());
        }
    }

    pub(in crate::speech) fn load(tuning: Tuning, from: &mut Reader) -> Result<Self> {
        let (next, floor, recent) = (from.u64()?, from.u64()?, frames(from)?);
        let open = match from.u8()? {
            0 => None,
            _ => Some(Open {
                start: from.u64()?,
                onset: from.u64()?,
                last_speech: from.u64()?,
                speech: from.u32()?,
                continues: from.u8()? != 0,
                frames: frames(from)?,
            }),
        };
        Ok(Self { tuning, next, floor, recent: recent.into(), open })
    }
}

fn put_frames<'a>(to: &mut Vec<u8>, frames: impl ExactSizeIterator<Item = &'a Frame>) {
    put_u32(to, frames.len() as u32);
    for f in frames {
        to.extend_from_slice(&[f.probability, f.level]);
    }
}

fn frames(from: &mut Reader) -> Result<Vec<Frame>> {
    let n = from.u32()? as usize;
    Ok(from.take(2 * n)?.chunks_exact(2).map(|f| Frame { probability: f[0], level: f[1] }).collect())
}
