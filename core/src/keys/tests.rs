use std::collections::HashMap;
use std::sync::Mutex;

use super::*;
use crate::env::Seeded;

#[derive(Default)]
struct Drawer {
    kept: Mutex<HashMap<String, [u8; 32]>>,
    deaf: bool,
}

impl Ring for Drawer {
    fn get(&self, account: &str) -> Result<Option<[u8; 32]>> {
        Ok(self.kept.lock().unwrap().get(account).copied())
    }
    fn set(&self, account: &str, key: &[u8; 32]) -> Result<()> {
        if self.deaf {
            return Err(Error::retry("deaf"));
        }
        self.kept.lock().unwrap().insert(account.into(), *key);
        Ok(())
    }
}

fn folder() -> (tempfile::TempDir, DataDir) {
    let t = tempfile::tempdir().unwrap();
    let d = DataDir::at(t.path());
    (t, d)
}

#[test]
fn without_a_keyring_the_key_is_a_private_file_and_stays_the_same() {
    let (_t, d) = folder();
    let (key, place) = find_or_make(&d, &Seeded::new(1), None).unwrap();
    assert_eq!(place, Place::File);
    fs::write(d.database(), b"data").unwrap();
    assert_eq!(find_or_make(&d, &Seeded::new(2), None).unwrap().0, key);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |p: &str| fs::metadata(d.path().join(p)).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode("keys"), mode("keys/database.key")), (0o700, 0o600));
    }
}

#[test]
fn a_keyring_keeps_it_out_of_the_folder() {
    let (_t, d) = folder();
    let ring = Drawer::default();
    let (key, place) = find_or_make(&d, &Seeded::new(1), Some(&ring)).unwrap();
    assert_eq!(place, Place::Keyring);
    assert!(!d.path().join("keys/database.key").exists());
    assert_eq!(find_or_make(&d, &Seeded::new(2), Some(&ring)).unwrap(), (key, Place::Keyring));
}

#[test]
fn a_keyring_that_takes_nothing_is_passed_over() {
    let (_t, d) = folder();
    let ring = Drawer { deaf: true, ..Drawer::default() };
    assert_eq!(find_or_make(&d, &Seeded::new(1), Some(&ring)).unwrap().1, Place::File);
}

#[test]
fn old_data_never_gets_a_new_key() {
    let (_t, d) = folder();
    fs::write(d.database(), b"data").unwrap();
    let e = find_or_make(&d, &Seeded::new(1), None).unwrap_err();
    assert!(e.kind == crate::Kind::Stop && e.to_string().contains("the key of this data folder is gone"));
    assert!(!d.path().join("keys").exists());
}

#[test]
fn a_keyring_that_is_away_or_empty_is_said() {
    let (_t, d) = folder();
    find_or_make(&d, &Seeded::new(1), Some(&Drawer::default())).unwrap();
    let away = find_or_make(&d, &Seeded::new(1), None).unwrap_err().to_string();
    assert!(away.contains("system keyring"), "{away}");
    let lost = find_or_make(&d, &Seeded::new(1), Some(&Drawer::default())).unwrap_err().to_string();
    assert!(lost.contains("is gone"), "{lost}");
}

#[test]
fn a_damaged_key_file_is_said_and_left_alone() {
    let (_t, d) = folder();
    fs::create_dir_all(d.path().join("keys")).unwrap();
    fs::write(d.path().join("keys/database.key"), "zz").unwrap();
    assert!(find_or_make(&d, &Seeded::new(1), None).unwrap_err().to_string().contains("damaged"));
    assert_eq!(fs::read_to_string(d.path().join("keys/database.key")).unwrap(), "zz");
}
