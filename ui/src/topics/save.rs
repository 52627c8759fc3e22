//! Records as a file: JSON Lines, one envelope a line.

use js_sys::Array;
use loom_schemas::api::Envelope;
use wasm_bindgen::JsCast;
use web_sys::{Blob, BlobPropertyBag, HtmlAnchorElement, Url};

pub fn records(topic: &str, records: &[Envelope]) -> Option<()> {
    let lines: String = records.iter().filter_map(|r| serde_json::to_string(r).ok()).map(|l| l + "\n").collect();
    let kind = BlobPropertyBag::new();
    kind.set_type("application/jsonl");
    let blob = Blob::new_with_str_sequence_and_options(&Array::of1(&lines.into()), &kind).ok()?;
    let url = Url::create_object_url_with_blob(&blob).ok()?;
    let link = web_sys::window()?.document()?.create_element("a").ok()?.dyn_into::<HtmlAnchorElement>().ok()?;
    link.set_href(&url);
    link.set_download(&format!("{topic}.jsonl"));
    link.click();
    Url::revoke_object_url(&url).ok()
}
