//! The desktop app: a window on the page of a Loom on this machine. One that runs is used; else `loom serve` is started
//! beside it and ended with it. The page gets no more of the system than a browser's would.

use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use loom_core::data_dir::DataDir;
use tauri::{Manager, RunEvent, Url, WebviewUrl, WebviewWindowBuilder, http};

/// Where the window shows what went wrong.
const SCHEME: &str = "loom-says";
/// Loopback answers at once or not at all.
const PATIENCE: Duration = Duration::from_millis(500);

/// The Loom that this window started, if it did.
struct Started(Mutex<Option<Child>>);

fn main() -> ExitCode {
    let (address, child, sentence) = match find_or_start() {
        Ok((address, child)) => (address, child, String::new()),
        Err(sentence) => (format!("{SCHEME}://localhost/"), None, sentence),
    };
    let failed = !sentence.is_empty();
    if failed {
        eprintln!("{sentence}");
    }
    let app = tauri::Builder::default()
        .register_uri_scheme_protocol(SCHEME, move |_, _| page(&sentence))
        .manage(Started(Mutex::new(child)))
        .setup(move |app| open(app, &address))
        .build(tauri::generate_context!());
    match app {
        Ok(app) => app.run(|app, event| {
            if let RunEvent::Exit = event {
                end(&app.state::<Started>());
            }
        }),
        Err(e) => {
            eprintln!("the window cannot be opened: {e}; `loom serve` runs without one");
            return ExitCode::FAILURE;
        }
    }
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn open(app: &tauri::App, address: &str) -> Result<(), Box<dyn std::error::Error>> {
    let url: Url = address.parse()?;
    let home = url.origin();
    WebviewWindowBuilder::new(app, "main", WebviewUrl::External(url))
        .title("Loom")
        .inner_size(1200.0, 800.0)
        .min_inner_size(360.0, 480.0)
        // The token is in this window: it shows Loom and nothing else.
        .on_navigation(move |to| to.origin() == home || to.scheme() == SCHEME)
        .build()?;
    Ok(())
}

fn find_or_start() -> Result<(String, Option<Child>), String> {
    let dir = DataDir::resolve(None, &|name| std::env::var(name).ok()).map_err(|e| e.to_string())?;
    if let Some(address) = running(&dir) {
        return Ok((address, None));
    }
    let (url, child) = start()?;
    let token = dir.kept_token().ok_or("Loom started, but its token cannot be read: look at the data folder's owner")?;
    Ok((format!("{url}/#token={token}"), Some(child)))
}

/// The page of an instance that answers, with its token.
fn running(dir: &DataDir) -> Option<String> {
    let address = dir.address()?;
    let port: u16 = address.url.rsplit(':').next()?.parse().ok()?;
    TcpStream::connect_timeout(&SocketAddr::from(([127, 0, 0, 1], port)), PATIENCE).ok()?;
    Some(format!("{}/#token={}", address.url, dir.kept_token()?))
}

/// Starts the `loom` beside this program and waits for the line that names its address.
fn start() -> Result<(String, Child), String> {
    let program = sibling().ok_or("this program does not know where it is, so it cannot start loom")?;
    let mut command = Command::new(&program);
    ends_with_us(command.arg("serve").stdin(Stdio::null()).stdout(Stdio::piped()));
    let mut child = command.spawn().map_err(|e| format!("{} cannot be started: {e}", program.display()))?;
    let mut lines = child.stdout.take().map(BufReader::new).ok_or("loom says nothing")?.lines();
    let first = lines.next().and_then(Result::ok).unwrap_or_default();
    let Some(url) = first.strip_prefix("listening on ").map(String::from) else {
        child.kill().ok();
        child.wait().ok();
        return Err("Loom did not start. What was recorded is safe. `loom doctor` says what is wrong.".into());
    };
    // What else it prints must not fill the pipe.
    thread::spawn(move || lines.for_each(drop));
    Ok((url, child))
}

/// A window that is killed takes along what it started, in order.
#[cfg(target_os = "linux")]
fn ends_with_us(command: &mut Command) {
    use std::os::unix::process::CommandExt;
    // SAFETY: between fork and exec this makes one system call, which allocates nothing.
    unsafe {
        command.pre_exec(|| match libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGTERM) {
            0 => Ok(()),
            _ => Err(std::io::Error::last_os_error()),
        });
    }
}
#[cfg(not(target_os = "linux"))]
fn ends_with_us(_: &mut Command) {}

fn sibling() -> Option<PathBuf> {
    Some(std::env::current_exe().ok()?.with_file_name(format!("loom{}", std::env::consts::EXE_SUFFIX)))
}

/// Asks for an orderly end, which drains what is on its way.
fn end(started: &Started) {
    let Some(mut child) = started.0.lock().ok().and_then(|mut c| c.take()) else { return };
    #[cfg(unix)]
    // SAFETY: the child has not been waited for, so the number is still its own.
    unsafe {
        libc::kill(child.id() as i32, libc::SIGTERM);
    }
    #[cfg(not(unix))]
    child.kill().ok();
    child.wait().ok();
}

fn page(sentence: &str) -> http::Response<Vec<u8>> {
    let safe = sentence.replace('&', "&amp;").replace('<', "&lt;");
    let html = format!("<!doctype html><meta charset=utf-8><title>Loom</title><h1>Loom did not open</h1><p>{safe}</p>");
    http::Response::builder().header("Content-Type", "text/html").body(html.into_bytes()).unwrap_or_default()
}
