use std::fs;
use std::path::Path;

use super::*;
use crate::catalogue::{Client, Origin, Package};

static PACKAGE: Package = Package { client: Client::Npm, name: "words", version: "1", bytes: 100 };

static ONE: &[Entry] = &[
    Entry {
        id: "words",
        what: "two files",
        licence: "MIT",
        default: true,
        files: &[
            // "hello" and "world"
            file("a.txt", "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"),
            file("b.txt", "486ea46224d1bb4fb680f34f7c9ad96a8f24ec88be73ea8e5a6c65260e9cb8a7"),
        ],
    },
    Entry {
        id: "elsewhere",
        what: "a library",
        licence: "MIT",
        default: true,
        files: &[File { platform: Some(("plan9", "mips")), ..file("lib.a", "") }],
    },
];

const fn file(name: &'static str, sha256: &'static str) -> File {
    File { name, bytes: 5, sha256, origin: Origin::Package { package: &PACKAGE, path: name }, platform: None }
}

fn put(folder: &Path, name: &str, text: &str) {
    fs::create_dir_all(folder.join("words")).unwrap();
    fs::write(folder.join("words").join(name), text).unwrap();
}

fn state(models: &Models) -> State {
    models.list()[0].state
}

#[test]
fn places_come_in_the_order_that_is_promised() {
    let place = |p: &str| Some(PathBuf::from(p));
    let models = Models::from_places(place("/chosen"), Some(Path::new("/data")), place("/platform"), place("/program/models"));
    let order: Vec<_> = models.folders().iter().map(|f| f.to_str().unwrap()).collect();
    assert_eq!(order, ["/chosen", "/data/models", "/platform", "/program/models"]);
    assert_eq!(models.home(), Path::new("/chosen"));

    let models = Models::from_places(None, Some(Path::new("/data")), place("/data/models"), None);
    assert_eq!(models.folders(), [Path::new("/data/models")], "a folder is searched once");
    assert_eq!(Models::from_places(None, None, place("/platform"), None).home(), Path::new("/platform"));
}

#[test]
fn the_first_good_file_wins_and_a_damaged_one_is_passed_over() {
    let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let models = Models::in_folders(vec![first.path().into(), second.path().into()], ONE);
    put(second.path(), "a.txt", "hello");
    assert_eq!(models.path("words", "a.txt").unwrap(), second.path().join("words/a.txt"));
    put(first.path(), "a.txt", "hellO");
    assert_eq!(models.path("words", "a.txt").unwrap(), second.path().join("words/a.txt"));
    put(first.path(), "a.txt", "hello");
    assert_eq!(models.path("words", "a.txt").unwrap(), first.path().join("words/a.txt"));
}

#[test]
fn a_missing_file_is_named_with_the_command_that_fetches_it() {
    let folder = tempfile::tempdir().unwrap();
    let models = Models::in_folders(vec![folder.path().into()], ONE);
    let error = models.path("words", "b.txt").unwrap_err();
    assert_eq!(error.kind, Kind::Missing);
    assert_eq!(error.to_string(), "b.txt of words is not there: run `cargo xtask setup` or `loom models pull words`");
    assert_eq!(models.path("words", "c.txt").unwrap_err().kind, Kind::Unknown);
    assert_eq!(models.path("wrods", "b.txt").unwrap_err().kind, Kind::Unknown);
}

#[test]
fn a_flipped_byte_is_named_at_the_next_look() {
    let folder = tempfile::tempdir().unwrap();
    let models = Models::in_folders(vec![folder.path().into()], ONE);
    put(folder.path(), "a.txt", "hello");
    put(folder.path(), "b.txt", "world");
    assert_eq!(state(&models), State::Present);
    put(folder.path(), "b.txt", "wor1d");
    let error = models.path("words", "b.txt").unwrap_err();
    assert_eq!(error.kind, Kind::Damaged);
    assert!(error.to_string().starts_with("b.txt of words is damaged"), "{error}");
    assert_eq!(state(&models), State::Damaged);
    assert_eq!(models.list()[0].problem.as_deref(), Some(error.message()));
    assert_eq!(models.verify("words").unwrap_err().kind, Kind::Damaged);
    put(folder.path(), "b.txt", "worlds");
    assert_eq!(models.path("words", "b.txt").unwrap_err().kind, Kind::Damaged);
}

/// The stamp is believed (that is what makes a start quick), `verify` does not believe it.
#[test]
fn a_stamped_file_is_not_hashed_again_until_verified() {
    let folder = tempfile::tempdir().unwrap();
    let models = Models::in_folders(vec![folder.path().into()], ONE);
    put(folder.path(), "a.txt", "hellO");
    let path = folder.path().join("words/a.txt");
    checksum::write_stamp(&path, ONE[0].files[0].sha256);
    assert!(models.path("words", "a.txt").is_ok(), "the stamp was not used");
    assert_eq!(models.verify("words").unwrap_err().kind, Kind::Damaged);
    assert!(models.path("words", "a.txt").is_err(), "the false stamp is still there");
}

#[test]
fn states_tell_absent_from_partial_from_unsupported() {
    let folder = tempfile::tempdir().unwrap();
    let models = Models::in_folders(vec![folder.path().into()], ONE);
    assert_eq!(state(&models), State::Absent);
    put(folder.path(), "a.txt", "hello");
    assert_eq!(state(&models), State::Partial);
    put(folder.path(), "b.txt", "world");
    let list = models.list();
    assert_eq!((list[0].state, list[0].bytes), (State::Present, 10));
    assert_eq!(list[0].folder.as_deref(), Some(folder.path().join("words").as_path()));
    assert_eq!(list[1].state, State::Unsupported);
    assert_eq!(models.default_ids(), ["words"]);
    assert_eq!(models.library("elsewhere").unwrap_err().kind, Kind::Unknown);
}

#[test]
fn only_what_loom_fetched_is_removed() {
    let folder = tempfile::tempdir().unwrap();
    let models = Models::in_folders(vec![folder.path().into()], ONE);
    assert_eq!(models.remove("words").unwrap_err().kind, Kind::Missing);
    put(folder.path(), "a.txt", "hello");
    put(folder.path(), "notes.txt", "the user's own");
    assert_eq!(models.remove("words").unwrap_err().kind, Kind::Unknown);
    assert!(folder.path().join("words/a.txt").exists());
    put(folder.path(), PULLED, "");
    assert_eq!(models.remove("words").unwrap(), 5);
    assert!(!folder.path().join("words/a.txt").exists());
    assert!(folder.path().join("words/notes.txt").exists());
}

#[test]
fn the_catalogue_is_sound() {
    let mut ids: Vec<_> = CATALOGUE.iter().map(|e| e.id).collect();
    ids.dedup();
    assert_eq!(ids.len(), CATALOGUE.len());
    for file in CATALOGUE.iter().flat_map(|e| e.files) {
        assert_eq!(hex::decode(file.sha256).map(|b| b.len()), Ok(32), "{}", file.name);
        assert!(file.bytes > 0 && !file.name.contains(['/', '\\']), "{}", file.name);
    }
    for entry in CATALOGUE {
        for file in entry.files {
            if let Origin::Made { from, .. } = file.origin {
                assert!(entry.files.iter().any(|f| f.name == from), "{} is made of nothing", file.name);
            }
        }
    }
}
