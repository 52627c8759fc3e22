//! A line: time, pick, words, length; the chosen one opens in place with playback.

use leptos::prelude::*;
use loom_ui_model::lines::{Line, Shown as Word, pick_px, shown as words_of};
use loom_ui_model::numbers;

use super::Shown;
use super::player::Player;
use crate::parts::Icon;

#[component]
pub fn Said(shown: Shown, line: Line) -> impl IntoView {
    let Line { row, clock, repeated } = line;
    let row = StoredValue::new(row);
    let id = row.with_value(|r| r.message_id.clone());
    let dye = row.with_value(|r| shown.threads.try_update(|t| t.dye(&r.source)).map(|d| d.class()).unwrap_or_default());
    let is_chosen = {
        let id = id.clone();
        Memo::new(move |_| shown.chosen.get().as_deref() == Some(id.as_str()))
    };
    let at = RwSignal::new(None::<usize>);
    let choose = move || shown.chosen.set(Some(id.clone()));
    let choose_by_key = choose.clone();
    view! {
        <li class=format!("said {dye}") class:is-chosen=move || is_chosen.get() tabindex="0" aria-current=move || is_chosen.get().then_some("true")
            on:click=move |_| choose()
            on:keydown=move |e| if e.key() == "Enter" { choose_by_key() }>
            <div class="when"><time class:sr=repeated>{clock}</time><Pick seconds=row.with_value(|r| r.duration_s) /></div>
            <div class="words">
                <p>{row.with_value(words_of).into_iter().enumerate().map(|(i, word)| view! { <One word lit=move || at.get() == Some(i) /> " " }).collect_view()}</p>
                {move || is_chosen.get().then(|| view! { <Player row at /> })}
            </div>
            <div class="facts"><span>{row.with_value(|r| numbers::duration(r.duration_s))}</span></div>
        </li>
    }
}

#[component]
fn One(word: Word, lit: impl Fn() -> bool + Send + Sync + 'static) -> impl IntoView {
    match word {
        Word::Word(text) => view! { <span class:at=lit>{text}</span> }.into_any(),
        Word::Mask(kind) => view! { <span class="mask"><Icon name="reed" />{kind}</span> }.into_any(),
    }
}

/// One pass of a thread, as long as the speech.
#[component]
pub fn Pick(seconds: f64) -> impl IntoView {
    let width = format!("{:.1}", pick_px(seconds));
    view! { <svg class="pick" width=width.clone() height="4" aria-hidden="true"><path d=format!("M0 2h{width}") /></svg> }
}
