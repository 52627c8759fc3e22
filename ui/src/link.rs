//! Whether Loom answers, and asking again and again: one wait for all of the page.

use leptos::prelude::*;
use leptos::task::spawn_local;
use loom_ui_model::retry::{QUIET_S, wait_s};
use serde::de::DeserializeOwned;

use crate::api::{self, Trouble, get};
use crate::browser::{now, sleep};

/// What was asked for.
#[derive(Clone, Debug, PartialEq)]
pub enum Load<T> {
    Waiting,
    Ready(T),
    Failed(Trouble),
}

impl<T: Clone> Load<T> {
    pub fn ready(&self) -> Option<T> {
        match self {
            Load::Ready(value) => Some(value.clone()),
            _ => None,
        }
    }
}

#[derive(Clone, Copy)]
pub struct Link {
    /// Seconds until the next try, while nobody answers.
    pub lost: RwSignal<Option<u32>>,
    /// When the last answer came before that, in seconds since 1970.
    pub since: RwSignal<Option<i64>>,
    /// It was lost for long enough to say so.
    pub told: RwSignal<bool>,
    /// Changes when everything should be asked anew.
    pub again: RwSignal<u32>,
    /// The wait at hand: a newer one ends it.
    wait: StoredValue<u32>,
}

impl Link {
    pub fn provide() -> Self {
        let link = Self {
            lost: RwSignal::new(None),
            since: RwSignal::new(None),
            told: RwSignal::new(false),
            again: RwSignal::new(0),
            wait: StoredValue::new(0),
        };
        provide_context(link);
        link
    }
    pub fn of_page() -> Self {
        use_context().unwrap_or_else(Self::provide)
    }

    /// Asks at once whether somebody is there.
    pub fn try_now(self) {
        self.lost.set(Some(0));
        self.begin(true);
    }

    /// Something broke off that may have another reason.
    pub fn doubt(self) {
        spawn_local(async move {
            if self.lost.get_untracked().is_none() && !api::is_there().await {
                self.unanswered();
            }
        });
    }

    /// The first of a page's requests that fails begins the wait, the others find it running.
    pub fn unanswered(self) {
        if self.lost.get_untracked().is_some() {
            return;
        }
        self.since.set(Some(now()));
        self.lost.set(Some(wait_s(1)));
        self.begin(false);
        spawn_local(async move {
            sleep(QUIET_S).await;
            self.told.set(self.lost.get_untracked().is_some());
        });
    }

    /// Counts down and asks, again and again; the first try at once if a person wants it.
    fn begin(self, at_once: bool) {
        let mine = self.wait.get_value() + 1;
        self.wait.set_value(mine);
        spawn_local(async move {
            for failed in u32::from(!at_once).. {
                let wait = if failed == 0 { 0 } else { wait_s(failed) };
                for left in (1..=wait).rev() {
                    self.lost.set(Some(left));
                    sleep(1.0).await;
                    if self.wait.get_value() != mine {
                        return;
                    }
                }
                self.lost.set(Some(0));
                if api::is_there().await {
                    return self.answered(mine);
                }
            }
        });
    }

    /// What else was lost comes back at once.
    fn answered(self, mine: u32) {
        if self.wait.get_value() == mine {
            self.lost.set(None);
            self.since.set(None);
            self.told.set(false);
            self.again.update(|n| *n += 1);
        }
    }
}

/// Asks for a path, again every so many seconds and when the path changes.
pub fn poll<T>(path: impl Fn() -> Option<String> + Send + Sync + 'static, every_s: f64) -> RwSignal<Load<T>>
where
    T: DeserializeOwned + Clone + PartialEq + Send + Sync + 'static,
{
    poll_by(path, |path| async move { get::<T>(&path).await }, every_s)
}

/// The same for a question that one request does not answer. No question: none is asked. What was answered stays while
/// the next answer is on its way.
pub fn poll_by<Q, T, F>(
    question: impl Fn() -> Option<Q> + Send + Sync + 'static,
    ask: impl Fn(Q) -> F + Copy + 'static,
    every_s: f64,
) -> RwSignal<Load<T>>
where
    Q: Clone + PartialEq + Send + Sync + 'static,
    T: Clone + PartialEq + Send + Sync + 'static,
    F: Future<Output = Result<T, Trouble>>,
{
    let link = Link::of_page();
    let out = RwSignal::new(Load::Waiting);
    let round = RwSignal::new(0u32);
    let question = Memo::new(move |_| question());
    Effect::new(move |_| {
        link.again.track();
        let mine = round.get_untracked() + 1;
        round.set(mine);
        let Some(question) = question.get() else {
            out.set(Load::Waiting);
            return;
        };
        spawn_local(async move {
            loop {
                let answer = ask(question.clone()).await;
                // The page was left, or asks for something else by now.
                if round.try_get_untracked() != Some(mine) {
                    return;
                }
                match answer {
                    Err(Trouble::Lost) => return link.unanswered(),
                    Err(trouble) => out.set(Load::Failed(trouble)),
                    Ok(value) => {
                        if out.with_untracked(|o| *o != Load::Ready(value.clone())) {
                            out.set(Load::Ready(value));
                        }
                    }
                }
                sleep(every_s).await;
                if round.try_get_untracked() != Some(mine) {
                    return;
                }
            }
        });
    });
    out
}
