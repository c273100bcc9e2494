//! Agents: registered, heard of, listed, forgotten.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use keepset_store::Integration as Stored;
use keepset_types::Timestamp;
use serde::Deserialize;
use utoipa::IntoParams;

use super::integration_schema::{
    HealthReport, Integration, IntegrationRegister, IntegrationSummaries, LifecycleState,
};
use crate::arrival::Arrival;
use crate::auth::Allowed;
use crate::error::ApiError;
use crate::gateway::Gateway;
use crate::params::{Document, Params, Segment};
use crate::roles::{DeleteIntegration, ListIntegrations, RegisterIntegration, ReportHealth};

/// Register an agent
///
/// The same pair of `registration_id` and `registration_instance_id` gets the same uuid, for ever.
#[utoipa::path(
    post, path = "/v2/system/integrations/registration", operation_id = "register_integration", tag = "agents",
    request_body = IntegrationRegister,
    responses(
        (status = 201, description = "It is registered", body = Integration),
        (status = 200, description = "It was registered before, and is again", body = Integration),
        (status = 400, description = "Not a registration"),
        (status = 413, description = "The body is too large"),
        (status = 415, description = "Not JSON"),
    ),
)]
pub(super) async fn register(
    State(gateway): State<Gateway>,
    allowed: Allowed<RegisterIntegration>,
    arrival: Arrival,
    Document { value: registration, .. }: Document<IntegrationRegister>,
) -> Result<(StatusCode, Json<Integration>), ApiError> {
    if registration.registration_id.is_empty() {
        return Err(ApiError::bad_body("/registration_id", "It is empty: expected an identifier"));
    }
    let document = serde_json::to_string(&registration).map_err(|_| ApiError::internal())?;
    let stored = Stored {
        uuid: uuid::Uuid::new_v4().to_string(),
        account: allowed.account,
        registration_id: registration.registration_id,
        registration_instance_id: registration.registration_instance_id.unwrap_or_default(),
        username: allowed.user.name,
        document,
        registered_at: arrival.now,
        last_seen: arrival.now,
        health_report: None,
    };
    let (known, is_new) = gateway.metrics().store("register", gateway.store().register(&stored)).await?;
    tracing::info!(uuid = known.uuid, is_new, "agent registered");
    let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(shown(known, arrival.now)?)))
}

/// Tell how an agent is
#[utoipa::path(
    post, path = "/v2/system/integrations/{integration_uuid}/health-report", operation_id = "handle_health_report",
    tag = "agents",
    params(("integration_uuid" = String, Path, description = "As the registration answered it")),
    request_body = HealthReport,
    responses(
        (status = 201, description = "It is kept for two days"),
        (status = 400, description = "Not a health report"),
        (status = 404, description = "There is no such agent"),
        (status = 413, description = "The body is too large"),
        (status = 415, description = "Not JSON"),
    ),
)]
pub(super) async fn report_health(
    State(gateway): State<Gateway>,
    allowed: Allowed<ReportHealth>,
    arrival: Arrival,
    Segment(uuid): Segment,
    Document { text, .. }: Document<HealthReport>,
) -> Result<StatusCode, ApiError> {
    let text = std::str::from_utf8(&text).map_err(|_| ApiError::bad_body("", "The body is not UTF-8"))?;
    let uuid = known(&uuid)?;
    let adding = gateway.store().add_health_report(&allowed.account, uuid, arrival.now, text);
    match gateway.metrics().store("add_health_report", adding).await? {
        true => Ok(StatusCode::CREATED),
        false => Err(no_such_agent()),
    }
}

/// Which agents.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Listing {
    /// Only those that are unhealthy or inactive.
    #[serde(default)]
    #[param(value_type = Option<bool>, default = false, nullable = false)]
    only_degraded: bool,
}

/// List agents
#[utoipa::path(
    get, path = "/v2/system/integrations", operation_id = "list_integrations", tag = "integrations",
    params(Listing),
    responses(
        (status = 200, description = "The agents", body = IntegrationSummaries),
        (status = 400, description = "Wrong parameters"),
    ),
)]
pub(super) async fn list(
    State(gateway): State<Gateway>,
    allowed: Allowed<ListIntegrations>,
    arrival: Arrival,
    Params(listing): Params<Listing>,
) -> Result<Json<IntegrationSummaries>, ApiError> {
    let stored =
        gateway.metrics().store("integrations", gateway.store().integrations(&allowed.account)).await?;
    let mut items = Vec::with_capacity(stored.len());
    for stored in stored {
        let summary = shown(stored, arrival.now)?.summary;
        if !listing.only_degraded || summary.is_degraded() {
            items.push(summary);
        }
    }
    Ok(Json(IntegrationSummaries { items }))
}

/// Get an agent
#[utoipa::path(
    get, path = "/v2/system/integrations/{integration_uuid}", operation_id = "get_integration", tag = "integrations",
    params(("integration_uuid" = String, Path, description = "As the registration answered it")),
    responses(
        (status = 200, description = "The agent", body = Integration),
        (status = 404, description = "There is none"),
    ),
)]
pub(super) async fn get(
    State(gateway): State<Gateway>,
    allowed: Allowed<ListIntegrations>,
    arrival: Arrival,
    Segment(uuid): Segment,
) -> Result<Json<Integration>, ApiError> {
    let found = gateway.store().integration(&allowed.account, known(&uuid)?).await?;
    Ok(Json(shown(found.ok_or_else(no_such_agent)?, arrival.now)?))
}

/// Whether one that works may be forgotten.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Forgetting {
    /// Also one that is not inactive.
    #[serde(default)]
    #[param(value_type = Option<bool>, default = false, nullable = false)]
    force: bool,
}

/// Forget an agent, with its health reports
#[utoipa::path(
    delete, path = "/v2/system/integrations/{integration_uuid}", operation_id = "delete_integration",
    tag = "integrations",
    params(("integration_uuid" = String, Path, description = "As the registration answered it"), Forgetting),
    responses(
        (status = 204, description = "It is forgotten"),
        (status = 400, description = "Wrong parameters"),
        (status = 404, description = "There is none"),
        (status = 409, description = "It is not inactive, and nothing was forced"),
    ),
)]
pub(super) async fn delete(
    State(gateway): State<Gateway>,
    allowed: Allowed<DeleteIntegration>,
    arrival: Arrival,
    Segment(uuid): Segment,
    Params(forgetting): Params<Forgetting>,
) -> Result<StatusCode, ApiError> {
    let uuid = known(&uuid)?;
    let found = gateway.store().integration(&allowed.account, uuid).await?;
    let integration = shown(found.ok_or_else(no_such_agent)?, arrival.now)?;
    let is_inactive = integration.summary.integration_status.state == LifecycleState::Inactive;
    if !is_inactive && !forgetting.force {
        return Err(ApiError::conflict("The agent is not inactive: stop it first, or use force=true"));
    }
    match gateway.store().remove_integration(&allowed.account, uuid).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(no_such_agent()),
    }
}

fn no_such_agent() -> ApiError {
    ApiError::not_found("There is no integration with that uuid")
}

/// The uuid, if it can be one of ours.
fn known(uuid: &str) -> Result<&str, ApiError> {
    if uuid.contains('\0') { Err(no_such_agent()) } else { Ok(uuid) }
}

fn shown(stored: Stored, now: Timestamp) -> Result<Integration, ApiError> {
    Integration::new(stored, now).map_err(|error| {
        tracing::error!(%error, "a registration in the store is broken");
        ApiError::internal()
    })
}
