//! What a plugin answers is not believed before it fits what it was asked: nothing invented (law 6), nothing named twice,
//! no row removed that this call could not remove (law 3), every index in range, everything in order.

use std::collections::{HashMap, HashSet};

use keepset_types::columns::{ColumnWarning, Detail, ImageVerdict, ReportColumns, RowColumns, Verdicts};
use keepset_types::translate::Misfit;
use keepset_types::{
    Config, Id, Inventory, InventoryType, ItemKind, Key, MAX_TTL_DAYS, Observation, Outcome, Purged,
    RemovalReason, Removed, Row, Said, Selector, Timestamp,
};

/// What an answer got wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it contains {0}")]
pub struct Lie(String);

impl Lie {
    pub(crate) fn new(what: &str) -> Self {
        Self(what.to_owned())
    }
}

impl From<Misfit> for Lie {
    fn from(misfit: Misfit) -> Self {
        Self(format!("{} that does not exist", misfit.0))
    }
}

fn ensure(holds: bool, otherwise: &str) -> Result<(), Lie> {
    if holds { Ok(()) } else { Err(Lie::new(otherwise)) }
}

pub(crate) fn config(config: &Config) -> Result<(), Lie> {
    ensure(config.image_ttl_days <= MAX_TTL_DAYS, "a TTL of more than 36500 days")
}

/// The columns of an observation fit together, its rows are in key order, each once, and nothing is said of the future.
pub(crate) fn observation(said: &Observation, asked: InventoryType, now: i64) -> Result<(), Lie> {
    ensure(said.inventory_type == asked, "rows of another inventory type")?;
    ensure(said.observed_at <= now, "an observation of the future")?;
    ensure(Timestamp::from_unix(said.observed_at).is_some(), "an observation before the year 0000")?;
    ensure(!said.credential_probe || said.is_empty(), "rows of a credential probe")?;
    ensure(said.ends.is_sorted(), "strings that end before they begin")?;
    let whole = said.ends.last().copied().unwrap_or_default();
    ensure(usize::try_from(whole) == Ok(said.text.len()), "text that belongs to no string")?;
    let boundary = |end: &u32| usize::try_from(*end).is_ok_and(|end| said.text.is_char_boundary(end));
    ensure(said.ends.iter().all(boundary), "strings that end within a character")?;
    let len = said.len();
    let columns = [&said.ids, &said.links, &said.tags, &said.digests, &said.attributes];
    ensure(columns.iter().all(|column| column.len() == len), "columns of different lengths")?;
    ensure(said.contexts.len() == said.context_ends.len(), "columns of different lengths")?;
    ensure(said.context_ends.is_sorted(), "contexts that end before they begin")?;
    let rows_end = said.context_ends.last().copied().unwrap_or_default();
    ensure(usize::try_from(rows_end) == Ok(len), "rows of no context")?;
    let texts = said.warnings.iter().flat_map(|warning| [warning.context, warning.id, warning.pointer]);
    let mut numbers = columns.into_iter().flatten().chain(&said.contexts).copied().chain(texts);
    let strings = u32::try_from(said.ends.len()).unwrap_or(u32::MAX);
    ensure(numbers.all(|number| number <= strings), "strings that do not exist")?;
    let fits = |code: &u8| {
        ItemKind::from_code(*code).is_some_and(|kind| kind.belongs_to(asked) && kind != ItemKind::Image)
    };
    ensure(said.kinds.iter().all(fits), "rows of a kind that no such report has")?;
    ensure(said.rows().count() == len, "rows that cannot be read")?;
    let in_order = |a: Said<'_>, b: Said<'_>| (a.context, a.kind, a.id) < (b.context, b.kind, b.id);
    ensure(said.rows().is_sorted_by(|a, b| in_order(*a, *b)), "rows out of order, or twice")?;
    ensure(said.rows().all(|row| !row.id.is_empty()), "rows without an id")
}

/// The columns of an inventory fit together.
pub(crate) fn row_columns(rows: &RowColumns) -> Result<(), Lie> {
    let len = rows.kinds.len();
    let columns = [rows.keys.len(), rows.links.len(), rows.images.len()];
    let times = [rows.last_updated.len(), rows.last_seen.len()];
    ensure(columns.iter().chain(&times).all(|other| *other == len), "columns of different lengths")?;
    ensure(rows.contexts.len() == rows.ends.len(), "columns of different lengths")?;
    let whole = rows.ends.last().copied().unwrap_or_default();
    ensure(rows.ends.is_sorted() && usize::try_from(whole) == Ok(len), "rows of no context")
}

