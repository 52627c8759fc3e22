//! Loom's pages: the same in the window and in a browser. What they decide is in `loom-ui-model`.

mod api;
mod app;
mod browser;
mod dyes;
mod health;
mod link;
mod live;
mod parts;
mod pipeline;
mod recordings;
mod settings;
mod shell;
mod timeline;
mod topics;
mod welcome;
mod ws;

fn main() {
    leptos::mount::mount_to_body(app::App);
}
