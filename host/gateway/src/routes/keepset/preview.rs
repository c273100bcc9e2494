//! `POST /v2/keepset/preview`.

use std::borrow::Cow;
use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use keepset_types::{Object, Selector, Timestamp, Warning, pointer_token, read_json};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{AnyOfBuilder, Ref, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::{AppliedConfig, RemovedRow, rows_of};
use crate::arrival::Arrival;
use crate::auth::Allowed;
use crate::error::ApiError;
use crate::gateway::Gateway;
use crate::params::{Given, InventoryType, JsonReportBody, ReportBody};
use crate::roles::PreviewRetention;
use crate::routes::report_schema::{EcsInventory, KubernetesInventory};

/// A report, settings of retention, or both; or a deletion.
#[derive(Debug, Deserialize)]
pub(crate) struct Draft<'a> {
    cluster_name: Option<IgnoredAny>,
    cluster_arn: Option<IgnoredAny>,
    #[serde(borrow)]
    config: Option<&'a RawValue>,
    delete: Option<Object<DeletionDraft>>,
}

impl<'a> Draft<'a> {
    /// What a body asks for. A report may have keys that nobody knows (N8); beside settings or a deletion they are a mistake.
    fn read(json: &'a [u8]) -> Result<Self, ApiError> {
        let Object(draft) = read::<Object<Self>>(json)?;
        if draft.reported().is_none() {
            let keys: BTreeMap<String, IgnoredAny> = read(json)?;
            let is_known = |key: &str| matches!(key, "cluster_name" | "cluster_arn" | "config" | "delete");
            if let Some(key) = keys.keys().find(|key| !is_known(key)) {
                let message = format!(
                    "Unknown key `{key}`: expected a report's own keys, with or without `config` beside them, or `config` \
                     alone, or `delete` alone"
                );
                return Err(ApiError::bad_body(format!("/{}", pointer_token(key)), message));
            }
        }
        Ok(draft)
    }

    fn reported(&self) -> Option<keepset_types::InventoryType> {
        match (&self.cluster_name, &self.cluster_arn) {
            (Some(_), _) => Some(keepset_types::InventoryType::Kubernetes),
            (None, Some(_)) => Some(keepset_types::InventoryType::Ecs),
            (None, None) => None,
        }
    }
}

fn read<'a, T: Deserialize<'a>>(json: &'a [u8]) -> Result<T, ApiError> {
    read_json(json).map_err(|error| ApiError::bad_body(error.pointer.clone(), error.to_string()))
}

/// What is to be previewed: a report of an agent, as it would be posted, under the settings that apply or under others
/// that stand beside its keys as `config`; or such settings alone, over the whole inventory; or a deletion.
pub(crate) struct DraftBody;

impl ToSchema for DraftBody {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("Preview")
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((DraftSettings::name().into_owned(), DraftSettings::schema()));
        DraftSettings::schemas(schemas);
        schemas.push((DraftDeletion::name().into_owned(), DraftDeletion::schema()));
        DraftDeletion::schemas(schemas);
    }
}

/// Any of them, also two at once: what a derived schema could not say.
impl PartialSchema for DraftBody {
    fn schema() -> RefOr<Schema> {
        let names =
            [KubernetesInventory::name(), EcsInventory::name(), DraftSettings::name(), DraftDeletion::name()];
        let any =
            names.iter().fold(AnyOfBuilder::new(), |any, name| any.item(Ref::from_schema_name(&**name)));
        RefOr::T(Schema::AnyOf(any.build()))
    }
}

/// Settings as a configuration file has them, under any of their names. Those that are not given stay as they are. Beside
/// a report's keys they are what it is decided by.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documentation")]
#[schema(as = PreviewSettings)]
#[serde(deny_unknown_fields)]
pub(crate) struct DraftSettings {
    config: ConfigDraft,
}

/// The settings of retention, each optional.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documentation")]
#[serde(deny_unknown_fields)]
pub(crate) struct ConfigDraft {
    /// 0: rows live for ever.
    #[schema(nullable = false, minimum = 0, maximum = 36500)]
    image_ttl_days: Option<u32>,
    #[schema(nullable = false)]
    image_ingest_overwrite: Option<bool>,
    #[schema(nullable = false)]
    ecs_truncation_guard: Option<bool>,
}

/// A deletion, alone.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documentation")]
#[schema(as = PreviewDeletion)]
#[serde(deny_unknown_fields)]
pub(crate) struct DraftDeletion {
    delete: DeletionDraft,
}

/// What `DELETE /v2/inventories` would be asked to delete.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeletionDraft {
    inventory_type: InventoryType,
    /// A whole context: no prefix, no wildcard.
    #[schema(value_type = String, min_length = 1, pattern = r"^[^\x00]+$")]
    context: Given,
    /// Only the containers and images with this digest; `unknown` for those without.
    #[schema(value_type = Option<String>, min_length = 1, pattern = r"^[^\x00]+$", nullable = false)]
    image_digest: Option<Given>,
}

