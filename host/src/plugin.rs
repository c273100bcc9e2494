//! A plugin: loaded, limited, called, checked.

use std::fmt::Write as _;
use std::path::Path;

use keepset_types::translate;
use sha2::{Digest as _, Sha256};
use wasmtime::component::{Component, Linker};
use wasmtime::{PoolConcurrencyLimitError, Store, Trap};

use crate::bindings::{self, RetentionPlugin, RetentionPluginPre};
use crate::engine::Engine;
use crate::error::PluginError;
use crate::limits::{Exceeded, Limits, Watch};
use crate::{
    Config, Detail, Interner, Inventory, InventoryType, Layer, Observation, Outcome, Purged, ReportColumns,
    RowColumns, Selector, Timestamp, Verdicts, cache, check, convert,
};

/// An agent's report, as it is on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Report<'a> {
    /// Which agent's.
    pub inventory_type: InventoryType,
    /// Its JSON.
    pub json: &'a [u8],
}

/// What a plugin says of itself.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Description {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The edition of `docs/semantics.md` that it follows.
    pub rules_edition: String,
}

/// What a plugin is, to the byte.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Identity {
    /// SHA-256 of the component, in hexadecimal digits.
    pub digest: String,
    /// Its size in bytes.
    pub size: usize,
}

/// A retention plugin, compiled. Cheap to clone; calls may run in parallel.
#[derive(Clone)]
pub struct Plugin {
    engine: Engine,
    pre: RetentionPluginPre<Watch>,
    identity: Identity,
    is_builtin: bool,
    limits: Limits,
}

/// Our component, as it was when this crate was built.
static BUILTIN: &[u8] = include_bytes!(env!("KEEPSET_WASM_FILE"));

impl Plugin {
    /// Keepset's own plugin, which is part of this crate.
    ///
    /// # Errors
    /// [`PluginError::Engine`] if the engine cannot compile it.
    pub fn builtin(engine: &Engine) -> Result<Self, PluginError> {
        Self::from_bytes(engine, BUILTIN)
    }

    /// The plugin in a file.
    ///
    /// # Errors
    /// If the file cannot be read, is no component, imports anything, or exports another world.
    pub fn from_file(engine: &Engine, path: &Path) -> Result<Self, PluginError> {
        let bytes = std::fs::read(path)
            .map_err(|source| PluginError::Unreadable { path: path.to_owned(), source })?;
        Self::from_bytes(engine, &bytes)
    }

    /// The plugin in these bytes.
    ///
    /// # Errors
    /// If they are no component, import anything, or export another world.
    pub fn from_bytes(engine: &Engine, bytes: &[u8]) -> Result<Self, PluginError> {
        let digest = digest(bytes);
        let component = match cache::load(engine, &digest) {
            Some(component) => component,
            None => {
                let component = Component::from_binary(&engine.wasmtime, bytes)
                    .map_err(|error| PluginError::NotAComponent(one_line(&error)))?;
                cache::store(engine, &digest, &component);
                component
            }
        };
        let imports = component.component_type();
        if let Some((name, _)) = imports.imports(&engine.wasmtime).next() {
            return Err(PluginError::Import(name.to_owned()));
        }
        let wrong_world = |error: wasmtime::Error| PluginError::WrongWorld(one_line(&error));
        let pre = Linker::new(&engine.wasmtime).instantiate_pre(&component).map_err(wrong_world)?;
        let pre = RetentionPluginPre::new(pre).map_err(wrong_world)?;
        let identity = Identity { digest, size: bytes.len() };
        let is_builtin = bytes == BUILTIN;
        Ok(Self { engine: engine.clone(), pre, identity, is_builtin, limits: Limits::default() })
    }

    /// The same plugin under other limits.
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// What it may use up.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Whether it is Keepset's own.
    #[must_use]
    pub fn is_builtin(&self) -> bool {
        self.is_builtin
    }

    /// What it is.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// What it says of itself.
    ///
    /// # Errors
    /// If a limit is hit or the plugin crashes.
    pub fn describe(&self) -> Result<Description, PluginError> {
        let description =
            self.call(0, |plugin, store| plugin.keepset_retention_policy().call_describe(store))?;
        Ok(Description {
            name: description.name,
            version: description.version,
            rules_edition: description.rules_edition,
        })
    }

    /// The configuration of these layers (C1 to C4).
    ///
    /// # Errors
    /// `invalid_config`, or what can happen to any call.
    pub fn configure(&self, layers: &[Layer]) -> Result<Config, PluginError> {
        let size = layers.iter().map(|layer| layer.settings.len()).sum();
        let layers: Vec<_> = layers.iter().map(convert::layer).collect();
        let config = self.call_fallible(size, |plugin, store| {
            plugin.keepset_retention_policy().call_configure(store, &layers)
        })?;
        let config = convert::our_config(config);
        check::config(&config)?;
        Ok(config)
    }

