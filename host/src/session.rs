//! An inventory that stays in the plugin between calls.

use keepset_types::ByNumber;
use keepset_types::columns::{ReportColumns, RowColumns, Verdicts};
use wasmtime::Store;
use wasmtime::component::ResourceAny;

use crate::bindings::{RetentionPlugin, session, types};
use crate::check::Lie;
use crate::error::PluginError;
use crate::limits::Watch;
use crate::plugin::Plugin;
use crate::{Config, Timestamp, check, convert};

/// An inventory, kept by a plugin in an instance of its own. Rows have numbers: those loaded count from 0 in their order,
/// later ones go on from there, first the added rows of a call, then its new images, each in the order of the verdicts.
pub struct Session {
    plugin: Plugin,
    store: Store<Watch>,
    instance: RetentionPlugin,
    inventory: ResourceAny,
    /// The next number; and of each number before it whether its row is still there.
    is_there: Vec<bool>,
}

impl Plugin {
    /// A session with an empty inventory.
    ///
    /// # Errors
    /// If a limit is hit or the plugin crashes.
    pub fn session(&self) -> Result<Session, PluginError> {
        let (mut store, instance) = self.instantiate()?;
        let inventory = instance.keepset_retention_session().inventory().call_constructor(&mut store);
        let inventory = inventory.map_err(|error| self.stopped(&store, &error))?;
        Ok(Session { plugin: self.clone(), store, instance, inventory, is_there: Vec::new() })
    }
}

type Answer<T> = wasmtime::Result<Result<T, types::Error>>;

impl Session {
    /// Replaces the inventory.
    ///
    /// # Errors
    /// `invalid_inventory`, or what can happen to any call.
    pub fn load(&mut self, rows: &RowColumns) -> Result<(), PluginError> {
        self.call(convert::size_of_rows(rows), |guest, store, inventory| {
            guest.call_load(store, inventory, convert::rows(rows))
        })?;
        self.is_there = vec![true; rows.kinds.len()];
        Ok(())
    }

    /// Applies a report and keeps what stays.
    ///
    /// # Errors
    /// What can happen to any call. If the answer is not believed, the session's inventory is not to be relied on either:
    /// load it anew.
    pub fn apply(
        &mut self,
        report: &ReportColumns,
        config: &Config,
        now: Timestamp,
    ) -> Result<Verdicts, PluginError> {
        let verdicts = self.call(convert::size_of_report(report), |guest, store, inventory| {
            let said = convert::report_columns(report);
            guest.call_apply(store, inventory, said, convert::config(config), now.unix())
        })?;
        self.believe(convert::verdicts(verdicts), report.kinds.len(), config)
    }

    /// Applies the TTL and keeps what stays.
    ///
    /// # Errors
    /// As [`Session::apply`].
    pub fn sweep(&mut self, config: &Config, now: Timestamp) -> Result<Verdicts, PluginError> {
        let verdicts = self.call(0, |guest, store, inventory| {
            guest.call_sweep(store, inventory, convert::config(config), now.unix())
        })?;
        self.believe(convert::verdicts(verdicts), 0, config)
    }

    /// The inventory as it now is, and the number of each row.
    ///
    /// # Errors
    /// What can happen to any call.
    pub fn snapshot(&mut self) -> Result<(RowColumns, Vec<u32>), PluginError> {
        let kept = self.call(0, |guest, store, inventory| guest.call_snapshot(store, inventory).map(Ok))?;
        let (rows, numbers) = (convert::our_rows(kept.rows), kept.numbers);
        check::row_columns(&rows)?;
        let mut is_there = vec![false; self.is_there.len()];
        for number in &numbers {
            match usize::try_from(*number).ok().and_then(|number| is_there.get_mut(number)) {
                Some(is_there) if !*is_there => *is_there = true,
                _ => return Err(Lie::new("a row that does not exist, or twice").into()),
            }
        }
        if is_there != self.is_there || rows.kinds.len() != numbers.len() {
            return Err(Lie::new("other rows than its verdicts left").into());
        }
        Ok((rows, numbers))
    }

    fn call<T>(
        &mut self,
        size: usize,
        call: impl FnOnce(session::GuestInventory<'_>, &mut Store<Watch>, ResourceAny) -> Answer<T>,
    ) -> Result<T, PluginError> {
        self.plugin.check_input(size)?;
        self.plugin.wind_up(&mut self.store);
        let guest = self.instance.keepset_retention_session().inventory();
        let answer = call(guest, &mut self.store, self.inventory);
        let answer = answer.map_err(|error| self.plugin.stopped(&self.store, &error))?;
        Ok(answer.map_err(convert::refusal)?)
    }

    /// Checks that the verdicts speak of rows that are there, each in one role, and takes note of what becomes of them.
    fn believe(&mut self, verdicts: Verdicts, said: usize, config: &Config) -> Result<Verdicts, PluginError> {
        check::touched_columns(&verdicts)?;
        let there =
            |row: u32| usize::try_from(row).ok().and_then(|row| self.is_there.get(row)) == Some(&true);
        let mut touched = Numbers::of(verdicts.touched.iter().copied());
        let images = verdicts.images.iter().filter_map(|image| image.row);
        let mut images_and_removed = images.chain(verdicts.removed.iter().map(|removal| removal.row));
        let mut decided = Numbers::of(images_and_removed.clone());
        if !verdicts.touched.iter().all(|row| there(*row) && touched.is_new(*row))
            || !images_and_removed.all(|row| there(row) && decided.is_new(row))
        {
            return Err(Lie::new("a row that does not exist, or twice").into());
        }
        let mut is_used = vec![false; said];
        for by in verdicts.touched_by.iter().chain(&verdicts.added) {
            match usize::try_from(*by).ok().and_then(|by| is_used.get_mut(by)) {
                Some(is_used) if !*is_used => *is_used = true,
                _ => return Err(Lie::new("a row of the report that does not exist, or twice").into()),
            }
        }
        if !verdicts.removed.iter().all(|removal| check::is_possible(removal.reason, config)) {
            return Err(Lie::new("the removal of a row, for which there was no reason").into());
        }
        for removal in &verdicts.removed {
            if let Some(is_there) =
                usize::try_from(removal.row).ok().and_then(|row| self.is_there.get_mut(row))
            {
                *is_there = false;
            }
        }
        let new_images = verdicts.images.iter().filter(|image| image.row.is_none()).count();
        self.is_there.resize(self.is_there.len() + verdicts.added.len() + new_images, true);
        Ok(verdicts)
    }
}

/// Numbers, each once.
struct Numbers(ByNumber<bool>);

impl Numbers {
    /// Of none yet; these are to come.
    fn of(numbers: impl Iterator<Item = u32>) -> Self {
        let mut is_there = ByNumber::new();
        is_there.begin(numbers);
        Self(is_there)
    }

    /// Takes the number in, and answers whether it was not there.
    fn is_new(&mut self, number: u32) -> bool {
        !std::mem::replace(self.0.entry(number), true)
    }
}
