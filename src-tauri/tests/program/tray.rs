//! The desktop's side of the tray: a session bus and a watcher of the test's own, which see what Loom shows there and press it.

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use zbus::blocking::{Connection, Proxy, connection};
use zbus::message::Header;
use zbus::zvariant::{OwnedValue, Value};

use crate::pulse::Pulse;
use crate::rig::{Loom, until};

/// Ends with its test.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts a program that says in its first line where it is.
fn first_line(command: &mut Command) -> (Killed, String) {
    let mut child =
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("`cargo xtask test` installs it");
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    (Killed(child), line.trim().to_string())
}

struct Watcher(Sender<String>);

#[zbus::interface(name = "org.kde.StatusNotifierWatcher")]
impl Watcher {
    fn register_status_notifier_item(&self, _service: &str, #[zbus(header)] header: Header<'_>) {
        let _ = self.0.send(header.sender().unwrap().to_string());
    }
    #[zbus(property)]
    fn is_status_notifier_host_registered(&self) -> bool {
        true
    }
}

/// What a desktop knows of an item.
struct Item {
    bus: Connection,
    name: String,
}

type Layout = (i32, HashMap<String, OwnedValue>, Vec<OwnedValue>);

impl Item {
    fn first(bus: &Connection, items: &Receiver<String>) -> Self {
        let name = items.recv_timeout(Duration::from_secs(60)).expect("Loom comes into the tray");
        Self { bus: bus.clone(), name }
    }

    fn property(&self, name: &str) -> OwnedValue {
        Proxy::new(&self.bus, self.name.as_str(), "/StatusNotifierItem", "org.kde.StatusNotifierItem").unwrap().get_property(name).unwrap()
    }

    fn menu(&self) -> Proxy<'_> {
        Proxy::new(&self.bus, self.name.as_str(), "/MenuBar", "com.canonical.dbusmenu").unwrap()
    }

    /// Labels with their ids, as they stand.
    fn lines(&self) -> Vec<(i32, String)> {
        let (_, (_, _, children)): (u32, Layout) = self.menu().call("GetLayout", &(0i32, -1i32, Vec::<&str>::new())).unwrap();
        let line = |child: OwnedValue| {
            let (id, properties, _) = <(i32, HashMap<String, OwnedValue>, Vec<OwnedValue>)>::try_from(Value::from(child)).unwrap();
            let label = properties.get("label").and_then(|l| String::try_from(l.clone()).ok()).unwrap_or_default();
            (id, label)
        };
        children.into_iter().map(line).filter(|(_, label)| !label.is_empty()).collect()
    }

    fn shows(&self, label: &str) {
        until(&format!("the tray shows “{label}”"), || self.lines().iter().any(|(_, l)| l == label));
    }

    fn press(&self, label: &str) {
        self.shows(label);
        let (id, _) = self.lines().into_iter().find(|(_, l)| l == label).unwrap();
        self.menu().call::<_, _, ()>("Event", &(id, "clicked", Value::from(0i32), 0u32)).unwrap();
    }
}

#[test]
fn the_tray_says_what_loom_does_and_takes_orders() {
    let (_bus, address) = first_line(Command::new("dbus-daemon").args(["--session", "--nofork", "--nopidfile", "--print-address=1"]));
    let (_screen, number) = first_line(Command::new("Xvfb").args(["-displayfd", "1", "-nolisten", "tcp"]));
    let (send, items) = channel();
    let bus = connection::Builder::address(address.as_str()).unwrap().name("org.kde.StatusNotifierWatcher").unwrap();
    let bus = bus.serve_at("/StatusNotifierWatcher", Watcher(send)).unwrap().build().unwrap();

    let (pulse, loom) = (Pulse::start(), Loom::new());
    let mut command = Command::new(env!("CARGO_BIN_EXE_loom-window"));
    command.arg("--hidden").arg("--data-dir").arg(loom.data.path()).env("LOOM_PORT", "0").env("LOOM_KEYS", "file");
    command.env("DBUS_SESSION_BUS_ADDRESS", &address).env("DISPLAY", format!(":{number}")).env("GDK_BACKEND", "x11");
    command.env("XDG_CONFIG_HOME", loom.data.path().join("config")).env("NO_AT_BRIDGE", "1").env_remove("WAYLAND_DISPLAY");
    let mut window = Killed(pulse.environment(&mut command).stdin(Stdio::null()).spawn().unwrap());

    let item = Item::first(&bus, &items);
    item.shows("Listening");
    until("its title says so", || String::try_from(item.property("Title")).unwrap() == "Loom: listening");
    let icons = Vec::<(i32, i32, Vec<u8>)>::try_from(item.property("IconPixmap")).unwrap();
    assert!(icons.iter().all(|(w, h, pixels)| pixels.len() == (w * h * 4) as usize) && icons.len() == 3);
    item.press("Pause listening");
    item.shows("Paused");
    until("nobody listens", || !pulse.listened_to());
    assert_ne!(Vec::<(i32, i32, Vec<u8>)>::try_from(item.property("IconPixmap")).unwrap(), icons);
    item.press("Go on listening");
    item.shows("Listening");
    item.press("Forget the last 5 minutes");
    item.press("Undo forgetting");
    item.shows("Nothing was forgotten");
    item.shows("Forget the last 5 minutes");
    item.press("Quit Loom");
    assert!(window.0.wait().unwrap().success());
}
