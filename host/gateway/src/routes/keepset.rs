//! What the published API does not have: why something is kept, what would go, what went.

use std::borrow::Cow;

use axum::Json;
use axum::extract::State;
use keepset_store::LoggedRemoval;
use keepset_types::{
    Config, Id, Inventory, Key, RemovalReason, Removed, Retained, RetainedReason, Timestamp, Warning,
};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{AnyOfBuilder, Ref, Schema};
use utoipa::{IntoParams, PartialSchema, ToSchema};

use super::report_schema::{EcsInventory, KubernetesInventory};
use crate::arrival::Arrival;
use crate::auth::Allowed;
use crate::error::ApiError;
use crate::gateway::Gateway;
use crate::params::{Given, InventoryType, JsonReportBody, PageSize, Params, ReportBody};
use crate::roles::{ExplainRetention, ListRemovals, PreviewRetention};

/// What a row stands for.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, ToSchema, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    Cluster,
    Container,
    Image,
    Namespace,
    Node,
    Pod,
    Service,
    Task,
}

impl From<keepset_types::ItemKind> for Kind {
    fn from(kind: keepset_types::ItemKind) -> Self {
        use keepset_types::ItemKind as K;
        match kind {
            K::Cluster => Self::Cluster,
            K::Container => Self::Container,
            K::Image => Self::Image,
            K::Namespace => Self::Namespace,
            K::Node => Self::Node,
            K::Pod => Self::Pod,
            K::Service => Self::Service,
            K::Task => Self::Task,
        }
    }
}

/// What tells a row from all others of the account (I1): an image has tag and digest, all else an id.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RowKey {
    #[schema(value_type = InventoryType)]
    inventory_type: keepset_types::InventoryType,
    context: String,
    kind: Kind,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    image_tag: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    image_digest: Option<String>,
}

impl From<&Key> for RowKey {
    fn from(key: &Key) -> Self {
        let (id, image) = match &key.id {
            Id::Plain(id) => (Some(String::from(&**id)), None),
            Id::Image(image) => (None, Some(image)),
        };
        Self {
            inventory_type: key.inventory_type,
            context: key.context.as_str().to_owned(),
            kind: key.kind.into(),
            id,
            image_tag: image.map(|image| String::from(&*image.tag)),
            image_digest: image.map(|image| String::from(&*image.digest)),
        }
    }
}

/// Which rows.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Question {
    #[param(inline)]
    inventory_type: InventoryType,
    /// A whole context: `<cluster>/<namespace>`, a Kubernetes cluster's name for its nodes, or an ARN.
    #[param(value_type = String, min_length = 1, pattern = r"^[^\x00]+$")]
    context: Given,
    #[param(inline, nullable = false)]
    kind: Option<Kind>,
    /// A whole id: a namespace's name, a uid, a container's id, an ARN.
    #[param(value_type = Option<String>, min_length = 1, pattern = r"^[^\x00]+$", nullable = false)]
    id: Option<Given>,
    #[param(value_type = Option<String>, min_length = 1, pattern = r"^[^\x00]+$", nullable = false)]
    image_tag: Option<Given>,
    /// `unknown` for images without a digest.
    #[param(value_type = Option<String>, min_length = 1, pattern = r"^[^\x00]+$", nullable = false)]
    image_digest: Option<Given>,
}

#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
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
    reason: KeptBecause,
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
            reason: match retained.reason {
                RetainedReason::Reported => KeptBecause::Reported,
                RetainedReason::TtlDisabled => KeptBecause::TtlDisabled,
                RetainedReason::WithinTtl => KeptBecause::WithinTtl,
            },
            expires_at: retained.expires_at,
        }
    }
}

/// The settings of retention.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AppliedConfig {
    /// 0: rows live for ever.
    image_ttl_days: u32,
    image_ingest_overwrite: bool,
    ecs_truncation_guard: bool,
}

