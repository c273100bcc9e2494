//! A report meets one context (rules A1 to A4).

use keepset_types::{ByNumber, Config, InventoryType, ItemKind, RemovalReason, WarningCode};

use crate::bulk::index;
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
    let Context { rows, places, .. } = context;
    places.begin(said.rows);
    for row in rows.iter_mut().filter(|row| row.kind != ItemKind::Image) {
        let Some((place, said_row)) = places.find(said.rows, row.kind, row.key) else { continue };
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
    let new = said.rows.iter().enumerate().zip(&places.is_found).filter(|(_, is_found)| !**is_found);
    rows.extend(new.map(|((place, row), _)| Standing {
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

/// Finds the report's rows of one context by their keys.
#[derive(Default)]
pub(crate) struct Places {
    /// Which rows were found.
    is_found: Vec<bool>,
    /// Behind the one that was found last: the next to be asked for, where both sides are in one order.
    next: usize,
    /// Whether what is below was made: most contexts are as they were.
    is_made: bool,
    /// By a key's number the last row that has it, counted from 1.
    last: ByNumber<u32>,
    /// For each row the one before it whose key has the same number, counted from 1: it is of another kind.
    before: Vec<u32>,
}

impl Places {
    fn begin(&mut self, rows: Rows<'_>) {
        self.is_found.clear();
        self.is_found.resize(rows.kinds.len(), false);
        self.next = 0;
        self.is_made = false;
    }

    fn find(&mut self, rows: Rows<'_>, kind: ItemKind, key: u32) -> Option<(usize, Said)> {
        let is_it = |said: &Said| (said.kind, said.key) == (kind, key);
        let (place, said) = match rows.get(self.next).filter(is_it) {
            Some(said) => (self.next, said),
            None => {
                if !self.is_made {
                    self.make(rows);
                }
                let mut places = std::iter::successors(self.last.get(key).copied(), |place| {
                    self.before.get(index(place.checked_sub(1)?)).copied()
                });
                places.find_map(|place| {
                    let place = index(place.checked_sub(1)?);
                    Some((place, rows.get(place).filter(is_it)?))
                })?
            }
        };
        self.next = place + 1;
        *self.is_found.get_mut(place)? = true;
        Some((place, said))
    }

    fn make(&mut self, rows: Rows<'_>) {
        self.is_made = true;
        self.last.begin(rows.keys.iter().copied());
        self.before.clear();
        for (place, key) in (1..).zip(rows.keys) {
            self.before.push(std::mem::replace(self.last.entry(*key), place));
        }
    }
}
