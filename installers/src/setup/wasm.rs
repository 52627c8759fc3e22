//! A compiler for WebAssembly. First choice is a toolchain that has the target already. Else on Debian, as root or
//! in CI: `rustc-web`, whose LLVM knows wasm32, with a standard library built once from `rust-web-src` and cached.
//! Else rustup fetches the target.

use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Result;
use crate::command::{exists, output, run};
use crate::place::Place;
use crate::say;
use crate::setup::system;

pub const TARGET: &str = "wasm32-unknown-unknown";
const DEBIAN_RUSTC: &str = "/usr/bin/rustc";
const DEBIAN_SOURCES: &str = "/usr/lib/rustlib/src/rust/library/std/Cargo.toml";

/// What builds the pages.
pub struct Toolchain {
    /// Empty: cargo's own choice.
    pub rustc: Option<PathBuf>,
    /// Keyed with the standard library, which cargo does not see change.
    pub target: PathBuf,
}

pub fn toolchain(place: &Place) -> Result<Toolchain> {
    if has_std(Command::new("rustc").current_dir(&place.root)) {
        return Ok(Toolchain { rustc: None, target: place.target.join("ui") });
    }
    if Path::new(DEBIAN_SOURCES).exists() && Path::new(DEBIAN_RUSTC).exists() {
        return debian(place);
    }
    if exists("rustup") {
        say::begin("pages", "rustup fetches the WebAssembly target");
        run(Command::new("rustup").current_dir(&place.root).args(["target", "add", TARGET]).stdout(std::io::stderr()))?;
        return Ok(Toolchain { rustc: None, target: place.target.join("ui") });
    }
    Err(format!("this compiler has no WebAssembly target; try: rustup target add {TARGET}"))
}

/// Whether setup should install Debian's compiler.
pub fn wants_debian(place: &Place) -> bool {
    let silent = system::is_root() || std::env::var_os("CI").is_some();
    silent && system::is_debian() && !Path::new(DEBIAN_SOURCES).exists() && !has_std(Command::new("rustc").current_dir(&place.root))
}

fn has_std(rustc: &mut Command) -> bool {
    output(rustc.args(["--print", "target-libdir", "--target", TARGET])).is_ok_and(|folder| {
        fs::read_dir(folder).is_ok_and(|found| {
            found
                .flatten()
                .any(|f| f.file_name().to_string_lossy().starts_with("libstd-") && f.path().extension().is_some_and(|e| e == "rlib"))
        })
    })
}

fn debian(place: &Place) -> Result<Toolchain> {
    let about = output(Command::new(DEBIAN_RUSTC).arg("-vV"))?;
    let host = about.lines().find_map(|l| l.strip_prefix("host: ")).ok_or("rustc does not name its host")?;
    let mut key = DefaultHasher::new();
    (&about, include_str!("wasm.rs")).hash(&mut key);
    let sysroot = place.cache.join("wasm-sysroot").join(format!("{:016x}", key.finish()));
    if !sysroot.join("bin/rustc").exists() {
        say::begin("pages", "building the standard library for WebAssembly, once");
        build_std(&sysroot, host)?;
    }
    Ok(Toolchain { rustc: Some(sysroot.join("bin/rustc")), target: sysroot.join("target") })
}

/// Builds std into a scratch folder and moves it into place, so that a broken run leaves nothing half done.
fn build_std(sysroot: &Path, host: &str) -> Result {
    let scratch = sysroot.with_extension(format!("{}", std::process::id()));
    fs::remove_dir_all(&scratch).ok();
    let done = build_std_in(&scratch, sysroot, host);
    fs::remove_dir_all(&scratch).ok();
    done
}

