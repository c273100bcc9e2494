//! Cells of a plugin: the component by `policy` and by `reports` and `bulk`.

use keepset_host::{Engine, EngineOptions, Plugin, PluginError};
use keepset_types::{Config, Inventory, Layer, Outcome, Purged, Selector, Timestamp};

use super::session::Session;
use super::{Cell, Cells, Refusal, Report, Which, rows_left, rows_of};

impl From<PluginError> for Refusal {
    fn from(error: PluginError) -> Self {
        Self { code: error.code().to_owned(), message: error.to_string() }
    }
}

/// A plugin, compiled.
pub(super) struct Plugins {
    plain: Plugin,
    pooled: Option<Plugin>,
}

impl Cells {
    /// Cells of this plugin; [`Which::Pooling`] without a pool.
    #[must_use]
    pub fn of(plugin: Plugin) -> Self {
        Self { plugins: Some(Plugins { plain: plugin, pooled: None }) }
    }

    /// All cells, of Keepset's own plugin.
    ///
    /// # Errors
    /// If wasmtime cannot be set up.
    pub fn builtin() -> Result<Self, PluginError> {
        let pool = Engine::with_options(EngineOptions { pool: Some(16), ..EngineOptions::default() })?;
        let plain = Plugin::builtin(&Engine::new()?)?;
        Ok(Self { plugins: Some(Plugins { plain, pooled: Some(Plugin::builtin(&pool)?) }) })
    }
}

impl Plugins {
    pub(super) fn cell(&self, which: Which) -> Result<Box<dyn Cell>, Refusal> {
        let plugin = self.plain.clone();
        let prior = Inventory::default();
        Ok(match which {
            Which::Session => Box::new(Session::new(plugin)?),
            Which::Bulk => Box::new(Bulk { plugin, prior }),
            Which::Pooling => Box::new(Bulk { plugin: self.pooled.clone().unwrap_or(plugin), prior }),
            Which::Policy | Which::Native => Box::new(Policy { plugin, prior }),
        })
    }
}

struct Policy {
    plugin: Plugin,
    prior: Inventory,
}

impl Cell for Policy {
    fn configure(&mut self, layers: &[Layer]) -> Result<Config, Refusal> {
        Ok(self.plugin.configure(layers)?)
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
        let outcome = self.plugin.evaluate_records(&self.prior, report.map(host_report), config, now)?;
        self.prior = rows_of(&outcome);
        Ok(outcome)
    }

    fn purge(&mut self, selector: &Selector) -> Result<Purged, Refusal> {
        let purged = self.plugin.purge(&self.prior, selector)?;
        self.prior = rows_left(&purged);
        Ok(purged)
    }
}

pub(super) fn host_report((inventory_type, json): Report<'_>) -> keepset_host::Report<'_> {
    keepset_host::Report { inventory_type, json }
}

struct Bulk {
    plugin: Plugin,
    prior: Inventory,
}

impl Cell for Bulk {
    fn configure(&mut self, layers: &[Layer]) -> Result<Config, Refusal> {
        Ok(self.plugin.configure(layers)?)
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
        let outcome = self.plugin.evaluate(self.prior.clone(), report.map(host_report), config, now)?;
        self.prior = rows_of(&outcome);
        Ok(outcome)
    }

    fn purge(&mut self, selector: &Selector) -> Result<Purged, Refusal> {
        let purged = self.plugin.purge(&self.prior, selector)?;
        self.prior = rows_left(&purged);
        Ok(purged)
    }
}
