//! The cell of an inventory that the plugin keeps.

use keepset_host::{Detail, Interner, Plugin, PluginError, Session as Kept, translate};
use keepset_types::columns::{NEVER, Verdicts};
use keepset_types::{
    Config, Id, Inventory, Layer, Observation, Outcome, Purged, Retained, Row, Selector, Timestamp,
};

use super::component::host_report;
use super::{Cell, Refusal, Report, rows_left};

/// The inventory is in the plugin; here are its rows with their strings, each under its number.
pub(super) struct Session {
    plugin: Plugin,
    kept: Kept,
    interner: Interner,
    rows: Vec<(u32, Row)>,
    next: u32,
}

impl Session {
    pub(super) fn new(plugin: Plugin) -> Result<Self, PluginError> {
        let kept = plugin.session()?;
        Ok(Self { plugin, kept, interner: Interner::new(), rows: Vec::new(), next: 0 })
    }

    /// The verdicts with places among the rows instead of numbers, and with each row's deadline where it is known.
    fn placed(&self, mut verdicts: Verdicts) -> Result<Verdicts, Refusal> {
        let place = |number: u32| {
            let place = self.rows.iter().position(|(known, _)| *known == number);
            place.and_then(|place| u32::try_from(place).ok()).ok_or_else(|| unknown_row(number))
        };
        for removal in &mut verdicts.removed {
            removal.row = place(removal.row)?;
        }
        for touched in &mut verdicts.touched {
            *touched = place(*touched)?;
        }
        for image in &mut verdicts.images {
            image.row = image.row.map(place).transpose()?;
        }
        Ok(verdicts)
    }

    /// Takes over the numbers of what stayed and of what came, which the verdicts name in their order.
    fn renumber(
        &mut self,
        verdicts: &Verdicts,
        observation: Option<&Observation>,
        outcome: &Outcome,
    ) -> Result<(), Refusal> {
        let said: Vec<_> = observation.map(|observation| observation.rows().collect()).unwrap_or_default();
        let mut rows = Vec::with_capacity(outcome.retained.len());
        for Retained { row, .. } in &outcome.retained {
            let known = self.rows.iter().find(|(_, known)| known.key == row.key).map(|(number, _)| *number);
            let added = || {
                verdicts.added.iter().position(|index| {
                    let said = usize::try_from(*index).ok().and_then(|index| said.get(index));
                    said.is_some_and(|said| {
                        said.owned_id() == row.key.id
                            && said.kind == row.key.kind
                            && said.context == row.key.context.as_str()
                    })
                })
            };
            let new_image = || {
                let new = verdicts.images.iter().filter(|image| image.row.is_none());
                let place = new.into_iter().position(|image| {
                    let context = Some((row.key.context.as_str(), row.key.inventory_type));
                    self.interner.context_of(image.context) == context
                        && self
                            .interner
                            .image_of(image.image)
                            .as_ref()
                            .map(|image| (&*image.tag, &*image.digest))
                            == row.image()
                        && matches!(row.key.id, Id::Image(_))
                });
                place.map(|place| place + verdicts.added.len())
            };
            let new = || added().or_else(new_image).and_then(|place| u32::try_from(place).ok());
            let number = known.or_else(|| new().map(|place| self.next + place));
            rows.push((number.ok_or_else(|| unknown_row(u32::MAX))?, row.clone()));
        }
        let new_images = verdicts.images.iter().filter(|image| image.row.is_none()).count();
        self.next += u32::try_from(verdicts.added.len() + new_images).unwrap_or(u32::MAX);
        self.rows = rows;
        Ok(())
    }

