//! What agents post: reports.

use axum::extract::State;
use axum::http::StatusCode;
use keepset_store::{Applied, Arriving};
use keepset_types::{InventoryType, Timestamp};
use tracing::Span;

use super::report_schema::{EcsInventory, KubernetesInventory};
use crate::arrival::Arrival;
use crate::auth::Allowed;
use crate::content::Parts;
use crate::error::ApiError;
use crate::gateway::Gateway;
use crate::params::{JsonReportBody, ReportBody};
use crate::retention::Live;
use crate::roles::SyncInventory;

/// Take a report of a Kubernetes cluster
#[utoipa::path(
    post, path = "/v2/kubernetes-inventory", operation_id = "post_kubernetes_inventory", tag = "agents",
    request_body = KubernetesInventory,
    responses(
        (status = 201, description = "The report is stored"),
        (status = 400, description = "Not a report"),
        (status = 413, description = "The report is too large"),
        (status = 415, description = "Not JSON"),
    ),
)]
pub(super) async fn kubernetes(
    State(gateway): State<Gateway>,
    allowed: Allowed<SyncInventory>,
    arrival: Arrival,
    JsonReportBody(body): JsonReportBody,
) -> Result<StatusCode, ApiError> {
    take(&gateway, &allowed, &arrival, InventoryType::Kubernetes, body).await?;
    Ok(StatusCode::CREATED)
}

/// Take a report of an ECS cluster
///
/// The cluster `validating-creds` is the agent's probe of its credentials: nothing is stored.
#[utoipa::path(
    post, path = "/v2/ecs-inventory", operation_id = "post_ecs_inventory", tag = "agents",
    request_body = EcsInventory,
    responses(
        (status = 204, description = "The report is stored"),
        (status = 400, description = "Not a report"),
        (status = 413, description = "The report is too large"),
        (status = 415, description = "Compressed"),
    ),
)]
pub(super) async fn ecs(
    State(gateway): State<Gateway>,
    allowed: Allowed<SyncInventory>,
    arrival: Arrival,
    body: ReportBody,
) -> Result<StatusCode, ApiError> {
    take(&gateway, &allowed, &arrival, InventoryType::Ecs, body).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Take a report of a Kubernetes cluster, from an agent of the first version
#[utoipa::path(
    post, path = "/v1/enterprise/kubernetes-inventory", operation_id = "post_kubernetes_inventory_v1", tag = "agents",
    request_body = KubernetesInventory,
    responses(
        (status = 201, description = "The report is stored"),
        (status = 400, description = "Not a report"),
        (status = 413, description = "The report is too large"),
        (status = 415, description = "Not JSON"),
    ),
)]
pub(super) async fn kubernetes_v1(
    state: State<Gateway>,
    allowed: Allowed<SyncInventory>,
    arrival: Arrival,
    body: JsonReportBody,
) -> Result<StatusCode, ApiError> {
    kubernetes(state, allowed, arrival, body).await
}

/// Take a report of an ECS cluster, from an agent that fell back to the first version
#[utoipa::path(
    post, path = "/v1/enterprise/ecs-inventory", operation_id = "post_ecs_inventory_v1", tag = "agents",
    request_body = EcsInventory,
    responses(
        (status = 204, description = "The report is stored"),
        (status = 400, description = "Not a report"),
        (status = 413, description = "The report is too large"),
        (status = 415, description = "Compressed"),
    ),
)]
pub(super) async fn ecs_v1(
    state: State<Gateway>,
    allowed: Allowed<SyncInventory>,
    arrival: Arrival,
    body: ReportBody,
) -> Result<StatusCode, ApiError> {
    ecs(state, allowed, arrival, body).await
}

/// Has a report read and decided, and stores what comes of it.
async fn take(
    gateway: &Gateway,
    allowed: &Allowed<SyncInventory>,
    arrival: &Arrival,
    inventory_type: InventoryType,
    body: ReportBody,
) -> Result<(), ApiError> {
    let ReportBody { json, place } = body;
    let mut counted = Counted { gateway, inventory_type, result: "failed" };
    let taken = store(gateway, &allowed.account, arrival, inventory_type, json).await;
    drop(place);
    counted.result = match &taken {
        Ok(()) => "stored",
        Err(error) if error.is_fault_of_the_client() => "refused",
        Err(_) => "failed",
    };
    taken
}

