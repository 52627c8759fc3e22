//! Deduplication by pictures, and on a log. `tests/simulation` holds it against an oracle while its process dies.

mod hostile;
mod judged;
mod kept;
mod live;
#[cfg(feature = "pictures")]
mod pictures;
mod rig;
