//! Starting with the session: a desktop entry in the user's own autostart folder (freedesktop.org, Desktop Application
//! Autostart Specification 0.5), there while the setting is on.

use std::path::{Path, PathBuf};
use std::{fs, io};

use loom_core::data_dir::DataDir;

/// The entry is there, or is not, as wanted.
pub fn follow(wanted: bool, dir: &DataDir) -> io::Result<()> {
    let file = file(dir).ok_or_else(|| io::Error::other("no home folder is known"))?;
    let ours = entry(&std::env::current_exe()?, (!is_default(dir)).then_some(dir.path()));
    let now = fs::read_to_string(&file).ok();
    match (wanted, now) {
        (true, now) if now.as_deref() != Some(&ours) => {
            file.parent().map_or(Ok(()), fs::create_dir_all)?;
            fs::write(file, ours)
        }
        (false, Some(_)) => fs::remove_file(file),
        _ => Ok(()),
    }
}

/// One a data folder, so that two do not fight over it.
fn file(dir: &DataDir) -> Option<PathBuf> {
    let folder = directories::BaseDirs::new()?.config_dir().join("autostart");
    let name = match is_default(dir) {
        true => "app.loom.desktop".to_string(),
        false => format!("app.loom-{:016x}.desktop", fingerprint(dir.path().as_os_str().as_encoded_bytes())),
    };
    Some(folder.join(name))
}

fn is_default(dir: &DataDir) -> bool {
    DataDir::resolve(None, &|_| None).is_ok_and(|d| d == *dir)
}

/// FNV-1a: names a file on disk, so it is fixed.
fn fingerprint(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, b| (hash ^ u64::from(*b)).wrapping_mul(0x0100_0000_01b3))
}

fn entry(program: &Path, folder: Option<&Path>) -> String {
    let folder = folder.map_or_else(String::new, |f| format!(" --data-dir {}", quoted(f)));
    format!(
        "[Desktop Entry]\nType=Application\nName=Loom\nComment=Listens, and waits in the tray\nExec={}{folder} --hidden\n\
         Icon=loom\nTerminal=false\nX-GNOME-Autostart-enabled=true\n",
        quoted(program)
    )
}

/// An argument of `Exec` (Desktop Entry Specification 1.5): quoted, its own rules of escaping inside, and those of any string around them.
fn quoted(path: &Path) -> String {
    let inner = path.to_string_lossy().chars().fold(String::new(), |mut out, c| {
        match c {
            '"' | '`' | '$' => out.extend(['\\', '\\', c]),
            '\\' => out.push_str("\\\\\\\\"),
            '%' => out.push_str("%%"),
            '\n' => out.push_str("\\n"),
            c => out.push(c),
        }
        out
    });
    format!("\"{inner}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_entry_starts_this_program_hidden() {
        let text = entry(Path::new("/opt/loom/loom-window"), None);
        assert!(text.starts_with("[Desktop Entry]\n") && text.contains("\nExec=\"/opt/loom/loom-window\" --hidden\n"), "{text}");
        let text = entry(Path::new("/opt/a b/loom-window"), Some(Path::new("/data/100% \"mine\"$")));
        assert!(text.contains("\nExec=\"/opt/a b/loom-window\" --data-dir \"/data/100%% \\\\\"mine\\\\\"\\\\$\" --hidden\n"), "{text}");
    }

    #[test]
    fn each_folder_has_a_file_of_its_own() {
        let (a, b) = (DataDir::at("/a"), DataDir::at("/b"));
        assert_ne!(file(&a), file(&b));
        assert_eq!(fingerprint(b"/a"), 0x07d6_6707_b49c_d92d);
    }
}
