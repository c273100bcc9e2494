//! The engine's component, with an import: it wants to know what time it really is.

mod bindings;

// The shell of the engine's own component.
#[path = "../../../../../engine/component/src/bulk.rs"]
mod bulk;
#[path = "../../../../../engine/component/src/policy.rs"]
mod policy;
#[path = "../../../../../engine/component/src/reports.rs"]
mod reports;
#[path = "../../../../../engine/component/src/types.rs"]
mod types;

use bindings::exports::keepset::retention::session as wit;
use bindings::exports::keepset::retention::types::Error;

/// What implements the world.
struct Plugin;

impl wit::Guest for Plugin {
    type Inventory = Inventory;
}

/// A session that decides by the clock of the machine that it runs on.
struct Inventory;

impl wit::GuestInventory for Inventory {
    fn new() -> Self {
        Self
    }

    fn load(&self, _: wit::RowColumns) -> Result<(), Error> {
        Ok(())
    }

    fn apply(&self, _: wit::ReportColumns, config: wit::Config, now: i64) -> Result<wit::Verdicts, Error> {
        self.sweep(config, now)
    }

    fn sweep(&self, _: wit::Config, now: i64) -> Result<wit::Verdicts, Error> {
        Ok(wit::Verdicts {
            removed: Vec::new(),
            touched: Vec::new(),
            touched_by: Vec::new(),
            touched_last_seen: Vec::new(),
            touched_replaced: Vec::new(),
            added: Vec::new(),
            images: Vec::new(),
            warnings: Vec::new(),
            next_expiry: Some(now.max(bindings::keepset::importing::clock::now())),
            deadlines: Vec::new(),
        })
    }

    fn snapshot(&self) -> wit::KeptRows {
        let rows = wit::RowColumns {
            contexts: Vec::new(),
            ends: Vec::new(),
            kinds: Vec::new(),
            keys: Vec::new(),
            links: Vec::new(),
            images: Vec::new(),
            last_updated: Vec::new(),
            last_seen: Vec::new(),
        };
        wit::KeptRows { rows, numbers: Vec::new() }
    }
}
