use leptos::prelude::*;

#[component]
pub fn Health() -> impl IntoView {
    view! { <main id="main" class="health"><h1 class="sr">"Health"</h1></main> }
}
