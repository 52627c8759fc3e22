use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::sync::Mutex;

use super::*;
use crate::catalogue::Client;
use crate::find::State;

static WHEEL: Package = Package { client: Client::Pip { platform: None }, name: "wheel", version: "1", bytes: 200 };
static TARBALL: Package = Package { client: Client::Npm, name: "tarball", version: "1", bytes: 200 };

const HELLO: &str = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
const WORLD: &str = "486ea46224d1bb4fb680f34f7c9ad96a8f24ec88be73ea8e5a6c65260e9cb8a7";

static TWO: &[Entry] = &[
    entry("greeting", &[file("a.txt", HELLO, &WHEEL, "data/hello.txt"), file("b.txt", WORLD, &TARBALL, "package/world.txt")]),
    entry("world", &[file("c.txt", WORLD, &WHEEL, "data/world.txt")]),
];

const fn entry(id: &'static str, files: &'static [File]) -> Entry {
    Entry { id, what: "", licence: "MIT", default: true, files }
}

const fn file(name: &'static str, sha256: &'static str, package: &'static Package, path: &'static str) -> File {
    File { name, bytes: 5, sha256, origin: Origin::Package { package, path }, platform: None }
}

/// Packages made on the spot; says what was asked for.
struct Local {
    world: &'static str,
    asked: Mutex<Vec<&'static str>>,
}

impl Local {
    fn with(world: &'static str) -> Self {
        Self { world, asked: Mutex::default() }
    }
}

impl Registry for Local {
    fn download(&self, package: &Package, into: &Path, bytes: &mut dyn FnMut(u64)) -> Result<PathBuf> {
        bytes(100);
        let wheel = package.name == "wheel";
        self.asked.lock().unwrap().push(if wheel { "wheel" } else { "tarball" });
        let path = into.join(if wheel { "p.whl" } else { "p.tgz" });
        let out = fs::File::create(&path).unwrap();
        if wheel {
            let mut zip = zip::ZipWriter::new(out);
            for (name, text) in [("data/hello.txt", "hello"), ("data/world.txt", self.world)] {
                zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
                zip.write_all(text.as_bytes()).unwrap();
            }
            zip.finish().unwrap();
        } else {
            let mut tar = tar::Builder::new(flate2::write::GzEncoder::new(out, flate2::Compression::fast()));
            let mut header = tar::Header::new_gnu();
            header.set_size(self.world.len() as u64);
            header.set_cksum();
            tar.append_data(&mut header, "package/world.txt", self.world.as_bytes()).unwrap();
            tar.into_inner().unwrap().finish().unwrap();
        }
        Ok(path)
    }
}

fn all() -> Vec<&'static Entry> {
    TWO.iter().collect()
}

/// Everything in a folder, hidden files and all.
fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn each_package_is_fetched_once_and_nothing_twice() {
    let folder = tempfile::tempdir().unwrap();
    let registry = Local::with("world");
    let mut seen = Vec::new();
    fetch(&all(), folder.path(), &registry, &mut |p| seen.push((p.id, p.step, p.done, p.total))).unwrap();
    assert_eq!(*registry.asked.lock().unwrap(), ["wheel", "tarball"]);
    assert_eq!(names(folder.path()), [".lock", "greeting", "world"]);
    assert_eq!(names(&folder.path().join("greeting")), [".a.txt.stamp", ".b.txt.stamp", PULLED, "a.txt", "b.txt"]);
    assert!(seen.contains(&("greeting", Step::Downloading, 100, 200)), "{seen:?}");
    assert_eq!(seen.last(), Some(&("world", Step::Done, 5, 5)));

    fetch(&all(), folder.path(), &registry, &mut |_| {}).unwrap();
    assert_eq!(registry.asked.lock().unwrap().len(), 2, "what was there was fetched again");
    let models = Models::in_folders(vec![folder.path().into()], TWO);
    assert!(models.list().iter().all(|s| s.state == State::Present));
    assert_eq!(models.remove("greeting").unwrap(), 10);
    assert_eq!(names(folder.path()), [".lock", "world"]);
}

#[test]
fn only_the_damaged_file_is_fetched_again() {
    let folder = tempfile::tempdir().unwrap();
    let registry = Local::with("world");
    fetch(&all(), folder.path(), &registry, &mut |_| {}).unwrap();
    fs::write(folder.path().join("greeting/b.txt"), "wor1d").unwrap();
    fetch(&all(), folder.path(), &registry, &mut |_| {}).unwrap();
    assert_eq!(*registry.asked.lock().unwrap(), ["wheel", "tarball", "tarball"]);
    assert_eq!(fs::read(folder.path().join("greeting/b.txt")).unwrap(), b"world");
}

