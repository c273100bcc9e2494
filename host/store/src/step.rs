//! From verdicts to the fewest changes of what is stored. Nothing about retention is decided here.
//!
//! Rows whose times are those that their context shares are stored without times of their own. A report that finds
//! everything as it was moves the shared times, and with them all rows at once.

use std::collections::HashMap;
use std::sync::Arc;

use keepset_types::columns::{ReportColumns, RowColumns, Verdicts};
use keepset_types::translate::{Misfit, rule};
use keepset_types::{
    Config, Image, Interner, ItemKind, Observation, RemovalReason, Removed, Said, Timestamp,
};

use crate::StoreError;
use crate::cache::Cache;
use crate::context::{Head, Item, Loaded, Times};

/// An item to be inserted, or whose contents are to be replaced.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) item: Arc<Item>,
    pub(crate) digest: Box<str>,
    pub(crate) attributes: Box<str>,
}

/// What changes in one context.
#[derive(Debug)]
pub(crate) struct Change {
    /// As it was.
    pub(crate) before: Loaded,
    /// As it will be, but for the version; nobody may believe it before the commit.
    pub(crate) after: Loaded,
    pub(crate) inserted: Vec<Written>,
    pub(crate) replaced: Vec<Written>,
    /// Items whose times alone are written.
    pub(crate) retimed: Vec<Arc<Item>>,
    /// The numbers of items that go.
    pub(crate) deleted: Vec<i64>,
    pub(crate) removed: Vec<Removed>,
}

impl Change {
    /// All items have these times from now on; nothing else changes.
    pub(crate) fn of_times(before: Loaded, times: Times, verdicts: &Verdicts, config: &Config) -> Self {
        let oldest = before.head.oldest.map_or(times.seen, |bound| bound.max(times.seen));
        let oldest = Some(not_before(verdicts, config, oldest));
        let after = before.under(Head { shared: Some(times), oldest, ..before.head.clone() });
        let (inserted, replaced, retimed, deleted, removed) = Default::default();
        Self { before, after, inserted, replaced, retimed, deleted, removed }
    }

    /// Whether anything is to be written.
    pub(crate) fn is_change(&self) -> bool {
        self.before.head != self.after.head || self.touches_items()
    }

    pub(crate) fn touches_items(&self) -> bool {
        !(self.inserted.is_empty()
            && self.replaced.is_empty()
            && self.retimed.is_empty()
            && self.deleted.is_empty())
    }
}

/// What was asked, and what became of it.
pub(crate) struct Step<'a> {
    pub(crate) rows: &'a RowColumns,
    pub(crate) report: Option<&'a ReportColumns>,
    pub(crate) observation: Option<&'a Observation>,
    pub(crate) interner: &'a Interner,
    pub(crate) verdicts: &'a Verdicts,
    pub(crate) config: &'a Config,
    pub(crate) now: Timestamp,
    pub(crate) cache: &'a Cache,
}

/// An item on its way through a step.
struct Standing<'a> {
    /// As it is stored; none for one that comes.
    old: Option<&'a Arc<Item>>,
    kind: ItemKind,
    /// As they are stored; none: those of the context.
    own_times: Option<Times>,
    times: Times,
    removed: Option<RemovalReason>,
    /// Whether the report contains it.
    reported: bool,
    contents: Contents<'a>,
}

impl<'a> Standing<'a> {
    /// One that comes.
    fn new(kind: ItemKind, times: Times, reported: bool, contents: Contents<'a>) -> Self {
        Self { old: None, kind, own_times: None, times, removed: None, reported, contents }
    }

    /// One that is there.
    fn of(item: &'a Arc<Item>, times: Times) -> Self {
        let own_times = item.times;
        Self { old: Some(item), own_times, ..Self::new(item.kind, times, false, Contents::Kept) }
    }
}

/// Where an item's contents are from.
enum Contents<'a> {
    Kept,
    Said(Box<Said<'a>>),
    Derived(Image),
}

