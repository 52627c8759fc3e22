//! Items of a stream, taken in together where they come together.

use futures_util::FutureExt;
use tonic::{Status, Streaming};

use super::words::Item;

/// What is there already is taken in together, up to so many items and bytes: one commit of the log for all of them.
const CHUNK_ITEMS: usize = 256;
const CHUNK_BYTES: usize = 4 << 20;

/// Items as they come, those that are there already together.
pub struct Items {
    sent: Streaming<Item>,
    /// What broke the stream, told once what came before is taken in.
    broken: Option<Status>,
    over: bool,
}

impl Items {
    pub fn new(sent: Streaming<Item>) -> Self {
        Self { sent, broken: None, over: false }
    }

    /// At least one; none at the end.
    pub async fn chunk(&mut self) -> Result<Vec<Item>, Status> {
        if let Some(why) = self.broken.take() {
            return Err(why);
        }
        let (mut chunk, mut bytes) = (Vec::new(), 0);
        while !self.over && chunk.len() < CHUNK_ITEMS && bytes < CHUNK_BYTES {
            let next = match chunk.is_empty() {
                true => self.sent.message().await,
                false => match self.sent.message().now_or_never() {
                    Some(next) => next,
                    None => break,
                },
            };
            match next {
                Ok(Some(item)) => {
                    bytes += item.data.len();
                    chunk.push(item);
                }
                Ok(None) => self.over = true,
                Err(why) if chunk.is_empty() => return Err(why),
                Err(why) => {
                    (self.broken, self.over) = (Some(why), true);
                }
            }
        }
        Ok(chunk)
    }
}
