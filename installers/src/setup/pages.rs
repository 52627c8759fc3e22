//! The pages: Rust → WebAssembly → bound to the browser → made small → `ui/dist`.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::Result;
use crate::command::{cargo, output, run};
use crate::place::Place;
use crate::say;
use crate::setup::{Stamp, npm, wasm};

pub fn pages(place: &Place) -> Result<String> {
    let (ui, dist) = (place.ui(), place.pages());
    let inputs = [ui.clone(), place.root.join("schemas"), place.root.join("installers/bindgen"), place.root.join("Cargo.lock")];
    let stamp = Stamp::of(dist.join(".stamp"), &inputs, &[]);
    if stamp.is_fresh() {
        return Ok("all there".into());
    }
    let toolchain = wasm::toolchain(place)?;
    let wasm = compile(place, &toolchain)?;
    let fail = |e: std::io::Error| format!("{} cannot be written: {e}", dist.display());
    fs::create_dir_all(&dist).map_err(fail)?;
    bind(place, &wasm, &dist)?;
    let small = shrink(place, &dist.join("loom-ui_bg.wasm"));
    for file in fs::read_dir(ui.join("style")).map_err(fail)?.flatten() {
        fs::copy(file.path(), dist.join(file.file_name())).map_err(fail)?;
    }
    fs::copy(ui.join("index.html"), dist.join("index.html")).map_err(fail)?;
    stamp.set()?;
    let size = fs::metadata(dist.join("loom-ui_bg.wasm")).map(|m| m.len()).unwrap_or(0);
    Ok(match small {
        Ok(()) => format!("built, {} of WebAssembly", say::bytes(size)),
        Err(sentence) => format!("built, {} of WebAssembly, not made small: {sentence}", say::bytes(size)),
    })
}

fn compile(place: &Place, toolchain: &wasm::Toolchain) -> Result<std::path::PathBuf> {
    let mut build = cargo(place);
    build.env("CARGO_TARGET_DIR", &toolchain.target).env_remove("RUSTC_WORKSPACE_WRAPPER");
    if let Some(rustc) = &toolchain.rustc {
        build.env("RUSTC", rustc);
    }
    run(build.args(["build", "--package", "loom-ui", "--profile", "pages", "--target", wasm::TARGET]))?;
    Ok(toolchain.target.join(wasm::TARGET).join("pages/loom-ui.wasm"))
}

/// The binding program is a package of its own, so that `xtask` stays small.
fn bind(place: &Place, wasm: &Path, dist: &Path) -> Result {
    run(cargo(place).args(["run", "--quiet", "--package", "loom-bindgen", "--"]).arg(wasm).arg(dist))
}

fn shrink(place: &Place, wasm: &Path) -> Result {
    npm::install(place)?;
    let opt = place.ui().join("node_modules/binaryen/bin/wasm-opt");
    // No feature flags: the module names its own, and asking for all gives what browsers refuse.
    output(Command::new("node").arg(opt).arg("-Oz").arg(wasm).arg("-o").arg(wasm)).map(drop)
}
