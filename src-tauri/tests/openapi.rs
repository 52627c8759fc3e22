//! The committed description of the HTTP API is the one that the program answers.

use std::path::Path;

#[test]
fn the_committed_description_is_the_program_s_own() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.json");
    let now = serde_json::to_string_pretty(&loom_core::api::openapi()).unwrap() + "\n";
    let committed = std::fs::read_to_string(&file).unwrap_or_default();
    if committed != now {
        std::fs::write(&file, now).unwrap();
        panic!("src-tauri/openapi.json was stale and has been written anew: commit it");
    }
}