/// Carries the verdicts out on contexts that are in the order of the columns.
pub(crate) fn carry_out(contexts: Vec<Loaded>, step: &Step<'_>) -> Result<Vec<Change>, StoreError> {
    let standing = decide_all(&contexts, step)?;
    let change = |(loaded, standing): (&Loaded, Vec<Standing<'_>>)| change(loaded, standing, step);
    contexts.iter().zip(standing).map(change).collect()
}

fn decide_all<'a>(contexts: &'a [Loaded], step: &Step<'a>) -> Result<Vec<Vec<Standing<'a>>>, StoreError> {
    let verdicts = step.verdicts;
    // Each row of the columns: its context's place, and its own there.
    let mut places = Vec::with_capacity(step.rows.kinds.len());
    let mut standing = Vec::with_capacity(contexts.len());
    for (context, loaded) in contexts.iter().enumerate() {
        places.extend((0..loaded.items.len()).map(|row| (context, row)));
        let stand = |item: &'a Arc<Item>| Ok(Standing::of(item, loaded.times_of(item)?));
        standing.push(loaded.items.iter().map(stand).collect::<Result<Vec<_>, StoreError>>()?);
    }
    let at = |standing: &mut [Vec<Standing<'a>>], row: u32| -> Result<(usize, usize), StoreError> {
        let place = usize::try_from(row).ok().and_then(|row| places.get(row)).copied();
        let place =
            place.filter(|(context, row)| standing.get(*context).is_some_and(|rows| *row < rows.len()));
        Ok(place.ok_or(Misfit("a row of the inventory"))?)
    };
    let said_at = |index: u32| -> Result<Box<Said<'a>>, StoreError> {
        let said = step.observation.and_then(|observation| observation.row(index));
        Ok(Box::new(said.ok_or(Misfit("a row of the report"))?))
    };
    let now = step.now.unix();

    let touched = verdicts.touched.iter().zip(&verdicts.touched_by);
    let touched = touched.zip(verdicts.touched_last_seen.iter().zip(&verdicts.touched_replaced));
    for ((number, by), (seen, replaced)) in touched {
        let (context, row) = at(&mut standing, *number)?;
        let Some(row) = standing.get_mut(context).and_then(|rows| rows.get_mut(row)) else { continue };
        row.reported = true;
        row.times = Times { updated: now, seen: time(*seen)? };
        if *replaced != 0 && !says_what_is_stored(step, row, *number, *by) {
            row.contents = Contents::Said(said_at(*by)?);
        }
    }
    let numbers: HashMap<u32, usize> = context_numbers(contexts, step);
    let ends = step.report.map(|report| report.ends.as_slice()).unwrap_or_default();
    let names = step.report.map(|report| report.contexts.as_slice()).unwrap_or_default();
    for index in &verdicts.added {
        let said = said_at(*index)?;
        let name = names.get(ends.partition_point(|end| *end <= *index));
        let place = name.and_then(|name| numbers.get(name)).and_then(|place| standing.get_mut(*place));
        let seen = time(step.report.map_or(now, |report| report.observed_at))?;
        place.ok_or(Misfit("a context"))?.push(Standing::new(
            said.kind,
            Times { updated: now, seen },
            true,
            Contents::Said(said),
        ));
    }
    for image in &verdicts.images {
        let times = Times { updated: time(image.last_updated)?, seen: time(image.last_seen)? };
        if let Some(row) = image.row {
            let (context, row) = at(&mut standing, row)?;
            let Some(row) = standing.get_mut(context).and_then(|rows| rows.get_mut(row)) else { continue };
            row.times = times;
            row.reported = image.reported;
            continue;
        }
        let place = numbers.get(&image.context).and_then(|place| standing.get_mut(*place));
        let derived = step.interner.image_of(image.image).ok_or(Misfit("an image"))?;
        let contents = Contents::Derived(derived);
        place.ok_or(Misfit("a context"))?.push(Standing::new(
            ItemKind::Image,
            times,
            image.reported,
            contents,
        ));
    }
    for removal in &verdicts.removed {
        let (context, row) = at(&mut standing, removal.row)?;
        if let Some(row) = standing.get_mut(context).and_then(|rows| rows.get_mut(row)) {
            row.removed = Some(removal.reason);
        }
    }
    Ok(standing)
}

