//! Reports that say what an earlier one said: nearly all that agents send. What they say is known by a number then, and
//! nobody reads it again; it is decided again, each time.

use std::sync::{Arc, OnceLock, Weak};

use keepset_types::columns::{ReportColumns, RowColumns, Verdicts};
use keepset_types::{Context, Interner, InventoryType, ItemKind, Observation, Timestamp};
use quick_cache::{Weighter, sync};

use crate::apply::{Applied, Arriving, Decided, Plan, decide};
use crate::context::{Item, Loaded, Times, columns};
use crate::error::check_text;
use crate::step::Change;
use crate::{ApplyError, Store, StoreError};

/// Stands for what a report says, whenever it says it: equal for two reports only if they say the same of the same things.
pub type Content = u128;

/// A report that is stored as it said it, row by row.
#[derive(Debug)]
pub(crate) struct Known {
    inventory_type: InventoryType,
    contexts: Vec<Context>,
    /// The items of each context: while these are the context's, nothing about them has changed but their common times.
    items: Vec<Weak<Vec<Arc<Item>>>>,
    /// How many they are.
    rows: usize,
    /// Whether all of them have the times of their context.
    share_times: bool,
    /// For each row of the report the row that it is stored as.
    stored: Vec<u32>,
    /// Both as columns but for their times, when somebody has needed them.
    columns: OnceLock<(RowColumns, ReportColumns)>,
}

type Key = (String, InventoryType, Content);

/// Known reports, within a bound of bytes.
pub(crate) struct KnownReports {
    reports: sync::Cache<Key, Arc<Known>, Bytes>,
    /// The last one on each context that was the first of a report: the one before it is of no use any more.
    last: sync::Cache<(String, InventoryType, Context), Content>,
}

#[derive(Clone)]
struct Bytes;

impl Weighter<Key, Arc<Known>> for Bytes {
    fn weight(&self, _: &Key, known: &Arc<Known>) -> u64 {
        u64::try_from(known.bytes()).unwrap_or(u64::MAX)
    }
}

impl KnownReports {
    pub(crate) fn new(bytes: u64) -> Self {
        Self { reports: sync::Cache::with_weighter(1024, bytes, Bytes), last: sync::Cache::new(65_536) }
    }

    fn get(&self, account: &str, inventory_type: InventoryType, content: Content) -> Option<Arc<Known>> {
        self.reports.get(&(account.to_owned(), inventory_type, content))
    }

    /// To be called once the report is stored.
    pub(crate) fn insert(&self, account: &str, content: Content, known: Known) {
        let Some(context) = known.contexts.first().cloned() else { return };
        let key = |content| (account.to_owned(), known.inventory_type, content);
        let on = (account.to_owned(), known.inventory_type, context);
        if let Some(before) = self.last.get(&on).filter(|before| *before != content) {
            self.reports.remove(&key(before));
        }
        self.last.insert(on, content);
        self.reports.insert(key(content), Arc::new(known));
    }
}

impl std::fmt::Debug for KnownReports {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KnownReports").field("bytes", &self.reports.weight()).finish_non_exhaustive()
    }
}

impl Known {
    /// What is to be known of a report that was decided: none, unless each row of it is stored as it said it.
    pub(crate) fn new(
        decided: &Decided,
        changes: &[Change],
        observation: &Observation,
        now: Timestamp,
    ) -> Option<Self> {
        let Decided { report, verdicts, .. } = decided;
        let report = report.as_ref()?;
        let is_stored = verdicts.touched.len() + verdicts.added.len() == report.kinds.len()
            && verdicts.touched_replaced.iter().all(|replaced| *replaced == 1)
            && observation.is_order_free();
        if !is_stored {
            return None;
        }
        // Its rows are those that have its times now: if there are more of them, nobody knows which.
        let times = Some(Times { updated: now.unix(), seen: report.observed_at });
        let mut stored = Vec::with_capacity(report.kinds.len());
        let mut share_times = true;
        let mut rows = 0;
        for Change { after, .. } in changes {
            for item in after.items.iter() {
                if item.kind != ItemKind::Image && item.times.or(after.head.shared) == times {
                    stored.push(u32::try_from(rows).ok()?);
                }
                share_times &= item.times.is_none();
                rows += 1;
            }
        }
        (stored.len() == report.kinds.len()).then(|| Self {
            inventory_type: observation.inventory_type,
            contexts: changes.iter().map(|change| change.after.head.context.clone()).collect(),
            items: changes.iter().map(|change| Arc::downgrade(&change.after.items)).collect(),
            rows,
            share_times,
            stored,
            columns: OnceLock::new(),
        })
    }