#[test]
fn a_file_that_is_not_the_published_one_is_not_kept() {
    for wrong in ["wor1d", "world and more"] {
        let folder = tempfile::tempdir().unwrap();
        let error = fetch(&[&TWO[1]], folder.path(), &Local::with(wrong), &mut |_| {}).unwrap_err();
        assert_eq!(error.kind, Kind::Damaged);
        assert!(error.to_string().starts_with("c.txt of world is not the file that was published"), "{error}");
        assert_eq!(names(folder.path()), [".lock"]);
    }
}

#[test]
fn a_broken_package_is_said_to_be_broken() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["p.whl", "p.tgz"] {
        fs::write(folder.path().join(name), "neither a zip nor a tarball").unwrap();
        let error = unpack::unpack(&folder.path().join(name), "a", 5, &folder.path().join("to")).unwrap_err();
        assert_eq!(error.kind, Kind::Damaged);
    }
}

/// Writes half a download, says so, and never comes back.
struct Stuck;

impl Registry for Stuck {
    fn download(&self, _: &Package, into: &Path, _: &mut dyn FnMut(u64)) -> Result<PathBuf> {
        fs::write(into.join("half.whl"), "PK").unwrap();
        println!("half-way");
        let _ = std::io::stdin().read(&mut [0]); // until killed
        unreachable!("the parent kills this process before it closes its input")
    }
}

const VICTIM: &str = "LOOM_TEST_KILLED_PULL";

#[test]
fn a_killed_pull_leaves_nothing_half_and_no_lock() {
    if let Some(folder) = std::env::var_os(VICTIM) {
        fetch(&all(), Path::new(&folder), &Stuck, &mut |_| {}).unwrap();
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut victim = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "fetch::tests::a_killed_pull_leaves_nothing_half_and_no_lock", "--nocapture"])
        .env(VICTIM, folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = String::new();
    let out = victim.stdout.as_mut().unwrap();
    while !said.contains("half-way") {
        let mut byte = [0];
        assert_eq!(out.read(&mut byte).unwrap(), 1, "the child ended early: {said}");
        said.push(char::from(byte[0]));
    }
    // Another pull has to wait as long as this one lives.
    let lock = fs::File::open(folder.path().join(".lock")).unwrap();
    assert!(matches!(lock.try_lock(), Err(fs::TryLockError::WouldBlock)));
    victim.kill().unwrap();
    victim.wait().unwrap();
    let left = names(folder.path());
    assert!(left.iter().all(|n| n.starts_with('.')), "visible to the finder: {left:?}");
    assert_eq!(left.len(), 2, "the lock's file and the stage: {left:?}");

    let mut waited = false;
    fetch(&all(), folder.path(), &Local::with("world"), &mut |p| waited |= p.step == Step::Waiting).unwrap();
    assert!(!waited, "a dead process still holds the lock");
    assert_eq!(names(folder.path()), [".lock", "greeting", "world"]);
}

#[test]
fn two_pulls_at_once_fetch_once() {
    let folder = tempfile::tempdir().unwrap();
    let registry = Local::with("world");
    std::thread::scope(|s| {
        for _ in 0..2 {
            s.spawn(|| fetch(&all(), folder.path(), &registry, &mut |_| {}).unwrap());
        }
    });
    assert_eq!(registry.asked.lock().unwrap().len(), 2);
}

#[test]
fn an_unknown_id_is_refused_before_anything_is_fetched() {
    let folder = tempfile::tempdir().unwrap();
    let models = Models::in_folders(vec![folder.path().into()], TWO);
    assert_eq!(models.ensure(&["nothing"], &mut |_| {}).unwrap_err().kind, Kind::Unknown);
    assert!(names(folder.path()).is_empty());
}

/// The real clients, a real package (the smallest of the catalogue), into a fresh folder.
#[test]
fn silero_comes_through_pip() {
    let folder = tempfile::tempdir().unwrap();
    let models = Models::at(folder.path());
    let mut downloaded = 0;
    let got = models.pull("silero-vad-6.2.3", folder.path(), &mut |p| {
        if p.step == Step::Downloading {
            downloaded = downloaded.max(p.done);
        }
    });
    assert!(got.is_ok(), "{}", got.unwrap_err());
    assert_eq!(downloaded, 11_317_527);
    models.verify("silero-vad-6.2.3").unwrap();
}
