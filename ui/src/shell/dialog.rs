//! A float above everything: the browser keeps the focus in it, Escape and a press beside it close it.

use leptos::html;
use leptos::prelude::*;
use web_sys::MouseEvent;

#[component]
pub fn Dialog(open: RwSignal<bool>, class: &'static str, label: &'static str, children: ChildrenFn) -> impl IntoView {
    let dialog = NodeRef::<html::Dialog>::new();
    Effect::new(move |_| {
        let Some(dialog) = dialog.get() else { return };
        match open.get() {
            true if !dialog.open() => drop(dialog.show_modal()),
            false if dialog.open() => dialog.close(),
            _ => {}
        }
    });
    let beside = move |e: MouseEvent| {
        // What lies in the dialog is a target of its own: the dialog itself is only its rim and what is behind it.
        if e.target() == e.current_target() {
            open.set(false);
        }
    };
    view! {
        <dialog class=format!("float {class}") aria-label=label node_ref=dialog on:close=move |_| open.set(false) on:click=beside>
            <div class="inner">{move || open.get().then(|| children())}</div>
        </dialog>
    }
}
