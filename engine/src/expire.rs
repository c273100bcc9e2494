//! The TTL (rules A5 and A7).

use hashbrown::HashMap;
use keepset_types::columns::Detail;
use keepset_types::{ItemKind, RemovalReason, WarningCode};
use rustc_hash::FxBuildHasher;

use crate::context::{Context, Fate, Standing, Step};

/// A5 and A7: what was not seen for more than the TTL goes; what only just came and is past it does not come.
pub(crate) fn expire(context: &mut Context, step: &Step<'_>) {
    pass(&mut context.rows, step.detail, |sign| step.is_past_ttl(sign));
    if context.rows.iter().any(|row| row.fate == Fate::TooOld) {
        context.warn(WarningCode::ReportOlderThanTtl, 0);
    }
}

/// A5 on rows of one context; afterwards the earliest sign of life among those that stay is the context's.
pub(crate) fn pass(rows: &mut [Standing], detail: Detail, is_past: impl Fn(i64) -> bool) {
    let (mut oldest_leaf, mut oldest_parent) = (i64::MAX, i64::MAX);
    for row in rows.iter_mut().filter(|row| row.is_kept()) {
        match row.kind {
            ItemKind::Image => {}
            ItemKind::Container | ItemKind::Node if is_past(row.seen) => row.expire(),
            ItemKind::Container | ItemKind::Node => oldest_leaf = oldest_leaf.min(row.seen),
            _ => oldest_parent = oldest_parent.min(row.seen),
        }
    }
    // Descendants only ever make a parent look younger. Where no parent is older than every leaf that stays, which is
    // within the TTL, they change neither what goes nor what is the oldest.
    if oldest_parent < oldest_leaf || detail == Detail::Deadlines {
        raise_parents(rows, is_past);
    }
}

impl Standing {
    fn expire(&mut self) {
        self.fate = if self.is_new { Fate::TooOld } else { Fate::Removed(RemovalReason::Expired) };
    }
}

/// The parents of a context, from the bottom up.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
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
fn raise_parents(rows: &mut [Standing], is_past: impl Fn(i64) -> bool) {
    let mut signs = Signs { of_children: HashMap::default(), of_all: i64::MIN };
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
struct Signs {
    of_children: HashMap<(Tier, u32), i64, FxBuildHasher>,
    of_all: i64,
}

impl Signs {
    fn pass_up(&mut self, row: &Standing) {
        self.of_all = self.of_all.max(row.sign);
        if let (Some(tier), true) = (Tier::of_parent(row.kind), row.link != 0) {
            let sign = self.of_children.entry((tier, row.link)).or_insert(row.sign);
            *sign = row.sign.max(*sign);
        }
    }

    fn of_descendants(&self, tier: Tier, key: u32) -> i64 {
        match tier {
            Tier::Root => self.of_all,
            Tier::Middle | Tier::Service => self.of_children.get(&(tier, key)).copied().unwrap_or(i64::MIN),
        }
    }
}
