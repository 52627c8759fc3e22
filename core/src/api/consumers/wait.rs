//! Waiting for records without holding a thread: woken by the log, beating while it waits.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::super::problem::Problem;
use super::super::state::{State, blocking_for};
use crate::consumer::{BEAT_SECONDS, Page};

/// The member's next records, as soon as there are any, or none once the time is up. Lives as long as the request: a
/// client that hangs up waits no longer, and beats no more.
pub async fn next_page(state: &Arc<State>, group: &str, member: &str, max: usize, turn: u64, wait: Duration) -> Result<Page, Problem> {
    let until = Instant::now() + wait;
    let (mut pulse, _follows) = state.sockets.pulse(state).map_err(Problem::from)?;
    loop {
        // Marked before it is read: what comes meanwhile shows as a change.
        pulse.mark_unchanged();
        let (asked, group, member) = (state.clone(), group.to_owned(), member.to_owned());
        let page = blocking_for(move || asked.consumers.poll_in(&group, &member, max, Some(turn))).await?;
        if !page.records.is_empty() || Instant::now() >= until {
            return Ok(page);
        }
        let beat = Instant::now() + Duration::from_secs_f64(BEAT_SECONDS);
        tokio::select! {
            // Whoever stands by, or may get no more, has nothing to hear of the log.
            _ = pulse.changed(), if page.active && !page.full => {}
            () = sleep_until(beat.min(until)) => {}
        }
    }
}
