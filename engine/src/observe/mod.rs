//! What a report says (rules N1 to N8).

mod draft;
mod ecs;
mod kubernetes;
mod wire;

use keepset_types::{
    DocumentError, Error, ErrorCode, InventoryType, Observation, Timestamp, WarningCode, read_json_by,
};

use draft::Draft;

/// Seconds that a report may be ahead of the clock without a warning (N1).
const TOLERATED_CLOCK_SKEW: i64 = 300;

/// Reads an agent's report: the rows that it speaks of, each once, in key order, and what it makes doubtful.
///
/// # Errors
/// `invalid_report` with a JSON pointer to the first fault (N8).
pub fn observe(inventory_type: InventoryType, json: &[u8], now: Timestamp) -> Result<Observation, Error> {
    let report = read(inventory_type, json).map_err(|fault| {
        let place = format!("line {}, column {}", fault.line, fault.column);
        Error::new(ErrorCode::InvalidReport, format!("{} ({place})", fault.message)).at(fault.pointer)
    })?;
    match inventory_type {
        InventoryType::Kubernetes => kubernetes::observe(&report, json.len(), now),
        InventoryType::Ecs => ecs::observe(&report, json.len(), now),
    }
}

/// N8: where and why a text is no report, for whoever must say it by line and column.
pub(crate) fn fault_of(inventory_type: InventoryType, json: &[u8]) -> Option<DocumentError> {
    read(inventory_type, json).err()
}

/// N8.
fn read(inventory_type: InventoryType, json: &[u8]) -> Result<wire::Report<'_>, DocumentError> {
    let format = match inventory_type {
        InventoryType::Kubernetes => wire::KUBERNETES,
        InventoryType::Ecs => wire::ECS,
    };
    read_json_by(json, |deserializer| format.read(deserializer))
}

/// N1: when the report's content was observed, as far as this clock can tell.
fn observed_at(timestamp: Timestamp, now: Timestamp, draft: &mut Draft<'_>) -> i64 {
    if timestamp.unix().saturating_sub(now.unix()) > TOLERATED_CLOCK_SKEW {
        draft.warn(WarningCode::ClockAhead, "", "");
    }
    timestamp.min(now).unix()
}
