//! One record, as JSON that opens and closes; and a new one, to be tried.

use leptos::prelude::*;
use leptos::task::spawn_local;
use loom_schemas::api::Envelope;
use loom_ui_model::numbers::count;
use serde::Deserialize;
use serde_json::{Value, json};

use super::json::Json;
use super::shown::Shown;
use super::tail::newest;
use crate::api::{get, post, said};
use crate::browser;
use crate::parts::Icon;

/// What stands beside the list.
#[derive(Clone, Debug, PartialEq)]
pub enum Beside {
    Nothing,
    Record,
    /// A payload to begin with; none: the schema's example.
    Produce(Option<Value>),
}

#[component]
pub fn RecordPanel(record: Envelope, takes: bool, beside: RwSignal<Beside>, shown: Shown) -> impl IntoView {
    let (all, data) = (serde_json::to_string_pretty(&record).unwrap_or_default(), record.data.clone());
    view! {
        <aside class="panel record" aria-labelledby="rec">
            <div class="head"><h2 id="rec">"Offset "{count(record.offset)}</h2><span class="faint">"partition "{record.partition}</span>
                <button class="btn only" type="button" aria-label="Close" on:click=move |_| shown.chosen.set(None)><Icon name="close" /></button></div>
            <Json record=record.clone() />
            <div class="row">
                <button class="btn plain" type="button" on:click=move |_| browser::copy(&all)><Icon name="copy" />"Copy all"</button>
                {takes.then(|| view! {
                    <button class="btn" type="button" on:click=move |_| beside.set(Beside::Produce(Some(data.clone())))>"Edit and send again"</button>
                })}
            </div>
        </aside>
    }
}

#[derive(Deserialize)]
struct Accepted {
    offset: u64,
    #[serde(default)]
    reason: Option<String>,
}
#[derive(Deserialize)]
struct Subject {
    schema: String,
}

#[component]
pub fn Produce(topic: String, begin: Option<Value>, beside: RwSignal<Beside>) -> impl IntoView {
    let (text, done) = (RwSignal::new(String::new()), RwSignal::new(None::<Result<String, String>>));
    let name = StoredValue::new(topic.clone());
    match begin {
        Some(data) => text.set(serde_json::to_string_pretty(&data).unwrap_or_default()),
        None => spawn_local(async move {
            let example = example(&name.get_value()).await;
            text.try_set(serde_json::to_string_pretty(&example).unwrap_or_default());
        }),
    }
    let send = move |e: leptos::ev::SubmitEvent| {
        e.prevent_default();
        let Ok(data @ Value::Object(_)) = serde_json::from_str::<Value>(&text.get_untracked()) else {
            return done.set(Some(Err("This is no JSON object: see to its brackets, commas and quotes.".into())));
        };
        let path = format!("/api/topics/{}/records", name.get_value());
        spawn_local(async move {
            let words = match post::<Accepted>(&path, &json!({ "data": data })).await {
                Ok(a) => Ok(a.reason.unwrap_or_else(|| format!("It is on the log, at offset {}.", count(a.offset)))),
                Err(trouble) => Err(said(&trouble)),
            };
            done.try_set(Some(words));
        });
    };
    view! {
        <aside class="panel record produce" aria-labelledby="rec">
            <div class="head"><h2 id="rec">"Produce a record"</h2>
                <button class="btn only" type="button" aria-label="Close" on:click=move |_| beside.set(Beside::Nothing)><Icon name="close" /></button></div>
            <p class="quiet">"It goes onto "{topic}" as if a device had sent it, and through every group that reads it."</p>
            <form on:submit=send>
                <label><span class="sr">"Payload, JSON"</span>
                    <textarea class="mono" rows="16" spellcheck="false" bind:value=text></textarea></label>
                {move || done.get().map(|d| match d {
                    Ok(words) => view! { <p role="status">{words}</p> }.into_any(),
                    Err(words) => view! { <p role="alert" class="state" data-state="down"><crate::parts::Shape state="down" /><span>{words}</span></p> }.into_any(),
                })}
                <div class="row"><button class="btn solid" type="submit">"Send"</button></div>
            </form>
        </aside>
    }
}

/// The schema's own example; where the registry has none, the newest record; else an empty payload.
async fn example(topic: &str) -> Value {
    let subject = get::<Subject>(&format!("/schema-registry/subjects/{topic}-value/versions/latest")).await.ok();
    let schema = subject.and_then(|s| serde_json::from_str::<Value>(&s.schema).ok());
    if let Some(example) = schema.and_then(|s| s["examples"].get(0).cloned()) {
        return example;
    }
    let last = newest(topic, 1).await.ok().and_then(|r| r.records.into_iter().next_back());
    last.map(|r| r.data).filter(Value::is_object).unwrap_or_else(|| json!({}))
}