    /// What a report says (section 2).
    ///
    /// # Errors
    /// `invalid_report`, or what can happen to any call.
    pub fn observe(&self, report: Report<'_>, now: Timestamp) -> Result<Observation, PluginError> {
        let now = now.unix();
        let observation = self.call_fallible(report.json.len(), |plugin, store| {
            let reports = plugin.keepset_retention_reports();
            match report.inventory_type {
                InventoryType::Kubernetes => reports.call_observe_kubernetes(store, report.json, now),
                InventoryType::Ecs => reports.call_observe_ecs(store, report.json, now),
            }
        })?;
        let observation = convert::observation(observation);
        check::observation(&observation, report.inventory_type, now)?;
        // Reading them takes time, and our own plugin writes what it has just read.
        if !self.is_builtin {
            check::attributes(&observation)?;
        }
        Ok(observation)
    }

    /// Decides on columns: the hot path. The caller keeps the columns' strings.
    ///
    /// # Errors
    /// What can happen to any call.
    pub fn decide(
        &self,
        inventory: &RowColumns,
        report: Option<&ReportColumns>,
        config: &Config,
        now: Timestamp,
        detail: Detail,
    ) -> Result<Verdicts, PluginError> {
        let size = convert::size_of_rows(inventory) + report.map_or(0, convert::size_of_report);
        let rows = convert::rows(inventory);
        let said = report.map(convert::report_columns);
        let verdicts = self.call_fallible(size, |plugin, store| {
            let (config, detail) = (convert::config(config), convert::detail(detail));
            plugin.keepset_retention_bulk().call_evaluate(store, rows, said, config, now.unix(), detail)
        })?;
        let verdicts = convert::verdicts(verdicts);
        check::verdicts(&verdicts, inventory, report, config, now, detail)?;
        Ok(verdicts)
    }

    /// Applies a report to an inventory; without one, sweeps it.
    ///
    /// # Errors
    /// `invalid_report`, or what can happen to any call.
    pub fn evaluate(
        &self,
        prior: Inventory,
        report: Option<Report<'_>>,
        config: &Config,
        now: Timestamp,
    ) -> Result<Outcome, PluginError> {
        let observation = report.map(|report| self.observe(report, now)).transpose()?;
        let mut interner = Interner::new();
        let rows = translate::row_columns(prior.rows(), &mut interner);
        let said = observation.as_ref().map(|observation| observation.columns(&mut interner));
        let verdicts = self.decide(&rows, said.as_ref(), config, now, Detail::Deadlines)?;
        translate::outcome(prior.into_rows(), observation.as_ref(), &verdicts, &interner, config, now)
            .map_err(|misfit| check::Lie::from(misfit).into())
    }

    /// The same by `policy`, on typed records: slower, and independent of the columns. The report is read once more, to
    /// check that what is new comes from it.
    ///
    /// # Errors
    /// As [`Plugin::evaluate`].
    pub fn evaluate_records(
        &self,
        prior: &Inventory,
        report: Option<Report<'_>>,
        config: &Config,
        now: Timestamp,
    ) -> Result<Outcome, PluginError> {
        let rows: Vec<_> = prior.rows().iter().map(convert::row).collect();
        let size = convert::size_of_records(prior) + report.map_or(0, |report| report.json.len());
        let wit_report = report.as_ref().map(convert::report);
        let outcome = self.call_fallible(size, |plugin, store| {
            let policy = plugin.keepset_retention_policy();
            policy.call_evaluate(store, &rows, wit_report, convert::config(config), now.unix())
        })?;
        let outcome = convert::outcome(outcome, prior)?;
        let said = report.map(|report| self.observe(report, now)).transpose()?;
        check::outcome(&outcome, prior, said.as_ref())?;
        Ok(outcome)
    }

    /// Deletes by hand (D1 to D4).
    ///
    /// # Errors
    /// `invalid_request`, `not_found`, or what can happen to any call.
    pub fn purge(&self, prior: &Inventory, selector: &Selector) -> Result<Purged, PluginError> {
        let rows: Vec<_> = prior.rows().iter().map(convert::row).collect();
        let purged = self.call_fallible(convert::size_of_records(prior), |plugin, store| {
            plugin.keepset_retention_policy().call_purge(store, &rows, convert::selector(selector))
        })?;
        let purged = convert::purged(purged, prior)?;
        check::purged(&purged, prior, selector)?;
        Ok(purged)
    }