impl From<Config> for AppliedConfig {
    fn from(config: Config) -> Self {
        let Config { image_ttl_days, image_ingest_overwrite, ecs_truncation_guard } = config;
        Self { image_ttl_days, image_ingest_overwrite, ecs_truncation_guard }
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Explanation {
    #[schema(value_type = String, format = DateTime)]
    now: Timestamp,
    config: AppliedConfig,
    /// In key order.
    items: Vec<Explained>,
}

/// Say why rows are there, and until when
#[utoipa::path(
    get, path = "/v2/keepset/explain", operation_id = "explain_retention", tag = "keepset",
    params(Question),
    responses(
        (status = 200, description = "The rows that matched", body = Explanation),
        (status = 400, description = "Wrong parameters"),
        (status = 404, description = "No row matched"),
    ),
)]
pub(super) async fn explain(
    State(gateway): State<Gateway>,
    allowed: Allowed<ExplainRetention>,
    arrival: Arrival,
    Params(question): Params<Question>,
) -> Result<Json<Explanation>, ApiError> {
    gateway.sweep_before_reading(&allowed.account, arrival.now).await?;
    let config = gateway.retention().config();
    let context = question.context.clone().into_string();
    let reading = gateway.store().context_rows(&allowed.account, question.inventory_type.into(), &context);
    let rows = gateway.metrics().store("context_rows", reading).await?;
    let inventory = Inventory::new(rows).map_err(|error| {
        tracing::error!(%error, "the rows of a context contradict each other");
        ApiError::internal()
    })?;
    let outcome = gateway.retention().sweep_rows(inventory, arrival.now).await?;
    let items: Vec<Explained> = outcome
        .retained
        .iter()
        .filter(|retained| question.is_about(&retained.row.key))
        .map(Explained::from)
        .collect();
    if items.is_empty() {
        return Err(ApiError::not_found("No row matches; what went stands in /v2/keepset/removals"));
    }
    Ok(Json(Explanation { now: arrival.now, config: config.into(), items }))
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
        self.kind.is_none_or(|kind| kind == key.kind.into())
            && is(&self.id, id)
            && is(&self.image_tag, image.map(|image| &*image.tag))
            && is(&self.image_digest, digest)
    }
}

/// A report, settings of retention, or both.
#[derive(Debug, Deserialize)]
pub(super) struct Draft<'a> {
    cluster_name: Option<serde::de::IgnoredAny>,
    cluster_arn: Option<serde::de::IgnoredAny>,
    #[serde(borrow)]
    config: Option<&'a RawValue>,
}

/// What is to be previewed: a report of an agent, as it would be posted, under the settings that apply or under others
/// that stand beside its keys as `config`; or such settings alone, over the whole inventory.
pub(crate) struct DraftBody;

impl ToSchema for DraftBody {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("Preview")
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((DraftSettings::name().into_owned(), DraftSettings::schema()));
        DraftSettings::schemas(schemas);
    }
}

/// Any of them, also two at once: what a derived schema could not say.
impl PartialSchema for DraftBody {
    fn schema() -> RefOr<Schema> {
        let names = [KubernetesInventory::name(), EcsInventory::name(), DraftSettings::name()];
        let any =
            names.iter().fold(AnyOfBuilder::new(), |any, name| any.item(Ref::from_schema_name(&**name)));
        RefOr::T(Schema::AnyOf(any.build()))
    }
}

/// Settings as a configuration file has them, under any of their names. Those that are not given stay as they are.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documentation")]
#[schema(as = PreviewSettings)]
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

#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum GoneBecause {
    /// The report covers its context and does not contain it (A2).
    Overwritten,
    /// It was not seen for more than the TTL (A5).
    Expired,
    /// An image whose containers moved to another (A6).
    Superseded,
    /// Deleted by hand (D1, D2).
    Deleted,
}

/// A row that would go.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RemovedRow {
    #[serde(flatten)]
    key: RowKey,
    #[schema(value_type = String, format = DateTime)]
    last_seen: Timestamp,
    reason: GoneBecause,
    /// The rule of docs/semantics.md.
    rule: String,
}