    /// With its columns.
    fn bytes(&self) -> usize {
        let contexts = self.contexts.iter().map(|context| context.as_str().len() + 64).sum::<usize>();
        let (row, said) = (13, 13 + 4);
        size_of::<Self>() + contexts + self.rows * row + self.stored.len() * said
    }

    /// Whether anybody still has the rows: if not, there are others now.
    fn is_alive(&self) -> bool {
        self.items.iter().all(|items| items.strong_count() > 0)
    }

    /// Whether the contexts are as they were, but for their common times.
    fn is_of(&self, contexts: &[Loaded]) -> bool {
        let same = |(loaded, items): (&Loaded, &Weak<_>)| Weak::as_ptr(items) == Arc::as_ptr(&loaded.items);
        contexts.len() == self.items.len() && contexts.iter().zip(&self.items).all(same)
    }

    /// The report and the rows that it meets, to be decided: as if it had been read.
    fn columns(
        &self,
        contexts: &[Loaded],
        observed_at: Timestamp,
    ) -> Result<(RowColumns, ReportColumns), StoreError> {
        let columns = match self.columns.get() {
            Some(columns) => columns,
            None => {
                let mut rows = columns(contexts, &mut Interner::new())?;
                (rows.last_updated, rows.last_seen) = Default::default();
                let report = self.report(&rows);
                self.columns.get_or_init(|| (rows, report))
            }
        };
        let (rows, report) = columns;
        let mut rows = RowColumns {
            last_updated: Vec::with_capacity(self.rows),
            last_seen: Vec::with_capacity(self.rows),
            ..rows.clone()
        };
        for loaded in contexts {
            if let (true, Some(times)) = (self.share_times, loaded.head.shared) {
                rows.last_updated.resize(rows.last_updated.len() + loaded.items.len(), times.updated);
                rows.last_seen.resize(rows.last_seen.len() + loaded.items.len(), times.seen);
                continue;
            }
            for item in loaded.items.iter() {
                let times = loaded.times_of(item)?;
                rows.last_updated.push(times.updated);
                rows.last_seen.push(times.seen);
            }
        }
        Ok((rows, ReportColumns { observed_at: observed_at.unix(), ..report.clone() }))
    }

    /// The report, made of the rows that it is stored as.
    fn report(&self, rows: &RowColumns) -> ReportColumns {
        let column = |of: &[u32]| self.stored.iter().filter_map(|row| at(of, *row)).collect();
        let before = |end: &u32| self.stored.partition_point(|row| row < end);
        ReportColumns {
            inventory_type: self.inventory_type,
            credential_probe: false,
            observed_at: 0,
            contexts: rows.contexts.clone(),
            ends: rows.ends.iter().map(|end| u32::try_from(before(end)).unwrap_or(u32::MAX)).collect(),
            kinds: self.stored.iter().filter_map(|row| at(&rows.kinds, *row)).collect(),
            keys: column(&rows.keys),
            links: column(&rows.links),
            images: column(&rows.images),
        }
    }

