//! Laying out anew what was moved and opened, with undo.

use std::collections::BTreeSet;

use leptos::prelude::*;
use loom_ui_model::graph::Moved;

use super::laid::Layout;
use crate::browser;

/// How long it can be undone.
const UNDO_S: f64 = 10.0;

#[component]
pub fn Tidy() -> impl IntoView {
    let Some(layout) = Layout::of_page() else { return ().into_any() };
    let before = RwSignal::new(None::<(Moved, BTreeSet<String>)>);
    let round = StoredValue::new(0u32);
    let idle = move || layout.moved.with(Moved::is_empty) && layout.open.with(BTreeSet::is_empty);
    let tidy = move |_| {
        if idle() {
            return;
        }
        before.set(Some((layout.moved.get_untracked(), layout.open.get_untracked())));
        lay(layout, Moved::new(), BTreeSet::new());
        round.update_value(|r| *r += 1);
        let mine = round.get_value();
        leptos::task::spawn_local(async move {
            browser::sleep(UNDO_S).await;
            if round.try_get_value() == Some(mine) {
                before.try_set(None);
            }
        });
    };
    let undo = move |_| {
        if let Some((moved, open)) = before.get_untracked() {
            lay(layout, moved, open);
        }
        before.set(None);
    };
    view! {
        <button class="btn" type="button" aria-disabled=move || idle().to_string() on:click=tidy>"Tidy up"</button>
        {move || before.get().map(|_| view! {
            <div class="float toast tidied" role="status"><span>"Laid out anew."</span><button class="btn" type="button" on:click=undo>"Undo"</button></div>
        })}
    }
    .into_any()
}

fn lay(layout: Layout, moved: Moved, open: BTreeSet<String>) {
    layout.moved.set(moved);
    layout.open.set(open);
    layout.keep_moved();
}