/// The context of each row, by its place.
fn contexts_of_rows(contexts: &[u32], ends: &[u32]) -> Vec<u32> {
    let mut of_rows = Vec::new();
    for (context, end) in contexts.iter().zip(ends) {
        of_rows.resize(usize::try_from(*end).unwrap_or_default().max(of_rows.len()), *context);
    }
    of_rows
}

/// Marks places, each once.
struct Once(Vec<bool>);

impl Once {
    fn of(len: usize) -> Self {
        Self(vec![false; len])
    }

    fn mark(&mut self, index: u32, what: &str) -> Result<usize, Lie> {
        let place = usize::try_from(index).unwrap_or(usize::MAX);
        match self.0.get_mut(place) {
            Some(seen) if !*seen => {
                *seen = true;
                Ok(place)
            }
            Some(_) => Err(Lie(format!("{what} {index} twice"))),
            None => Err(Lie(format!("{what} {index}, which does not exist"))),
        }
    }
}

/// The verdicts name rows that exist, each in one role, and do nothing that this call could not do.
pub(crate) fn verdicts(
    verdicts: &Verdicts,
    rows: &RowColumns,
    report: Option<&ReportColumns>,
    config: &Config,
    detail: Detail,
) -> Result<(), Lie> {
    touched_columns(verdicts)?;
    let report = report.filter(|report| !report.credential_probe);
    let mut said = Once::of(report.map_or(0, |report| report.kinds.len()));
    touched(verdicts, rows, report, &mut said)?;
    added(verdicts, rows, report, &mut said)?;
    let mut once = Once::of(rows.kinds.len());
    removed(verdicts, rows, report, config, &mut once)?;
    images(verdicts, rows, report, &mut once)?;
    ensure(config.image_ttl_days > 0 || verdicts.next_expiry.is_none(), "an expiry although the TTL is 0")?;
    let new_images = verdicts.images.iter().filter(|image| image.row.is_none()).count();
    let expected = match detail {
        Detail::Verdicts => 0,
        Detail::Deadlines => rows.kinds.len() + verdicts.added.len() + new_images,
    };
    ensure(verdicts.deadlines.len() == expected, "more or fewer deadlines than rows")?;
    let known = |warning: &ColumnWarning| {
        let in_report = || report.is_some_and(|report| report.contexts.contains(&warning.context));
        warning.context == 0 || in_report() || rows.contexts.contains(&warning.context)
    };
    ensure(verdicts.warnings.iter().all(known), "a warning about a context that does not exist")
}

/// The columns of touched rows fit together.
pub(crate) fn touched_columns(verdicts: &Verdicts) -> Result<(), Lie> {
    let len = verdicts.touched.len();
    let columns =
        [verdicts.touched_by.len(), verdicts.touched_last_seen.len(), verdicts.touched_replaced.len()];
    ensure(columns.iter().all(|other| *other == len), "columns of different lengths")
}

/// A4: rows of the report that were in the inventory, seen no earlier than before and no later than observed.
fn touched(
    verdicts: &Verdicts,
    rows: &RowColumns,
    report: Option<&ReportColumns>,
    said: &mut Once,
) -> Result<(), Lie> {
    let Some(report) = report else {
        return ensure(verdicts.touched.is_empty(), "rows in a report that there was not");
    };
    let mut once = Once::of(rows.kinds.len());
    let here = contexts_of_rows(&rows.contexts, &rows.ends);
    let there = contexts_of_rows(&report.contexts, &report.ends);
    let times = verdicts.touched_last_seen.iter().zip(&verdicts.touched_replaced);
    for ((row, by), (last_seen, replaced)) in verdicts.touched.iter().zip(&verdicts.touched_by).zip(times) {
        let (row, by) = (once.mark(*row, "row")?, said.mark(*by, "row of the report")?);
        let same = rows.kinds.get(row) == report.kinds.get(by)
            && rows.keys.get(row) == report.keys.get(by)
            && here.get(row) == there.get(by);
        ensure(same, "a row that is taken for another one")?;
        let before = rows.last_seen.get(row).copied().unwrap_or_default();
        let in_between = before <= *last_seen && *last_seen <= before.max(report.observed_at);
        ensure(in_between && *replaced <= 1, "a row seen at a time that nobody reported")?;
    }
    Ok(())
}

