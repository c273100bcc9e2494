//! The step form: the rules themselves, report by report, and a sweep whenever something is due to expire in between. What
//! is due in the second of a report expires before it.

use keepset_types::columns::{ReportColumns, Verdicts};
use keepset_types::{Config, Error, ErrorCode, InventoryType, ItemKind, RemovalReason, Timestamp};

use super::history::{Facts, History};
use super::replay::{End, NONE, Replay, Span};
use crate::bulk::{index, number};
use crate::session::Session;

/// Whoever decides over an inventory that it keeps: the engine's [`Session`], or a plugin's. Rows have numbers as there.
pub trait Decider {
    /// What keeps it from deciding.
    type Error: From<Error>;

    /// Applies a report, or sweeps, and carries the verdicts out.
    ///
    /// # Errors
    /// Whatever keeps it from deciding.
    fn decide(
        &mut self,
        report: Option<&ReportColumns>,
        config: &Config,
        now: Timestamp,
    ) -> Result<Verdicts, Self::Error>;
}

impl Decider for Session {
    type Error = Error;

    fn decide(
        &mut self,
        report: Option<&ReportColumns>,
        config: &Config,
        now: Timestamp,
    ) -> Result<Verdicts, Error> {
        self.apply(report, config, now)
    }
}

/// The life spans of all items under a configuration, as `decider` decides, which begins with an empty inventory.
/// `progress` is told how many reports are done.
///
/// # Errors
/// As the decider; `invalid_inventory` if its verdicts name rows that are not there.
pub fn replay_by_step<D: Decider>(
    history: &History,
    config: &Config,
    decider: &mut D,
    progress: &mut dyn FnMut(u32),
) -> Result<Replay, D::Error> {
    replay_contexts(history, config, decider, &|_| true, progress)
}

/// The same for some contexts alone: contexts do not influence each other (law 8).
pub(super) fn replay_contexts<D: Decider>(
    history: &History,
    config: &Config,
    decider: &mut D,
    is_wanted: &dyn Fn(u32) -> bool,
    progress: &mut dyn FnMut(u32),
) -> Result<Replay, D::Error> {
    let mut steps = Steps {
        history,
        config,
        decider,
        rows: Vec::new(),
        open: vec![None; history.catalog.items.len()],
        spans: Vec::new(),
        touched: vec![0; history.reports.len()],
        next_expiry: None,
    };
    for (report, arrival) in history.reports.iter().enumerate() {
        if !arrival.is_lost {
            steps.sweep_until(arrival.at)?;
            let (columns, items) = steps.columns(report, is_wanted);
            if !columns.contexts.is_empty() {
                steps.take(Some((&columns, &items)), arrival.at, number(report))?;
            }
        }
        progress(number(report + 1));
    }
    steps.sweep_until(history.to())?;
    let Steps { mut spans, touched, open, .. } = steps;
    spans.extend(open.into_iter().flatten());
    Ok(Replay::new(history, *config, spans, touched))
}

struct Steps<'a, D> {
    history: &'a History,
    config: &'a Config,
    decider: &'a mut D,
    /// The item of each row that ever was; [`NONE`] for a row that is none.
    rows: Vec<u32>,
    /// Of each item the span that has not ended.
    open: Vec<Option<Span>>,
    spans: Vec<Span>,
    touched: Vec<u32>,
    next_expiry: Option<i64>,
}

