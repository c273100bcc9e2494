//! A whole inventory at once, on columns of integers: the hot path.

use hashbrown::{HashMap, HashSet};
use keepset_types::columns::{ColumnWarning, Detail, ReportColumns, RowColumns, Verdicts};
use keepset_types::{Config, Error, ErrorCode, ItemKind, MAX_TTL_DAYS, Timestamp, WarningCode};
use rustc_hash::FxBuildHasher;

use crate::context::{Context, Rows, SaidHere, Step, Stored};
use crate::{expire, images};

/// Decides over an inventory: with a report A1 to A7, without one a sweep, A5 and A6.
///
/// # Errors
/// `invalid_inventory` for columns that do not fit together, `invalid_config` for a TTL out of range (C1).
pub fn evaluate(
    inventory: &RowColumns,
    report: Option<&ReportColumns>,
    config: &Config,
    now: Timestamp,
    detail: Detail,
) -> Result<Verdicts, Error> {
    check_config(config)?;
    let known = check_rows(inventory)?;
    let said = report.map(ReportIndex::new).transpose()?;
    let step = Step { config, now: now.unix(), detail, report };
    let mut verdicts = Verdicts::default();
    let mut deadlines = Deadlines::default();
    let mut oldest = None;
    let mut context = Context::new();
    let mut start = 0;
    for (id, end) in inventory.contexts.iter().zip(&inventory.ends) {
        let end = index(*end);
        let stored = Stored::in_range(inventory, start..end).ok_or_else(|| misfit("ends"))?;
        let first = std::mem::replace(&mut start, end);
        let said = said.as_ref().and_then(|said| said.of(*id));
        if let (None, Some(sign)) = (said, oldest_at_rest(&stored, &mut context, &step)) {
            oldest = earliest(oldest, Some(sign));
            continue;
        }
        context.load(*id, stored.iter());
        context.decide(said, &step);
        context.report_to(&mut verdicts, |place| number(first + place));
        deadlines.collect(&context, &step);
        oldest = earliest(oldest, context.oldest());
    }
    for (id, said) in said.iter().flat_map(ReportIndex::contexts).filter(|(id, _)| !known.contains(id)) {
        context.load(id, std::iter::empty());
        context.decide(Some(said), &step);
        context.report_to(&mut verdicts, number);
        deadlines.collect(&context, &step);
        oldest = earliest(oldest, context.oldest());
    }
    verdicts.warnings.extend(config_warning(&step));
    verdicts.next_expiry = step.next_expiry(oldest);
    verdicts.deadlines = deadlines.join();
    Ok(verdicts)
}

/// The earliest last sign of life in a context that stays exactly as it is, as most do that no report speaks of. None where
/// anything happens, or is asked for each row.
fn oldest_at_rest(stored: &Stored<'_>, context: &mut Context, step: &Step<'_>) -> Option<i64> {
    let sign = expire::oldest_at_rest(stored, step).filter(|_| step.detail == Detail::Verdicts)?;
    images::are_settled(stored, &mut context.tallies).then_some(sign)
}

/// C5.
pub(crate) fn config_warning(step: &Step<'_>) -> Option<ColumnWarning> {
    let applies = step.config.image_ingest_overwrite && step.config.image_ttl_days == 0 && !step.is_probe();
    applies.then_some(ColumnWarning { code: WarningCode::OverwriteWithoutTtl, context: 0, id: 0 })
}

fn earliest(a: Option<i64>, b: Option<i64>) -> Option<i64> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (one, None) | (None, one) => one,
    }
}

/// E1, in the order of [`Verdicts::deadlines`].
#[derive(Default)]
struct Deadlines {
    prior: Vec<i64>,
    added: Vec<i64>,
    images: Vec<i64>,
}

impl Deadlines {
    fn collect(&mut self, context: &Context, step: &Step<'_>) {
        if step.detail == Detail::Verdicts {
            return;
        }
        let first = self.prior.len();
        for row in &context.rows {
            match (row.is_new, row.is_kept()) {
                (false, true) => self.prior.push(step.deadline(row.sign)),
                (false, false) => self.prior.push(0),
                (true, true) => self.added.push(step.deadline(row.sign)),
                (true, false) => {}
            }
        }
        for image in &context.images {
            let deadline = step.deadline(image.last_seen);
            match image.row.and_then(|row| self.prior.get_mut(first + index(row))) {
                Some(prior) => *prior = deadline,
                None => self.images.push(deadline),
            }
        }
    }

