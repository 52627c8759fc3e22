//! One window a data folder. The folder's lock says whether a Loom runs; one that has a window is asked to show it, over the
//! API, which needs no session bus and knows the folder.

use std::time::{Duration, Instant};

use loom::client;
use loom::context::Context;
use loom::serving::{self, Serving};
use loom_core::data_dir::{DataDir, Lock};
use loom_core::{Error, Result};
use loom_schemas::api::Check;

/// Someone else may hold the folder for a moment: a command, or a Loom that starts or ends.
const PATIENCE: Duration = Duration::from_secs(10);
const BETWEEN_TRIES: Duration = Duration::from_millis(50);

pub enum First {
    /// This process is the Loom of the folder.
    Ours(Box<Ours>),
    /// One without a window runs: its pages are shown.
    Theirs { page: String, dir: DataDir },
    /// One runs, and all that is wanted of it is done.
    There,
}

pub struct Ours {
    pub context: Context,
    pub serving: Serving,
    pub page: String,
}

enum Answer {
    Shown,
    NoWindow,
    Nobody,
}

/// Who shows the folder's Loom. Who begins `hidden` wants no window, and none of another one either.
pub fn find(context: Context, hidden: bool) -> Result<First> {
    context.dir.create()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|e| Error::stop("the system gives no more threads").because(e))?;
    let http = reqwest::Client::builder().no_proxy().build().map_err(|e| Error::bug("no HTTP client").because(e))?;
    let began = Instant::now();
    loop {
        let taken = match context.dir.lock() {
            Ok(lock) => return ours(context, lock).map(|ours| First::Ours(Box::new(ours))),
            Err(e) => e,
        };
        if let (Some(address), Some(token)) = (context.dir.address(), context.dir.kept_token()) {
            match runtime.block_on(ask(&http, &address.url, &token, hidden)) {
                Answer::Shown => return Ok(First::There),
                Answer::NoWindow if hidden => return Ok(First::There),
                Answer::NoWindow => {
                    return Ok(First::Theirs { page: format!("{}/#token={token}", address.url), dir: context.dir });
                }
                Answer::Nobody => {}
            }
        }
        if began.elapsed() > PATIENCE {
            return Err(taken);
        }
        std::thread::sleep(BETWEEN_TRIES);
    }
}

async fn ask(http: &reqwest::Client, url: &str, token: &str, hidden: bool) -> Answer {
    if !client::answers(http, url).await {
        return Answer::Nobody;
    }
    if hidden {
        return Answer::Shown;
    }
    let asked = http.post(format!("{url}/api/window/show")).bearer_auth(token).timeout(Duration::from_secs(5)).send().await;
    match asked.map(|r| r.status().as_u16()) {
        Ok(204) => Answer::Shown,
        Ok(404) => Answer::NoWindow,
        _ => Answer::Nobody,
    }
}

/// Opened here. A port that another program has is no reason to show nothing: one that is free is taken, and that is said.
fn ours(context: Context, lock: Lock) -> Result<Ours> {
    // What a killed instance left behind must not pass for this one.
    context.dir.remove_address();
    let wanted = context.settings.port;
    let (door, moved) = match serving::listen(wanted) {
        Ok(door) => (door, false),
        Err(_) => (serving::listen(0)?, true),
    };
    let serving = Serving::open(&context, lock, door)?;
    if moved {
        let message = format!("port {wanted} is taken by another program: this time Loom answers at {}", serving.url);
        tracing::warn!("{message}");
        let fix = Some("end the other program, or choose another port in Settings; who sends to Loom must know it".into());
        serving.home.app.desk.say(Check { check: "port".into(), state: "warn".into(), message, fix, action: None });
    }
    let page = format!("{}/#token={}", serving.url, serving.home.token);
    Ok(Ours { context, serving, page })
}