impl<D: Decider> Steps<'_, D> {
    /// Sweeps whenever something expires, up to and including that second.
    fn sweep_until(&mut self, until: i64) -> Result<(), D::Error> {
        while let Some(due) = self.next_expiry.filter(|due| *due <= until) {
            self.take(None, due, NONE)?;
            if self.next_expiry.is_some_and(|next| next <= due) {
                return Err(misfit("a next expiry that has passed").into());
            }
        }
        Ok(())
    }

    /// One step, and what comes of it.
    fn take(
        &mut self,
        report: Option<(&ReportColumns, &[u32])>,
        at: i64,
        place: u32,
    ) -> Result<(), D::Error> {
        let now = Timestamp::from_unix(at).ok_or_else(|| misfit("a time that cannot be written"))?;
        let verdicts = self.decider.decide(report.map(|(columns, _)| columns), self.config, now)?;
        let items = report.map_or(&[][..], |(_, items)| items);
        for (row, seen) in verdicts.touched.iter().zip(&verdicts.touched_last_seen) {
            let item = self.item_of(*row)?;
            if let Some(Some(span)) = self.open.get_mut(index(item)) {
                span.last_seen = *seen;
                if let Some(touched) = self.touched.get_mut(index(place)) {
                    *touched += 1;
                }
            }
        }
        for removal in &verdicts.removed {
            let item = self.item_of(removal.row)?;
            let Some(span) = self.open.get_mut(index(item)).and_then(Option::take) else { continue };
            let (end, ended_by) = match removal.reason {
                RemovalReason::Overwritten => (End::Overwritten, place),
                _ => (End::Expired, NONE),
            };
            self.spans.push(Span { until: at, end, ended_by, ..span });
        }
        let observed = report.map_or(0, |(columns, _)| columns.observed_at);
        for said in &verdicts.added {
            let item = *items.get(index(*said)).ok_or_else(|| misfit("a row of the report"))?;
            self.rows.push(item);
            if let Some(open) = self.open.get_mut(index(item)) {
                *open = Some(Span {
                    item,
                    since: at,
                    until: i64::MAX,
                    last_seen: observed,
                    end: End::Retained,
                    is_wrong: false,
                    began: place,
                    ended_by: NONE,
                });
            }
        }
        let images = verdicts.images.iter().filter(|image| image.row.is_none());
        self.rows.extend(images.map(|_| NONE));
        self.next_expiry = verdicts.next_expiry;
        Ok(())
    }

    fn item_of(&self, row: u32) -> Result<u32, Error> {
        self.rows.get(index(row)).copied().ok_or_else(|| misfit("a row of the inventory"))
    }

    /// A report as the rules take it: of each wanted context its root, if it is covered, and its items; and the item of
    /// each row.
    fn columns(&self, report: usize, is_wanted: &dyn Fn(u32) -> bool) -> (ReportColumns, Vec<u32>) {
        let history = self.history;
        let arrival = history.reports.get(report);
        let mut columns = ReportColumns {
            inventory_type: arrival.map_or(InventoryType::Kubernetes, |arrival| arrival.inventory_type),
            credential_probe: false,
            observed_at: arrival.map_or(0, |arrival| arrival.observed_at()),
            contexts: Vec::new(),
            ends: Vec::new(),
            kinds: Vec::new(),
            keys: Vec::new(),
            links: Vec::new(),
            images: Vec::new(),
        };
        let mut items = Vec::new();
        let mut push = |columns: &mut ReportColumns, item: u32, kind: ItemKind, key: u32, facts: Facts| {
            columns.kinds.push(kind.code());
            columns.keys.push(key);
            columns.links.push(facts.link);
            columns.images.push(facts.image);
            items.push(item);
        };
        for (cover, range) in history.covers_of(report) {
            if cover.is_hidden || !is_wanted(cover.context) {
                continue;
            }
            let Some(context) = history.catalog.contexts.get(index(cover.context)) else { continue };
            if !cover.is_partial {
                let root = match context.inventory_type {
                    InventoryType::Kubernetes => ItemKind::Namespace,
                    InventoryType::Ecs => ItemKind::Cluster,
                };
                // No other text has the context's own number.
                push(&mut columns, NONE, root, context.number, Facts::default());
            }
            for (place, item) in (range.start..).zip(history.seen(range)) {
                let Some(known) = history.catalog.items.get(index(*item)) else { continue };
                let facts = history.facts_of(place, known);
                push(&mut columns, *item, known.kind, known.key, facts);
            }
            columns.contexts.push(context.number);
            columns.ends.push(number(columns.kinds.len()));
        }
        (columns, items)
    }
}

fn misfit(what: &str) -> Error {
    Error::new(ErrorCode::InvalidInventory, format!("the verdicts name {what}; expected what is there"))
}
