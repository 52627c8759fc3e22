//! Programs find the prebuilt DuckDB beside themselves; the window, and only the window, gets what Tauri generates.
fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    if cfg!(unix) {
        for up in ["$ORIGIN", "$ORIGIN/../native", "$ORIGIN/../../native", "$ORIGIN/../lib/loom"] {
            println!("cargo:rustc-link-arg=-Wl,-rpath,{up}");
        }
    }
    #[cfg(feature = "window")]
    tauri_build::build();
}
