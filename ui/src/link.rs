//! Whether Loom answers, and asking again and again: one wait for all of the page.

use leptos::prelude::*;
use leptos::task::spawn_local;
use loom_ui_model::retry::wait_s;
use serde::de::DeserializeOwned;

use crate::api::{Trouble, get};
use crate::browser::sleep;

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
    /// Changes when everything should be asked anew.
    again: RwSignal<u32>,
    failed: RwSignal<u32>,
}

impl Link {
    pub fn provide() -> Self {
        let link = Self { lost: RwSignal::new(None), again: RwSignal::new(0), failed: RwSignal::new(0) };
        provide_context(link);
        link
    }
    pub fn of_page() -> Self {
        use_context().unwrap_or_else(Self::provide)
    }
    pub fn try_now(self) {
        self.lost.set(Some(0));
        self.again.update(|n| *n += 1);
    }
    fn answered(self) {
        if self.lost.get_untracked().is_some() {
            self.lost.set(None);
            self.failed.set(0);
            // What else was lost comes back at once.
            self.again.update(|n| *n += 1);
        }
    }
    /// Counts down; the first of a page's requests that fails starts it, the others find it running.
    fn unanswered(self) {
        if self.lost.get_untracked().is_some_and(|s| s > 0) {
            return;
        }
        self.failed.update(|n| *n += 1);
        let wait = wait_s(self.failed.get_untracked());
        let round = self.again.get_untracked();
        self.lost.set(Some(wait));
        spawn_local(async move {
            for left in (0..wait).rev() {
                sleep(1.0).await;
                if self.lost.get_untracked().is_none() || self.again.get_untracked() != round {
                    return;
                }
                self.lost.set(Some(left));
            }
            self.again.update(|n| *n += 1);
        });
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
                link.answered();
                sleep(every_s).await;
                if round.try_get_untracked() != Some(mine) {
                    return;
                }
            }
        });
    });
    out
}
