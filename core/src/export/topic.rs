//! A shared topic's records, one a line.

use serde_json::{Value, json};

use super::csv;
use crate::bus::Record;
use crate::error::Result;
use crate::privacy::{self, Export};

/// What stands before the first record of a table.
pub fn csv_head() -> &'static str {
    "recorded_at,received_at,message_id,device_id,data\r\n"
}

/// One record; `None` where it was erased.
///
/// Errors: `Invalid` for a topic whose records may not leave.
pub fn record(r: &Record, as_csv: bool) -> Result<Option<String>> {
    if r.value().is_none() {
        return Ok(None);
    }
    let data = privacy::open::<Export, Value>(r)?.into_inner();
    let (recorded_at, received_at) = (r.recorded_at().to_string(), r.received_at().to_string());
    let (id, device) = (r.message_id().to_string(), r.device_id().to_string());
    Ok(Some(match as_csv {
        true => [recorded_at, received_at, id, device, data.to_string()].map(|f| csv(&f)).join(",") + "\r\n",
        false => {
            let row = json!({"schema": r.headers().schema, "message_id": id, "device_id": device, "recorded_at": recorded_at,
                "received_at": received_at, "topic": r.topic(), "partition": r.partition(), "offset": r.offset(), "data": data});
            row.to_string() + "\n"
        }
    }))
}
