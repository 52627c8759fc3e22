//! What the tests of rooms with rules have in common.

mod hostile;

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::bus::Bus;
use crate::env::Clock;
use crate::pipeline::Wiring;
use crate::store::Audio;

pub use hostile::Hostile;

struct Silent;
impl Audio for Silent {
    fn read(&self, _: &str, _: u64, _: u64) -> crate::Result<Arc<[f32]>> {
        Ok(Arc::from([]))
    }
}

pub fn wiring(bus: Arc<dyn Bus>, clock: Arc<dyn Clock>) -> Wiring {
    Wiring { bus, audio: Arc::new(Silent), clock, member: "test".into(), host: "here".into(), run: String::new(), workers: 0 }
}

/// Until it is so; a test that waits longer has failed.
pub fn until(what: &str, so: impl Fn() -> bool) {
    let began = Instant::now();
    while !so() {
        assert!(began.elapsed().as_secs() < 60, "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
