//! Lies about an inventory that the plugin keeps.

use std::cell::{Cell, RefCell};

use crate::bindings::exports::keepset::retention::session as wit;
use crate::bindings::exports::keepset::retention::types::Error;
use crate::bulk_lies::lie;
use crate::session::Inventory;
use crate::trick::Trick;
use crate::{Hostile, trick_at};

impl wit::Guest for Hostile {
    type Inventory = LyingInventory;
}

/// An inventory that is kept honestly, and lied about.
pub(crate) struct LyingInventory {
    honest: Inventory,
    /// The contexts and images of the rows that were loaded.
    loaded: RefCell<(Vec<u32>, Vec<u32>)>,
    /// The last trick.
    trick: Cell<Trick>,
}

impl LyingInventory {
    fn lie(&self, trick: Trick, mut verdicts: wit::Verdicts) -> wit::Verdicts {
        self.trick.set(trick);
        let (contexts, images) = &*self.loaded.borrow();
        lie(trick, &mut verdicts, contexts, images);
        verdicts
    }
}

impl wit::GuestInventory for LyingInventory {
    fn new() -> Self {
        Self { honest: Inventory::new(), loaded: RefCell::default(), trick: Cell::new(Trick::Honest) }
    }

    fn load(&self, rows: wit::RowColumns) -> Result<(), Error> {
        self.loaded.replace((rows.contexts.clone(), rows.images.clone()));
        self.honest.load(rows)
    }

    fn apply(
        &self,
        report: wit::ReportColumns,
        config: wit::Config,
        now: i64,
    ) -> Result<wit::Verdicts, Error> {
        let trick = trick_at(now);
        Ok(self.lie(trick, self.honest.apply(report, config, now)?))
    }

    fn sweep(&self, config: wit::Config, now: i64) -> Result<wit::Verdicts, Error> {
        let trick = trick_at(now);
        Ok(self.lie(trick, self.honest.sweep(config, now)?))
    }

    fn snapshot(&self) -> wit::KeptRows {
        let mut kept = self.honest.snapshot();
        if self.trick.get() == Trick::SnapshotForgets {
            kept.numbers.pop();
        }
        kept
    }
}
