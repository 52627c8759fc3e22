//! What is said while nobody answers: a banner, and on pages how old their numbers are.

use leptos::prelude::*;
use loom_ui_model::time::clock;

use crate::browser::{now, offset_s};
use crate::link::Link;
use crate::parts::{Icon, Shape};

/// Nothing is cleared meanwhile.
#[component]
pub fn Lost(link: Link) -> impl IntoView {
    let words = move || match link.lost.get() {
        Some(0) | None => " Trying again.".to_string(),
        Some(s) => format!(" Trying again in {s} s."),
    };
    // The countdown is seen; heard is only that it began.
    view! {
        {move || link.told.get().then(|| view! {
            <div class="banner">
                <Shape state="unknown" />
                <span><span role="alert">"Loom does not answer."</span><span aria-hidden="true">{words}</span></span>
                <button class="btn" type="button" on:click=move |_| link.try_now()>"Try now"</button>
            </div>
        })}
    }
}

/// `As of 16:12, 8 min ago`, once three rounds of asking were missed.
#[component]
pub fn Age(every_s: u32) -> impl IntoView {
    let link = Link::of_page();
    let words = move || {
        // Counted anew with each second of the wait.
        link.lost.track();
        let since = link.since.get()?;
        let ago = now() - since;
        let late = ago >= i64::from(every_s) * 3;
        let minutes = if ago < 3600 { format!(", {} min ago", ago / 60) } else { String::new() };
        late.then(|| format!("As of {}{minutes}", clock(since, offset_s(since))))
    };
    let words = Memo::new(move |_| words());
    move || words.get().map(|words| view! { <p class="age"><Icon name="clock" />{words}</p> })
}
