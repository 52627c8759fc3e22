use leptos::prelude::*;

#[component]
pub fn Welcome() -> impl IntoView {
    view! { <main id="main" class="welcome"><h1 class="sr">"Welcome"</h1></main> }
}
