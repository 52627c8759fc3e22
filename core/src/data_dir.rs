//! The one folder where everything lives: where it is, who holds it, and at which address its owner answers.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::env::Entropy;
use crate::error::{Error, Result};

/// A data folder's path; the folder itself is made by [`DataDir::create`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataDir(PathBuf);

/// Where the running instance answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address {
    /// `http://127.0.0.1:PORT`
    pub url: String,
    pub pid: u32,
}

/// Holding a data folder; the system lets go of it even when the process is killed.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl DataDir {
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// The flag's folder, else `LOOM_DATA_DIR`, else `loom` in the platform's data folder.
    pub fn resolve(flag: Option<PathBuf>, env: &dyn Fn(&str) -> Option<String>) -> Result<Self> {
        let chosen = flag.or_else(|| env("LOOM_DATA_DIR").filter(|v| !v.is_empty()).map(PathBuf::from));
        if let Some(path) = chosen {
            return std::path::absolute(path)
                .map(Self)
                .map_err(|e| Error::invalid("the data folder's path is empty: name a folder").because(e));
        }
        directories::BaseDirs::new()
            .map(|d| Self(d.data_dir().join("loom")))
            .ok_or_else(|| Error::invalid("no home folder is known: name a data folder with --data-dir or LOOM_DATA_DIR"))
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
    pub fn database(&self) -> PathBuf {
        self.0.join("loom.db")
    }
    pub fn logs(&self) -> PathBuf {
        self.0.join("logs")
    }

    /// Makes the folder, for its owner's eyes alone.
    pub fn create(&self) -> Result<()> {
        private_folder(&self.0)
            .map_err(|e| Error::stop("the data folder cannot be made: choose another with --data-dir or LOOM_DATA_DIR").because(e))
    }

    /// Takes the folder for this process. `Stop` while another holds it.
    pub fn lock(&self) -> Result<Lock> {
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(self.0.join("lock"));
        let file = file.map_err(|e| Error::stop("the data folder cannot be written to: check who owns it").because(e))?;
        match file.try_lock() {
            Ok(()) => Ok(Lock { _file: file }),
            Err(TryLockError::WouldBlock) => Err(self.taken()),
            Err(TryLockError::Error(e)) => Err(Error::stop("the data folder cannot be locked: it must be on a local disk").because(e)),
        }
    }

    fn taken(&self) -> Error {
        Error::stop(match self.address() {
            Some(a) => format!("another Loom runs on this data folder, at {}: use that one, or stop it first", a.url),
            None => "another Loom is using this data folder: wait for it to end, or choose another folder with --data-dir".into(),
        })
    }

    /// What the last instance that listened wrote, if it is well-formed; it may be gone since.
    pub fn address(&self) -> Option<Address> {
        let address: Address = serde_json::from_slice(&fs::read(self.0.join("address")).ok()?).ok()?;
        // Clients send the token there: nothing but loopback is believed.
        let port = address.url.strip_prefix("http://127.0.0.1:")?;
        port.parse::<u16>().ok()?;
        Some(address)
    }

    /// Written once the listener accepts.
    pub fn write_address(&self, address: &Address) -> Result<()> {
        let json = serde_json::to_vec(address).map_err(|e| Error::bug("an address does not serialise").because(e))?;
        write_private(&self.0.join("address"), &json)
            .map_err(|e| Error::stop("the data folder cannot be written to: is the disk full?").because(e))
    }

    pub fn remove_address(&self) {
        // A stale one is noticed by whoever reads it.
        let _ = fs::remove_file(self.0.join("address"));
    }

    /// The token that requests carry: made once, kept, for its owner's eyes alone.
    pub fn token(&self, entropy: &dyn Entropy) -> Result<String> {
        if let Some(token) = self.kept_token() {
            return Ok(token);
        }
        let mut bytes = [0u8; 32];
        entropy.fill(&mut bytes);
        let token = hex::encode(bytes);
        write_private(&self.0.join("api-token"), token.as_bytes())
            .map_err(|e| Error::stop("api-token cannot be written in the data folder: is the disk full?").because(e))?;
        Ok(token)
    }

    /// The token as it stands, if there is a usable one.
    pub fn kept_token(&self) -> Option<String> {
        let path = self.0.join("api-token");
        let token = fs::read_to_string(&path).ok()?.trim().to_string();
        let usable = token.len() >= 32 && token.bytes().all(|b| b.is_ascii_graphic());
        // Whoever copied the folder may have widened its mode.
        usable.then(|| make_private(&path)).and_then(|done| done.ok()).map(|()| token)
    }
}

