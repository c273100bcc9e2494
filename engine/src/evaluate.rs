//! Rows with strings: the engine's main entry.

use keepset_types::columns::Detail;
use keepset_types::translate::{self, row_columns};
use keepset_types::{
    Config, Error, ErrorCode, Interner, Inventory, InventoryType, Observation, Outcome, Timestamp,
};

use crate::{bulk, observe};

/// An agent's report, as it is on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Report<'a> {
    /// Which agent's.
    pub inventory_type: InventoryType,
    /// Its JSON.
    pub json: &'a [u8],
}

/// Prior inventory + report + configuration + now -> the retained set, with a reason for every row. Without a report: a
/// sweep.
///
/// # Errors
/// `invalid_report` (N8) and `invalid_config` (C1); nothing is then decided.
pub fn evaluate(
    prior: Inventory,
    report: Option<Report<'_>>,
    config: &Config,
    now: Timestamp,
) -> Result<Outcome, Error> {
    let observation = report.map(|report| observe(report.inventory_type, report.json, now)).transpose()?;
    evaluate_observation(prior, observation.as_ref(), config, now)
}

/// The same, for a report that was read before.
///
/// # Errors
/// `invalid_config` (C1), `invalid_inventory` if the observation's columns do not fit together.
pub fn evaluate_observation(
    prior: Inventory,
    observation: Option<&Observation>,
    config: &Config,
    now: Timestamp,
) -> Result<Outcome, Error> {
    let mut interner = Interner::new();
    let rows = row_columns(prior.rows(), &mut interner);
    let said = observation.map(|observation| observation.columns(&mut interner));
    let verdicts = bulk::evaluate(&rows, said.as_ref(), config, now, Detail::Deadlines)?;
    translate::outcome(prior.into_rows(), observation, &verdicts, &interner, config, now)
        .map_err(|misfit| Error::new(ErrorCode::InvalidInventory, misfit.to_string()))
}