/// A4: rows of the report that were not in the inventory.
fn added(
    verdicts: &Verdicts,
    rows: &RowColumns,
    report: Option<&ReportColumns>,
    said: &mut Once,
) -> Result<(), Lie> {
    let Some(report) = report else {
        return ensure(verdicts.added.is_empty(), "rows of a report that there was not");
    };
    if verdicts.added.is_empty() {
        return Ok(());
    }
    let there = contexts_of_rows(&report.contexts, &report.ends);
    let reported: HashSet<u32> = report.contexts.iter().copied().collect();
    let here = contexts_of_rows(&rows.contexts, &rows.ends);
    let keys = rows.kinds.iter().zip(&rows.keys).zip(here);
    let known: HashSet<(u32, u8, u32)> = keys
        .filter(|(_, context)| reported.contains(context))
        .map(|((kind, key), context)| (context, *kind, *key))
        .collect();
    for index in &verdicts.added {
        let place = said.mark(*index, "row of the report")?;
        let key = (there.get(place), report.kinds.get(place), report.keys.get(place));
        let (Some(context), Some(kind), Some(key)) = key else { return Err(Lie::new("a row out of range")) };
        ensure(!known.contains(&(*context, *kind, *key)), "a row as new that was there before")?;
    }
    Ok(())
}

/// Whether a report or a sweep can remove anything for that reason, under that configuration.
pub(crate) fn is_possible(reason: RemovalReason, config: &Config) -> bool {
    match reason {
        RemovalReason::Expired => config.image_ttl_days > 0,
        RemovalReason::Overwritten => config.image_ingest_overwrite,
        RemovalReason::Superseded => true,
        RemovalReason::Deleted => false,
    }
}

/// Law 3, A2, A5, A6: what goes could go.
fn removed(
    verdicts: &Verdicts,
    rows: &RowColumns,
    report: Option<&ReportColumns>,
    config: &Config,
    once: &mut Once,
) -> Result<(), Lie> {
    if verdicts.removed.is_empty() {
        return Ok(());
    }
    let reported: HashSet<u32> = report.into_iter().flat_map(|report| &report.contexts).copied().collect();
    let here = contexts_of_rows(&rows.contexts, &rows.ends);
    let touched: HashSet<u32> = verdicts.touched.iter().copied().collect();
    for removal in &verdicts.removed {
        let place = once.mark(removal.row, "row")?;
        let kind = rows.kinds.get(place).copied().and_then(ItemKind::from_code);
        let fits = match removal.reason {
            RemovalReason::Expired | RemovalReason::Deleted => true,
            RemovalReason::Superseded => kind == Some(ItemKind::Image),
            RemovalReason::Overwritten => {
                let removable = [ItemKind::Pod, ItemKind::Container, ItemKind::Task, ItemKind::Image];
                !touched.contains(&removal.row)
                    && kind.is_some_and(|kind| removable.contains(&kind))
                    && here.get(place).is_some_and(|context| reported.contains(context))
            }
        };
        if !(fits && is_possible(removal.reason, config)) {
            return Err(Lie(format!("the removal of row {}, for which there was no reason", removal.row)));
        }
    }
    Ok(())
}

/// I3: an image is one that a container of its context names.
fn images(
    verdicts: &Verdicts,
    rows: &RowColumns,
    report: Option<&ReportColumns>,
    once: &mut Once,
) -> Result<(), Lie> {
    if verdicts.images.is_empty() {
        return Ok(());
    }
    let here = contexts_of_rows(&rows.contexts, &rows.ends);
    let asked: HashSet<u32> = verdicts.images.iter().map(|image| image.context).collect();
    let mut named: HashSet<(u32, u32)> = HashSet::new();
    let mut known: HashMap<(u32, u32), bool> = HashMap::new();
    for ((kind, image), context) in rows.kinds.iter().zip(&rows.images).zip(&here) {
        if !asked.contains(context) {
            continue;
        }
        if *kind == ItemKind::Image.code() {
            known.insert((*context, *image), false);
        } else if *image != 0 {
            named.insert((*context, *image));
        }
    }
    if let Some(report) = report {
        let there = contexts_of_rows(&report.contexts, &report.ends);
        named.extend(there.into_iter().zip(report.images.iter().copied()).filter(|(_, image)| *image != 0));
    }
    for ImageVerdict { row, context, image, last_seen, last_updated, .. } in &verdicts.images {
        ensure(named.contains(&(*context, *image)), "an image that no container runs")?;
        let times = [*last_seen, *last_updated].into_iter().map(Timestamp::from_unix);
        ensure(times.into_iter().all(|time| time.is_some()), "an image with a time that does not exist")?;
        if let Some(row) = row {
            let place = once.mark(*row, "row")?;
            let same = rows.images.get(place) == Some(image) && here.get(place) == Some(context);
            let is_image = rows.kinds.get(place) == Some(&ItemKind::Image.code());
            ensure(same && is_image, "an image that is taken for another row")?;
        } else {
            let twice = known.insert((*context, *image), true).is_some();
            ensure(!twice, "an image as new that was there before")?;
        }
    }
    Ok(())
}

