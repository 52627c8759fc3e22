//! The program finds the prebuilt DuckDB in `target/native`, or where a package put it.
fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    if cfg!(unix) {
        for place in ["$ORIGIN", "$ORIGIN/../native", "$ORIGIN/../../native", "$ORIGIN/../lib/loom"] {
            println!("cargo:rustc-link-arg=-Wl,-rpath,{place}");
        }
    }
}
