//! Built together with the rest of the workspace, core brings DuckDB along: `loom-hub` finds it where `loom` does.
fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    if cfg!(unix) {
        for up in ["$ORIGIN", "$ORIGIN/../native", "$ORIGIN/../../native"] {
            println!("cargo:rustc-link-arg=-Wl,-rpath,{up}");
        }
    }
}