impl From<&Removed> for RemovedRow {
    fn from(removed: &Removed) -> Self {
        Self {
            key: (&removed.key).into(),
            last_seen: removed.last_seen,
            reason: match removed.reason {
                RemovalReason::Overwritten => GoneBecause::Overwritten,
                RemovalReason::Expired => GoneBecause::Expired,
                RemovalReason::Superseded => GoneBecause::Superseded,
                RemovalReason::Deleted => GoneBecause::Deleted,
            },
            rule: removed.rule.to_string(),
        }
    }
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
    /// When something would expire next.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime, nullable = false)]
    next_expiry: Option<Timestamp>,
}

/// Say what a report or a configuration would remove; changes nothing
#[utoipa::path(
    post, path = "/v2/keepset/preview", operation_id = "preview_retention", tag = "keepset",
    request_body = DraftBody,
    responses(
        (status = 200, description = "What would come of it", body = Previewed),
        (status = 400, description = "Neither a report nor settings"),
        (status = 413, description = "The body is too large"),
        (status = 415, description = "Not JSON"),
    ),
)]
pub(super) async fn preview(
    State(gateway): State<Gateway>,
    allowed: Allowed<PreviewRetention>,
    arrival: Arrival,
    JsonReportBody(ReportBody { json, place: _held }): JsonReportBody,
) -> Result<Json<Previewed>, ApiError> {
    let (retention, now) = (gateway.retention(), arrival.now);
    let draft: Draft<'_> = keepset_types::read_json(&json)
        .map_err(|error| ApiError::bad_body(error.pointer.clone(), error.to_string()))?;
    let reported = match (&draft.cluster_name, &draft.cluster_arn) {
        (Some(_), _) => Some(keepset_types::InventoryType::Kubernetes),
        (None, Some(_)) => Some(keepset_types::InventoryType::Ecs),
        (None, None) => None,
    };
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

/// Which part of the log.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct LogPage {
    /// Only entries before the one with this number: `next` of the page before.
    #[param(nullable = false)]
    before: Option<i64>,
    /// How many entries at most.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100000, default = 1000, nullable = false)]
    page_size: Option<PageSize>,
}

/// A row that went.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LoggedRow {
    /// Later entries have greater numbers.
    number: i64,
    #[serde(flatten)]
    key: RowKey,
    #[schema(value_type = String, format = DateTime)]
    last_seen: Timestamp,
    #[schema(value_type = GoneBecause)]
    reason: String,
    /// The rule of docs/semantics.md.
    rule: String,
    #[schema(value_type = String, format = DateTime)]
    removed_at: Timestamp,
    /// The id of the request that brought the report which removed it; absent where none did.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    report: Option<String>,
}

impl From<LoggedRemoval> for LoggedRow {
    fn from(logged: LoggedRemoval) -> Self {
        Self {
            number: logged.id,
            key: (&logged.key).into(),
            last_seen: logged.last_seen,
            reason: logged.reason,
            rule: logged.rule,
            removed_at: logged.removed_at,
            report: Some(logged.report).filter(|report| !report.is_empty()),
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RemovalLog {
    /// The newest first.
    items: Vec<LoggedRow>,
    /// What to ask for as `before` to get the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    next: Option<i64>,
}

/// Say what went, when and why, the newest first
#[utoipa::path(
    get, path = "/v2/keepset/removals", operation_id = "list_removals", tag = "keepset",
    params(LogPage),
    responses(
        (status = 200, description = "A page of the log", body = RemovalLog),
        (status = 400, description = "Wrong parameters"),
    ),
)]
pub(super) async fn removals(
    State(gateway): State<Gateway>,
    allowed: Allowed<ListRemovals>,
    arrival: Arrival,
    Params(page): Params<LogPage>,
) -> Result<Json<RemovalLog>, ApiError> {
    gateway.sweep_before_reading(&allowed.account, arrival.now).await?;
    let size = page.page_size.map_or(1000, PageSize::get);
    let reading = gateway.store().removals(&allowed.account, page.before, size);
    let logged = gateway.metrics().store("removals", reading).await?;
    let is_full = u32::try_from(logged.len()).is_ok_and(|length| length == size);
    let next = logged.last().filter(|_| is_full).map(|last| last.id);
    Ok(Json(RemovalLog { items: logged.into_iter().map(LoggedRow::from).collect(), next }))
}