    /// The plugin's own account of its inventory must be that of the outcome.
    fn check_snapshot(&mut self) -> Result<(), Refusal> {
        let (columns, numbers) = self.kept.snapshot()?;
        let mut kept: Vec<_> =
            numbers.iter().zip(columns.last_updated.iter().zip(&columns.last_seen)).collect();
        kept.sort();
        let mut rows: Vec<_> = self
            .rows
            .iter()
            .map(|(number, row)| (*number, row.last_updated.unix(), row.last_seen.unix()))
            .collect();
        rows.sort_unstable();
        let same = kept.iter().map(|(number, (updated, seen))| (**number, **updated, **seen)).eq(rows);
        if same { Ok(()) } else { Err(refusal("the session keeps other rows than its verdicts left")) }
    }
}

fn unknown_row(number: u32) -> Refusal {
    refusal(&format!("the session speaks of row {number}, which is not there"))
}

fn refusal(message: &str) -> Refusal {
    Refusal { code: "session_mismatch".to_owned(), message: message.to_owned() }
}

impl Cell for Session {
    fn configure(&mut self, layers: &[Layer]) -> Result<Config, Refusal> {
        Ok(self.plugin.configure(layers)?)
    }

    fn begin(&mut self, prior: Inventory) -> Result<(), Refusal> {
        let columns = translate::row_columns(prior.rows(), &mut self.interner);
        self.kept.load(&columns)?;
        self.rows = (0..).zip(prior.into_rows()).collect();
        self.next = u32::try_from(self.rows.len()).unwrap_or(u32::MAX);
        Ok(())
    }

    fn evaluate(
        &mut self,
        report: Option<Report<'_>>,
        config: &Config,
        now: Timestamp,
    ) -> Result<Outcome, Refusal> {
        let observation = report.map(|report| self.plugin.observe(host_report(report), now)).transpose()?;
        let verdicts = match &observation {
            Some(observation) => {
                let columns = observation.columns(&mut self.interner);
                self.kept.apply(&columns, config, now)?
            }
            None => self.kept.sweep(config, now)?,
        };
        let placed = self.placed(verdicts)?;
        let rows = self.rows.iter().map(|(_, row)| row.clone()).collect();
        let outcome = translate::outcome(rows, observation.as_ref(), &placed, &self.interner, config, now);
        let mut outcome = outcome.map_err(|misfit| refusal(&misfit.to_string()))?;
        self.renumber(&placed, observation.as_ref(), &outcome)?;
        self.check_snapshot()?;
        self.add_deadlines(&mut outcome, observation.as_ref(), config, now)?;
        Ok(outcome)
    }

    fn purge(&mut self, selector: &Selector) -> Result<Purged, Refusal> {
        let rows = self.rows.iter().map(|(_, row)| row.clone()).collect();
        let prior = Inventory::new(rows).map_err(|error| refusal(&error.to_string()))?;
        let purged = self.plugin.purge(&prior, selector)?;
        self.begin(rows_left(&purged))?;
        Ok(purged)
    }
}

impl Session {
    /// A session answers what changes. When each row expires (E1) is asked of `bulk`, by a sweep that changes nothing any
    /// more; after a credential probe by the probe itself.
    fn add_deadlines(
        &mut self,
        outcome: &mut Outcome,
        observation: Option<&Observation>,
        config: &Config,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let rows: Vec<Row> = outcome.retained.iter().map(|retained| retained.row.clone()).collect();
        let columns = translate::row_columns(&rows, &mut self.interner);
        let probe = observation.filter(|observation| observation.credential_probe);
        let probe = probe.map(|probe| probe.columns(&mut self.interner));
        let again = self.plugin.decide(&columns, probe.as_ref(), config, now, Detail::Deadlines)?;
        if !again.removed.is_empty()
            || !again.images.is_empty()
            || again.next_expiry.and_then(Timestamp::from_unix) != outcome.next_expiry
        {
            return Err(refusal("a sweep right after the session's verdicts changes something"));
        }
        for (retained, deadline) in outcome.retained.iter_mut().zip(&again.deadlines) {
            retained.expires_at =
                Some(*deadline).filter(|deadline| *deadline != NEVER).and_then(Timestamp::from_unix);
        }
        Ok(())
    }
}