fn build_std_in(scratch: &Path, sysroot: &Path, host: &str) -> Result {
    let fail = |e: std::io::Error| format!("{} cannot be written: {e}", scratch.display());
    let (package, made) = (scratch.join("package"), scratch.join("sysroot"));
    fs::create_dir_all(package.join("src")).map_err(fail)?;
    let libraries = made.join("lib/rustlib").join(TARGET).join("lib");
    let tools = made.join("lib/rustlib").join(host).join("bin");
    for folder in [&made.join("bin"), &libraries, &tools] {
        fs::create_dir_all(folder).map_err(fail)?;
    }
    let manifest =
        "[package]\nname = \"wasm-std\"\nversion = \"0.0.0\"\nedition = \"2021\"\n[workspace]\n[profile.release]\ndebug = false\n";
    fs::write(package.join("Cargo.toml"), manifest).map_err(fail)?;
    fs::write(package.join("src/lib.rs"), "#![no_std]\n").map_err(fail)?;

    let mut cargo = Command::new("cargo");
    for variable in ["CARGO_TARGET_DIR", "RUSTC_WRAPPER", "RUSTC_WORKSPACE_WRAPPER", "CARGO_BUILD_RUSTC_WRAPPER"] {
        cargo.env_remove(variable);
    }
    // Bitcode inside lets the pages' link-time optimisation reach into std.
    cargo.current_dir(&package).env("RUSTC", DEBIAN_RUSTC).env("RUSTC_BOOTSTRAP", "1").env("RUSTFLAGS", "-Cembed-bitcode=yes");
    cargo.args(["build", "-Zbuild-std=std,panic_abort,proc_macro,test", "--release", "--target", TARGET, "--target-dir", "../built"]);
    run(&mut cargo)?;

    let built = scratch.join("built").join(TARGET).join("release/deps");
    for file in fs::read_dir(&built).map_err(fail)?.flatten() {
        let name = file.file_name().to_string_lossy().into_owned();
        if name.starts_with("lib") && name.ends_with(".rlib") && !name.starts_with("libwasm_std-") {
            fs::copy(file.path(), libraries.join(name)).map_err(fail)?;
        }
    }
    link_host(&made, &tools, host).and_then(|()| compiler(&made, sysroot))?;
    match fs::rename(&made, sysroot) {
        // Another run may have been quicker.
        Err(e) if !sysroot.join("bin/rustc").exists() => Err(fail(e)),
        _ => Ok(()),
    }
}

/// Procedural macros need the host's own std; linking needs an lld.
#[cfg(unix)]
fn link_host(made: &Path, tools: &Path, host: &str) -> Result {
    use std::os::unix::fs::symlink;
    let own = output(Command::new(DEBIAN_RUSTC).args(["--print", "sysroot"]))?;
    let host_folder = Path::new("lib/rustlib").join(host);
    let fail = |e: std::io::Error| format!("the WebAssembly toolchain cannot be linked: {e}");
    symlink(Path::new(&own).join(&host_folder).join("lib"), made.join(&host_folder).join("lib")).map_err(fail)?;
    let rustup = output(Command::new("rustc").args(["--print", "sysroot"]))?;
    let lld = [Path::new(&rustup).join(&host_folder).join("bin/rust-lld"), "/usr/bin/lld-22".into(), "/usr/bin/lld".into()]
        .into_iter()
        .find(|p| p.exists())
        .ok_or("there is no lld to link WebAssembly with; install lld")?;
    symlink(lld, tools.join("rust-lld")).map_err(fail)
}
#[cfg(not(unix))]
fn link_host(_: &Path, _: &Path, _: &str) -> Result {
    Err("this way to build WebAssembly is Debian's alone".into())
}

#[cfg(unix)]
fn compiler(made: &Path, sysroot: &Path) -> Result {
    use std::os::unix::fs::PermissionsExt;
    let at = made.join("bin/rustc");
    let text = format!("#!/bin/sh\nexec {DEBIAN_RUSTC} --sysroot '{}' \"$@\"\n", sysroot.display());
    let fail = |e: std::io::Error| format!("{} cannot be written: {e}", at.display());
    fs::write(&at, text).map_err(fail)?;
    fs::set_permissions(&at, fs::Permissions::from_mode(0o755)).map_err(fail)
}
#[cfg(not(unix))]
fn compiler(_: &Path, _: &Path) -> Result {
    Ok(())
}
