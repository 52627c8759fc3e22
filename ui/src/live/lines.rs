//! Today's lines, newest first, as they come.

use std::collections::BTreeSet;
use std::time::Duration;

use leptos::prelude::*;
use loom_schemas::live::{Channel, Listening, WsOut};
use loom_ui_model::numbers;
use loom_ui_model::time::{Day, clock, clock_s, epoch, rfc3339};
use loom_ui_model::today::{MOST, Said, Today};
use loom_ui_model::token::Page;

use crate::api::{self, Lines as Answer};
use crate::browser::{now, now_s, offset_s};
use crate::dyes::Dyes;
use crate::link::{Load, poll_by};
use crate::parts::{Bones, Failure, Icon, Pick, Words};
use crate::recordings::ChooseRecording;
use crate::shell::{Age, Hearing};
use crate::ws::Ws;

/// Lines come by themselves; this is for what a lost connection hid.
const EVERY_S: u32 = 60;

fn midnight() -> i64 {
    let day = Day::of(now(), offset_s(now()));
    day.start(offset_s(day.start(0)))
}

#[component]
pub fn Lines() -> impl IntoView {
    let ws = Ws::of_page();
    let from = RwSignal::new(midnight());
    let tomorrow = set_interval_with_handle(
        move || {
            if from.get_untracked() != midnight() {
                from.set(midnight());
            }
        },
        Duration::from_secs(60),
    );
    on_cleanup(move || drop(tomorrow.map(|t| t.clear())));
    let today = RwSignal::new(Today::default());
    let loaded = RwSignal::new(false);
    // Asked anew when the line is up again: what came meanwhile was missed.
    let ups = RwSignal::new(0);
    Effect::new(move |_| {
        if ws.open.get() {
            ups.update(|n| *n += 1);
        }
    });
    let asked = poll_by(
        move || Some((from.get(), ups.get())),
        |(from, _)| async move { api::get::<Answer>(&format!("/api/timeline?from={}&limit={MOST}", rfc3339(from))).await },
        f64::from(EVERY_S),
    );
    Effect::new(move |_| {
        if let Load::Ready(answer) = asked.get() {
            today.update(|t| t.refresh(answer.lines, from.get_untracked()));
            request_animation_frame(move || loaded.set(true));
        }
    });
    ws.hear(&[Channel::Lines], move |out| match out {
        WsOut::Line(row) => today.update(|t| {
            t.put(Said::seen(row.clone(), now_s()), from.get_untracked());
        }),
        WsOut::LineGone { message_id } => today.update(|t| t.gone(message_id)),
        _ => {}
    });
    let repeats = Memo::new(move |_| today.with(Today::repeats));
    let empty = Memo::new(move |_| today.with(|t| t.lines().is_empty()));
    let body = move || match (empty.get(), asked.get()) {
        (true, Load::Failed(trouble)) => view! { <Failure trouble /> }.into_any(),
        (true, Load::Waiting) => view! { <Bones /> }.into_any(),
        (true, Load::Ready(_)) => view! { <Nothing /> }.into_any(),
        (false, _) => ().into_any(),
    };
    view! {
        <section class="today" aria-labelledby="today">
            <header class="today-head">
                <h2 id="today">"Today"</h2>
                <p class="quiet">{move || (!empty.get()).then(|| today.with(Today::tally))}<span class="wide">{move || (!empty.get()).then_some(". Silence is not kept.")}</span></p>
                <Age every_s=EVERY_S />
            </header>
            <div class="lines-place">
                {body}
                <ol class="lines">
                    <For each=move || today.with(|t| t.lines().to_vec()) key=key let:said><Line said repeats fresh=loaded.get_untracked() /></For>
                </ol>
            </div>
            <aside class="tally" aria-label="Today in short">
                <p><Icon name="reed" /><span>{move || today.with(Today::masked)}</span></p>
                <p><Icon name="lock" /><span>"Nothing leaves this computer unless you set that up."</span></p>
                <p><Icon name="timeline" /><a href=Page::Timeline.hash()>"Earlier, on the Timeline"</a></p>
            </aside>
        </section>
    }
}

/// What changed is written anew.
fn key(said: &Said) -> (String, bool, String) {
    (said.row.message_id.clone(), said.row.starred, said.row.text.clone())
}

#[component]
fn Line(said: Said, repeats: Memo<BTreeSet<String>>, fresh: bool) -> impl IntoView {
    let Said { row, after_s } = said;
    let id = row.message_id.clone();
    let repeated = move || repeats.with(|r| r.contains(&id));
    let at = epoch(&row.recorded_at).unwrap_or_default();
    let offset = offset_s(at);
    let dye = Dyes::of_page().class(&row.source);
    let shown = RwSignal::new(false);
    let mut facts = vec![format!("at {}", clock_s(at, offset)), row.source.clone(), numbers::duration(row.duration_s)];
    facts.extend(after_s.map(|s| format!("written after {}", numbers::duration(s))));
    facts.retain(|f| !f.is_empty());
    let seconds = row.duration_s;
    view! {
        <li class=format!("said {dye}") class:is-new=fresh class:is-shown=shown tabindex="0"
            on:click=move |_| shown.update(|s| *s = !*s) on:keydown=move |e| if e.key() == "Enter" { shown.update(|s| *s = !*s) }>
            <div class="when"><time class:sr=repeated datetime=row.recorded_at.clone()>{clock(at, offset)}</time><Pick seconds /></div>
            <p class="words"><Words row /></p>
            <div class="facts on-demand">{facts.into_iter().map(|f| view! { <span>{f}</span> }).collect_view()}</div>
        </li>
    }
}

/// Nothing was said today.
#[component]
fn Nothing() -> impl IntoView {
    let hearing = Hearing::of_page();
    let device = move || hearing.now.with(|n| n.as_ref().and_then(|n| n.device.clone())).unwrap_or_else(|| "the microphone".into());
    move || {
        (hearing.state() == Some(Listening::Listening)).then(|| {
            view! {
                <div class="blank nothing-said">
                    <h3>"Say something"</h3>
                    <p>"Loom is listening to "{device}". Your words appear here about a second after you say them."</p>
                    <div class="row"><ChooseRecording class="btn plain" words="Use a recording instead" /></div>
                </div>
            }
        })
    }
}
