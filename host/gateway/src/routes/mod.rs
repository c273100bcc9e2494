//! Every URL that is served.
#![expect(unused_qualifications, reason = "the macro of the documentation writes them")]

mod accounts;
mod ecs;
mod integration_schema;
mod integrations;
mod inventories;
mod keepset;
mod kubernetes;
mod lists;
mod page;
mod report_schema;
mod reports;
mod service;

use std::sync::Arc;

use axum::Router;
use axum::http::header;
use axum::middleware::from_fn_with_state;
use axum::response::IntoResponse;
use axum::routing::get;
use tower_http::catch_panic::CatchPanicLayer;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::arrival::arrive;
use crate::error::{crashed, unknown_method, unknown_url};
use crate::gateway::Gateway;
use crate::openapi::{about, complete};

fn documented() -> OpenApiRouter<Gateway> {
    OpenApiRouter::with_openapi(about())
        // agents
        .routes(routes!(service::version))
        .routes(routes!(reports::kubernetes))
        .routes(routes!(reports::ecs))
        .routes(routes!(reports::kubernetes_v1))
        .routes(routes!(reports::ecs_v1))
        .routes(routes!(integrations::register))
        .routes(routes!(integrations::report_health))
        // clients
        .routes(routes!(inventories::list, inventories::delete))
        .routes(routes!(kubernetes::namespaces, kubernetes::delete))
        .routes(routes!(kubernetes::namespace))
        .routes(routes!(kubernetes::nodes))
        .routes(routes!(kubernetes::node))
        .routes(routes!(kubernetes::pods))
        .routes(routes!(kubernetes::pod))
        .routes(routes!(kubernetes::containers))
        .routes(routes!(ecs::containers))
        .routes(routes!(ecs::tasks))
        .routes(routes!(ecs::services))
        .routes(routes!(integrations::list))
        .routes(routes!(integrations::get, integrations::delete))
        .routes(routes!(accounts::own))
        .routes(routes!(accounts::list))
        .routes(routes!(accounts::get))
        .routes(routes!(accounts::user))
        // the service
        .routes(routes!(service::version_v2))
        .routes(routes!(service::ping))
        .routes(routes!(service::health))
        .routes(routes!(service::health_v2))
        .routes(routes!(service::ready))
        .routes(routes!(service::status))
        .routes(routes!(service::measured))
        // ours
        .routes(routes!(keepset::explain::explain))
        .routes(routes!(keepset::preview::preview))
        .routes(routes!(keepset::removals::removals))
}

/// The API's documentation, as `/openapi.json` serves it.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    let (_, documented) = documented().split_for_parts();
    complete(documented)
}

pub(crate) fn router(gateway: &Gateway) -> Router {
    let (router, documentation) = documented().split_for_parts();
    let documentation: Arc<str> =
        complete(documentation).to_json().unwrap_or_else(|_| "{}".to_owned()).into();
    let documentation = move || async move {
        ([(header::CONTENT_TYPE, "application/json")], documentation.to_string()).into_response()
    };
    // Agents put `/version` behind whatever they were given as URL (contract 1.2).
    router
        .route("/version/", get(service::version))
        .route("//version", get(service::version))
        .route("/v2", get(service::ping))
        .route("/openapi.json", get(documentation))
        .route("/", get(page::playground))
        .fallback(unknown_url)
        .method_not_allowed_fallback(unknown_method)
        .with_state(gateway.clone())
        .layer(CatchPanicLayer::custom(crashed))
        .layer(from_fn_with_state(gateway.clone(), arrive))
}
