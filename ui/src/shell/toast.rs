//! What is told in passing, with a way back where there is one.

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::browser::sleep;

/// As long as a deletion can be taken back.
const SHOWN_S: f64 = 10.0;

#[derive(Clone)]
struct Toast {
    id: u32,
    text: String,
    undo: Option<Callback<()>>,
}

#[derive(Clone, Copy)]
pub struct Toasts {
    shown: RwSignal<Vec<Toast>>,
    next: StoredValue<u32>,
}

impl Toasts {
    pub fn provide() {
        provide_context(Self { shown: RwSignal::new(Vec::new()), next: StoredValue::new(0) });
    }
    pub fn of_page() -> Self {
        use_context().unwrap_or_else(|| {
            Self::provide();
            Self::of_page()
        })
    }

    pub fn say(self, text: String) {
        self.show(text, None);
    }
    /// With a button that undoes what was done, for ten seconds.
    pub fn offer(self, text: String, undo: impl Fn() + Send + Sync + 'static) {
        self.show(text, Some(Callback::new(move |()| undo())));
    }

    fn show(self, text: String, undo: Option<Callback<()>>) {
        let id = self.next.get_value();
        self.next.set_value(id + 1);
        self.shown.update(|all| {
            // One that can be undone stays for as long as it can be; what was only said makes room.
            all.retain(|t| t.undo.is_some());
            all.push(Toast { id, text, undo });
        });
        spawn_local(async move {
            sleep(SHOWN_S).await;
            self.close(id);
        });
    }
    fn close(self, id: u32) {
        self.shown.try_update(|all| all.retain(|t| t.id != id));
    }
}

#[component]
pub fn Toaster() -> impl IntoView {
    let toasts = Toasts::of_page();
    let one = move |toast: Toast| {
        let undo = toast.undo.map(|undo| {
            let click = move |_| {
                toasts.close(toast.id);
                undo.run(());
            };
            view! { <button class="btn" type="button" on:click=click>"Undo"</button> }
        });
        view! { <div class="float toast"><span>{toast.text}</span>{undo}</div> }
    };
    view! { <div class="toasts" role="status">{move || toasts.shown.get().into_iter().map(one).collect_view()}</div> }
}
