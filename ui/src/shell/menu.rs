//! A button with a menu: arrows move, Enter chooses, Escape and any place else close.

use leptos::prelude::*;
use leptos::{ev, html};
use wasm_bindgen::JsCast;
use web_sys::{Element, FocusEvent, HtmlElement, KeyboardEvent};

use crate::parts::Icon;

#[derive(Clone)]
pub struct Entry {
    title: String,
    /// One of several, of which one is chosen.
    chosen: Option<bool>,
    act: Callback<()>,
}

impl Entry {
    pub fn new(title: &str, act: impl Fn() + Send + Sync + 'static) -> Self {
        Self { title: title.into(), chosen: None, act: Callback::new(move |()| act()) }
    }
    pub fn choice(title: &str, chosen: bool, act: impl Fn() + Send + Sync + 'static) -> Self {
        Self { chosen: Some(chosen), ..Self::new(title, act) }
    }
}

#[component]
pub fn Menu(
    /// What it is called where its button shows no words.
    #[prop(into)]
    label: String,
    class: &'static str,
    #[prop(into)] entries: Signal<Vec<Entry>>,
    /// It ends where its button ends.
    #[prop(optional)]
    align_end: bool,
    /// Another one may open it too.
    #[prop(optional)]
    open: Option<RwSignal<bool>>,
    children: Children,
) -> impl IntoView {
    let open = open.unwrap_or_else(|| RwSignal::new(false));
    let (place, button) = (NodeRef::<html::Div>::new(), NodeRef::<html::Button>::new());
    let close = move || {
        open.set(false);
        if let Some(button) = button.get_untracked() {
            button.focus().ok();
        }
    };
    // The chosen entry, or the first, has the focus once they are there.
    Effect::new(move |_| {
        if open.get() {
            request_animation_frame(move || {
                let Some(place) = place.get_untracked() else { return };
                let first = place.query_selector("[aria-checked=true]").ok().flatten();
                focus(first.or_else(|| place.query_selector("[role^=menuitem]").ok().flatten()));
            });
        }
    });
    let left = move |e: FocusEvent| {
        let to = e.related_target().and_then(|t| t.dyn_into::<Element>().ok());
        let inside = place.get_untracked().is_some_and(|p| to.is_some_and(|to| p.contains(Some(&to))));
        if !inside {
            open.set(false);
        }
    };
    let pressed = move |e: KeyboardEvent| {
        if !open.get_untracked() {
            return;
        }
        match e.key().as_str() {
            "Escape" => close(),
            "Tab" => return open.set(false),
            "ArrowDown" => step(false),
            "ArrowUp" => step(true),
            _ => return,
        }
        e.prevent_default();
        e.stop_propagation();
    };
    let list = move || {
        let one = |entry: Entry| {
            let role = if entry.chosen.is_some() { "menuitemradio" } else { "menuitem" };
            let tick = (entry.chosen == Some(true)).then(|| view! { <Icon name="check" /> });
            let act = move |_: ev::MouseEvent| {
                close();
                entry.act.run(());
            };
            view! {
                <button class="btn" type="button" role=role tabindex="-1" aria-checked=entry.chosen.map(|c| c.to_string())
                    on:mousedown=|e| e.prevent_default() on:click=act>{tick}<span>{entry.title}</span></button>
            }
        };
        view! { <div class="float menu" role="menu">{entries.get().into_iter().map(one).collect_view()}</div> }
    };
    view! {
        <div class="menu-place" class:at-end=align_end node_ref=place on:focusout=left on:keydown=pressed>
            <button class=class type="button" node_ref=button aria-label=label aria-haspopup="menu" aria-expanded=move || open.get().to_string()
                on:click=move |_| open.update(|o| *o = !*o)>{children()}</button>
            {move || open.get().then(list)}
        </div>
    }
}

/// From the entry that has the focus to the next one, or the one before; from the last on to the first.
fn step(back: bool) {
    let Some(at) = document().active_element() else { return };
    let beside = if back { at.previous_element_sibling() } else { at.next_element_sibling() };
    let end = || at.parent_element().and_then(|p| if back { p.last_element_child() } else { p.first_element_child() });
    focus(beside.or_else(end));
}

fn focus(element: Option<Element>) {
    if let Some(element) = element.and_then(|e| e.dyn_into::<HtmlElement>().ok()) {
        element.focus().ok();
    }
}
