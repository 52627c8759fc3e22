//! Loom's pages: the same in the window and in a browser. What they decide is in `loom-ui-model`.

mod api;
mod app;
mod browser;
mod link;
mod parts;
mod pipeline;
mod timeline;

fn main() {
    leptos::mount::mount_to_body(app::App);
}
