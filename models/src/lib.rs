//! Which model files exist, how to get, convert, verify and find them. Depends on nothing of ours.

pub mod convert;
