//! What a report says (rules N1 to N8).

mod draft;
mod ecs;
mod kubernetes;
mod wire;

use keepset_types::{
    DocumentError, Error, ErrorCode, InventoryType, Observation, Timestamp, WarningCode, read_json,
};

use draft::Draft;

/// Seconds that a report may be ahead of the clock without a warning (N1).
const TOLERATED_CLOCK_SKEW: i64 = 300;

/// Reads an agent's report: the rows that it speaks of, each once, in key order, and what it makes doubtful.
///
/// # Errors
/// `invalid_report` with a JSON pointer to the first fault (N8).
pub fn observe(inventory_type: InventoryType, json: &[u8], now: Timestamp) -> Result<Observation, Error> {
    match inventory_type {
        InventoryType::Kubernetes => kubernetes::observe(&read(json)?, json.len(), now),
        InventoryType::Ecs => ecs::observe(&read(json)?, json.len(), now),
    }
}

/// N8: where and why a text is no report, for whoever must say it by line and column.
pub(crate) fn fault_of(inventory_type: InventoryType, json: &[u8]) -> Option<DocumentError> {
    match inventory_type {
        InventoryType::Kubernetes => read_json::<wire::Object<wire::KubernetesReport<'_>>>(json).err(),
        InventoryType::Ecs => read_json::<wire::Object<wire::EcsReport<'_>>>(json).err(),
    }
}

/// N8.
fn read<'a, T: serde::Deserialize<'a>>(json: &'a [u8]) -> Result<T, Error> {
    let wire::Object(report) = read_json(json).map_err(|fault| {
        let place = format!("line {}, column {}", fault.line, fault.column);
        Error::new(ErrorCode::InvalidReport, format!("{} ({place})", fault.message)).at(fault.pointer)
    })?;
    Ok(report)
}

/// N1: when the report's content was observed, as far as this clock can tell.
fn observed_at(timestamp: Timestamp, now: Timestamp, draft: &mut Draft<'_>) -> i64 {
    if timestamp.unix().saturating_sub(now.unix()) > TOLERATED_CLOCK_SKEW {
        draft.warn(WarningCode::ClockAhead, "", "");
    }
    timestamp.min(now).unix()
}
