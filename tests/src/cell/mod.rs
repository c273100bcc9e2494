//! The builds of the engine that fixtures are run in.

use keepset_engine as native;
use keepset_types::{Config, Error, Inventory, InventoryType, Layer, Outcome, Purged, Selector, Timestamp};

#[cfg(feature = "component")]
mod component;
#[cfg(feature = "component")]
mod session;

/// A refusal: its code, and a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Stable.
    pub code: String,
    /// For people.
    pub message: String,
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self { code: error.code.as_str().to_owned(), message: error.to_string() }
    }
}

/// An agent's report.
pub type Report<'a> = (InventoryType, &'a [u8]);

/// A build of the engine, by one of its interfaces, with the inventory of a history.
pub trait Cell {
    /// The configuration of these layers.
    ///
    /// # Errors
    /// `invalid_config`.
    fn configure(&mut self, layers: &[Layer]) -> Result<Config, Refusal>;

    /// Begins a history with this inventory.
    ///
    /// # Errors
    /// If it is refused.
    fn begin(&mut self, prior: Inventory) -> Result<(), Refusal>;

    /// Applies a report, or sweeps, and keeps what stays.
    ///
    /// # Errors
    /// `invalid_report`; the inventory is then unchanged.
    fn evaluate(
        &mut self,
        report: Option<Report<'_>>,
        config: &Config,
        now: Timestamp,
    ) -> Result<Outcome, Refusal>;

    /// Deletes by hand.
    ///
    /// # Errors
    /// `invalid_request`, `not_found`; the inventory is then unchanged.
    fn purge(&mut self, selector: &Selector) -> Result<Purged, Refusal>;
}

/// Which cells there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// The engine, compiled for this machine.
    Native,
    /// The component, by `policy`: typed records.
    Policy,
    /// The component, by `reports` and `bulk`: columns.
    Bulk,
    /// The component, by `session`: an inventory that it keeps.
    Session,
    /// As `Bulk`, with instances from a pool.
    Pooling,
}

impl Which {
    /// Every cell.
    pub const ALL: [Self; 5] = [Self::Native, Self::Policy, Self::Bulk, Self::Session, Self::Pooling];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Policy => "component-policy",
            Self::Bulk => "component-bulk",
            Self::Session => "component-session",
            Self::Pooling => "component-pooling",
        }
    }
}

/// Makes cells. Plugins are compiled once.
pub struct Cells {
    #[cfg(feature = "component")]
    plugins: Option<component::Plugins>,
}

impl Cells {
    /// [`Which::Native`] alone.
    #[must_use]
    pub fn native() -> Self {
        Self {
            #[cfg(feature = "component")]
            plugins: None,
        }
    }

    /// A cell.
    ///
    /// # Errors
    /// If there is no such cell here, or the plugin cannot begin.
    pub fn cell(&self, which: Which) -> Result<Box<dyn Cell>, Refusal> {
        if which == Which::Native {
            return Ok(Box::new(Native { prior: Inventory::default() }));
        }
        #[cfg(feature = "component")]
        if let Some(plugins) = &self.plugins {
            return plugins.cell(which);
        }
        let message = format!("there is no cell {} here", which.name());
        Err(Refusal { code: "no_such_cell".to_owned(), message })
    }
}

fn rows_of(outcome: &Outcome) -> Inventory {
    let rows = outcome.retained.iter().map(|retained| retained.row.clone()).collect();
    // An outcome's keys are distinct, so that this cannot fail.
    Inventory::new(rows).unwrap_or_default()
}

fn rows_left(purged: &Purged) -> Inventory {
    Inventory::new(purged.retained.clone()).unwrap_or_default()
}

struct Native {
    prior: Inventory,
}

impl Cell for Native {
    fn configure(&mut self, layers: &[Layer]) -> Result<Config, Refusal> {
        Ok(native::configure(layers)?)
    }

    fn begin(&mut self, prior: Inventory) -> Result<(), Refusal> {
        self.prior = prior;
        Ok(())
    }

    fn evaluate(
        &mut self,
        report: Option<Report<'_>>,
        config: &Config,
        now: Timestamp,
    ) -> Result<Outcome, Refusal> {
        let report = report.map(|(inventory_type, json)| native::Report { inventory_type, json });
        let outcome = native::evaluate(self.prior.clone(), report, config, now)?;
        self.prior = rows_of(&outcome);
        Ok(outcome)
    }

    fn purge(&mut self, selector: &Selector) -> Result<Purged, Refusal> {
        let purged = native::purge(self.prior.rows().to_vec(), selector)?;
        self.prior = rows_left(&purged);
        Ok(purged)
    }
}
