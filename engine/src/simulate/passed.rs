//! Which of what reports say of their contexts counts, and what it removes (A1 to A3).

use keepset_types::{Config, InventoryType};

use super::history::{Cover, History};
use super::replay::NONE;
use crate::apply::Page;
use crate::bulk::{index, number};

/// The covers of a history as a configuration sees them.
pub(super) struct Passed {
    /// Whether a cover changes anything: its report arrives, and A1 does not skip it.
    applied: Vec<bool>,
    /// Of each cover, the next one on the same context that removes what it does not contain (A2); [`NONE`]: none does.
    next_removing: Vec<u32>,
    /// The report of each cover.
    reports: Vec<u32>,
    /// When that arrived.
    at: Vec<i64>,
}

/// A cover that removes what it does not contain.
#[derive(Clone, Copy)]
pub(super) struct Removing {
    pub(super) cover: u32,
    pub(super) report: u32,
    pub(super) at: i64,
}

impl Passed {
    pub(super) fn of(history: &History, config: &Config) -> Self {
        let contexts = history.catalog.contexts.len();
        let covers = history.covers.len();
        let mut passed = Self {
            applied: Vec::with_capacity(covers),
            next_removing: vec![NONE; covers],
            reports: Vec::with_capacity(covers),
            at: Vec::with_capacity(covers),
        };
        let overwrite = config.image_ingest_overwrite;
        let mut watermarks = vec![i64::MIN; contexts];
        for (place, report) in history.reports.iter().enumerate() {
            for (cover, _) in history.covers_of(place) {
                // A root that has expired makes no difference: whatever is older than it was is past the TTL as well (A7).
                let watermark = watermarks.get_mut(index(cover.context));
                let is_stale =
                    overwrite && watermark.as_ref().is_some_and(|mark| **mark > report.observed_at());
                let applied = !report.is_lost && !cover.is_hidden && !is_stale;
                if let (true, Some(watermark)) = (applied, watermark) {
                    *watermark = report.observed_at().max(*watermark);
                }
                passed.applied.push(applied);
                passed.reports.push(number(place));
                passed.at.push(report.at);
            }
        }
        if overwrite {
            passed.find_removing(history, config);
        }
        passed
    }

    /// From the last to the first, so that the next one is known.
    fn find_removing(&mut self, history: &History, config: &Config) {
        let mut next = vec![NONE; history.catalog.contexts.len()];
        let covers = history.covers.iter().enumerate().rev();
        for ((place, cover), (next_here, applied)) in
            covers.zip(self.next_removing.iter_mut().zip(&self.applied).rev())
        {
            let Some(next) = next.get_mut(index(cover.context)) else { continue };
            *next_here = *next;
            if *applied && removes(history, config, cover) {
                *next = number(place);
            }
        }
    }

    /// Whether that cover changes anything.
    pub(super) fn is_applied(&self, cover: u32) -> bool {
        self.applied.get(index(cover)).copied().unwrap_or(false)
    }

    /// The next cover on the same context that removes what it does not contain.
    pub(super) fn next_removing(&self, cover: u32) -> Option<Removing> {
        let cover = *self.next_removing.get(index(cover))?;
        let (report, at) = (*self.reports.get(index(cover))?, *self.at.get(index(cover))?);
        Some(Removing { cover, report, at })
    }
}

/// A2, A3.
fn removes(history: &History, config: &Config, cover: &Cover) -> bool {
    let context = history.catalog.contexts.get(index(cover.context));
    let is_ecs = context.is_some_and(|context| context.inventory_type == InventoryType::Ecs);
    let page = is_ecs.then(|| Page { tasks: index(cover.tasks), has_containers: cover.has_containers });
    !cover.is_partial && page.is_none_or(|page| page.may_remove(config))
}
