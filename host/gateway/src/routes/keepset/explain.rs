//! `GET /v2/keepset/explain`.

use axum::Json;
use axum::extract::State;
use keepset_types::{Id, ItemKind, Key, Retained, RetainedReason, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{AppliedConfig, Kind, RemovedRow, RowKey, rows_of};
use crate::arrival::Arrival;
use crate::auth::Allowed;
use crate::error::ApiError;
use crate::gateway::Gateway;
use crate::params::{Given, InventoryType, Params, Whole};
use crate::roles::ExplainRetention;

/// Which rows.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Question {
    #[param(inline)]
    inventory_type: InventoryType,
    /// A whole context: `<cluster>/<namespace>`, a Kubernetes cluster's name for its nodes, or an ARN.
    #[param(value_type = String, min_length = 1, pattern = r"^[^\x00]+$")]
    context: Given,
    #[param(value_type = Option<Kind>, inline, nullable = false)]
    kind: Option<ItemKind>,
    /// A whole id: a namespace's name, a uid, a container's id, an ARN.
    #[param(value_type = Option<String>, min_length = 1, pattern = r"^[^\x00]+$", nullable = false)]
    id: Option<Given>,
    #[param(value_type = Option<String>, min_length = 1, pattern = r"^[^\x00]+$", nullable = false)]
    image_tag: Option<Given>,
    /// `unknown` for images without a digest.
    #[param(value_type = Option<String>, min_length = 1, pattern = r"^[^\x00]+$", nullable = false)]
    image_digest: Option<Given>,
    /// Under this TTL instead of the one that applies; 0: rows live for ever.
    #[param(value_type = Option<u32>, minimum = 0, maximum = 36500, nullable = false)]
    image_ttl_days: Option<Whole<u32>>,
}

/// Why a row is kept.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documentation")]
#[schema(rename_all = "snake_case")]
pub(crate) enum KeptBecause {
    /// Nothing expires.
    TtlDisabled,
    /// It was last seen within the TTL.
    WithinTtl,
    /// It is in the report.
    Reported,
}

/// Why a row is there, and until when.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Explained {
    #[serde(flatten)]
    key: RowKey,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    last_updated: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    last_seen: Timestamp,
    #[schema(value_type = KeptBecause)]
    reason: RetainedReason,
    /// The first second at which it goes, if it is not seen again; absent: never.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime, nullable = false)]
    expires_at: Option<Timestamp>,
}

impl From<&Retained> for Explained {
    fn from(retained: &Retained) -> Self {
        let row = &retained.row;
        Self {
            key: (&row.key).into(),
            created_at: row.created_at,
            last_updated: row.last_updated,
            last_seen: row.last_seen,
            reason: retained.reason,
            expires_at: retained.expires_at,
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Explanation {
    #[schema(value_type = String, format = DateTime)]
    now: Timestamp,
    config: AppliedConfig,
    /// In key order.
    items: Vec<Explained>,
    /// What would go under the TTL that was asked about, in key order.
    removed: Vec<RemovedRow>,
}

/// Say why rows are there, and until when; under another TTL too
#[utoipa::path(
    get, path = "/v2/keepset/explain", operation_id = "explain_retention", tag = "keepset",
    params(Question),
    responses(
        (status = 200, description = "The rows that matched", body = Explanation),
        (status = 400, description = "Wrong parameters"),
        (status = 404, description = "No row matched"),
    ),
)]
pub(crate) async fn explain(
    State(gateway): State<Gateway>,
    allowed: Allowed<ExplainRetention>,
    arrival: Arrival,
    Params(question): Params<Question>,
) -> Result<Json<Explanation>, ApiError> {
    gateway.sweep_before_reading(&allowed.account, arrival.now).await?;
    let retention = gateway.retention();
    let mut live = retention.live();
    if let Some(Whole(days)) = question.image_ttl_days {
        let settings = serde_json::json!({ "image_ttl_days": days }).to_string();
        live.config = retention.configure(&live, settings).await.map_err(|error| {
            let message = "Wrong value of the query parameter 'image_ttl_days': expected 0 to 36500";
            if error.is_fault_of_the_client() {
                ApiError::bad_parameter("image_ttl_days", message)
            } else {
                error
            }
        })?;
    }
    let config = live.config;
    let context = question.context.as_str();
    let rows = rows_of(&gateway, &allowed.account, question.inventory_type.into(), context).await?;
    let outcome = retention.sweep_rows(&live, rows, arrival.now).await?;
    let items: Vec<Explained> = outcome
        .retained
        .iter()
        .filter(|retained| question.is_about(&retained.row.key))
        .map(Explained::from)
        .collect();
    let removed = outcome.removed.iter().filter(|removed| question.is_about(&removed.key));
    let removed: Vec<RemovedRow> = removed.map(RemovedRow::from).collect();
    if items.is_empty() && removed.is_empty() {
        return Err(ApiError::not_found("No row matches; what went stands in /v2/keepset/removals"));
    }
    Ok(Json(Explanation { now: arrival.now, config: config.into(), items, removed }))
}

impl Question {
    fn is_about(&self, key: &Key) -> bool {
        let is = |asked: &Option<Given>, text: Option<&str>| {
            asked.as_ref().is_none_or(|asked| text == Some(asked.as_str()))
        };
        let (id, image) = match &key.id {
            Id::Plain(id) => (Some(&**id), None),
            Id::Image(image) => (None, Some(image)),
        };
        let digest = image.map(|image| if image.digest.is_empty() { "unknown" } else { &image.digest });
        self.kind.is_none_or(|kind| kind == key.kind)
            && is(&self.id, id)
            && is(&self.image_tag, image.map(|image| &*image.tag))
            && is(&self.image_digest, digest)
    }
}