/// Whether a row of the report brings nothing new to the row that it speaks of. Of a report that is not at hand it is known
/// that it says what is stored.
fn says_what_is_stored(step: &Step<'_>, row: &Standing<'_>, number: u32, by: u32) -> bool {
    let (Some(old), Some(report), Some(observation)) = (row.old, step.report, step.observation) else {
        return true;
    };
    let [number, by] = [number, by].map(|index| usize::try_from(index).unwrap_or(usize::MAX));
    // Equal strings of a context have equal numbers.
    let is_kept =
        |rows: &[u32], said: &[u32]| rows.get(number).zip(said.get(by)).is_some_and(|(a, b)| a == b);
    let attributes = observation.attributes.get(by).and_then(|number| observation.string(*number));
    is_kept(&step.rows.links, &report.links)
        && is_kept(&step.rows.images, &report.images)
        && attributes.is_some_and(|attributes| step.cache.fingerprint(attributes) == old.attributes)
}

fn time(seconds: i64) -> Result<i64, Misfit> {
    Timestamp::from_unix(seconds).map(Timestamp::unix).ok_or(Misfit("a time"))
}

/// The place of each context by the number that stands for it in columns.
fn context_numbers(contexts: &[Loaded], step: &Step<'_>) -> HashMap<u32, usize> {
    let texts: HashMap<_, usize> = contexts
        .iter()
        .enumerate()
        .map(|(place, loaded)| ((loaded.head.context.as_str(), loaded.head.inventory_type), place))
        .collect();
    let named = step.rows.contexts.iter().chain(step.report.iter().flat_map(|report| &report.contexts));
    named.filter_map(|number| Some((*number, *texts.get(&step.interner.context_of(*number)?)?))).collect()
}

fn change(loaded: &Loaded, standing: Vec<Standing<'_>>, step: &Step<'_>) -> Result<Change, StoreError> {
    let shared = shared_times(loaded.head.shared, &standing);
    let mut head = Head { shared, ..loaded.head.clone() };
    let (mut inserted, mut replaced) = (Vec::new(), Vec::new());
    let (mut retimed, mut deleted, mut removed) = (Vec::new(), Vec::new(), Vec::new());
    // The items after the step, from the first one on that is another one than before.
    let mut items: Option<Vec<Arc<Item>>> = None;
    let mut oldest: Option<i64> = None;
    for (place, row) in standing.into_iter().enumerate() {
        let before = || loaded.items.get(..place).unwrap_or(&loaded.items).to_vec();
        if let (Some(old), Some(reason)) = (row.old, row.removed) {
            deleted.push(old.n);
            removed.push(Removed {
                key: head.key_of(old),
                last_seen: Timestamp::from_unix(row.times.seen).ok_or(Misfit("a time"))?,
                reason,
                rule: rule(old.kind, reason),
            });
            items.get_or_insert_with(before);
            continue;
        }
        if row.kind != ItemKind::Image {
            oldest = Some(oldest.map_or(row.times.seen, |oldest| oldest.min(row.times.seen)));
        }
        let times = (Some(row.times) != shared).then_some(row.times);
        let item = match (row.old, row.contents) {
            (None, contents) => {
                let written = written(contents, head.next_item, times, step.cache)?;
                head.next_item += 1;
                let item = Arc::clone(&written.item);
                inserted.push(written);
                item
            }
            (Some(old), contents @ Contents::Said(_)) => {
                let written = written(contents, old.n, times, step.cache)?;
                let item = Arc::clone(&written.item);
                replaced.push(written);
                item
            }
            (Some(old), _) if row.own_times != times => {
                let item = Arc::new(Item { times, ..Item::clone(old) });
                retimed.push(Arc::clone(&item));
                item
            }
            (Some(old), _) => {
                if let Some(items) = &mut items {
                    items.push(Arc::clone(old));
                }
                continue;
            }
        };
        items.get_or_insert_with(before).push(item);
    }
    if removed.is_empty() && replaced.is_empty() {
        // Nobody lost a child: the bound that was there holds for those that were there.
        let added = inserted.iter().map(|written| written.item.times.or(shared).map(|times| times.seen));
        let bound = added.fold(head.oldest, |bound, seen| bound.min(seen));
        oldest = oldest.max(bound.filter(|_| oldest.is_some()));
    }
    head.oldest = oldest.map(|oldest| not_before(step.verdicts, step.config, oldest));
    removed.sort_by(|a, b| a.key.cmp(&b.key));
    let after = match items {
        None => loaded.under(head),
        Some(items) => Loaded::new(head, in_order(items, inserted.len())),
    };
    Ok(Change { before: loaded.clone(), after, inserted, replaced, retimed, deleted, removed })
}

