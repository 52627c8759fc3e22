//! The palette: to go anywhere and do anything by a few letters.

use leptos::html;
use leptos::prelude::*;
use loom_schemas::live::{CaptureDevices, Listening};
use loom_ui_model::fuzzy::{Match, pieces, rank};
use loom_ui_model::token::Page;
use web_sys::KeyboardEvent;

use super::Dialogs;
use super::closing::{ask, in_window};
use super::dialog::Dialog;
use super::hearing::Hearing;
use super::theme::Theme;
use crate::api::{Groups, Topics};
use crate::browser::go;
use crate::link::poll;
use crate::parts::Icon;

/// Results at once.
const MOST: usize = 9;

/// What a chosen row does.
#[derive(Clone, Debug, PartialEq)]
enum Act {
    Go(String),
    Toggle,
    Forget,
    Choose(Option<String>),
    Paint(Option<&'static str>),
    Keys,
    Quit,
}

#[derive(Clone, Debug, PartialEq)]
struct Row {
    icon: &'static str,
    title: String,
    /// What kind of thing it is, or its key.
    note: String,
    act: Act,
}

fn row(icon: &'static str, title: impl Into<String>, note: impl Into<String>, act: Act) -> Row {
    Row { icon, title: title.into(), note: note.into(), act }
}

#[component]
pub fn Palette(dialogs: Dialogs) -> impl IntoView {
    let open = dialogs.palette;
    view! { <Dialog open class="palette" label="Go to or do"><Search dialogs /></Dialog> }
}

#[component]
fn Search(dialogs: Dialogs) -> impl IntoView {
    let (hearing, theme) = (Hearing::of_page(), Theme::of_page());
    let (query, at) = (RwSignal::new(String::new()), RwSignal::new(0usize));
    let rows = all_rows(hearing);
    let found = Memo::new(move |_| {
        rows.with(|rows| {
            let names: Vec<&str> = rows.iter().map(|r| r.title.as_str()).collect();
            let best = rank(&query.get(), &names, MOST).into_iter();
            best.map(|(i, found)| (rows[i].clone(), found)).collect::<Vec<(Row, Match)>>()
        })
    });
    Effect::new(move |_| {
        query.track();
        at.set(0);
    });
    let act = move |act: Act| {
        dialogs.palette.set(false);
        match act {
            Act::Go(hash) => go(&hash),
            Act::Toggle => hearing.toggle(),
            Act::Forget => hearing.forget(),
            Act::Choose(id) => hearing.choose(id),
            Act::Paint(value) => theme.choose(value),
            Act::Keys => dialogs.help.set(true),
            Act::Quit => ask("quit"),
        }
    };
    let pressed = move |e: KeyboardEvent| {
        let many = found.with_untracked(Vec::len).max(1);
        match e.key().as_str() {
            "ArrowDown" => at.update(|a| *a = (*a + 1) % many),
            "ArrowUp" => at.update(|a| *a = (*a + many - 1) % many),
            "Enter" => {
                if let Some((row, _)) = found.with_untracked(|f| f.get(at.get_untracked()).cloned()) {
                    act(row.act);
                }
            }
            _ => return,
        }
        e.prevent_default();
    };
    let field = NodeRef::<html::Input>::new();
    Effect::new(move |_| {
        if let Some(field) = field.get() {
            field.focus().ok();
        }
    });
    let one = move |(i, (row, found)): (usize, (Row, Match))| {
        let Row { icon, title, note, act: does } = row;
        let title = pieces(&title, &found.spans)
            .into_iter()
            .map(|(hit, text)| if hit { view! { <mark>{text.to_string()}</mark> }.into_any() } else { text.to_string().into_any() })
            .collect_view();
        view! {
            <li id=format!("palette-{i}") role="option" aria-selected=move || (at.get() == i).to_string()
                on:mousemove=move |_| if at.get_untracked() != i { at.set(i) } on:click=move |_| act(does.clone())>
                <Icon name=icon /><span>{title}</span><span class="faint">{note}</span></li>
        }
    };
    view! {
        <label class="field"><Icon name="search" /><span class="sr">"Go to or do"</span>
            <input type="text" autocomplete="off" spellcheck="false" role="combobox" aria-expanded="true" aria-controls="palette-list"
                aria-activedescendant=move || format!("palette-{}", at.get()) placeholder="A page, a topic, a group, a microphone, or what to do"
                node_ref=field bind:value=query on:keydown=pressed /></label>
        <ul id="palette-list" role="listbox" aria-label="Results">{move || found.get().into_iter().enumerate().map(one).collect_view()}</ul>
        {move || found.with(Vec::is_empty).then(|| view! { <p class="quiet nothing">"Nothing is called “"{query.get()}"”"</p> })}
    }
}

/// Pages, what can be done now, and everything that has a name.
fn all_rows(hearing: Hearing) -> Memo<Vec<Row>> {
    const ASKED_S: f64 = 60.0;
    let topics = poll::<Topics>(|| Some("/api/topics".into()), ASKED_S);
    let groups = poll::<Groups>(|| Some("/api/groups".into()), ASKED_S);
    let devices = poll::<CaptureDevices>(|| Some("/api/capture/devices".into()), ASKED_S);
    Memo::new(move |_| {
        let pages = [(Page::Live, "live", "g l"), (Page::Timeline, "timeline", "g t"), (Page::Pipeline, "pipeline", "g p")];
        let more = [(Page::Topics, "topics", "g o"), (Page::Settings, "settings", "g s"), (Page::Health, "health", "g h")];
        let go = |hash: &str| Act::Go(hash.into());
        let mut all: Vec<Row> = pages.into_iter().chain(more).map(|(p, icon, key)| row(icon, p.name(), key, go(p.hash()))).collect();
        match hearing.state() {
            Some(Listening::Paused) => all.push(row("play", "Go on listening", "", Act::Toggle)),
            Some(Listening::Listening) => all.push(row("pause", "Pause listening", "", Act::Toggle)),
            _ => {}
        }
        all.push(row("forget", "Forget the last 5 min", "with undo", Act::Forget));
        all.push(row("keys", "Keys", "?", Act::Keys));
        all.extend(in_window().then(|| row("close", "Quit Loom", "", Act::Quit)));
        all.extend(Theme::ALL.map(|(value, name)| row("half", format!("Colours: {}", name.to_lowercase()), "", Act::Paint(value))));
        all.push(row("mic", "First run", "page", go(Page::Welcome.hash())));
        let devices = devices.get().ready().map(|d| d.devices).unwrap_or_default();
        all.extend(devices.into_iter().map(|d| row("mic", d.name, "microphone", Act::Choose(Some(d.id)))));
        let groups = groups.get().ready().map(|g| g.groups).unwrap_or_default();
        all.extend(groups.into_iter().map(|g| row("pipeline", g.group.clone(), "group", go(&format!("#pipeline/{}", g.group)))));
        let topics = topics.get().ready().map(|t| t.topics).unwrap_or_default();
        all.extend(topics.into_iter().map(|t| row("topics", t.topic.clone(), "topic", go(&format!("#topics/{}", t.topic)))));
        all
    })
}
