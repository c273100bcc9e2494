//! What the published API does not have: why something is kept, what would go, what went.

pub(crate) mod explain;
pub(crate) mod preview;
pub(crate) mod removals;

use keepset_types::{Config, Id, Inventory, ItemKind, Key, RemovalReason, Removed, Rule, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::ApiError;
use crate::gateway::Gateway;
use crate::params::InventoryType;

/// What a row stands for.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documentation")]
#[schema(rename_all = "lowercase")]
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

/// Why a row goes.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documentation")]
#[schema(rename_all = "snake_case")]
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

/// What tells a row from all others of the account (I1): an image has tag and digest, all else an id.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RowKey {
    #[schema(value_type = InventoryType)]
    inventory_type: keepset_types::InventoryType,
    context: String,
    #[schema(value_type = Kind)]
    kind: ItemKind,
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
            kind: key.kind,
            id,
            image_tag: image.map(|image| String::from(&*image.tag)),
            image_digest: image.map(|image| String::from(&*image.digest)),
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

/// A row that would go.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RemovedRow {
    #[serde(flatten)]
    key: RowKey,
    #[schema(value_type = String, format = DateTime)]
    last_seen: Timestamp,
    #[schema(value_type = GoneBecause)]
    reason: RemovalReason,
    /// The rule of docs/semantics.md.
    #[schema(value_type = String)]
    rule: Rule,
}

impl From<&Removed> for RemovedRow {
    fn from(removed: &Removed) -> Self {
        Self {
            key: (&removed.key).into(),
            last_seen: removed.last_seen,
            reason: removed.reason,
            rule: removed.rule,
        }
    }
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
