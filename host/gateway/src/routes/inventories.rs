//! Images in use: listed, and deleted by context or digest.

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};
use keepset_store::{ImageFilter, Store, StoreError};
use keepset_types::{Key, Row, Selector, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::arrival::Arrival;
use crate::auth::Allowed;
use crate::error::ApiError;
use crate::gateway::Gateway;
use crate::params::{Given, InventoryType, Params};
use crate::roles::{DeleteInventory, ListRuntimeInventories};

/// What stands for images whose digest is not known (contract 5.3, 39).
const UNKNOWN: &str = "unknown";

/// The header that says how many rows a deletion removed: its answer has no body.
pub(super) const REMOVED: HeaderName = HeaderName::from_static("keepset-removed");

/// How many images are read, and sent, at once.
const PAGE: u32 = 1000;

/// An image in use in a context.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct InventoryItem<'a> {
    inventory_type: &'a str,
    context: &'a str,
    image_tag: &'a str,
    /// Empty where it is not known.
    image_digest: &'a str,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When a report last touched it.
    #[schema(value_type = String, format = DateTime)]
    last_updated: Timestamp,
    /// When it was last observed.
    #[schema(value_type = String, format = DateTime)]
    last_seen: Timestamp,
}

/// All that were asked for.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documentation: what is sent is written piece by piece")]
pub(crate) struct InventoryItems<'a> {
    items: Vec<InventoryItem<'a>>,
}

/// Which images; what is not given does not matter, what is given matches whole.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Filter {
    #[param(inline, nullable = false)]
    inventory_type: Option<InventoryType>,
    /// `unknown` for images without a digest.
    #[param(value_type = Option<String>, min_length = 1, pattern = r"^[^\x00]+$", nullable = false)]
    image_digest: Option<Given>,
    #[param(value_type = Option<String>, min_length = 1, pattern = r"^[^\x00]+$", nullable = false)]
    context: Option<Given>,
}

/// List the images in use
///
/// Ordered by inventory type, context, tag and digest. The answer is sent while it is read: a connection that breaks off
/// before its end had more to say.
#[utoipa::path(
    get, path = "/v2/inventories", operation_id = "get_image_inventory", tag = "inventories",
    params(Filter),
    responses(
        (status = 200, description = "The images", body = InventoryItems),
        (status = 400, description = "Wrong parameters"),
    ),
)]
pub(super) async fn list(
    State(gateway): State<Gateway>,
    allowed: Allowed<ListRuntimeInventories>,
    arrival: Arrival,
    Params(filter): Params<Filter>,
) -> Result<Response, ApiError> {
    gateway.sweep_before_reading(&allowed.account, arrival.now).await?;
    let filter = ImageFilter {
        inventory_type: filter.inventory_type.map(Into::into),
        context: filter.context.map(Given::into_string),
        image_digest: filter.image_digest.map(Given::into_string).map(known_digest),
    };
    let pages = Pages { store: gateway.store().clone(), account: allowed.account, filter };
    // The first page is waited for: a store that fails is to be an answer, not a connection that breaks off.
    let first = gateway.metrics().store("images", pages.after(None)).await?;
    let body = Body::from_stream(written(pages, first));
    Ok(([(header::CONTENT_TYPE, "application/json")], body).into_response())
}

fn known_digest(digest: String) -> String {
    if digest == UNKNOWN { String::new() } else { digest }
}

/// The images that were asked for, page by page.
struct Pages {
    store: Store,
    account: String,
    filter: ImageFilter,
}

impl Pages {
    async fn after(&self, key: Option<&Key>) -> Result<Vec<Row>, StoreError> {
        self.store.images(&self.account, &self.filter, key, PAGE).await
    }
}

