//! A report meets one context (rules A1 to A4).

use hashbrown::HashMap;
use keepset_types::{Config, InventoryType, ItemKind, RemovalReason, WarningCode};
use rustc_hash::FxBuildHasher;

use crate::context::{Context, Fate, Rows, Said, SaidHere, Standing, Step};

/// As many tasks as the ECS agent reads of a cluster: it never asks for the second page (A3).
const TASKS_ON_A_PAGE: usize = 100;

/// A1 to A4, in their order.
pub(crate) fn apply(context: &mut Context, said: SaidHere<'_>, step: &Step<'_>) {
    let covered = said.rows.iter().find(|row| row.kind.is_root());
    if covered.is_some() && is_stale(context, said.observed_at, step) {
        context.warn(WarningCode::StaleReport, 0);
        return;
    }
    if let Some(root) = covered {
        check_uid(context, root);
    }
    let page = (said.inventory_type == InventoryType::Ecs).then(|| Page::of(said.rows));
    if page.is_some_and(|page| page.is_full(step.config)) {
        context.warn(WarningCode::EcsReportPossiblyTruncated, 0);
    }
    upsert(context, &said, step.now);
    let may_remove = page.is_none_or(|page| page.may_remove(step.config));
    if covered.is_some() && step.config.image_ingest_overwrite && may_remove {
        overwrite(context);
    }
}

/// A1: with overwrite on, whether the context's watermark (I4) is later than the report.
fn is_stale(context: &Context, observed_at: i64, step: &Step<'_>) -> bool {
    let mut roots = context.rows.iter().filter(|row| row.kind.is_root());
    step.config.image_ingest_overwrite && roots.any(|root| root.seen > observed_at)
}

/// N6: warns if the namespace's uid is not the stored one.
fn check_uid(context: &mut Context, said: Said) {
    let mut roots = context.rows.iter().filter(|row| row.kind == said.kind && row.key == said.key);
    if roots.any(|stored| stored.link != 0 && stored.link != said.link) {
        context.warn(WarningCode::NamespaceUidChanged, said.key);
    }
}

/// A2: what the report does not contain goes, if it is of a kind that overwrite may remove.
fn overwrite(context: &mut Context) {
    for row in &mut context.rows {
        if row.kind.runs() && row.said.is_none() {
            row.fate = Fate::Removed(RemovalReason::Overwritten);
        }
    }
}

/// What tells whether an ECS report is all that runs in its cluster (A3).
#[derive(Clone, Copy)]
pub(crate) struct Page {
    pub(crate) tasks: usize,
    pub(crate) has_containers: bool,
}

impl Page {
    fn of(rows: Rows<'_>) -> Self {
        let of_kind = |kind| rows.iter().filter(move |row| row.kind == kind);
        let has_containers = of_kind(ItemKind::Container).next().is_some();
        Self { tasks: of_kind(ItemKind::Task).count(), has_containers }
    }

    /// A3: whether there may be a second page, which no agent reads.
    fn is_full(self, config: &Config) -> bool {
        config.ecs_truncation_guard && self.tasks == TASKS_ON_A_PAGE
    }

    /// A3: whether overwrite may remove what this report does not contain.
    pub(crate) fn may_remove(self, config: &Config) -> bool {
        self.has_containers && !self.is_full(config)
    }
}

/// A4: every row of the report is in the inventory afterwards.
fn upsert(context: &mut Context, said: &SaidHere<'_>, now: i64) {
    let mut here = Here { rows: said.rows, next: 0, places: None };
    let mut is_known = vec![false; said.rows.kinds.len()];
    for row in context.rows.iter_mut().filter(|row| row.kind != ItemKind::Image) {
        let Some((place, said_row)) = here.find(row.kind, row.key) else { continue };
        if let Some(is_known) = is_known.get_mut(place) {
            *is_known = true;
        }
        row.said = Some(said.number(place));
        row.updated = now;
        row.replaced = said.observed_at >= row.seen;
        if row.replaced {
            row.link = said_row.link;
            row.image = said_row.image;
        }
        row.seen = row.seen.max(said.observed_at);
        row.sign = row.seen;
    }
    let new = said.rows.iter().enumerate().zip(is_known).filter(|(_, is_known)| !is_known);
    context.rows.extend(new.map(|((place, row), _)| Standing {
        kind: row.kind,
        fate: Fate::Kept,
        key: row.key,
        link: row.link,
        image: row.image,
        seen: said.observed_at,
        updated: now,
        sign: said.observed_at,
        said: Some(said.number(place)),
        is_new: true,
        replaced: false,
    }));
}

/// The report's rows of one context, by their keys.
struct Here<'a> {
    rows: Rows<'a>,
    /// Behind the one that was found last: the next to be asked for, where both sides are in one order.
    next: usize,
    /// Made when it is needed: most contexts are as they were.
    places: Option<HashMap<(ItemKind, u32), usize, FxBuildHasher>>,
}

impl Here<'_> {
    fn find(&mut self, kind: ItemKind, key: u32) -> Option<(usize, Said)> {
        if let Some(said) = self.rows.get(self.next).filter(|said| (said.kind, said.key) == (kind, key)) {
            self.next += 1;
            return Some((self.next - 1, said));
        }
        let rows = self.rows;
        let places = self.places.get_or_insert_with(|| {
            rows.iter().enumerate().map(|(place, row)| ((row.kind, row.key), place)).collect()
        });
        let place = *places.get(&(kind, key))?;
        self.next = place + 1;
        Some((place, rows.get(place)?))
    }
}
