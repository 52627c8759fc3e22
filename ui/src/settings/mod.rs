use leptos::prelude::*;

#[component]
pub fn Settings() -> impl IntoView {
    view! { <main id="main" class="settings"><h1 class="sr">"Settings"</h1></main> }
}
