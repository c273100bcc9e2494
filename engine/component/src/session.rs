//! `session`: an inventory that stays in the plugin.

use std::cell::RefCell;

use keepset_engine::session::Session;

use crate::Plugin;
use crate::bindings::exports::keepset::retention::session as wit;
use crate::bindings::exports::keepset::retention::types;
use crate::types::timestamp;

impl wit::Guest for Plugin {
    type Inventory = Inventory;
}

/// The resource. A component runs one call at a time, so that no borrow meets another.
pub(crate) struct Inventory(RefCell<Session>);

impl wit::GuestInventory for Inventory {
    fn new() -> Self {
        Self(RefCell::new(Session::new()))
    }

    fn load(&self, rows: wit::RowColumns) -> Result<(), types::Error> {
        Ok(self.0.borrow_mut().load(&rows.into())?)
    }

    fn apply(
        &self,
        report: wit::ReportColumns,
        config: wit::Config,
        now: wit::Timestamp,
    ) -> Result<wit::Verdicts, types::Error> {
        let verdicts = self.0.borrow_mut().apply(Some(&report.into()), &config.into(), timestamp(now)?)?;
        Ok(verdicts.into())
    }

    fn sweep(&self, config: wit::Config, now: wit::Timestamp) -> Result<wit::Verdicts, types::Error> {
        Ok(self.0.borrow_mut().apply(None, &config.into(), timestamp(now)?)?.into())
    }

    fn snapshot(&self) -> wit::KeptRows {
        let (rows, numbers) = self.0.borrow().snapshot();
        wit::KeptRows { rows: rows.into(), numbers }
    }
}
