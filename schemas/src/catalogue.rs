//! The JSON Schemas (2020-12), one a topic, found by name: `device.audio.raw.v1` is `device/audio/raw/v1.json`.

use include_dir::{Dir, File, include_dir};

static ANALYSIS: Dir = include_dir!("$CARGO_MANIFEST_DIR/analysis");
static DEVICE: Dir = include_dir!("$CARGO_MANIFEST_DIR/device");
static DIGITAL: Dir = include_dir!("$CARGO_MANIFEST_DIR/digital");
static EXTERNAL: Dir = include_dir!("$CARGO_MANIFEST_DIR/external");
static INTERNAL: Dir = include_dir!("$CARGO_MANIFEST_DIR/internal");
static LOCATION: Dir = include_dir!("$CARGO_MANIFEST_DIR/location");
static LOOM: Dir = include_dir!("$CARGO_MANIFEST_DIR/loom");
static MEDIA: Dir = include_dir!("$CARGO_MANIFEST_DIR/media");
static MOTION: Dir = include_dir!("$CARGO_MANIFEST_DIR/motion");
static OS: Dir = include_dir!("$CARGO_MANIFEST_DIR/os");
static TASK: Dir = include_dir!("$CARGO_MANIFEST_DIR/task");

/// Topics with settings of their own, as TOML: a table a topic.
pub const TOPICS: &str = include_str!("../topics.toml");

/// Loom v2's topics that have another name, or none, as TOML: a table a topic, with `to` or `gone`.
pub const CLASSIC: &str = include_str!("../classic.toml");

/// The text of a schema, by name and version.
pub fn schema(name: &str) -> Option<&'static str> {
    let (topic, version) = name.rsplit_once('.')?;
    let (category, rest) = topic.split_once('.')?;
    let root = roots().into_iter().find(|(c, _)| *c == category)?.1;
    root.get_file(format!("{}/{version}.json", rest.replace('.', "/")))?.contents_utf8()
}

/// Every schema's name, sorted.
pub fn names() -> Vec<String> {
    let mut names = Vec::new();
    for (category, root) in roots() {
        walk(root, &mut |f| {
            if let Some(path) = f.path().to_str().and_then(|p| p.strip_suffix(".json")) {
                names.push(format!("{category}.{}", path.replace(['/', '\\'], ".")));
            }
        });
    }
    names.sort();
    names
}

fn roots() -> [(&'static str, &'static Dir<'static>); 11] {
    [
        ("analysis", &ANALYSIS),
        ("device", &DEVICE),
        ("digital", &DIGITAL),
        ("external", &EXTERNAL),
        ("internal", &INTERNAL),
        ("location", &LOCATION),
        ("loom", &LOOM),
        ("media", &MEDIA),
        ("motion", &MOTION),
        ("os", &OS),
        ("task", &TASK),
    ]
}

fn walk(dir: &'static Dir<'static>, see: &mut dyn FnMut(&'static File<'static>)) {
    dir.files().for_each(&mut *see);
    dir.dirs().for_each(|d| walk(d, see));
}
