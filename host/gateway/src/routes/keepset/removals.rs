//! `GET /v2/keepset/removals`.

use axum::Json;
use axum::extract::State;
use keepset_store::{LoggedRemoval, RemovalFilter};
use keepset_types::{ItemKind, RemovalReason, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{GoneBecause, Kind, RowKey};
use crate::arrival::Arrival;
use crate::auth::Allowed;
use crate::error::ApiError;
use crate::gateway::Gateway;
use crate::params::{Given, InventoryType, PageSize, Params, Whole};
use crate::roles::ListRemovals;

/// Which part of the log; what is not given does not matter, what is given matches whole.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct LogPage {
    /// Only entries before the one with this number: `next` of the page before.
    #[param(value_type = Option<i64>, nullable = false)]
    before: Option<Whole<i64>>,
    /// How many entries at most.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100000, default = 1000, nullable = false)]
    page_size: Option<PageSize>,
    #[param(inline, nullable = false)]
    inventory_type: Option<InventoryType>,
    /// A whole context.
    #[param(value_type = Option<String>, min_length = 1, pattern = r"^[^\x00]+$", nullable = false)]
    context: Option<Given>,
    #[param(value_type = Option<Kind>, inline, nullable = false)]
    kind: Option<ItemKind>,
    #[param(value_type = Option<GoneBecause>, inline, nullable = false)]
    reason: Option<RemovalReason>,
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
pub(crate) async fn removals(
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
        kind: page.kind,
        reason: page.reason,
        since: page.since,
        until: page.until,
    };
    let reading =
        gateway.store().removals(&allowed.account, &filter, page.before.map(|Whole(number)| number), size);
    let logged = gateway.metrics().store("removals", reading).await?;
    let is_full = u32::try_from(logged.len()).is_ok_and(|length| length == size);
    let next = logged.last().filter(|_| is_full).map(|last| last.id);
    Ok(Json(RemovalLog { items: logged.into_iter().map(LoggedRow::from).collect(), next }))
}
