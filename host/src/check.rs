//! What a plugin answers is not believed before it fits what it was asked: nothing invented (law 6), nothing named twice,
//! no row removed that this call could not remove (law 3), every index in range, everything in order.

use std::cell::Cell;
use std::collections::HashSet;
use std::ops::Range;

use hashbrown::HashMap as Map;
use keepset_types::columns::{ColumnWarning, Detail, ImageVerdict, ReportColumns, RowColumns, Verdicts};
use keepset_types::translate::Misfit;
use keepset_types::{
    Attributes, ByNumber, Config, Context, Id, Inventory, InventoryType, ItemKind, Key, MAX_TTL_DAYS,
    Observation, Outcome, Purged, RemovalReason, Removed, Row, Said, Selector, Timestamp,
};
use rustc_hash::FxBuildHasher;

/// By numbers that the host made itself: nobody can choose them so that they collide.
type NumberMap<K, V> = Map<K, V, FxBuildHasher>;

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
    let (mut last, mut count) = (None, 0);
    for key in said.keys() {
        ensure(last < Some(key), "rows out of order, or twice")?;
        ensure(!key.2.is_empty(), "rows without an id")?;
        last = Some(key);
        count += 1;
    }
    ensure(count == len, "rows that cannot be read")
}

/// Attributes are those of a row (I2): others could be stored, and not be read again.
pub(crate) fn attributes(said: &Observation) -> Result<(), Lie> {
    let is_readable = |row: &Said<'_>| {
        let (context, id) = (Context::new(row.context), Id::Plain(row.id.into()));
        let key = Key { inventory_type: said.inventory_type, context, kind: row.kind, id };
        let attributes = Attributes::from_json(row.attributes.to_owned());
        Row::new(key, [Timestamp::MIN; 3], attributes).is_ok()
    };
    ensure(said.rows().all(|row| is_readable(&row)), "attributes that are no JSON object")
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

/// Where the rows of which context are.
struct Contexts<'a> {
    numbers: &'a [u32],
    ends: &'a [u32],
    places: NumberMap<u32, usize>,
    /// The place of the context that was asked for last: rows are mostly asked for in their order.
    last: Cell<usize>,
}

impl<'a> Contexts<'a> {
    fn new(numbers: &'a [u32], ends: &'a [u32]) -> Self {
        let places = numbers.iter().enumerate().map(|(place, number)| (*number, place)).collect();
        Self { numbers, ends, places, last: Cell::new(0) }
    }

    fn contains(&self, context: u32) -> bool {
        self.places.contains_key(&context)
    }

    /// The context of the row at that index.
    fn of(&self, row: usize) -> Option<u32> {
        let row = u32::try_from(row).ok()?;
        let end = |place: usize| self.ends.get(place).copied();
        let mut place = self.last.get();
        let is_in = end(place).is_some_and(|end| row < end)
            && place.checked_sub(1).is_none_or(|before| end(before).is_some_and(|start| start <= row));
        if !is_in {
            place = self.ends.partition_point(|end| *end <= row);
            self.last.set(place);
        }
        self.numbers.get(place).copied()
    }

    /// The indexes of a context's rows.
    fn rows(&self, context: u32) -> Range<usize> {
        let end = |place: usize| self.ends.get(place).map_or(0, |end| usize::try_from(*end).unwrap_or(0));
        match self.places.get(&context) {
            Some(place) => place.checked_sub(1).map_or(0, end)..end(*place),
            None => 0..0,
        }
    }
}

/// Some rows of a column.
fn part<'a, T>(column: &'a [T], rows: &Range<usize>) -> &'a [T] {
    column.get(rows.clone()).unwrap_or_default()
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

    fn is_marked(&self, place: usize) -> bool {
        self.0.get(place) == Some(&true)
    }
}

/// What was asked: the inventory, and the report unless it says nothing.
struct Asked<'a> {
    rows: &'a RowColumns,
    here: Contexts<'a>,
    report: Option<&'a ReportColumns>,
    there: Contexts<'a>,
}

impl<'a> Asked<'a> {
    fn new(rows: &'a RowColumns, report: Option<&'a ReportColumns>) -> Self {
        let there = report.map_or(Contexts::new(&[], &[]), |said| Contexts::new(&said.contexts, &said.ends));
        Self { rows, here: Contexts::new(&rows.contexts, &rows.ends), report, there }
    }
}