/// Makes a folder with mode 0700 and narrows one that is there.
pub(crate) fn private_folder(path: &Path) -> std::io::Result<()> {
    fs::create_dir_all(path)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(path, fs::Permissions::from_mode(0o700))?;
    }
    Ok(())
}

#[cfg(unix)]
fn make_private(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600))
}

#[cfg(not(unix))]
fn make_private(_path: &Path) -> std::io::Result<()> {
    Ok(()) // The folder is in the user's profile, which others cannot read.
}

/// Writes a file of mode 0600 that after a crash is there whole or not at all.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    let part = PathBuf::from(name);
    let _ = fs::remove_file(&part);
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&part)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&part, path)?;
    #[cfg(unix)]
    if let Some(folder) = path.parent() {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::env::Seeded;

    fn folder() -> (tempfile::TempDir, DataDir) {
        let t = tempfile::tempdir().unwrap();
        let d = DataDir::at(t.path().join("data"));
        d.create().unwrap();
        (t, d)
    }

    #[cfg(unix)]
    fn mode(p: &Path) -> u32 {
        use std::os::unix::fs::PermissionsExt;
        fs::metadata(p).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn the_flag_wins_over_the_environment() {
        let env = |k: &str| (k == "LOOM_DATA_DIR").then(|| "/b".to_string());
        assert_eq!(DataDir::resolve(Some("/a".into()), &env).unwrap().path(), Path::new("/a"));
        assert_eq!(DataDir::resolve(None, &env).unwrap().path(), Path::new("/b"));
    }

    #[test]
    #[cfg(unix)]
    fn the_token_is_long_private_and_kept() {
        let (_t, d) = folder();
        let token = d.token(&Seeded::new(1)).unwrap();
        assert_eq!(token.len(), 64);
        assert_eq!(d.token(&Seeded::new(2)).unwrap(), token);
        assert_eq!(mode(&d.path().join("api-token")), 0o600);
        assert_eq!(mode(d.path()), 0o700);
    }

    #[test]
    fn a_short_or_empty_token_is_replaced() {
        let (_t, d) = folder();
        fs::write(d.path().join("api-token"), "short\n").unwrap();
        assert_eq!(d.token(&Seeded::new(1)).unwrap().len(), 64);
    }

    #[test]
    fn one_process_holds_the_folder_and_the_next_is_told_where_it_is() {
        let (_t, d) = folder();
        let held = d.lock().unwrap();
        assert_eq!(d.lock().unwrap_err().kind, crate::Kind::Stop);
        d.write_address(&Address { url: "http://127.0.0.1:8600".into(), pid: 7 }).unwrap();
        assert!(d.lock().unwrap_err().to_string().contains("http://127.0.0.1:8600"));
        drop(held);
        d.lock().unwrap();
    }

    #[test]
    fn only_a_loopback_address_is_believed() {
        let (_t, d) = folder();
        assert_eq!(d.address(), None);
        for url in ["http://evil.example:80", "http://127.0.0.1:99999", "http://127.0.0.1:80@evil.example"] {
            d.write_address(&Address { url: url.into(), pid: 1 }).unwrap();
            assert_eq!(d.address(), None, "{url}");
        }
        d.write_address(&Address { url: "http://127.0.0.1:1".into(), pid: 1 }).unwrap();
        assert!(d.address().is_some());
        d.remove_address();
        assert_eq!(d.address(), None);
    }
}
