//! Loom at work on a thread of its own, while the main thread is the window's.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use loom::serving::{LOOK, Serving};

pub struct Running {
    quit: Arc<AtomicBool>,
    thread: JoinHandle<bool>,
}

impl Running {
    /// Starts it; `ended` hears how it went once the folder is let go.
    pub fn start(serving: Serving, ended: impl FnOnce(Result<(), String>) + Send + 'static) -> io::Result<Self> {
        let quit = Arc::new(AtomicBool::new(false));
        let asked = quit.clone();
        let thread = thread::Builder::new().name("loom".into()).spawn(move || {
            let outcome = serving.run(|home, stop| {
                let _running = home.app.start()?;
                let mut seen = 0;
                while !stop.load(Ordering::Acquire) && !asked.load(Ordering::Acquire) {
                    seen = home.app.bus.wait(seen, LOOK);
                }
                Ok(())
            });
            let well = outcome.is_ok();
            ended(outcome.map_err(|e| e.to_string()));
            well
        })?;
        Ok(Self { quit, thread })
    }

    /// What is on its way is done first; whether all went well.
    pub fn end(self) -> bool {
        self.quit.store(true, Ordering::Release);
        self.thread.join().unwrap_or(false)
    }
}
