//! What the published API does not have: why something is kept, what would go, what went.

use std::borrow::Cow;
use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use keepset_store::{LoggedRemoval, RemovalFilter};
use keepset_types::{
    Config, Id, Inventory, Key, RemovalReason, Removed, Retained, RetainedReason, Selector, Timestamp,
    Warning, pointer_token, read_json,
};
use serde::de::IgnoredAny;
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

impl From<Kind> for keepset_types::ItemKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Cluster => Self::Cluster,
            Kind::Container => Self::Container,
            Kind::Image => Self::Image,
            Kind::Namespace => Self::Namespace,
            Kind::Node => Self::Node,
            Kind::Pod => Self::Pod,
            Kind::Service => Self::Service,
            Kind::Task => Self::Task,
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
    /// Under this TTL instead of the one that applies; 0: rows live for ever.
    #[param(minimum = 0, maximum = 36500, nullable = false)]
    image_ttl_days: Option<u32>,
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
pub(super) async fn explain(
    State(gateway): State<Gateway>,
    allowed: Allowed<ExplainRetention>,
    arrival: Arrival,
    Params(question): Params<Question>,
) -> Result<Json<Explanation>, ApiError> {
    gateway.sweep_before_reading(&allowed.account, arrival.now).await?;
    let retention = gateway.retention();
    let mut live = retention.live();
    if let Some(days) = question.image_ttl_days {
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
        self.kind.is_none_or(|kind| kind == key.kind.into())
            && is(&self.id, id)
            && is(&self.image_tag, image.map(|image| &*image.tag))
            && is(&self.image_digest, digest)
    }
}

/// A report, settings of retention, or both; or a deletion.
#[derive(Debug, Deserialize)]
pub(super) struct Draft<'a> {
    cluster_name: Option<IgnoredAny>,
    cluster_arn: Option<IgnoredAny>,
    #[serde(borrow)]
    config: Option<&'a RawValue>,
    delete: Option<DeletionDraft>,
}

impl<'a> Draft<'a> {
    /// What a body asks for. A report may have keys that nobody knows (N8); beside settings or a deletion they are a mistake.
    fn read(json: &'a [u8]) -> Result<Self, ApiError> {
        let draft: Self = read(json)?;
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

#[derive(Clone, Copy, Debug, Deserialize, Serialize, ToSchema)]
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

impl From<RemovalReason> for GoneBecause {
    fn from(reason: RemovalReason) -> Self {
        match reason {
            RemovalReason::Overwritten => Self::Overwritten,
            RemovalReason::Expired => Self::Expired,
            RemovalReason::Superseded => Self::Superseded,
            RemovalReason::Deleted => Self::Deleted,
        }
    }
}

impl From<GoneBecause> for RemovalReason {
    fn from(reason: GoneBecause) -> Self {
        match reason {
            GoneBecause::Overwritten => Self::Overwritten,
            GoneBecause::Expired => Self::Expired,
            GoneBecause::Superseded => Self::Superseded,
            GoneBecause::Deleted => Self::Deleted,
        }
    }
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
            reason: removed.reason.into(),
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
pub(super) async fn preview(
    State(gateway): State<Gateway>,
    allowed: Allowed<PreviewRetention>,
    arrival: Arrival,
    JsonReportBody(ReportBody { json, place: _held }): JsonReportBody,
) -> Result<Json<Previewed>, ApiError> {
    let (retention, now) = (gateway.retention(), arrival.now);
    let draft = Draft::read(&json)?;
    let reported = draft.reported();
    if let Some(deletion) = draft.delete {
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

/// The rows of a context.
async fn rows_of(
    gateway: &Gateway,
    account: &str,
    inventory_type: keepset_types::InventoryType,
    context: &str,
) -> Result<Inventory, ApiError> {
    let reading = gateway.store().context_rows(account, inventory_type, context);
    let rows = gateway.metrics().store("context_rows", reading).await?;
    Inventory::new(rows).map_err(|error| {
        tracing::error!(%error, "the rows of a context contradict each other");
        ApiError::internal()
    })
}

/// Which part of the log; what is not given does not matter, what is given matches whole.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct LogPage {
    /// Only entries before the one with this number: `next` of the page before.
    #[param(nullable = false)]
    before: Option<i64>,
    /// How many entries at most.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100000, default = 1000, nullable = false)]
    page_size: Option<PageSize>,
    #[param(inline, nullable = false)]
    inventory_type: Option<InventoryType>,
    /// A whole context.
    #[param(value_type = Option<String>, min_length = 1, pattern = r"^[^\x00]+$", nullable = false)]
    context: Option<Given>,
    #[param(inline, nullable = false)]
    kind: Option<Kind>,
    #[param(inline, nullable = false)]
    reason: Option<GoneBecause>,
    /// Only what went at that time or later.
    #[param(value_type = Option<String>, format = DateTime, nullable = false)]
    since: Option<Timestamp>,
    /// Only what went before that time.
    #[param(value_type = Option<String>, format = DateTime, nullable = false)]
    until: Option<Timestamp>,
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
    /// The id of the request that removed it: of the report, or of the deletion; absent where the TTL did in a sweep. The
    /// log has more under it.
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
    let filter = RemovalFilter {
        inventory_type: page.inventory_type.map(Into::into),
        context: page.context.map(Given::into_string),
        kind: page.kind.map(Into::into),
        reason: page.reason.map(Into::into),
        since: page.since,
        until: page.until,
    };
    let reading = gateway.store().removals_like(&allowed.account, &filter, page.before, size);
    let logged = gateway.metrics().store("removals", reading).await?;
    let is_full = u32::try_from(logged.len()).is_ok_and(|length| length == size);
    let next = logged.last().filter(|_| is_full).map(|last| last.id);
    Ok(Json(RemovalLog { items: logged.into_iter().map(LoggedRow::from).collect(), next }))
}