/// Law 6: every prior row is either retained or removed, and what else is retained comes from the report, or is the image of
/// a container that is retained.
pub(crate) fn outcome(outcome: &Outcome, prior: &Inventory, said: Option<&Observation>) -> Result<(), Lie> {
    let rows = || outcome.retained.iter().map(|retained| &retained.row);
    let invented = partition(rows(), &outcome.removed, prior.rows())?;
    let images: HashSet<_> = rows()
        .filter(|row| row.key.kind == ItemKind::Container)
        .filter_map(|row| Some((row.key.inventory_type, &row.key.context, row.image()?)))
        .collect();
    let reported: HashSet<_> = said
        .into_iter()
        .flat_map(|said| said.rows().map(|row| (said.inventory_type, row.context, row.kind, row.id)))
        .collect();
    for row in invented {
        let Key { inventory_type, context, kind, id } = &row.key;
        let comes_from_somewhere = match id {
            Id::Image(image) => images.contains(&(*inventory_type, context, image)),
            Id::Plain(id) => reported.contains(&(*inventory_type, context.as_str(), *kind, id)),
        };
        if !comes_from_somewhere {
            return Err(Lie(format!("the row `{}`, which nobody reported", row.key)));
        }
    }
    Ok(())
}

/// Every prior row is either retained, unchanged, or deleted because it is of the context that was asked for.
pub(crate) fn purged(purged: &Purged, prior: &Inventory, selector: &Selector) -> Result<(), Lie> {
    let invented = partition(purged.retained.iter(), &purged.removed, prior.rows())?;
    ensure(invented.is_empty(), "a row that was not in the inventory")?;
    ensure(!purged.removed.is_empty(), "no row at all that was deleted")?;
    let is_asked_for = |key: &Key| {
        key.inventory_type.as_str() == selector.inventory_type
            && key.context.as_str() == selector.context
            && (selector.image_digest.is_none() || matches!(key.kind, ItemKind::Container | ItemKind::Image))
    };
    if let Some(other) = purged.removed.iter().find(|gone| !is_asked_for(&gone.key)) {
        return Err(Lie(format!("the removal of `{}`, for which nobody asked", other.key)));
    }
    let unchanged = prior
        .rows()
        .iter()
        .filter(|row| purged.retained.binary_search_by(|kept| kept.key.cmp(&row.key)).is_ok());
    ensure(unchanged.eq(purged.retained.iter()), "a row that a deletion changed")
}

/// Checks that both lists are in order and that each prior row is in one of them; answers what else is retained.
fn partition<'a>(
    retained: impl Iterator<Item = &'a Row> + Clone,
    removed: &[Removed],
    prior: &[Row],
) -> Result<Vec<&'a Row>, Lie> {
    ensure(retained.clone().is_sorted_by(|a, b| a.key < b.key), "rows out of order, or twice")?;
    ensure(removed.is_sorted_by(|a, b| a.key < b.key), "removed rows out of order, or twice")?;
    let mut retained = retained.peekable();
    let mut removed = removed.iter().peekable();
    let mut invented = Vec::new();
    for row in prior {
        while let Some(other) = retained.next_if(|kept| kept.key < row.key) {
            invented.push(other);
        }
        let is_retained = retained.next_if(|kept| kept.key == row.key).is_some();
        let is_removed = removed.next_if(|gone| gone.key == row.key).is_some();
        if is_retained == is_removed {
            let what =
                if is_retained { "as both retained and removed" } else { "neither retained nor removed" };
            return Err(Lie(format!("the row `{}` {what}", row.key)));
        }
    }
    invented.extend(retained);
    ensure(removed.next().is_none(), "a removed row that was not in the inventory")?;
    Ok(invented)
}
