//! An inventory that stays with the engine between calls: a report costs in proportion to the contexts that it speaks of,
//! not to the inventory. What is due to expire is found by deadline.

use std::collections::BTreeSet;

use hashbrown::HashMap;
use keepset_types::columns::{Detail, ReportColumns, RowColumns, Verdicts};
use keepset_types::{ByNumber, Config, Error, ErrorCode, ItemKind, Timestamp};
use rustc_hash::FxBuildHasher;

use crate::bulk::{ReportIndex, check_config, check_rows, config_warning, index, number};
use crate::context::{Context, Said, Step, Stored};
use crate::{expire, images};

/// An inventory, kept. Rows have numbers: those loaded count from 0 in their order, later ones go on from there, first
/// the added rows of a call, then its new images, each in the order of the verdicts. A number is never given twice.
#[derive(Debug, Default)]
pub struct Session {
    contexts: Vec<Kept>,
    places: HashMap<u32, u32, FxBuildHasher>,
    /// The earliest last sign of life of each context that has rows, and its place.
    due: BTreeSet<(i64, u32)>,
    /// Places of contexts that lost their last row, for new ones.
    free: Vec<u32>,
    /// Contexts that were loaded with images that are not those of their containers (I3).
    unsettled: Vec<u32>,
    rows: u32,
}

/// The rows of one context.
#[derive(Debug, Default)]
struct Kept {
    id: u32,
    rows: Vec<KeptRow>,
    oldest: Option<i64>,
}

#[derive(Clone, Copy, Debug)]
struct KeptRow {
    number: u32,
    row: Said,
    updated: i64,
    seen: i64,
}

impl Session {
    /// A session with an empty inventory.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Replaces the inventory.
    ///
    /// # Errors
    /// `invalid_inventory` for columns that do not fit together; the session is then unchanged.
    pub fn load(&mut self, inventory: &RowColumns) -> Result<(), Error> {
        check_rows(inventory)?;
        *self = Self { rows: number(inventory.kinds.len()), ..Self::default() };
        let mut context = Context::new();
        let mut start = 0;
        for (id, end) in inventory.contexts.iter().zip(&inventory.ends) {
            let end = index(*end);
            let Some(stored) = Stored::in_range(inventory, start..end) else { break };
            context.load(*id, stored.iter());
            let place = self.place_of(*id);
            let first = number(start);
            let rows = (first..).zip(&context.rows).map(|(number, row)| KeptRow {
                number,
                row: Said { kind: row.kind, key: row.key, link: row.link, image: row.image },
                updated: row.updated,
                seen: row.seen,
            });
            let rows = rows.collect();
            expire::pass(&mut context.rows, &mut context.signs, Detail::Verdicts, |_| false);
            self.keep(place, rows, context.oldest());
            images::derive(&mut context);
            if !context.images.is_empty() || context.rows.iter().any(|row| !row.is_kept()) {
                self.unsettled.push(place);
            }
            start = end;
        }
        Ok(())
    }

    /// Decides over the kept inventory as [`crate::bulk::evaluate`] does, and carries the verdicts out. Without a report: a
    /// sweep.
    ///
    /// # Errors
    /// As [`crate::bulk::evaluate`]; the session is then unchanged. `invalid_inventory` also when row numbers run out.
    pub fn apply(
        &mut self,
        report: Option<&ReportColumns>,
        config: &Config,
        now: Timestamp,
    ) -> Result<Verdicts, Error> {
        check_config(config)?;
        let said = report.map(ReportIndex::new).transpose()?;
        let most_new = report.map_or(0, |report| report.kinds.len().saturating_mul(2));
        if self.rows.checked_add(number(most_new)).is_none() {
            return Err(Error::new(
                ErrorCode::InvalidInventory,
                "the session has no row numbers left: load it anew",
            ));
        }
        let step = Step { config, now: now.unix(), detail: Detail::Verdicts, report };
        let mut verdicts = Verdicts::default();
        let mut new_images = Vec::new();
        let mut context = Context::new();
        for place in self.affected(said.as_ref(), &step) {
            let Some(kept) = self.contexts.get(index(place)) else { continue };
            context.load(kept.id, kept.rows.iter().map(|kept| (kept.row, kept.updated, kept.seen)));
            context.decide(said.as_ref().and_then(|said| said.of(kept.id)), &step);
            context.report_to(&mut verdicts, |at| kept.rows.get(at).map_or(u32::MAX, |row| row.number));
            self.carry_out(place, &context, &mut new_images);
        }
        for (place, at) in new_images {
            let kept = self.contexts.get_mut(index(place)).and_then(|kept| kept.rows.get_mut(at));
            if let Some(kept) = kept {
                kept.number = self.rows;
                self.rows += 1;
            }
        }
        verdicts.warnings.extend(config_warning(&step));
        verdicts.next_expiry = step.next_expiry(self.due.first().map(|(oldest, _)| *oldest));
        Ok(verdicts)
    }

