//! The TTL (rules A5 and A7).

use keepset_types::columns::Detail;
use keepset_types::{ByNumber, ItemKind, RemovalReason, WarningCode};

use crate::context::{Context, Fate, Standing, Step, Stored};

/// A5 and A7: what was not seen for more than the TTL goes; what only just came and is past it does not come.
pub(crate) fn expire(context: &mut Context, step: &Step<'_>) {
    pass(&mut context.rows, &mut context.signs, step.detail, |sign| step.is_past_ttl(sign));
    if context.rows.iter().any(|row| row.fate == Fate::TooOld) {
        context.warn(WarningCode::ReportOlderThanTtl, 0);
    }
}

/// A5 on rows of one context; afterwards the earliest sign of life among those that stay is the context's.
pub(crate) fn pass(rows: &mut [Standing], signs: &mut Signs, detail: Detail, is_past: impl Fn(i64) -> bool) {
    let mut oldest = Oldest::new();
    for row in rows.iter_mut().filter(|row| row.is_kept()) {
        if matches!(row.kind, ItemKind::Container | ItemKind::Node) && is_past(row.seen) {
            row.expire();
        } else {
            oldest.count(row.kind, row.seen);
        }
    }
    if oldest.of_all_signs().is_none() || detail == Detail::Deadlines {
        raise_parents(rows, signs, is_past);
    }
}

/// The earliest last sign of life in a context whose rows are as they were stored, if A5 removes none of them; none also
/// where that takes a closer look.
pub(crate) fn oldest_at_rest(stored: &Stored<'_>, step: &Step<'_>) -> Option<i64> {
    let mut oldest = Oldest::new();
    for (kind, seen) in stored.rows.kinds.iter().zip(stored.seen) {
        oldest.count(ItemKind::from_code(*kind)?, *seen);
    }
    oldest.of_all_signs().filter(|sign| !step.is_past_ttl(*sign))
}

/// The earliest `last_seen` among rows of which A5 has decided.
struct Oldest {
    /// Of containers and nodes, which have no descendants.
    leaf: i64,
    /// Of all others but images.
    parent: i64,
}

impl Oldest {
    fn new() -> Self {
        Self { leaf: i64::MAX, parent: i64::MAX }
    }

    fn count(&mut self, kind: ItemKind, seen: i64) {
        let is_leaf = matches!(kind, ItemKind::Container | ItemKind::Node);
        let is_parent = !is_leaf && kind != ItemKind::Image;
        self.leaf = self.leaf.min(if is_leaf { seen } else { i64::MAX });
        self.parent = self.parent.min(if is_parent { seen } else { i64::MAX });
    }

    /// The earliest last sign of life, if it takes no look at descendants. They only ever make a parent look younger: where no
    /// parent is older than every leaf, which is within the TTL, they change neither what goes nor what is the oldest.
    fn of_all_signs(&self) -> Option<i64> {
        (self.leaf <= self.parent && self.leaf != i64::MAX).then_some(self.leaf)
    }
}

impl Standing {
    fn expire(&mut self) {
        self.fate = if self.is_new { Fate::TooOld } else { Fate::Removed(RemovalReason::Expired) };
    }
}

/// The parents of a context, from the bottom up.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tier {
    /// Pods and tasks: parents of containers.
    Middle,
    /// Services: parents of tasks.
    Service,
    /// The root: ancestor of all but nodes.
    Root,
}

impl Tier {
    fn of(kind: ItemKind) -> Option<Self> {
        match kind {
            ItemKind::Pod | ItemKind::Task => Some(Self::Middle),
            ItemKind::Service => Some(Self::Service),
            ItemKind::Namespace | ItemKind::Cluster => Some(Self::Root),
            ItemKind::Container | ItemKind::Image | ItemKind::Node => None,
        }
    }

    /// Where the parent of a row of that kind stands, if its link names one.
    fn of_parent(kind: ItemKind) -> Option<Self> {
        match kind {
            ItemKind::Container => Some(Self::Middle),
            ItemKind::Task => Some(Self::Service),
            _ => None,
        }
    }
}

/// A5 for parents: from the bottom up, each takes the last sign of life of its most recently seen retained descendant,
/// and goes if that is past the TTL.
fn raise_parents(rows: &mut [Standing], signs: &mut Signs, is_past: impl Fn(i64) -> bool) {
    signs.begin(rows);
    for row in rows.iter().filter(|row| row.is_kept() && row.kind == ItemKind::Container) {
        signs.pass_up(row);
    }
    for tier in [Tier::Middle, Tier::Service, Tier::Root] {
        for row in rows.iter_mut().filter(|row| row.is_kept() && Tier::of(row.kind) == Some(tier)) {
            row.sign = row.seen.max(signs.of_descendants(tier, row.key));
            if is_past(row.sign) {
                row.expire();
            } else {
                signs.pass_up(row);
            }
        }
    }
}

/// The last signs of life of the rows below, by parent.
#[derive(Default)]
pub(crate) struct Signs {
    of_middle: ByNumber<Option<i64>>,
    of_service: ByNumber<Option<i64>>,
    of_all: Option<i64>,
}

impl Signs {
    fn begin(&mut self, rows: &[Standing]) {
        let keys = |tier| rows.iter().filter(move |row| Tier::of(row.kind) == Some(tier)).map(|row| row.key);
        self.of_middle.begin(keys(Tier::Middle));
        self.of_service.begin(keys(Tier::Service));
        self.of_all = None;
    }

    fn pass_up(&mut self, row: &Standing) {
        self.of_all = self.of_all.max(Some(row.sign));
        let of_parent = match Tier::of_parent(row.kind) {
            _ if row.link == 0 => return,
            Some(Tier::Middle) => self.of_middle.entry(row.link),
            Some(Tier::Service) => self.of_service.entry(row.link),
            _ => return,
        };
        *of_parent = (*of_parent).max(Some(row.sign));
    }

    fn of_descendants(&self, tier: Tier, key: u32) -> i64 {
        let sign = match tier {
            Tier::Root => self.of_all,
            Tier::Middle => self.of_middle.get(key).copied().flatten(),
            Tier::Service => self.of_service.get(key).copied().flatten(),
        };
        sign.unwrap_or(i64::MIN)
    }
}
