//! Pages and single rows of one kind, as the lists of Kubernetes and ECS answer them.

use std::collections::BTreeMap;

use keepset_store::Page;
use keepset_types::{InventoryType, ItemKind, Row, Timestamp};
use serde::{Deserialize, Serialize};

use crate::arrival::Arrival;
use crate::auth::Allowed;
use crate::error::ApiError;
use crate::gateway::Gateway;
use crate::params::Paging;
use crate::roles::ListRuntimeInventories;

/// Labels, annotations, tags: always an object, never `null` (contract 1.4).
type Labels = BTreeMap<String, String>;

/// What a row carries, as far as lists show it; the wire's names (I2).
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Carried {
    pub(super) name: String,
    pub(super) uid: String,
    pub(super) labels: Labels,
    pub(super) annotations: Labels,
    pub(super) tags: Labels,
    pub(super) namespace_uid: String,
    pub(super) node_uid: Option<String>,
    pub(super) pod_uid: String,
    pub(super) task_arn: String,
    pub(super) service_arn: String,
    pub(super) task_definition_arn: String,
    pub(super) image_tag: String,
    pub(super) image_digest: String,
}

/// A row, taken apart for an answer.
pub(super) struct Listed<'a> {
    pub(super) account: &'a str,
    pub(super) context: String,
    pub(super) id: String,
    pub(super) last_seen: Timestamp,
    pub(super) carried: Carried,
}

impl<'a> Listed<'a> {
    fn new(row: &Row, account: &'a str) -> Self {
        let attributes = row.attributes().as_json();
        let carried = if attributes.is_empty() { Ok(Carried::default()) } else { serde_json::from_str(attributes) };
        let carried = carried.unwrap_or_else(|error| {
            tracing::warn!(key = %row.key, %error, "a row carries what no agent sends");
            Carried::default()
        });
        Self {
            account,
            context: row.key.context.as_str().to_owned(),
            id: row.key.id.to_string(),
            last_seen: row.last_seen,
            carried,
        }
    }
}

/// A kind of row that has a list.
pub(super) trait Item: Serialize + Sized {
    const INVENTORY_TYPE: InventoryType;
    const KIND: ItemKind;
    fn of(listed: Listed<'_>) -> Self;
}

/// A page of them.
pub(super) async fn page<T: Item>(
    gateway: &Gateway,
    allowed: &Allowed<ListRuntimeInventories>,
    arrival: &Arrival,
    paging: Paging,
) -> Result<Vec<T>, ApiError> {
    gateway.sweep_before_reading(&allowed.account, arrival.now).await?;
    let listing = gateway.store().list(&allowed.account, T::INVENTORY_TYPE, T::KIND, Page::from(paging));
    let rows = gateway.metrics().store("list", listing).await?;
    Ok(rows.iter().map(|row| T::of(Listed::new(row, &allowed.account))).collect())
}

/// The one with that id: a uid of Kubernetes (contract 5.3, 46).
pub(super) async fn one<T: Item>(
    gateway: &Gateway,
    allowed: &Allowed<ListRuntimeInventories>,
    arrival: &Arrival,
    id: &str,
) -> Result<T, ApiError> {
    let not_found = || ApiError::not_found(format!("There is no {} with that id", T::KIND));
    // Nor could a database look for it.
    if id.contains('\0') {
        return Err(not_found());
    }
    gateway.sweep_before_reading(&allowed.account, arrival.now).await?;
    let getting = gateway.store().get(&allowed.account, T::INVENTORY_TYPE, T::KIND, id);
    let row = gateway.metrics().store("get", getting).await?.ok_or_else(not_found)?;
    Ok(T::of(Listed::new(&row, &allowed.account)))
}
