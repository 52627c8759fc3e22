use leptos::prelude::*;

#[component]
pub fn Topics() -> impl IntoView {
    view! { <main id="main" class="topics"><h1 class="sr">"Topics"</h1></main> }
}
