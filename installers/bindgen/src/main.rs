//! `loom-bindgen MODULE FOLDER`: binds a WebAssembly module to the browser. A program of its own, because the library
//! takes longer to build than all of `xtask`.

use std::process::ExitCode;

use wasm_bindgen_cli_support::Bindgen;

fn main() -> ExitCode {
    let mut words = std::env::args_os().skip(1);
    let (Some(module), Some(folder), None) = (words.next(), words.next(), words.next()) else {
        eprintln!("give a module and a folder");
        return ExitCode::from(2);
    };
    let done =
        Bindgen::new().input_path(module).web(true).and_then(|b| b.typescript(false).omit_default_module_path(false).generate(folder));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("the module cannot be bound: {e:#}");
            ExitCode::FAILURE
        }
    }
}
