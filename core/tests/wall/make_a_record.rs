//! Only the log makes a record, so its class is the log's own word.
use loom_core::bus::{Appended, Class, NewRecord, Record};

fn forge(new: NewRecord, at: Appended) -> Record {
    Record::landed(new, at, Class::Shared)
}

fn change(mut record: Record) -> Record {
    record.class = Class::Shared;
    record
}

fn main() {}
