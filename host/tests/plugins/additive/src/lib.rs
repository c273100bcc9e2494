//! The engine's component, by other rules: reports only ever add, whatever the settings say of overwrite. Nothing that it
//! says is beyond belief; it is refused for what the fixtures say.

mod bindings;

// The shell of the engine's own component.
#[path = "../../../../../engine/component/src/bulk.rs"]
mod bulk;
#[path = "../../../../../engine/component/src/policy.rs"]
mod policy;
#[path = "../../../../../engine/component/src/reports.rs"]
mod reports;
#[path = "../../../../../engine/component/src/session.rs"]
mod session;
#[path = "../../../../../engine/component/src/types.rs"]
mod types;

use bindings::exports::keepset::retention::types::{Config, Error};
use bindings::exports::keepset::retention::{
    bulk as columns, policy as records, reports as json, session as kept,
};

/// What decides as the rules say.
struct Plugin;

/// What implements the world.
struct Additive;

fn without_overwrite(config: Config) -> Config {
    Config { image_ingest_overwrite: false, ..config }
}

impl records::Guest for Additive {
    fn describe() -> records::Description {
        records::Description { name: "additive".to_owned(), ..<Plugin as records::Guest>::describe() }
    }

    fn configure(layers: Vec<records::Layer>) -> Result<Config, Error> {
        <Plugin as records::Guest>::configure(layers)
    }

    fn evaluate(
        prior: Vec<records::Row>,
        report: Option<records::Report>,
        config: Config,
        now: i64,
    ) -> Result<records::Outcome, Error> {
        <Plugin as records::Guest>::evaluate(prior, report, without_overwrite(config), now)
    }

    fn purge(prior: Vec<records::Row>, selector: records::Selector) -> Result<records::Purged, Error> {
        <Plugin as records::Guest>::purge(prior, selector)
    }
}

impl json::Guest for Additive {
    fn observe_kubernetes(json: Vec<u8>, now: i64) -> Result<json::Observation, Error> {
        <Plugin as json::Guest>::observe_kubernetes(json, now)
    }

    fn observe_ecs(json: Vec<u8>, now: i64) -> Result<json::Observation, Error> {
        <Plugin as json::Guest>::observe_ecs(json, now)
    }
}

impl columns::Guest for Additive {
    fn evaluate(
        inventory: columns::RowColumns,
        report: Option<columns::ReportColumns>,
        config: Config,
        now: i64,
        detail: columns::Detail,
    ) -> Result<columns::Verdicts, Error> {
        <Plugin as columns::Guest>::evaluate(inventory, report, without_overwrite(config), now, detail)
    }
}

impl kept::Guest for Additive {
    type Inventory = Inventory;
}

/// A session in which reports only ever add.
struct Inventory(session::Inventory);

impl kept::GuestInventory for Inventory {
    fn new() -> Self {
        Self(session::Inventory::new())
    }

    fn load(&self, rows: kept::RowColumns) -> Result<(), Error> {
        self.0.load(rows)
    }

    fn apply(&self, report: kept::ReportColumns, config: Config, now: i64) -> Result<kept::Verdicts, Error> {
        self.0.apply(report, without_overwrite(config), now)
    }

    fn sweep(&self, config: Config, now: i64) -> Result<kept::Verdicts, Error> {
        self.0.sweep(config, now)
    }

    fn snapshot(&self) -> kept::KeptRows {
        self.0.snapshot()
    }
}