/// The verdicts name rows that exist, each in one role, and do nothing that this call could not do.
pub(crate) fn verdicts(
    verdicts: &Verdicts,
    rows: &RowColumns,
    report: Option<&ReportColumns>,
    config: &Config,
    now: Timestamp,
    detail: Detail,
) -> Result<(), Lie> {
    touched_columns(verdicts)?;
    let asked = Asked::new(rows, report.filter(|report| !report.credential_probe));
    let mut said = Once::of(asked.report.map_or(0, |report| report.kinds.len()));
    let touched = touched(verdicts, &asked, &mut said)?;
    added(verdicts, &asked, &mut said)?;
    let mut once = Once::of(rows.kinds.len());
    removed(verdicts, &asked, &touched, (config, now.unix()), &mut once)?;
    images(verdicts, &asked, &mut once)?;
    next_expiry(verdicts, rows, report, config)?;
    let new_images = verdicts.images.iter().filter(|image| image.row.is_none()).count();
    let expected = match detail {
        Detail::Verdicts => 0,
        Detail::Deadlines => rows.kinds.len() + verdicts.added.len() + new_images,
    };
    ensure(verdicts.deadlines.len() == expected, "more or fewer deadlines than rows")?;
    let known = |warning: &ColumnWarning| {
        let context = warning.context;
        context == 0 || asked.there.contains(context) || asked.here.contains(context)
    };
    ensure(verdicts.warnings.iter().all(known), "a warning about a context that does not exist")
}

/// E3: nothing expires later than what was seen last.
fn next_expiry(
    verdicts: &Verdicts,
    rows: &RowColumns,
    report: Option<&ReportColumns>,
    config: &Config,
) -> Result<(), Lie> {
    let Some(expiry) = verdicts.next_expiry else { return Ok(()) };
    let newest = rows.last_seen.iter().copied().max().max(report.map(|report| report.observed_at));
    let last = newest.and_then(|newest| config.deadline(newest));
    ensure(last.is_some_and(|last| expiry <= last), "an expiry that nothing could have")
}

/// The columns of touched rows fit together.
pub(crate) fn touched_columns(verdicts: &Verdicts) -> Result<(), Lie> {
    let len = verdicts.touched.len();
    let columns =
        [verdicts.touched_by.len(), verdicts.touched_last_seen.len(), verdicts.touched_replaced.len()];
    ensure(columns.iter().all(|other| *other == len), "columns of different lengths")
}

/// A4: rows of the report that were in the inventory, seen no earlier than before and no later than observed. Answers which.
fn touched(verdicts: &Verdicts, asked: &Asked<'_>, said: &mut Once) -> Result<Once, Lie> {
    let Asked { rows, here, report, there } = asked;
    let Some(report) = report else {
        ensure(verdicts.touched.is_empty(), "rows in a report that there was not")?;
        return Ok(Once::of(0));
    };
    let mut once = Once::of(rows.kinds.len());
    let times = verdicts.touched_last_seen.iter().zip(&verdicts.touched_replaced);
    for ((row, by), (last_seen, replaced)) in verdicts.touched.iter().zip(&verdicts.touched_by).zip(times) {
        let (row, by) = (once.mark(*row, "row")?, said.mark(*by, "row of the report")?);
        let same = rows.kinds.get(row) == report.kinds.get(by)
            && rows.keys.get(row) == report.keys.get(by)
            && here.of(row) == there.of(by);
        ensure(same, "a row that is taken for another one")?;
        let before = rows.last_seen.get(row).copied().unwrap_or_default();
        let in_between = before <= *last_seen && *last_seen <= before.max(report.observed_at);
        ensure(in_between && *replaced <= 1, "a row seen at a time that nobody reported")?;
    }
    Ok(once)
}

/// A4: rows of the report that were not in the inventory.
fn added(verdicts: &Verdicts, asked: &Asked<'_>, said: &mut Once) -> Result<(), Lie> {
    let Asked { rows, here, report, there } = asked;
    let Some(report) = report else {
        return ensure(verdicts.added.is_empty(), "rows of a report that there was not");
    };
    let mut new = Vec::with_capacity(verdicts.added.len());
    for index in &verdicts.added {
        let place = said.mark(*index, "row of the report")?;
        let key = (there.of(place), report.kinds.get(place), report.keys.get(place));
        let (Some(context), Some(kind), Some(key)) = key else { return Err(Lie::new("a row out of range")) };
        new.push((context, bit(*kind), *key));
    }
    new.sort_unstable_by_key(|(context, ..)| *context);
    let mut kinds = ByNumber::new();
    for new in new.chunk_by(|(a, ..), (b, ..)| a == b) {
        let range = here.rows(new.first().map_or(0, |(context, ..)| *context));
        kinds.begin(new.iter().map(|(.., key)| *key));
        for (_, kind, key) in new {
            *kinds.entry(*key) |= kind;
        }
        let mut known = part(&rows.kinds, &range).iter().zip(part(&rows.keys, &range));
        let is_new = |(kind, key): (&u8, &u32)| kinds.get(*key).is_some_and(|new| new & bit(*kind) != 0);
        ensure(!known.any(is_new), "a row as new that was there before")?;
    }
    Ok(())
}

