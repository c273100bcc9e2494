//! Images follow their containers (rules I3 and A6).

use hashbrown::HashMap;
use keepset_types::columns::ImageVerdict;
use keepset_types::{ItemKind, RemovalReason};
use rustc_hash::FxBuildHasher;

use crate::context::{Context, Fate, Standing};

/// What the containers of an image say of it.
#[derive(Clone, Copy, Default)]
struct Tally {
    /// The maxima over the containers that stay; none stays: none.
    kept: Option<Times>,
    /// Whether one that stays is in the report (E1).
    reported: bool,
    overwritten: bool,
    expired: bool,
    /// Whether the inventory has a row of it.
    has_row: bool,
}

#[derive(Clone, Copy)]
struct Times {
    seen: i64,
    updated: i64,
}

impl Tally {
    fn count(&mut self, container: &Standing) {
        match container.fate {
            Fate::Kept => {
                let kept =
                    self.kept.get_or_insert(Times { seen: container.seen, updated: container.updated });
                kept.seen = kept.seen.max(container.seen);
                kept.updated = kept.updated.max(container.updated);
                self.reported |= container.said.is_some();
            }
            Fate::Removed(RemovalReason::Overwritten) => self.overwritten = true,
            Fate::Removed(_) => self.expired = true,
            Fate::TooOld => {}
        }
    }

    /// A6: why the image is gone.
    fn reason(&self) -> RemovalReason {
        match self {
            Self { overwritten: true, .. } => RemovalReason::Overwritten,
            Self { expired: true, .. } => RemovalReason::Expired,
            _ => RemovalReason::Superseded,
        }
    }
}

/// I3, A6: the context's images are those of its retained containers.
pub(crate) fn derive(context: &mut Context) {
    let mut tallies: HashMap<u32, Tally, FxBuildHasher> = HashMap::default();
    let containers = || context.rows.iter().filter(|row| row.kind == ItemKind::Container && row.image != 0);
    for container in containers() {
        tallies.entry(container.image).or_default().count(container);
    }
    let mut verdicts = Vec::new();
    let verdict = |row: Option<u32>, image: u32, tally: &Tally, kept: Times| ImageVerdict {
        row,
        context: context.id,
        image,
        last_seen: kept.seen,
        last_updated: kept.updated,
        reported: tally.reported,
    };
    let mut gone = Vec::new();
    for (index, row) in context.rows.iter().enumerate().filter(|(_, row)| row.kind == ItemKind::Image) {
        let tally = tallies.entry(row.image).or_default();
        tally.has_row = true;
        match tally.kept {
            None => gone.push((index, tally.reason())),
            Some(kept) if tally.reported || (kept.seen, kept.updated) != (row.seen, row.updated) => {
                verdicts.push(verdict(u32::try_from(index).ok(), row.image, tally, kept));
            }
            Some(_) => {}
        }
    }
    let is_new = |tally: &Tally| tally.kept.is_some() && !tally.has_row;
    let containers = tallies.values().any(is_new).then(containers);
    for container in containers.into_iter().flatten() {
        let Some(tally) = tallies.get_mut(&container.image) else { continue };
        if let (Some(kept), false) = (tally.kept, tally.has_row) {
            verdicts.push(verdict(None, container.image, tally, kept));
            tally.has_row = true;
        }
    }
    for (index, reason) in gone {
        if let Some(row) = context.rows.get_mut(index) {
            row.fate = Fate::Removed(reason);
        }
    }
    context.images = verdicts;
}
