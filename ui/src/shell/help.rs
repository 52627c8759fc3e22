//! All keys at a glance.

use leptos::prelude::*;

use super::dialog::Dialog;
use super::keys;

#[component]
pub fn Help(open: RwSignal<bool>) -> impl IntoView {
    view! {
        <Dialog open class="help" label="Keys">
            <header class="head"><h2>"Keys"</h2><button class="btn" type="button" on:click=move |_| open.set(false)>"Close"</button></header>
            <dl class="keys">
                {keys::ALL.map(|(keys, does)| view! {
                    <div><dt>{keys.split(' ').map(|k| view! { <kbd>{k}</kbd> }).collect_view()}</dt><dd>{does}</dd></div>
                }).collect_view()}
            </dl>
        </Dialog>
    }
}