    fn join(mut self) -> Vec<i64> {
        self.prior.append(&mut self.added);
        self.prior.append(&mut self.images);
        self.prior
    }
}

/// Where the report speaks of which context.
pub(crate) struct ReportIndex<'a> {
    report: &'a ReportColumns,
    places: HashMap<u32, usize, FxBuildHasher>,
}

impl<'a> ReportIndex<'a> {
    pub(crate) fn new(report: &'a ReportColumns) -> Result<Self, Error> {
        check_report(report)?;
        let mut places: HashMap<u32, usize, FxBuildHasher> = HashMap::default();
        for (place, id) in report.contexts.iter().enumerate() {
            if places.insert(*id, place).is_some() {
                return Err(misfit("the report's contexts"));
            }
        }
        let index = Self { report, places };
        let mut keys: HashSet<(ItemKind, u32), FxBuildHasher> = HashSet::default();
        for (_, said) in index.contexts() {
            let mut all = said.rows.iter().map(|row| (row.kind, row.key));
            // What rises is there once; only where it does not, that has to be looked at.
            if !all.clone().is_sorted_by(|a, b| a < b) {
                keys.clear();
                if !all.all(|key| keys.insert(key)) {
                    return Err(misfit("the report's keys"));
                }
            }
        }
        Ok(index)
    }

    pub(crate) fn of(&self, context: u32) -> Option<SaidHere<'a>> {
        self.at(*self.places.get(&context)?)
    }

    pub(crate) fn contexts(&self) -> impl Iterator<Item = (u32, SaidHere<'a>)> {
        let contexts = self.report.contexts.iter().enumerate();
        contexts.filter_map(|(place, id)| Some((*id, self.at(place)?)))
    }

    fn at(&self, place: usize) -> Option<SaidHere<'a>> {
        let report = self.report;
        let first = place.checked_sub(1).map_or(Some(0), |before| report.ends.get(before).copied())?;
        let range = index(first)..index(*report.ends.get(place)?);
        let rows = Rows {
            kinds: report.kinds.get(range.clone())?,
            keys: report.keys.get(range.clone())?,
            links: report.links.get(range.clone())?,
            images: report.images.get(range)?,
        };
        Some(SaidHere { rows, first, observed_at: report.observed_at, inventory_type: report.inventory_type })
    }
}

/// C1, for a host that did not ask [`crate::configure()`].
pub(crate) fn check_config(config: &Config) -> Result<(), Error> {
    if config.image_ttl_days <= MAX_TTL_DAYS {
        return Ok(());
    }
    let message =
        format!("`image_ttl_days` is {}; expected 0 (never) to {MAX_TTL_DAYS}", config.image_ttl_days);
    Err(Error::new(ErrorCode::InvalidConfig, message).at("/image_ttl_days"))
}

/// The contexts of the inventory.
pub(crate) fn check_rows(rows: &RowColumns) -> Result<HashSet<u32, FxBuildHasher>, Error> {
    let len = rows.kinds.len();
    let lengths =
        [rows.keys.len(), rows.links.len(), rows.images.len(), rows.last_updated.len(), rows.last_seen.len()];
    check_columns(&rows.contexts, &rows.ends, &rows.kinds, lengths.iter().all(|other| *other == len))?;
    let contexts: HashSet<u32, FxBuildHasher> = rows.contexts.iter().copied().collect();
    if contexts.len() == rows.contexts.len() { Ok(contexts) } else { Err(misfit("contexts")) }
}

fn check_report(report: &ReportColumns) -> Result<(), Error> {
    let len = report.kinds.len();
    let lengths = [report.keys.len(), report.links.len(), report.images.len()];
    if report.kinds.contains(&ItemKind::Image.code()) {
        return Err(misfit("the report's kinds (an image is derived, never reported)"));
    }
    check_columns(&report.contexts, &report.ends, &report.kinds, lengths.iter().all(|other| *other == len))
}

fn check_columns(contexts: &[u32], ends: &[u32], kinds: &[u8], fit: bool) -> Result<(), Error> {
    let whole = ends.last().copied().map_or(0, index) == kinds.len() && contexts.len() == ends.len();
    if !fit || !whole || !ends.is_sorted() {
        return Err(misfit("the lengths of columns"));
    }
    match kinds.iter().all(|kind| ItemKind::from_code(*kind).is_some()) {
        true => Ok(()),
        false => Err(misfit("kinds")),
    }
}

fn misfit(what: &str) -> Error {
    Error::new(ErrorCode::InvalidInventory, format!("columns do not fit together: {what}"))
}

pub(crate) fn index(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

pub(crate) fn number(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}