    /// Fuel that a call used, of a metered engine: what `decide` costs, the same on every machine.
    ///
    /// # Errors
    /// What can happen to any call.
    pub fn fuel_of_sweep(
        &self,
        inventory: &RowColumns,
        config: &Config,
        now: Timestamp,
    ) -> Result<u64, PluginError> {
        let (mut store, plugin) = self.instantiate()?;
        let before = store.get_fuel().unwrap_or_default();
        let bulk = plugin.keepset_retention_bulk();
        let detail = convert::detail(Detail::Verdicts);
        let answer = bulk.call_evaluate(
            &mut store,
            convert::rows(inventory),
            None,
            convert::config(config),
            now.unix(),
            detail,
        );
        answer.map_err(|error| self.stopped(&store, &error))?.map_err(convert::refusal)?;
        Ok(before - store.get_fuel().unwrap_or_default())
    }

    fn call_fallible<T>(
        &self,
        size: usize,
        call: impl FnOnce(
            &RetentionPlugin,
            &mut Store<Watch>,
        ) -> wasmtime::Result<Result<T, bindings::types::Error>>,
    ) -> Result<T, PluginError> {
        Ok(self.call(size, call)?.map_err(convert::refusal)?)
    }

    /// One call in an instance of its own.
    fn call<T>(
        &self,
        size: usize,
        call: impl FnOnce(&RetentionPlugin, &mut Store<Watch>) -> wasmtime::Result<T>,
    ) -> Result<T, PluginError> {
        self.check_input(size)?;
        let (mut store, plugin) = self.instantiate()?;
        call(&plugin, &mut store).map_err(|error| self.stopped(&store, &error))
    }

    pub(crate) fn check_input(&self, size: usize) -> Result<(), PluginError> {
        let limit = self.limits.input;
        if size > limit { Err(PluginError::InputLimit { size, limit }) } else { Ok(()) }
    }

    pub(crate) fn instantiate(&self) -> Result<(Store<Watch>, RetentionPlugin), PluginError> {
        let mut store = Store::new(&self.engine.wasmtime, Watch::new(self.limits));
        store.limiter(|watch| watch);
        store.set_hostcall_fuel(self.limits.result);
        self.wind_up(&mut store);
        let plugin = self.pre.instantiate(&mut store).map_err(|error| self.stopped(&store, &error))?;
        Ok((store, plugin))
    }

    /// Gives a call its time and fuel.
    pub(crate) fn wind_up(&self, store: &mut Store<Watch>) {
        store.data_mut().exceeded = None;
        let ticks = self.limits.time.as_nanos().div_ceil(Limits::TICK.as_nanos());
        store.set_epoch_deadline(u64::try_from(ticks).unwrap_or(u64::MAX >> 1).saturating_add(1));
        // An engine that does not count fuel refuses it, and needs none.
        let _ = store.set_fuel(self.limits.fuel);
    }

    /// Why a call did not come back.
    pub(crate) fn stopped(&self, store: &Store<Watch>, error: &wasmtime::Error) -> PluginError {
        let limits = &self.limits;
        match store.data().exceeded {
            Some(Exceeded::Memory) => return PluginError::MemoryLimit(limits.memory),
            Some(Exceeded::Table) => return PluginError::TableLimit(limits.table_elements),
            None => {}
        }
        match error.downcast_ref::<Trap>() {
            Some(Trap::Interrupt) => return PluginError::TimeLimit(limits.time),
            Some(Trap::OutOfFuel) => return PluginError::FuelLimit(limits.fuel),
            Some(Trap::StackOverflow) => return PluginError::StackLimit(self.engine.options.stack),
            _ => {}
        }
        if error.is::<PoolConcurrencyLimitError>() {
            return PluginError::Busy(self.engine.options.pool.unwrap_or_default());
        }
        let message = one_line(error);
        // These two errors of wasmtime have no type of their own.
        if message.contains("fuel allocated for hostcalls has been exhausted") {
            return PluginError::ResultLimit(limits.result);
        }
        if message.contains("resource limit exceeded") {
            return PluginError::InstanceLimit(limits.instances);
        }
        PluginError::Trap(message)
    }
}

/// SHA-256, in hexadecimal digits.
fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut digits, byte| {
        let _ = write!(digits, "{byte:02x}");
        digits
    })
}

/// What wasmtime says, without the stack and the indented details below.
fn one_line(error: &wasmtime::Error) -> String {
    let causes = error.chain().map(|cause| cause.to_string());
    let lines = causes.filter_map(|cause| Some(cause.lines().next()?.trim_end_matches(':').to_owned()));
    let mut causes = lines.filter(|line| !line.ends_with("wasm backtrace"));
    let first = causes.next().unwrap_or_default();
    causes.fold(first, |said, cause| format!("{said}: {cause}"))
}
