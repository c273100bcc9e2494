//! What the service says of itself, to everybody.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::ApiError;
use crate::gateway::Gateway;
use crate::metrics;

/// The version of the tables as the API counts them: nobody computes with it.
fn schema_version(service_version: &str) -> String {
    service_version.chars().filter(char::is_ascii_digit).collect()
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ServiceVersion {
    api: ApiVersion,
    db: DatabaseVersion,
    service: Implementation,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ApiVersion {
    /// Agents compare it with the text `2`.
    version: &'static str,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DatabaseVersion {
    schema_version: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Implementation {
    /// The version of the service that this one is compatible with.
    version: String,
    /// What it is in truth.
    implementation: &'static str,
}

fn service_version(gateway: &Gateway) -> Json<ServiceVersion> {
    let version = gateway.settings().compat_service_version.clone();
    Json(ServiceVersion {
        api: ApiVersion { version: "2" },
        db: DatabaseVersion { schema_version: schema_version(&version) },
        service: Implementation { version, implementation: concat!("keepset ", env!("CARGO_PKG_VERSION")) },
    })
}

/// Say which versions are spoken
#[utoipa::path(
    get, path = "/version", operation_id = "get_version", tag = "service", security(()),
    responses((status = 200, description = "The versions", body = ServiceVersion)),
)]
pub(super) async fn version(State(gateway): State<Gateway>) -> Json<ServiceVersion> {
    service_version(&gateway)
}

/// Say which versions are spoken, at the address that clients are given
#[utoipa::path(
    get, path = "/v2/version", operation_id = "get_service_version", tag = "service", security(()),
    responses((status = 200, description = "The versions", body = ServiceVersion)),
)]
pub(super) async fn version_v2(State(gateway): State<Gateway>) -> Json<ServiceVersion> {
    service_version(&gateway)
}

/// Say which version of the API this is
#[utoipa::path(
    get, path = "/v2/", operation_id = "ping", tag = "service", security(()),
    responses((status = 200, description = "`v2`", body = String, content_type = "application/json")),
)]
pub(super) async fn ping() -> Json<&'static str> {
    Json("v2")
}

/// Say that the process lives
#[utoipa::path(
    get, path = "/health", operation_id = "get_liveness", tag = "service", security(()),
    responses((status = 200, description = "It lives")),
)]
pub(super) async fn health() -> StatusCode {
    StatusCode::OK
}

/// Say that the process lives, at the address that clients are given
#[utoipa::path(
    get, path = "/v2/health", operation_id = "health_check", tag = "service", security(()),
    responses((status = 200, description = "It lives")),
)]
pub(super) async fn health_v2() -> StatusCode {
    StatusCode::OK
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Ready {
    ready: bool,
}

/// Say whether requests can be served: the database answers
#[utoipa::path(
    get, path = "/ready", operation_id = "get_readiness", tag = "service", security(()),
    responses((status = 200, description = "They can", body = Ready)),
)]
pub(super) async fn ready(State(gateway): State<Gateway>) -> Result<Json<Ready>, ApiError> {
    gateway.metrics().store("ping", gateway.store().ping()).await?;
    Ok(Json(Ready { ready: true }))
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StatusResponse {
    available: bool,
    busy: bool,
    up: bool,
    message: &'static str,
    version: String,
    db_version: String,
    detail: StatusDetail,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StatusDetail {
    /// SHA-256 of the plugin that decides.
    plugin: String,
    /// Reports under way.
    reports_running: i64,
}

/// Say how the service is
#[utoipa::path(
    get, path = "/v2/status", operation_id = "get_status", tag = "service", security(()),
    responses((status = 200, description = "How it is", body = StatusResponse)),
)]
pub(super) async fn status(State(gateway): State<Gateway>) -> Json<StatusResponse> {
    let version = gateway.settings().compat_service_version.clone();
    let answers = gateway.store().ping().await.is_ok();
    let detail = StatusDetail {
        plugin: gateway.retention().identity().digest,
        reports_running: gateway.metrics().queue.get(),
    };
    Json(StatusResponse {
        available: answers,
        busy: gateway.queue().available_permits() == 0,
        up: true,
        message: if answers { "all good" } else { "the database does not answer" },
        db_version: schema_version(&version),
        version,
        detail,
    })
}

/// Say what was measured, for Prometheus
#[utoipa::path(
    get, path = "/metrics", operation_id = "get_metrics", tag = "service", security(()),
    responses((status = 200, description = "In OpenMetrics' text format", body = String,
        content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8")),
)]
pub(super) async fn measured(State(gateway): State<Gateway>) -> Result<Response, ApiError> {
    let text = gateway.metrics().text().map_err(|_| ApiError::internal())?;
    Ok(([(header::CONTENT_TYPE, metrics::CONTENT_TYPE)], text).into_response())
}
