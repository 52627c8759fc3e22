//! The key that seals the database: in the system's keyring where there is one, else in `keys/` of the data folder.

use std::fs;
use std::path::Path;

use crate::data_dir::{DataDir, private_folder, write_private};
use crate::db::Key;
use crate::env::Entropy;
use crate::error::{Error, Result};

#[cfg(feature = "keyring")]
mod keyring;

/// Where the key is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Keyring,
    /// `keys/database.key`, mode 0600.
    File,
}

/// A keyring, as far as it is needed. Both calls are bounded in time.
pub trait Ring {
    fn get(&self, account: &str) -> Result<Option<Bytes>>;
    fn set(&self, account: &str, key: &Bytes) -> Result<()>;
}

/// The database key of a data folder, made if the folder is new.
///
/// Errors: `Stop` when there is a database and its key is gone or unreachable: never a new key for old data.
pub fn database_key(dir: &DataDir, entropy: &dyn Entropy, env: &dyn Fn(&str) -> Option<String>) -> Result<(Key, Place)> {
    let ring = system_ring(env);
    find_or_make(dir, entropy, ring.as_deref()).map(|(bytes, place)| (Key::new(bytes), place))
}

type Bytes = [u8; 32];

/// The same with a given keyring, or none.
fn find_or_make(dir: &DataDir, entropy: &dyn Entropy, ring: Option<&dyn Ring>) -> Result<(Bytes, Place)> {
    let folder = dir.path().join("keys");
    if let Some(key) = from_file(&folder.join(KEY_FILE))? {
        return Ok((key, Place::File));
    }
    // Says that the key is in the keyring, and under which name there: the folder may be moved.
    let pointer = folder.join(POINTER_FILE);
    if let Ok(account) = fs::read_to_string(&pointer) {
        return from_ring(ring, account.trim()).map(|k| (k, Place::Keyring));
    }
    if fs::metadata(dir.database()).is_ok_and(|m| m.len() > 0) {
        return Err(gone());
    }
    make(&folder, entropy, ring)
}

const KEY_FILE: &str = "database.key";
const POINTER_FILE: &str = "in-keyring";

fn gone() -> Error {
    Error::stop(
        "the key of this data folder is gone, so its database cannot be read: put keys/database.key back from a backup, or start on another folder with --data-dir",
    )
}

fn from_file(path: &Path) -> Result<Option<Bytes>> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(Error::stop("keys/database.key in the data folder cannot be read: check who owns it").because(e)),
    };
    let mut key = [0u8; 32];
    hex::decode_to_slice(text.trim(), &mut key)
        .map_err(|_| Error::stop("keys/database.key in the data folder is damaged: put it back from a backup"))?;
    Ok(Some(key))
}

fn from_ring(ring: Option<&dyn Ring>, account: &str) -> Result<Bytes> {
    let ring = ring.ok_or_else(|| {
        Error::stop("the key of this data folder is in the system keyring, which is not here: start Loom in your desktop session")
    })?;
    ring.get(account)?.ok_or_else(gone)
}

fn make(folder: &Path, entropy: &dyn Entropy, ring: Option<&dyn Ring>) -> Result<(Bytes, Place)> {
    let cannot = |e| Error::stop("keys/ cannot be written in the data folder: is the disk full?").because(e);
    let mut key = [0u8; 32];
    entropy.fill(&mut key);
    private_folder(folder).map_err(cannot)?;
    if let Some(account) = ring.and_then(|r| keep_in(r, &key, entropy)) {
        write_private(&folder.join(POINTER_FILE), account.as_bytes()).map_err(cannot)?;
        return Ok((key, Place::Keyring));
    }
    write_private(&folder.join(KEY_FILE), hex::encode(key).as_bytes()).map_err(cannot)?;
    Ok((key, Place::File))
}

/// Believed only when it can be read back.
fn keep_in(ring: &dyn Ring, key: &Bytes, entropy: &dyn Entropy) -> Option<String> {
    let mut id = [0u8; 8];
    entropy.fill(&mut id);
    let account = format!("database-{}", hex::encode(id));
    ring.set(&account, key).ok()?;
    (ring.get(&account).ok()?? == *key).then_some(account)
}

#[cfg(feature = "keyring")]
fn system_ring(env: &dyn Fn(&str) -> Option<String>) -> Option<Box<dyn Ring>> {
    keyring::system(env).map(|r| Box::new(r) as Box<dyn Ring>)
}

#[cfg(not(feature = "keyring"))]
fn system_ring(_env: &dyn Fn(&str) -> Option<String>) -> Option<Box<dyn Ring>> {
    None
}

#[cfg(test)]
mod tests;
