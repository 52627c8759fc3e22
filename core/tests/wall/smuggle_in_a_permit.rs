//! A record's permit is not a field anyone can fill or copy out.
use loom_core::bus::NewRecord;

fn smuggle(from: &NewRecord, to: &mut NewRecord) {
    to.permit = from.permit;
}

fn main() {}