/// A report, counted when it is dropped: also if its time is over, or its agent has left.
struct Counted<'a> {
    gateway: &'a Gateway,
    inventory_type: InventoryType,
    result: &'static str,
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.gateway.metrics().reported(self.inventory_type, self.result);
    }
}

async fn store(
    gateway: &Gateway,
    account: &str,
    arrival: &Arrival,
    inventory_type: InventoryType,
    json: bytes::Bytes,
) -> Result<(), ApiError> {
    let bytes = json.len();
    let live = gateway.retention().live();
    let parts = take_apart(gateway, &live, &json).await?;
    let content = parts.as_ref().map(|parts| parts.content);
    if let Some(cluster) = parts.as_ref().and_then(|parts| parts.cluster.as_deref()) {
        Span::current().record("cluster", cluster);
    }
    let arriving =
        Arriving { account, config: &live.config, now: arrival.now, report_id: &arrival.id, content };
    let again = match parts {
        Some(parts) => apply_again(gateway, &live, &arriving, inventory_type, parts.envelope).await?,
        None => None,
    };
    let metrics = gateway.metrics();
    let applied = match again {
        Some(applied) => {
            metrics.reports_again.inc();
            applied
        }
        None => match apply(gateway, &live, &arriving, inventory_type, json).await? {
            Some(applied) => applied,
            None => return Ok(()),
        },
    };
    metrics.rows(applied.added, applied.touched, applied.rows_written);
    metrics.removed(&applied.removed);
    metrics.warned(&applied.warnings);
    for warning in &applied.warnings {
        tracing::debug!(code = warning.code.as_str(), "{warning}");
    }
    tracing::info!(
        %inventory_type,
        bytes,
        contexts = applied.contexts,
        added = applied.added,
        touched = applied.touched,
        removed = applied.removed.len(),
        warnings = applied.warnings.len(),
        "report stored"
    );
    gateway.bell().notify_one();
    Ok(())
}

/// What a report says, and when, apart.
async fn take_apart(gateway: &Gateway, live: &Live, json: &bytes::Bytes) -> Result<Option<Parts>, ApiError> {
    let (gateway, reader, json) = (gateway.clone(), live.reader().to_owned(), json.clone());
    let taking = tokio::task::spawn_blocking(move || gateway.seeds().take_apart(&reader, &json));
    taking.await.map_err(|_| ApiError::internal())
}

/// Applies a report that says what an earlier one said. The plugin reads when, and decides; what it made of the rest then is
/// remembered. None: it has to be read.
async fn apply_again(
    gateway: &Gateway,
    live: &Live,
    arriving: &Arriving<'_>,
    inventory_type: InventoryType,
    envelope: String,
) -> Result<Option<Applied>, ApiError> {
    let (retention, store, now) = (gateway.retention(), gateway.store(), arriving.now);
    if !store.is_known(arriving, inventory_type) {
        return Ok(None);
    }
    let observation = match retention.observe(live, inventory_type, envelope.into(), now).await {
        Ok(observation) => observation,
        Err(error) if error.is_fault_of_the_client() => return Ok(None),
        Err(error) => return Err(error),
    };
    let seen = Timestamp::from_unix(observation.observed_at);
    let Some(seen) = seen.filter(|_| observation.warnings.is_empty()) else { return Ok(None) };
    let decide = retention.decision(retention.place().await?, live, now, retention.shadow());
    let applying = store.apply_again(arriving, inventory_type, seen, decide);
    Ok(gateway.metrics().store("apply", applying).await?)
}

/// Reads a report and applies it. None: it only tried its credentials.
async fn apply(
    gateway: &Gateway,
    live: &Live,
    arriving: &Arriving<'_>,
    inventory_type: InventoryType,
    json: bytes::Bytes,
) -> Result<Option<Applied>, ApiError> {
    let (retention, now) = (gateway.retention(), arriving.now);
    let observation = retention.observe(live, inventory_type, json, now).await?;
    if observation.credential_probe {
        tracing::info!("credentials probed");
        return Ok(None);
    }
    let decide = retention.decision(retention.place().await?, live, now, retention.shadow());
    let applying = gateway.store().apply(arriving, &observation, decide);
    Ok(Some(gateway.metrics().store("apply", applying).await?))
}