    /// Whether each row of the report touches the row that it is stored as, and nothing else happens.
    fn is_found_again(&self, verdicts: &Verdicts) -> bool {
        let is_own = |(row, by): (&u32, &u32)| at(&self.stored, *by) == Some(*row);
        only_touches(verdicts)
            && verdicts.touched.len() == self.stored.len()
            && verdicts.touched.iter().zip(&verdicts.touched_by).all(is_own)
    }

    /// The times of all rows after these verdicts, if they are the same and were so before.
    fn common_times(&self, verdicts: &Verdicts, now: Timestamp) -> Option<Times> {
        let times = Times { updated: now.unix(), seen: *verdicts.touched_last_seen.first()? };
        let is_common = self.share_times
            && verdicts.touched.len() + verdicts.images.len() == self.rows
            && verdicts.touched_last_seen.iter().all(|seen| *seen == times.seen)
            && verdicts
                .images
                .iter()
                .all(|image| Times { updated: image.last_updated, seen: image.last_seen } == times);
        is_common.then_some(times)
    }
}

fn at<T: Copy>(column: &[T], index: u32) -> Option<T> {
    column.get(usize::try_from(index).ok()?).copied()
}

/// Whether nothing comes or goes, and nobody is warned of anything in the inventory.
fn only_touches(verdicts: &Verdicts) -> bool {
    verdicts.added.is_empty()
        && verdicts.removed.is_empty()
        && verdicts.images.iter().all(|image| image.row.is_some())
        && verdicts.warnings.iter().all(|warning| (warning.context, warning.id) == (0, 0))
}

impl Store {
    /// Whether [`Store::apply_again`] may know what a report says. If it does not, there is no use in asking.
    #[must_use]
    pub fn is_known(&self, arriving: &Arriving<'_>, inventory_type: InventoryType) -> bool {
        let known = |content| self.known.get(arriving.account, inventory_type, content);
        arriving.content.and_then(known).is_some_and(|known| known.is_alive())
    }

    /// Applies a report whose content is that of an earlier one, as [`Store::apply`] would. None, and nothing is changed, if
    /// it has to be read after all: what is stored has changed since, or something comes, goes or is warned of.
    ///
    /// # Errors
    /// As [`Store::apply`].
    pub async fn apply_again<E, F>(
        &self,
        arriving: &Arriving<'_>,
        inventory_type: InventoryType,
        observed_at: Timestamp,
        ask: F,
    ) -> Result<Option<Applied>, ApplyError<E>>
    where
        F: FnOnce(&RowColumns, Option<&ReportColumns>) -> Result<Verdicts, E> + Send + 'static,
        E: Send + 'static,
    {
        let Some(content) = arriving.content else { return Ok(None) };
        let known = self.known.get(arriving.account, inventory_type, content);
        let Some(known) = known else { return Ok(None) };
        check_text("the report's id", arriving.report_id)?;
        let names: Vec<&str> = known.contexts.iter().map(Context::as_str).collect();
        let contexts = self.remembered(arriving.account, inventory_type, &names).await?;
        let Some(contexts) = contexts.filter(|contexts| known.is_of(contexts)) else { return Ok(None) };
        let (rows, report) = known.columns(&contexts, observed_at)?;
        let decided = decide(rows, Some(report), Interner::new(), ask).await?;
        if !known.is_found_again(&decided.verdicts) {
            return Ok(None);
        }
        let Arriving { config, now, .. } = *arriving;
        let changes = match known.common_times(&decided.verdicts, now) {
            Some(times) => decided.carry_out_times(contexts, times, config),
            None => decided.carry_out(self, contexts, None, config, now)?,
        };
        let plan = Plan { applied: decided.applied(&changes, None), changes, known: None };
        let (transaction, heads) = self.begin_with_contexts(arriving.account, inventory_type, &names).await?;
        if !plan.is_for(&heads) {
            transaction.rollback().await?;
            return Ok(None);
        }
        Ok(Some(self.carry_through(transaction, plan, arriving).await?))
    }
}
