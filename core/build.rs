//! Test binaries find the prebuilt DuckDB in `target/native`.
fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    if cfg!(unix) {
        for up in ["$ORIGIN", "$ORIGIN/../native", "$ORIGIN/../../native"] {
            println!("cargo:rustc-link-arg=-Wl,-rpath,{up}");
        }
    }
}
