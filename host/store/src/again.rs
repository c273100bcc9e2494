//! Reports that say what an earlier one said: nearly all that agents send. What they say is known by a number then, and
//! nobody reads it again; it is decided again, each time.

use std::sync::{Arc, Weak};

use keepset_types::columns::{ReportColumns, RowColumns, Verdicts};
use keepset_types::{Context, Interner, InventoryType, Observation, Timestamp};
use quick_cache::{Weighter, sync};

use crate::apply::{Applied, Arriving, Decided, Plan, decide};
use crate::context::{Item, Loaded, Times};
use crate::error::check_text;
use crate::step::Change;
use crate::{ApplyError, Store, StoreError};

/// Stands for what a report says, whenever it says it: equal for two reports only if they say the same of the same things.
pub type Content = u128;

/// A report that found everything as it is stored, with what it found.
#[derive(Debug)]
pub(crate) struct Known {
    contexts: Vec<Context>,
    /// The items of each context: while these are the context's, nothing about them has changed but their common times.
    items: Vec<Weak<Vec<Arc<Item>>>>,
    /// Whether all of them have the times of their context.
    share_times: bool,
    rows: RowColumns,
    report: ReportColumns,
    /// Which rows the report spoke of, ...
    touched: Vec<u32>,
    /// ... and which rows of the report spoke of them.
    touched_by: Vec<u32>,
}

type Key = (String, InventoryType, Content);

/// Known reports, within a bound of bytes.
pub(crate) struct KnownReports(sync::Cache<Key, Arc<Known>, Bytes>);

#[derive(Clone)]
struct Bytes;

impl Weighter<Key, Arc<Known>> for Bytes {
    fn weight(&self, _: &Key, known: &Arc<Known>) -> u64 {
        u64::try_from(known.bytes()).unwrap_or(u64::MAX)
    }
}

impl KnownReports {
    pub(crate) fn new(bytes: u64) -> Self {
        Self(sync::Cache::with_weighter(1024, bytes, Bytes))
    }
}

impl std::fmt::Debug for KnownReports {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KnownReports").field("bytes", &self.0.weight()).finish_non_exhaustive()
    }
}

impl Known {
    /// What is to be known of a report that was decided: none, unless it found each row that it speaks of as it is stored.
    pub(crate) fn new(decided: &Decided, observation: &Observation, changes: &[Change]) -> Option<Self> {
        let Decided { rows, report, verdicts, .. } = decided;
        let report = report.as_ref()?;
        let is_found = verdicts.touched.len() == report.kinds.len()
            && verdicts.touched_replaced.iter().all(|replaced| *replaced == 1)
            && !changes.iter().any(Change::touches_items)
            && only_touches(verdicts)
            && observation.is_order_free();
        is_found.then(|| Self {
            contexts: changes.iter().map(|change| change.after.head.context.clone()).collect(),
            items: changes.iter().map(|change| Arc::downgrade(&change.after.items)).collect(),
            share_times: changes
                .iter()
                .flat_map(|change| &*change.after.items)
                .all(|item| item.times.is_none()),
            rows: rows.clone(),
            report: report.clone(),
            touched: verdicts.touched.clone(),
            touched_by: verdicts.touched_by.clone(),
        })
    }

    fn bytes(&self) -> usize {
        let contexts = self.contexts.iter().map(|context| context.as_str().len() + 64).sum::<usize>();
        let (row, said) = (13 + 16, 13 + 8);
        size_of::<Self>() + contexts + self.rows.kinds.len() * row + self.report.kinds.len() * said
    }

    /// Whether the contexts are as they were, but for their common times.
    fn is_of(&self, contexts: &[Loaded]) -> bool {
        let same = |(loaded, items): (&Loaded, &Weak<_>)| Weak::as_ptr(items) == Arc::as_ptr(&loaded.items);
        contexts.len() == self.items.len() && contexts.iter().zip(&self.items).all(same)
    }

    /// Whether the same rows are touched by the same rows of the report, and nothing else happens.
    fn is_found_again(&self, verdicts: &Verdicts) -> bool {
        only_touches(verdicts) && verdicts.touched == self.touched && verdicts.touched_by == self.touched_by
    }

    /// The rows, with their times.
    fn rows(&self, contexts: &[Loaded]) -> Result<RowColumns, StoreError> {
        let mut rows = RowColumns {
            last_updated: Vec::with_capacity(self.rows.kinds.len()),
            last_seen: Vec::with_capacity(self.rows.kinds.len()),
            ..self.rows.clone()
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
        Ok(rows)
    }

    /// The times of all rows after these verdicts, if they are the same and were so before.
    fn common_times(&self, verdicts: &Verdicts, now: Timestamp) -> Option<Times> {
        let times = Times { updated: now.unix(), seen: *verdicts.touched_last_seen.first()? };
        let is_common = self.share_times
            && verdicts.touched.len() + verdicts.images.len() == self.rows.kinds.len()
            && verdicts.touched_last_seen.iter().all(|seen| *seen == times.seen)
            && verdicts
                .images
                .iter()
                .all(|image| Times { updated: image.last_updated, seen: image.last_seen } == times);
        is_common.then_some(times)
    }
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
        let key = |content| (arriving.account.to_owned(), inventory_type, content);
        arriving.content.is_some_and(|content| self.known.0.peek(&key(content)).is_some())
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
        let known = self.known.0.get(&(arriving.account.to_owned(), inventory_type, content));
        let Some(known) = known else { return Ok(None) };
        check_text("the report's id", arriving.report_id)?;
        let names: Vec<&str> = known.contexts.iter().map(Context::as_str).collect();
        let contexts = self.remembered(arriving.account, inventory_type, &names).await?;
        let Some(contexts) = contexts.filter(|contexts| known.is_of(contexts)) else { return Ok(None) };
        let rows = known.rows(&contexts)?;
        let report = ReportColumns { observed_at: observed_at.unix(), ..known.report.clone() };
        let decided = decide(rows, Some(report), Interner::new(), ask).await?;
        if !known.is_found_again(&decided.verdicts) {
            return Ok(None);
        }
        let Arriving { config, now, report_id, .. } = *arriving;
        let changes = match known.common_times(&decided.verdicts, now) {
            Some(times) => decided.carry_out_times(contexts, times, config),
            None => decided.carry_out(self, contexts, None, config, now)?,
        };
        let plan = Plan { decided, changes };
        let (mut transaction, heads) =
            self.begin_with_contexts(arriving.account, inventory_type, &names).await?;
        if !plan.is_for(&heads) {
            transaction.rollback().await?;
            return Ok(None);
        }
        let Plan { decided, changes } = plan;
        let applied = decided.applied(&changes, None);
        let pending = self.write(&mut transaction, changes, now, report_id).await?;
        transaction.commit().await?;
        Ok(Some(Applied { rows_written: self.remember(pending), ..applied }))
    }

    /// Remembers what a report says that found everything as it is.
    pub(crate) fn know(&self, account: &str, content: Content, known: Known) {
        let key = (account.to_owned(), known.report.inventory_type, content);
        self.known.0.insert(key, Arc::new(known));
    }
}
