//! Which model files and native libraries exist, how to get, convert, verify and find them. Depends on nothing of ours.
//!
//! Files lie at `<models folder>/<id>/<file>`. [`Models::find`] says which folders are searched; [`Models::path`] gives a
//! verified file or a sentence that says which command fetches it; [`Models::ensure`] fetches what is missing.

mod catalogue;
mod checksum;
pub mod convert;
mod error;
mod fetch;
mod find;

pub use error::{Error, Kind, Result};
pub use fetch::{Progress, Step};
pub use find::{Models, State, Status};