/// Something that somebody should look at (E4).
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WarningBody {
    code: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    context: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    id: Option<String>,
    /// The entry of the report: a JSON pointer.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pointer: Option<String>,
    message: String,
}

impl From<&Warning> for WarningBody {
    fn from(warning: &Warning) -> Self {
        Self {
            code: warning.code.as_str(),
            context: warning.context.as_ref().map(|context| context.as_str().to_owned()),
            id: warning.id.as_deref().map(str::to_owned),
            pointer: warning.pointer.as_deref().map(str::to_owned),
            message: warning.to_string(),
        }
    }
}

/// What would come of it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Previewed {
    #[schema(value_type = String, format = DateTime)]
    now: Timestamp,
    config: AppliedConfig,
    /// In key order.
    removed: Vec<RemovedRow>,
    /// How many rows would come, images not counted.
    added: usize,
    /// How many known rows the report contains, images not counted.
    touched: usize,
    warnings: Vec<WarningBody>,
    /// When something would expire next; not said of a deletion.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime, nullable = false)]
    next_expiry: Option<Timestamp>,
}

/// Say what a report, a configuration or a deletion would remove; changes nothing
#[utoipa::path(
    post, path = "/v2/keepset/preview", operation_id = "preview_retention", tag = "keepset",
    request_body = DraftBody,
    responses(
        (status = 200, description = "What would come of it", body = Previewed),
        (status = 400, description = "Neither a report, nor settings, nor a deletion"),
        (status = 404, description = "The deletion matches nothing"),
        (status = 413, description = "The body is too large"),
        (status = 415, description = "Not JSON"),
    ),
)]
pub(crate) async fn preview(
    State(gateway): State<Gateway>,
    allowed: Allowed<PreviewRetention>,
    arrival: Arrival,
    JsonReportBody(ReportBody { json, place: _held }): JsonReportBody,
) -> Result<Json<Previewed>, ApiError> {
    let (retention, now) = (gateway.retention(), arrival.now);
    let draft = Draft::read(&json)?;
    let reported = draft.reported();
    if let Some(Object(deletion)) = draft.delete {
        if draft.config.is_some() || reported.is_some() {
            let message = "A deletion is previewed alone: neither a report nor `config` counts for it";
            return Err(ApiError::bad_body("/delete", message));
        }
        return preview_deletion(&gateway, &allowed.account, deletion, now).await.map(Json);
    }
    if draft.config.is_none() && reported.is_none() {
        let message = "Expected a report, with `cluster_name` or `cluster_arn`, or settings as `config`";
        return Err(ApiError::bad_body("", message));
    }
    let mut live = retention.live();
    if let Some(settings) = draft.config {
        let configured = retention.configure(&live, settings.get().to_owned()).await;
        live.config = configured.map_err(|error| error.below("/config"))?;
    }
    let config = live.config;
    let observation = match reported {
        Some(inventory_type) => Some(retention.observe(&live, inventory_type, json.clone(), now).await?),
        None => None,
    };
    let decide = retention.decision(retention.place().await?, &live, now, None);
    let previewing = gateway.store().preview(&allowed.account, observation.as_ref(), &config, now, decide);
    let applied = gateway.metrics().store("preview", previewing).await?;
    Ok(Json(Previewed {
        now,
        config: config.into(),
        removed: applied.removed.iter().map(RemovedRow::from).collect(),
        added: applied.added,
        touched: applied.touched,
        warnings: applied.warnings.iter().map(WarningBody::from).collect(),
        next_expiry: applied.next_expiry,
    }))
}

/// What deleting that would remove: decided as when it is carried out.
async fn preview_deletion(
    gateway: &Gateway,
    account: &str,
    deletion: DeletionDraft,
    now: Timestamp,
) -> Result<Previewed, ApiError> {
    // What has expired does not count as present (contract 5.3, 40).
    gateway.sweep_before_reading(account, now).await?;
    let inventory_type: keepset_types::InventoryType = deletion.inventory_type.into();
    let rows = rows_of(gateway, account, inventory_type, deletion.context.as_str()).await?;
    let selector = Selector {
        inventory_type: inventory_type.as_str().to_owned(),
        context: deletion.context.into_string(),
        image_digest: deletion.image_digest.map(Given::into_string),
    };
    let purged = gateway.retention().would_purge(rows, selector).await;
    let purged = purged.map_err(|error| error.or_not_found("Inventory not found"))?;
    Ok(Previewed {
        now,
        config: gateway.retention().config().into(),
        removed: purged.removed.iter().map(RemovedRow::from).collect(),
        added: 0,
        touched: 0,
        warnings: Vec::new(),
        next_expiry: None,
    })
}
