use leptos::prelude::*;

#[component]
pub fn Live() -> impl IntoView {
    view! { <main id="main" class="live"><h1 class="sr">"Live"</h1></main> }
}