/// Items of which all but the last `new` ones are in key order, put in key order.
fn in_order(mut items: Vec<Arc<Item>>, new: usize) -> Vec<Arc<Item>> {
    let mut new = items.split_off(items.len().saturating_sub(new));
    new.sort_unstable_by(|a, b| a.order().cmp(&b.order()));
    let mut ordered = Vec::with_capacity(items.len() + new.len());
    let mut rest = items.as_slice();
    for item in new {
        let (before, behind) = rest.split_at(rest.partition_point(|old| old.order() < item.order()));
        ordered.extend_from_slice(before);
        ordered.push(item);
        rest = behind;
    }
    ordered.extend_from_slice(rest);
    ordered
}

/// A row may outlive its own last sign of life, by its children's (A5). What the decision says of all contexts together
/// then brings the bound of each closer to the truth; of one context alone it is the truth.
fn not_before(verdicts: &Verdicts, config: &Config, oldest: i64) -> i64 {
    match (verdicts.next_expiry, config.ttl_seconds()) {
        (Some(deadline), Some(ttl)) => oldest.max(deadline.saturating_sub(ttl).saturating_sub(1)),
        _ => oldest,
    }
}

/// The times for the context to share: the commonest of the rows in the report, or those that it shares already if that
/// makes fewer rows be written.
fn shared_times(before: Option<Times>, standing: &[Standing<'_>]) -> Option<Times> {
    let mut counts: HashMap<Times, usize> = HashMap::new();
    let reported = || standing.iter().filter(|row| row.reported && row.removed.is_none());
    for alike in reported().collect::<Vec<_>>().chunk_by(|a, b| a.times == b.times) {
        if let Some(first) = alike.first() {
            *counts.entry(first.times).or_default() += alike.len();
        }
    }
    let commonest = counts.into_iter().max_by_key(|(times, count)| (*count, *times));
    let Some((commonest, _)) = commonest else { return before };
    let kept = || standing.iter().filter(|row| row.removed.is_none());
    let writes = |shared: Option<Times>| {
        let changes = |row: &&Standing<'_>| {
            let times = (Some(row.times) != shared).then_some(row.times);
            row.old.is_some() && row.own_times != times
        };
        kept().filter(changes).count()
    };
    let with_commonest = writes(Some(commonest));
    let is_less = with_commonest > 0 && before.is_some() && writes(before) < with_commonest;
    if is_less { before } else { Some(commonest) }
}

fn image_of(said: &Said<'_>) -> Option<Image> {
    let is_image = said.kind == ItemKind::Container && !said.tag.is_empty();
    is_image.then(|| Image { tag: said.tag.into(), digest: said.digest.into() })
}

fn written(
    contents: Contents<'_>,
    n: i64,
    times: Option<Times>,
    cache: &Cache,
) -> Result<Written, StoreError> {
    Ok(match contents {
        Contents::Kept => return Err(StoreError::Broken("an item without contents".to_owned())),
        Contents::Said(said) => Written {
            digest: said.digest.into(),
            attributes: said.attributes.into(),
            item: Arc::new(Item {
                n,
                kind: said.kind,
                id: said.id.into(),
                link: said.link.into(),
                image: image_of(&said),
                attributes: cache.fingerprint(said.attributes),
                times,
            }),
        },
        Contents::Derived(image) => Written {
            digest: image.digest.clone(),
            attributes: Box::default(),
            item: Arc::new(Item {
                n,
                kind: ItemKind::Image,
                id: Box::default(),
                link: Box::default(),
                image: Some(image),
                attributes: cache.fingerprint(""),
                times,
            }),
        },
    })
}