/// `{"items":[...]}`, a page at a time: memory does not grow with the inventory.
fn written(pages: Pages, first: Vec<Row>) -> impl Stream<Item = Result<Bytes, StoreError>> + Send {
    let head = stream::once(async { Ok(Bytes::from_static(br#"{"items":["#)) });
    let rest = stream::try_unfold((pages, Some(first), true), |(pages, page, is_first)| async move {
        let Some(page) = page.filter(|page| !page.is_empty()) else { return Ok(None) };
        let text = items(&page, is_first);
        let is_full = page.len() >= usize::try_from(PAGE).unwrap_or(usize::MAX);
        let next = match page.last().filter(|_| is_full) {
            Some(last) => Some(pages.after(Some(&last.key)).await.inspect_err(|error| {
                tracing::error!(%error, "the list breaks off");
            })?),
            None => None,
        };
        Ok(Some((text, (pages, next, false))))
    });
    let tail = stream::once(async { Ok(Bytes::from_static(b"]}")) });
    head.chain(rest).chain(tail)
}

fn items(page: &[Row], is_first: bool) -> Bytes {
    let mut text = Vec::with_capacity(page.len() * 300);
    for (index, row) in page.iter().enumerate() {
        if index > 0 || !is_first {
            text.push(b',');
        }
        let (image_tag, image_digest) = row.image().unwrap_or_default();
        let item = InventoryItem {
            inventory_type: row.key.inventory_type.as_str(),
            context: row.key.context.as_str(),
            image_tag,
            image_digest,
            created_at: row.created_at,
            last_updated: row.last_updated,
            last_seen: row.last_seen,
        };
        // Texts and times: nothing that JSON could not say.
        if let Err(error) = serde_json::to_writer(&mut text, &item) {
            tracing::error!(%error, "an image cannot be written");
        }
    }
    text.into()
}

/// What to delete.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Deletion {
    #[param(inline)]
    inventory_type: InventoryType,
    /// A whole context: no prefix, no wildcard.
    #[param(value_type = String, min_length = 1, pattern = r"^[^\x00]+$")]
    context: Given,
    /// Only the containers and images with this digest; `unknown` for those without.
    #[param(value_type = Option<String>, min_length = 1, pattern = r"^[^\x00]+$", nullable = false)]
    image_digest: Option<Given>,
}

/// Delete a context, or an image in it
///
/// What still runs comes back with the next report.
#[utoipa::path(
    delete, path = "/v2/inventories", operation_id = "delete_inventory", tag = "inventories",
    params(Deletion),
    responses(
        (status = 204, description = "It is gone", headers(
            ("keepset-removed" = u64, description = "How many rows went"),
        )),
        (status = 400, description = "Wrong parameters"),
        (status = 404, description = "Nothing matched"),
    ),
)]
pub(super) async fn delete(
    State(gateway): State<Gateway>,
    allowed: Allowed<DeleteInventory>,
    arrival: Arrival,
    Params(deletion): Params<Deletion>,
) -> Result<(StatusCode, [(HeaderName, String); 1]), ApiError> {
    // What has expired does not count as present (contract 5.3, 40).
    gateway.sweep_before_reading(&allowed.account, arrival.now).await?;
    let inventory_type: keepset_types::InventoryType = deletion.inventory_type.into();
    let selector = Selector {
        inventory_type: inventory_type.as_str().to_owned(),
        context: deletion.context.into_string(),
        image_digest: deletion.image_digest.map(Given::into_string),
    };
    let context = selector.context.clone();
    let decide = gateway.retention().purge(gateway.retention().place().await?, selector);
    let (now, id) = (arrival.now, &*arrival.id);
    let purging = gateway.store().purge(&allowed.account, inventory_type, &context, now, id, decide);
    let purged = gateway.metrics().store("purge", purging).await.map_err(ApiError::from);
    let removed = purged.map_err(|error| error.or_not_found("Inventory not found"))?;
    gateway.metrics().removed(&removed);
    tracing::info!(context, removed = removed.len(), "deleted");
    Ok((StatusCode::NO_CONTENT, [(REMOVED, removed.len().to_string())]))
}
