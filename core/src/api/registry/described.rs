//! A route and its line in the API's description, in one call.

use axum::routing::MethodRouter;
use std::sync::Arc;
use utoipa::openapi::path::{Operation, OperationBuilder, ParameterBuilder, ParameterIn};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::{ContentBuilder, Required, ResponseBuilder};

use super::{MEDIA_TYPE, PREFIX};
use crate::api::Routes;
use crate::api::state::State;

#[derive(Default)]
pub struct Described(Routes);

impl Described {
    pub fn on(self, method: &str, path: &str, summary: &str, handler: MethodRouter<Arc<State>>) -> Self {
        let path = format!("{PREFIX}{path}");
        let mut routes = self.0.route(&path, handler);
        // The description knows no wildcards.
        let item = routes.get_openapi_mut().paths.paths.entry(path.replace("{*", "{")).or_default();
        let operation = Some(operation(method, &path, summary));
        match method {
            "post" => item.post = operation,
            "put" => item.put = operation,
            "delete" => item.delete = operation,
            _ => item.get = operation,
        }
        Self(routes)
    }

    pub fn done(self) -> Routes {
        self.0
    }
}

fn operation(method: &str, path: &str, summary: &str) -> Operation {
    let json = || ContentBuilder::new().build();
    let mut operation = OperationBuilder::new()
        .tag("schema registry")
        .summary(Some(summary))
        .response("200", ResponseBuilder::new().description("as asked").content(MEDIA_TYPE, json()))
        .response("404", ResponseBuilder::new().description("not there: {error_code, message}").content(MEDIA_TYPE, json()))
        .response("422", ResponseBuilder::new().description("what is wrong: {error_code, message}").content(MEDIA_TYPE, json()));
    for name in path.split('/').filter_map(|p| p.strip_prefix('{')?.strip_suffix('}')) {
        let parameter = ParameterBuilder::new().name(name.trim_start_matches('*')).parameter_in(ParameterIn::Path).required(Required::True);
        operation = operation.parameter(parameter);
    }
    if matches!(method, "post" | "put") {
        operation = operation.request_body(Some(RequestBodyBuilder::new().content("application/json", json()).build()));
    }
    operation.build()
}
