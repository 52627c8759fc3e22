//! The schema registry over HTTP, at `/schema-registry`: the REST API of Confluent's registry, for its clients; Loom v2's
//! `/validate` and `/schemas` beside it; pages and JSON that tell each schema to a person.

mod answer;
mod check;
mod compatibility;
mod described;
mod docs;
mod page;
mod schemas;
mod settings;
mod subjects;
mod v2;

pub use answer::MEDIA_TYPE;

use axum::routing::{any, delete, get, post, put};

use super::Routes;
use described::Described;

pub const PREFIX: &str = "/schema-registry";

pub fn routes() -> Routes {
    let routes = Described::default()
        .on("get", "", "An empty object: the registry is there", get(v2::nothing))
        .on("get", "/", "An empty object: the registry is there", get(v2::nothing))
        .on("get", "/contexts", "Contexts: the one there is", get(v2::contexts));
    with_docs(with_settings(with_schemas(with_subjects(routes)))).done()
}

fn with_subjects(routes: Described) -> Described {
    routes
        .on("get", "/subjects", "Subjects, by name", get(subjects::list))
        .on("post", "/subjects/{subject}", "The version that has this schema", post(subjects::lookup))
        .on("delete", "/subjects/{subject}", "Delete a subject, softly or for good", delete(subjects::remove))
        .on("get", "/subjects/{subject}/versions", "Numbers of a subject's versions", get(subjects::versions))
        .on("post", "/subjects/{subject}/versions", "Register a schema", post(subjects::register))
        .on("get", "/subjects/{subject}/metadata", "The newest version with this metadata", get(subjects::with_metadata))
        .on("get", "/subjects/{subject}/versions/{version}", "One version", get(subjects::version))
        .on("delete", "/subjects/{subject}/versions/{version}", "Delete a version, softly or for good", delete(subjects::remove_version))
        .on("get", "/subjects/{subject}/versions/{version}/schema", "One version's schema itself", get(subjects::text))
        .on("get", "/subjects/{subject}/versions/{version}/referencedby", "Ids of schemas that refer to it", get(subjects::referrers))
        .on("post", "/compatibility/subjects/{subject}/versions", "Whether a schema may be the next version", post(compatibility::next))
        .on(
            "post",
            "/compatibility/subjects/{subject}/versions/{version}",
            "Whether a schema is compatible with one version; verbose=true says what changed and shows a document",
            post(compatibility::with_version),
        )
        .on("get", "/associations/{*rest}", "There are none: 404", any(v2::no_associations))
        .on("post", "/associations", "There are none: 404", any(v2::no_associations))
}

fn with_schemas(routes: Described) -> Described {
    routes
        .on("get", "/schemas", "Every version; or, as Loom v2 has it, every schema's name", get(schemas::list))
        .on("get", "/schemas/types", "JSON", get(schemas::types))
        .on("get", "/schemas/ids/{id}", "A schema by its id", get(schemas::by_id))
        .on("get", "/schemas/ids/{id}/schema", "The schema itself", get(schemas::text))
        .on("get", "/schemas/ids/{id}/subjects", "Subjects that have it", get(schemas::subjects))
        .on("get", "/schemas/ids/{id}/versions", "Versions that have it", get(schemas::versions))
        .on("get", "/schemas/guids/{guid}", "A schema by its guid", get(schemas::by_guid))
        .on("get", "/schemas/guids/{guid}/ids", "Its id", get(schemas::ids_of_guid))
        .on("get", "/schemas/{name}", "A schema by the name records give it", get(v2::named))
        .on("get", "/schemas/{name}/versions", "Its versions", get(v2::versions_of))
        .on("post", "/validate", "Whether data fits a schema: {schema_name, data}", post(v2::validate))
        .on("get", "/stats", "How many there are, and how often they were used", get(v2::stats))
        .on("post", "/check", "What is between two schemas, given or named, and whether readers stand it", post(check::check))
}

fn with_settings(routes: Described) -> Described {
    routes
        .on("get", "/config", "The level for all", get(settings::config_of_all))
        .on("put", "/config", "Set the level for all", put(settings::set_config_of_all))
        .on("delete", "/config", "Back to the first level for all", delete(settings::unset_config_of_all))
        .on("get", "/config/{subject}", "A subject's level", get(settings::config))
        .on("put", "/config/{subject}", "Set a subject's level", put(settings::set_config))
        .on("delete", "/config/{subject}", "Take a subject's level back", delete(settings::unset_config))
        .on("get", "/mode", "The mode for all", get(settings::mode_of_all))
        .on("put", "/mode", "Set the mode for all", put(settings::set_mode_of_all))
        .on("delete", "/mode", "Back to the first mode for all", delete(settings::unset_mode_of_all))
        .on("get", "/mode/{subject}", "A subject's mode", get(settings::mode))
        .on("put", "/mode/{subject}", "Set a subject's mode", put(settings::set_mode))
        .on("delete", "/mode/{subject}", "Take a subject's mode back", delete(settings::unset_mode))
}

fn with_docs(routes: Described) -> Described {
    routes
        .on("get", "/docs", "Every schema, as a page", get(docs::list))
        .on("get", "/docs/{subject}", "One schema's fields and versions, as a page", get(docs::subject))
        .on("get", "/docs/{subject}/evolution", "The same as JSON", get(docs::evolution))
}
