//! Programs find the prebuilt DuckDB beside themselves, and know what they were built from; the window, and only the window,
//! gets what Tauri generates.

use std::process::Command;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    built_from();
    if cfg!(unix) {
        for up in ["$ORIGIN", "$ORIGIN/../native", "$ORIGIN/../../native", "$ORIGIN/../lib/loom"] {
            println!("cargo:rustc-link-arg=-Wl,-rpath,{up}");
        }
    }
    #[cfg(feature = "window")]
    tauri_build::build();
}

/// The commit, and when this was built, or what `SOURCE_DATE_EPOCH` says for builds that are to be the same again.
fn built_from() {
    let commit = git(&["rev-parse", "--short=12", "HEAD"]).unwrap_or_else(|| "unknown".into());
    // Grows with each commit and each change of branch.
    if let Some(log) = git(&["rev-parse", "--git-path", "logs/HEAD"]).filter(|log| std::path::Path::new(log).exists()) {
        println!("cargo:rerun-if-changed={log}");
    }
    println!("cargo:rerun-if-env-changed=SOURCE_DATE_EPOCH");
    let epoch = std::env::var("SOURCE_DATE_EPOCH").ok().and_then(|s| s.parse().ok());
    let date = epoch.and_then(|s| jiff::Timestamp::from_second(s).ok()).unwrap_or_else(jiff::Timestamp::now);
    println!("cargo:rustc-env=LOOM_COMMIT={commit}");
    println!("cargo:rustc-env=LOOM_BUILD_DATE={date:.0}");
}

fn git(args: &[&str]) -> Option<String> {
    let said = Command::new("git").args(args).output().ok().filter(|o| o.status.success())?;
    Some(String::from_utf8(said.stdout).ok()?.trim().to_owned()).filter(|s| !s.is_empty())
}
