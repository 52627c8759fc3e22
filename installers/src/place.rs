//! Where things are: the checkout, what is built, what is cached.

use std::env;
use std::path::{Path, PathBuf};

use crate::Result;

pub struct Place {
    /// The checkout.
    pub root: PathBuf,
    /// Where cargo builds: `target`, or what CARGO_TARGET_DIR names.
    pub target: PathBuf,
    /// Outlives the checkout: the WebAssembly toolchain and what it built.
    pub cache: PathBuf,
}

impl Place {
    pub fn find() -> Result<Self> {
        let here = env::current_dir().map_err(|e| format!("the current folder cannot be read: {e}"))?;
        // Cargo says where this package lies; a program started by hand remembers where it was built.
        let package = env::var("CARGO_MANIFEST_DIR").unwrap_or_else(|_| env!("CARGO_MANIFEST_DIR").to_string());
        let root = Path::new(&package).parent().map(Path::to_path_buf).unwrap_or_else(|| here.clone());
        let target = match env::var_os("CARGO_TARGET_DIR").filter(|v| !v.is_empty()) {
            Some(dir) => here.join(dir),
            None => root.join("target"),
        };
        let cache = env::var_os("XDG_CACHE_HOME")
            .filter(|v| !v.is_empty())
            .map(PathBuf::from)
            .or_else(|| env::var_os("HOME").map(|h| Path::new(&h).join(".cache")))
            .unwrap_or_else(|| target.clone())
            .join("loom");
        Ok(Self { root, target, cache })
    }

    /// The program of a profile (`debug`, `release`), where cargo puts it.
    pub fn program(&self, profile: &str, name: &str) -> PathBuf {
        self.target.join(profile).join(format!("{name}{}", env::consts::EXE_SUFFIX))
    }
    /// The pages as the program serves them.
    pub fn pages(&self) -> PathBuf {
        self.root.join("ui/dist")
    }
    pub fn ui(&self) -> PathBuf {
        self.root.join("ui")
    }
    /// Where the linker looks for DuckDB, as .cargo/config.toml says.
    pub fn native(&self) -> PathBuf {
        self.root.join("target/native")
    }
    pub fn sample(&self) -> PathBuf {
        self.root.join("assets/sense-and-sensibility.flac")
    }
}