/// A kind as one bit of many.
fn bit(kind: u8) -> u8 {
    1_u8.checked_shl(kind.into()).unwrap_or(0)
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
    asked: &Asked<'_>,
    touched: &Once,
    (config, now): (&Config, i64),
    once: &mut Once,
) -> Result<(), Lie> {
    let Asked { rows, here, there, .. } = asked;
    for removal in &verdicts.removed {
        let place = once.mark(removal.row, "row")?;
        let kind = rows.kinds.get(place).copied().and_then(ItemKind::from_code);
        let fits = match removal.reason {
            // Whatever it has below itself only makes it younger (A5).
            RemovalReason::Expired => {
                let seen = rows.last_seen.get(place).copied();
                kind == Some(ItemKind::Image) || seen.is_some_and(|seen| config.is_past_ttl(seen, now))
            }
            RemovalReason::Deleted => true,
            RemovalReason::Superseded => kind == Some(ItemKind::Image),
            RemovalReason::Overwritten => {
                let removable = [ItemKind::Pod, ItemKind::Container, ItemKind::Task, ItemKind::Image];
                !touched.is_marked(place)
                    && kind.is_some_and(|kind| removable.contains(&kind))
                    && here.of(place).is_some_and(|context| there.contains(context))
            }
        };
        if !(fits && is_possible(removal.reason, config)) {
            return Err(Lie(format!("the removal of row {}, for which there was no reason", removal.row)));
        }
    }
    Ok(())
}

/// I3: an image is one that a container of its context names.
fn images(verdicts: &Verdicts, asked: &Asked<'_>, once: &mut Once) -> Result<(), Lie> {
    let Asked { rows, here, report, there } = asked;
    let mut verdicts: Vec<&ImageVerdict> = verdicts.images.iter().collect();
    verdicts.sort_by_key(|image| image.context);
    let mut known: ByNumber<KnownImage> = ByNumber::new();
    for verdicts in verdicts.chunk_by(|a, b| a.context == b.context) {
        let context = verdicts.first().map_or(0, |image| image.context);
        let range = here.rows(context);
        let (kinds, images) = (part(&rows.kinds, &range), part(&rows.images, &range));
        let reported = report.map_or(&[][..], |report| part(&report.images, &there.rows(context)));
        known.begin(images.iter().chain(reported).copied().filter(|image| *image != 0));
        for (kind, image) in kinds.iter().zip(images) {
            let known = known.entry(*image);
            match *kind == ItemKind::Image.code() {
                true => known.has_row = true,
                false => known.is_named = true,
            }
        }
        for image in reported {
            known.entry(*image).is_named = true;
        }
        for ImageVerdict { row, image, last_seen, last_updated, .. } in verdicts {
            let known = known.entry(*image);
            ensure(*image != 0 && known.is_named, "an image that no container runs")?;
            let times = [*last_seen, *last_updated].into_iter().map(Timestamp::from_unix);
            ensure(times.into_iter().all(|time| time.is_some()), "an image with a time that does not exist")?;
            if let Some(row) = row {
                let place = once.mark(*row, "row")?;
                let same = rows.images.get(place) == Some(image) && here.of(place) == Some(context);
                let is_image = rows.kinds.get(place) == Some(&ItemKind::Image.code());
                ensure(same && is_image, "an image that is taken for another row")?;
            } else {
                ensure(!known.has_row, "an image as new that was there before")?;
                known.has_row = true;
            }
        }
    }
    Ok(())
}

/// What is known of an image of a context.
#[derive(Clone, Copy, Default)]
struct KnownImage {
    /// A container there runs it, in the inventory or in the report.
    is_named: bool,
    /// It has a row in the inventory, or in the answer.
    has_row: bool,
}

/// Law 6: every prior row is either retained or removed, and what else is retained comes from the report, or is the image of
/// a container that is retained.
pub(crate) fn outcome(outcome: &Outcome, prior: &Inventory, said: Option<&Observation>) -> Result<(), Lie> {
    let rows = || outcome.retained.iter().map(|retained| &retained.row);
    let invented = partition(rows(), &outcome.removed, prior.rows())?;
    let gained: HashSet<_> = invented.iter().map(|row| &row.key.context).collect();
    let images: HashSet<_> = rows()
        .filter(|row| row.key.kind == ItemKind::Container && gained.contains(&row.key.context))
        .filter_map(|row| Some((row.key.inventory_type, &row.key.context, row.image()?)))
        .collect();
    // In order, as the observation's own check saw to.
    let reported: Vec<_> = said.into_iter().flat_map(Observation::keys).collect();
    for row in invented {
        let Key { inventory_type, context, kind, id } = &row.key;
        let comes_from_somewhere = match id {
            Id::Image(image) => images.contains(&(*inventory_type, context, (&*image.tag, &*image.digest))),
            Id::Plain(id) => {
                said.is_some_and(|said| said.inventory_type == *inventory_type)
                    && reported.binary_search(&(context.as_str(), *kind, id)).is_ok()
            }
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
