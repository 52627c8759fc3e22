//! A sound server of the test's own, in a folder of its own: what is played into its sink comes out of a microphone.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

use crate::rig::until;

pub struct Pulse {
    folder: TempDir,
    server: Child,
}

impl Pulse {
    pub fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let server = serve(folder.path());
        let this = Self { folder, server };
        this.settle();
        this
    }

    fn settle(&self) {
        until("the sound server answers", || self.command("pactl").arg("info").output().is_ok_and(|o| o.status.success()));
        self.pactl(&["set-default-sink", "room"]);
        self.pactl(&["set-default-source", "room.monitor"]);
    }

    /// Makes a program speak to this server and no other.
    pub fn environment<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        point(command, self.folder.path())
    }

    fn command(&self, program: &str) -> Command {
        let mut c = Command::new(program);
        self.environment(&mut c).stdin(Stdio::null());
        c
    }

    pub fn pactl(&self, args: &[&str]) -> String {
        let out = self.command("pactl").args(args).output().unwrap();
        assert!(out.status.success(), "pactl {args:?}: {}", String::from_utf8_lossy(&out.stderr));
        String::from_utf8(out.stdout).unwrap()
    }

    /// Plays a recording into the sink; the caller waits for it, or not.
    pub fn play(&self, file: &Path) -> Child {
        self.command("paplay").arg(file).stderr(Stdio::null()).spawn().expect("`cargo xtask test` installs pulseaudio-utils")
    }

    /// Whether someone listens.
    pub fn listened_to(&self) -> bool {
        !self.pactl(&["list", "short", "source-outputs"]).trim().is_empty()
    }

    /// As when it crashes.
    pub fn kill(&mut self) {
        self.server.kill().unwrap();
        self.server.wait().unwrap();
    }

    pub fn restart(&mut self) {
        self.server = serve(self.folder.path());
        self.settle();
    }
}

impl Drop for Pulse {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

fn run(folder: &Path) -> PathBuf {
    folder.join("run")
}

fn socket(folder: &Path) -> String {
    run(folder).join("pulse/native").display().to_string()
}

fn point<'a>(command: &'a mut Command, folder: &Path) -> &'a mut Command {
    let run = run(folder);
    command
        .env("XDG_RUNTIME_DIR", &run)
        .env("PULSE_RUNTIME_PATH", run.join("pulse"))
        .env("PULSE_SERVER", format!("unix:{}", socket(folder)))
}

fn serve(folder: &Path) -> Child {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(run(folder)).unwrap();
    let mut server = Command::new("pulseaudio");
    point(&mut server, folder)
        .env("HOME", folder)
        .args(["-n", "--daemonize=no", "--exit-idle-time=-1", "--disallow-exit", "--use-pid-file=no", "--log-level=error"])
        .args(["-L", "module-null-sink sink_name=room rate=16000 channels=1 format=s16le"])
        .args(["-L", &format!("module-native-protocol-unix socket={} auth-anonymous=1", socket(folder))])
        .stdin(Stdio::null())
        .stderr(Stdio::null());
    server.spawn().expect("`cargo xtask test` installs pulseaudio")
}
