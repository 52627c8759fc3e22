//! How many records came when, and a brush for what of it is shown.

use leptos::ev::KeyboardEvent;
use leptos::html::Div;
use leptos::prelude::*;
use leptos::task::spawn_local;
use loom_ui_model::records::Volume as Bars;
use loom_ui_model::time::{clock, epoch};
use web_sys::PointerEvent;

use super::shown::{Shown, Start};
use crate::api::get;
use crate::browser;
use crate::link::Load;
use crate::pipeline::heard::Heard;

/// Stitches that are drawn.
const STITCHES: usize = 240;
const AGAIN_S: f64 = 60.0;
/// What a key moves the brush by.
const NUDGE: f64 = 0.02;
const LEAST: f64 = 0.012;

#[component]
pub fn Volume() -> impl IntoView {
    let Some(shown) = Shown::of_page() else { return ().into_any() };
    let (bars, bed) = (RwSignal::new(Bars::default()), NodeRef::<Div>::new());
    spawn_local(async move {
        while let Some(topic) = shown.topic.try_get_value() {
            if let Some(found) = asked(&topic).await {
                bars.try_set(found);
            }
            browser::sleep(AGAIN_S).await;
        }
    });
    // Its place is kept while it is asked for.
    let heard = Heard::of_page();
    let few = Memo::new(move |_| shown.topic.with_value(|t| heard.row(t)).is_none_or(|r| r.records < 2));
    let seen = Memo::new(move |_| seen(shown, &bars.get()));
    // While it is dragged, where to; it seeks when it is let go.
    let to = RwSignal::new(None::<f64>);
    let place = move || {
        let (a, b) = seen.get();
        to.get().map_or((a, b), |to| (to, (to + b - a).min(1.0)))
    };
    let seek = move |to: f64| bars.with_untracked(|b| shown.start.set(Start::Time(b.time(to).floor())));
    let at = move |e: &PointerEvent| {
        let r = bed.get_untracked().map(|b| b.get_bounding_client_rect());
        r.map_or(0.0, |r| ((f64::from(e.client_x()) - r.left()) / r.width().max(1.0)).clamp(0.0, 1.0))
    };
    let half = move || (seen.get_untracked().1 - seen.get_untracked().0) / 2.0;
    let down = move |e: PointerEvent| {
        if let Some(bed) = bed.get_untracked() {
            bed.set_pointer_capture(e.pointer_id()).ok();
        }
        to.set(Some((at(&e) - half()).max(0.0)));
    };
    let go = move |e: PointerEvent| {
        if to.get_untracked().is_some() {
            to.set(Some((at(&e) - half()).clamp(0.0, 1.0)));
        }
    };
    let up = move |_: PointerEvent| {
        if let Some(place) = to.get_untracked() {
            seek(place);
            to.set(None);
        }
    };
    let key = move |e: KeyboardEvent| {
        let from = seen.get_untracked().0;
        let next = match e.key().as_str() {
            "ArrowLeft" | "ArrowDown" => from - NUDGE,
            "ArrowRight" | "ArrowUp" => from + NUDGE,
            "PageDown" => from - NUDGE * 5.0,
            "PageUp" => from + NUDGE * 5.0,
            "Home" => 0.0,
            "End" => return shown.start.set(Start::Newest),
            _ => return,
        };
        e.prevent_default();
        seek(next.clamp(0.0, 1.0));
    };
    let words = move || bars.with(|b| format!("{} to {}", said(b.time(place().0), b), said(b.time(place().1), b)));
    let ends = move || {
        bars.with(|b| {
            if b.bars.is_empty() {
                view! { <time>"\u{a0}"</time> }.into_any()
            } else {
                [0.0, 1.0 / 3.0, 2.0 / 3.0, 1.0].map(|p| view! { <time>{said(b.time(p), b)}</time> }).collect_view().into_any()
            }
        })
    };
    view! {
        <div class="seek" class:hidden=move || bars.with(|b| b.bars.is_empty()) && few.get()>
            <div class="bed" node_ref=bed on:pointerdown=down on:pointermove=go on:pointerup=up>
                <svg class="volume" viewBox="0 0 1000 48" preserveAspectRatio="none" aria-hidden="true">
                    <path vector-effect="non-scaling-stroke" d=move || bars.with(|b| b.stitches(1000.0, 48.0)) /></svg>
                <div class="brush" role="slider" tabindex="0" aria-label="Time shown" aria-valuemin="0" aria-valuemax="1000"
                    aria-valuenow=move || ((place().0 * 1000.0) as i64).to_string() aria-valuetext=words on:keydown=key
                    style=("--from", move || (place().0 * 1440.0).to_string()) style=("--to", move || (place().1 * 1440.0).to_string())></div>
            </div>
            <p class="ends">{ends}</p>
        </div>
    }
    .into_any()
}

async fn asked(topic: &str) -> Option<Bars> {
    get(&format!("/api/topics/{topic}/volume?bars={STITCHES}")).await.ok().and_then(Bars::of)
}

/// What of the time is in the list, 0 to 1.
fn seen(shown: Shown, bars: &Bars) -> (f64, f64) {
    let times = shown.rows.with(|r| match r {
        Load::Ready(rows) => [rows.first(), rows.last()].map(|r| r.and_then(|r| epoch(&r.received_at)).map(|t| t as f64)),
        _ => [None, None],
    });
    let [Some(a), Some(b)] = times else { return (0.0, 0.0) };
    let (from, to) = (bars.place(a.min(b)), bars.place(a.max(b)));
    let from = from.min(1.0 - LEAST);
    (from, to.max(from + LEAST))
}

/// A clock within a day, else with its date.
fn said(at: f64, bars: &Bars) -> String {
    let offset = browser::offset_s(at as i64);
    let time = clock(at as i64, offset);
    if bars.to_s - bars.from_s < 86_400.0 {
        return time;
    }
    let day = loom_ui_model::time::Day::of(at as i64, offset);
    let name = day.name(loom_ui_model::time::Day::of(browser::now(), browser::offset_s(browser::now())));
    // The weekday says little beside a date.
    name.split_once(' ').map_or(time, |(_, date)| date.to_string())
}
