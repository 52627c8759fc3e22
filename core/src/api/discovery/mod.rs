//! Who is there: what Loom v2's monitor answered, asked of the log itself. Nothing here joins a group, so nothing is left
//! behind by looking; nothing is cached; what is not known is null. What Loom v2 could do to all topics at once (deleting
//! them, reading the logs of containers) has no address here.

mod consumers;
mod database;
mod definitions;
mod kafka;
mod picture;
mod pipelines;
mod services;

use super::Routes;

pub use picture::{Picture, received_lately};

pub fn routes() -> Routes {
    kafka::routes()
        .merge(pipelines::routes())
        .merge(definitions::routes())
        .merge(database::routes())
        .merge(consumers::routes())
        .merge(services::routes())
}
