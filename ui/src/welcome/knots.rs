//! The three knots. The thread takes the dye as far as things are done.

use leptos::prelude::*;
use leptos::task::spawn_local;
use loom_schemas::api::Action;
use loom_schemas::live::{Channel, Listening, WsOut};
use loom_ui_model::first::{self, Model, Step};
use loom_ui_model::lines::{Shown, shown};
use loom_ui_model::saying::Saying;
use loom_ui_model::token::Page;

use crate::api::{self, Checks, Models};
use crate::link::poll;
use crate::live::{Device, Heard, Little};
use crate::parts::Icon;
use crate::shell::{Hearing, Toasts};
use crate::ws::Ws;

#[component]
pub fn Knots() -> impl IntoView {
    let heard = Heard::here();
    let hearing = Hearing::of_page();
    let models = poll::<Models>(|| Some("/api/models".into()), 2.0);
    let model =
        Memo::new(move |_| models.get().ready().map(|m| first::model(m.models.iter().map(|m| (m.id.as_str(), m.bytes, m.state.as_str())))));
    let words = RwSignal::new(None::<String>);
    let saying = RwSignal::new(Saying::default());
    Ws::of_page().hear(&[Channel::Partial, Channel::Lines], move |out| match out {
        WsOut::Partial(next) => saying.update(|s| s.hear(next)),
        WsOut::Line(row) => {
            let text = |w: Shown| match w {
                Shown::Word(w) => w,
                Shown::Mask(kind) => format!("[{kind}]"),
            };
            words.set(Some(shown(row).into_iter().map(text).collect::<Vec<_>>().join(" ")));
            saying.set(Saying::default());
        }
        _ => {}
    });
    let steps =
        Memo::new(move |_| first::steps(heard.once.get(), model.get().is_some_and(|m| m == Model::There), words.with(Option::is_some)));
    view! {
        <ol class="knots">
            <li class=move || class(steps.get()[0]) aria-current=move || current(steps.get()[0])>
                <div class="run"><Little heard /><Bead step=Signal::derive(move || steps.get()[0]) /></div>
                <h2>"Microphone"</h2>
                <p>{move || microphone(hearing, heard.once.get())}</p>
                <div class="row"><Device class="btn plain" open=RwSignal::new(false) /></div>
            </li>
            <li class=move || class(steps.get()[1]) aria-current=move || current(steps.get()[1])>
                <div class="run"><Bead step=Signal::derive(move || steps.get()[1]) /></div>
                <h2>"Speech model"</h2>
                {move || view! { <SpeechModel model=model.get() /> }}
            </li>
            <li class=move || class(steps.get()[2]) aria-current=move || current(steps.get()[2])>
                <div class="run"><Bead step=Signal::derive(move || steps.get()[2]) /></div>
                <h2>{move || if words.with(Option::is_some) { "Written" } else { "Say something" }}</h2>
                <p>{move || if words.with(Option::is_some) { "This is what Loom heard:" } else { "Read this aloud:" }}</p>
                <blockquote aria-live="polite">{move || quote(words.get(), saying.get())}</blockquote>
                {move || words.with(Option::is_some).then(|| view! {
                    <div class="row on"><a class="btn solid" href=Page::Live.hash()>"Go to Live"</a></div>
                })}
            </li>
        </ol>
    }
}

fn class(step: Step) -> &'static str {
    match step {
        Step::Done => "step is-done",
        Step::Now => "step is-now",
        Step::Later => "step",
    }
}

fn current(step: Step) -> Option<&'static str> {
    (step == Step::Now).then_some("step")
}

#[component]
fn Bead(step: Signal<Step>) -> impl IntoView {
    view! { <span class="bead">{move || (step.get() == Step::Done).then(|| view! { <Icon name="check" /><span class="sr">"Done"</span> })}</span> }
}

fn microphone(hearing: Hearing, once: bool) -> String {
    let now = hearing.now.get().unwrap_or_default();
    match now.state {
        Listening::Listening if once => "We hear you. Silence is not kept.".into(),
        Listening::Listening => "Say a word: the thread moves as soon as Loom hears you.".into(),
        Listening::Paused => "Listening is paused.".into(),
        _ => now.message.unwrap_or_else(|| "This Loom was started without its microphone. Try a recording.".into()),
    }
}

fn quote(words: Option<String>, saying: Saying) -> AnyView {
    match (words, saying.is_empty()) {
        (_, false) => view! { {saying.settled().to_string()}<span class="guess">{saying.guess().to_string()}</span> }.into_any(),
        (Some(words), _) => words.into_any(),
        (None, _) => "It was the best of times, it was the worst of times.".into_any(),
    }
}

#[component]
fn SpeechModel(model: Option<Model>) -> impl IntoView {
    let words = match &model {
        None => "Looking for it.".to_string(),
        Some(Model::There) => "It is here, and works without a network.".to_string(),
        Some(Model::Missing { words, .. }) => words.clone(),
    };
    let missing = match model {
        Some(Model::Missing { ids, .. }) => Some(view! { <Fetch ids /> }),
        _ => None,
    };
    view! { <p>{words}</p>{missing} }
}

/// What the doctor offers for a missing model, or what to type.
#[component]
fn Fetch(ids: Vec<String>) -> impl IntoView {
    let toasts = Toasts::of_page();
    let checks = poll::<Checks>(|| Some("/api/doctor".into()), 20.0);
    move || {
        let checks = checks.get().ready()?.checks;
        let check = checks.into_iter().find(|c| ids.contains(&c.check) && c.state != "ok")?;
        Some(match check.action {
            Some(Action { title, method, path }) => {
                let pull = move |_| {
                    let (method, path) = (method.clone(), path.clone());
                    spawn_local(async move {
                        if let Err(trouble) = api::told(&method, &path, None).await {
                            toasts.say(trouble.sentence());
                        }
                    });
                };
                view! { <div class="row on"><button class="btn solid" type="button" on:click=pull>{title}</button></div> }.into_any()
            }
            None => view! { <p>{check.fix}</p> }.into_any(),
        })
    }
}
