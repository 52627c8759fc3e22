//! Whether what was made is still what would be made: a hash of the inputs, kept beside the output.

use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};

use crate::Result;

/// A file that names the inputs some output was made from.
pub struct Stamp {
    file: PathBuf,
    key: String,
}

impl Stamp {
    /// Over the contents of files and folders (names sorted; what is hidden or fetched is left out) and some words.
    pub fn of(file: PathBuf, inputs: &[PathBuf], words: &[&str]) -> Self {
        let mut hasher = DefaultHasher::new();
        words.hash(&mut hasher);
        for input in inputs {
            hash_path(input, &mut hasher);
        }
        Self { file, key: format!("{:016x}", hasher.finish()) }
    }
    pub fn is_fresh(&self) -> bool {
        fs::read_to_string(&self.file).is_ok_and(|found| found == self.key)
    }
    pub fn set(&self) -> Result {
        fs::write(&self.file, &self.key).map_err(|e| format!("{} cannot be written: {e}", self.file.display()))
    }
}

fn hash_path(path: &Path, hasher: &mut DefaultHasher) {
    const LEFT_OUT: [&str; 4] = ["dist", "node_modules", "target", "e2e"];
    if path.is_dir() {
        let mut inside: Vec<PathBuf> = fs::read_dir(path).into_iter().flatten().flatten().map(|e| e.path()).collect();
        inside.sort();
        for path in inside {
            let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
            if !name.starts_with('.') && !LEFT_OUT.contains(&name) {
                name.hash(hasher);
                hash_path(&path, hasher);
            }
        }
    } else {
        fs::read(path).ok().hash(hasher);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_is_fresh_until_an_input_changes() {
        let dir = std::env::temp_dir().join(format!("xtask-fresh-{}", std::process::id()));
        fs::create_dir_all(dir.join("in/dist")).unwrap();
        fs::write(dir.join("in/a"), "1").unwrap();
        let stamp = || Stamp::of(dir.join("stamp"), &[dir.join("in")], &["release"]);
        assert!(!stamp().is_fresh());
        stamp().set().unwrap();
        assert!(stamp().is_fresh());
        fs::write(dir.join("in/dist/made"), "output").unwrap();
        assert!(stamp().is_fresh(), "what is made from the inputs is none of them");
        assert!(!Stamp::of(dir.join("stamp"), &[dir.join("in")], &["debug"]).is_fresh());
        fs::write(dir.join("in/a"), "2").unwrap();
        assert!(!stamp().is_fresh());
        fs::remove_dir_all(dir).unwrap();
    }
}
