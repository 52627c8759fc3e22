//! The system's keyring: Keychain, Credential Manager or Secret Service. Asked on a thread of its own,
//! because an unlock dialogue, or a service that never answers, must not hold the start up.

use std::sync::mpsc;
use std::time::Duration;

use keyring::v1::{Entry, Error as RingError};

use super::Ring;
use crate::error::{Error, Result};

/// Long enough to type a passphrase when the key is needed; a new key is not worth that wait.
const READ_WAIT: Duration = Duration::from_secs(30);
const WRITE_WAIT: Duration = Duration::from_secs(3);

pub struct System;

/// `None` where there is no session to have a keyring, or `LOOM_KEYS=file` asks for files.
pub fn system(env: &dyn Fn(&str) -> Option<String>) -> Option<System> {
    let files = env("LOOM_KEYS").is_some_and(|v| v == "file");
    let session = !cfg!(target_os = "linux") || env("DBUS_SESSION_BUS_ADDRESS").is_some_and(|v| !v.is_empty());
    (!files && session).then_some(System)
}

fn within<T: Send + 'static>(wait: Duration, work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    let (tell, told) = mpsc::sync_channel(1);
    let thread = std::thread::Builder::new().name("keyring".into()).spawn(move || {
        // Nobody listens once the wait is over.
        let _ = tell.send(work());
    });
    thread.map_err(|e| Error::retry("no thread could be started for the keyring").because(e))?;
    told.recv_timeout(wait).map_err(|_| Error::retry("the system keyring does not answer: unlock it, then start Loom again"))?
}

fn entry(account: &str) -> Result<Entry> {
    Entry::new("loom", account)
        .map_err(|e| Error::retry("the system keyring cannot be reached: start Loom in your desktop session").because(e.to_string()))
}

impl Ring for System {
    fn get(&self, account: &str) -> Result<Option<[u8; 32]>> {
        let account = account.to_string();
        within(READ_WAIT, move || match entry(&account)?.get_secret() {
            Ok(secret) => Ok(secret.try_into().ok()),
            Err(RingError::NoEntry) => Ok(None),
            Err(e) => Err(Error::retry("the system keyring gave no key: unlock it, then start Loom again").because(e.to_string())),
        })
    }

    fn set(&self, account: &str, key: &[u8; 32]) -> Result<()> {
        let (account, key) = (account.to_string(), *key);
        within(WRITE_WAIT, move || {
            entry(&account)?.set_secret(&key).map_err(|e| Error::retry("the system keyring takes no key").because(e.to_string()))
        })
    }
}