    /// The inventory as it now is, and the number of each row.
    #[must_use]
    pub fn snapshot(&self) -> (RowColumns, Vec<u32>) {
        let mut columns = RowColumns::default();
        let mut numbers = Vec::new();
        for kept in self.contexts.iter().filter(|kept| !kept.rows.is_empty()) {
            columns.contexts.push(kept.id);
            for KeptRow { number, row, updated, seen } in &kept.rows {
                numbers.push(*number);
                columns.kinds.push(row.kind.code());
                columns.keys.push(row.key);
                columns.links.push(row.link);
                columns.images.push(row.image);
                columns.last_updated.push(*updated);
                columns.last_seen.push(*seen);
            }
            columns.ends.push(number(columns.kinds.len()));
        }
        (columns, numbers)
    }

    /// The places of the contexts in which this step can change anything: those of the report, and those where something
    /// is past its TTL.
    fn affected(&mut self, said: Option<&ReportIndex<'_>>, step: &Step<'_>) -> Vec<u32> {
        if step.is_probe() {
            return Vec::new();
        }
        let due =
            self.due.iter().take_while(|(oldest, _)| step.is_past_ttl(*oldest)).map(|(_, place)| *place);
        let mut places: Vec<u32> = due.collect();
        places.append(&mut self.unsettled);
        for (id, _) in said.into_iter().flat_map(ReportIndex::contexts) {
            places.push(self.place_of(id));
        }
        places.sort_unstable();
        places.dedup();
        places
    }

    /// Where that context is; a new one if it is unknown.
    fn place_of(&mut self, id: u32) -> u32 {
        if let Some(place) = self.places.get(&id) {
            return *place;
        }
        let next = number(self.contexts.len());
        let place = self.free.pop().unwrap_or(next);
        match self.contexts.get_mut(index(place)) {
            Some(kept) => kept.id = id,
            None => self.contexts.push(Kept { id, ..Kept::default() }),
        }
        self.places.insert(id, place);
        place
    }

    fn carry_out(&mut self, place: u32, context: &Context, new_images: &mut Vec<(u32, usize)>) {
        let Some(kept) = self.contexts.get(index(place)) else { return };
        let mut numbers = kept.rows.iter().map(|row| row.number);
        let mut image_times: ByNumber<Option<(i64, i64)>> = ByNumber::new();
        image_times.begin(context.images.iter().map(|image| image.image));
        for image in &context.images {
            *image_times.entry(image.image) = Some((image.last_updated, image.last_seen));
        }
        let mut rows = Vec::with_capacity(context.rows.len());
        for row in &context.rows {
            let old_number = if row.is_new { None } else { numbers.next() };
            if !row.is_kept() {
                continue;
            }
            let number = old_number.unwrap_or_else(|| {
                let number = self.rows;
                self.rows += 1;
                number
            });
            let times = if row.kind == ItemKind::Image { image_times.get(row.image) } else { None };
            let (updated, seen) = times.copied().flatten().unwrap_or((row.updated, row.seen));
            let row = Said { kind: row.kind, key: row.key, link: row.link, image: row.image };
            rows.push(KeptRow { number, row, updated, seen });
        }
        for image in context.images.iter().filter(|image| image.row.is_none()) {
            new_images.push((place, rows.len()));
            rows.push(KeptRow {
                number: u32::MAX,
                row: Said { kind: ItemKind::Image, key: 0, link: 0, image: image.image },
                updated: image.last_updated,
                seen: image.last_seen,
            });
        }
        let oldest = context.oldest();
        self.keep(place, rows, oldest);
    }

    fn keep(&mut self, place: u32, rows: Vec<KeptRow>, oldest: Option<i64>) {
        let Some(kept) = self.contexts.get_mut(index(place)) else { return };
        if let Some(before) = kept.oldest {
            self.due.remove(&(before, place));
        }
        if let Some(oldest) = oldest {
            self.due.insert((oldest, place));
        }
        if rows.is_empty() {
            self.places.remove(&kept.id);
            self.free.push(place);
        }
        kept.rows = rows;
        kept.oldest = oldest;
    }
}
