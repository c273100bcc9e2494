//! Images follow their containers (rules I3 and A6).

use keepset_types::columns::ImageVerdict;
use keepset_types::{ByNumber, ItemKind, RemovalReason};

use crate::context::{Context, Fate, Standing, Stored};

/// What the containers of an image say of it.
#[derive(Clone, Copy, Default)]
pub(crate) struct Tally {
    /// The maxima over the containers that stay; none stays: none.
    kept: Option<Times>,
    /// Whether one that stays is in the report (E1).
    reported: bool,
    overwritten: bool,
    expired: bool,
    /// Whether the inventory has a row of it.
    has_row: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Times {
    seen: i64,
    updated: i64,
}

impl Tally {
    fn count(&mut self, container: &Standing) {
        match container.fate {
            Fate::Kept => {
                self.keep(Times { seen: container.seen, updated: container.updated });
                self.reported |= container.said.is_some();
            }
            Fate::Removed(RemovalReason::Overwritten) => self.overwritten = true,
            Fate::Removed(_) => self.expired = true,
            Fate::TooOld => {}
        }
    }

    fn keep(&mut self, times: Times) {
        let kept = self.kept.get_or_insert(times);
        kept.seen = kept.seen.max(times.seen);
        kept.updated = kept.updated.max(times.updated);
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
    let Context { id, rows, images, tallies, .. } = context;
    let is_container = |row: &&Standing| row.kind == ItemKind::Container && row.image != 0;
    tallies.begin(rows.iter().filter(is_container).map(|row| row.image));
    for container in rows.iter().filter(is_container) {
        tallies.entry(container.image).count(container);
    }
    let mut verdict = |row: Option<u32>, image: u32, tally: &Tally, kept: Times| {
        images.push(ImageVerdict {
            row,
            context: *id,
            image,
            last_seen: kept.seen,
            last_updated: kept.updated,
            reported: tally.reported,
        });
    };
    for (index, row) in (0..).zip(&mut *rows).filter(|(_, row)| row.kind == ItemKind::Image) {
        let tally = tallies.entry(row.image);
        tally.has_row = true;
        let Some(kept) = tally.kept else {
            row.fate = Fate::Removed(tally.reason());
            continue;
        };
        row.sign = kept.seen;
        if tally.reported || kept != (Times { seen: row.seen, updated: row.updated }) {
            verdict(Some(index), row.image, tally, kept);
        }
    }
    for container in rows.iter().filter(is_container) {
        let tally = tallies.entry(container.image);
        if let (Some(kept), false) = (tally.kept, tally.has_row) {
            verdict(None, container.image, tally, kept);
            tally.has_row = true;
        }
    }
}

/// I3: whether the stored images are those of the stored containers, with their times.
pub(crate) fn are_settled(stored: &Stored<'_>, tallies: &mut ByNumber<Tally>) -> bool {
    let of_kind = |kind: ItemKind| {
        let rows = stored.rows.kinds.iter().zip(stored.rows.images);
        let rows = rows.zip(stored.updated.iter().zip(stored.seen));
        rows.filter(move |((code, _), _)| **code == kind.code())
            .map(|((_, image), (updated, seen))| (*image, Times { seen: *seen, updated: *updated }))
    };
    let containers = || of_kind(ItemKind::Container).filter(|(image, _)| *image != 0);
    tallies.begin(containers().map(|(image, _)| image));
    // Images of which no row was met yet.
    let mut without_row = 0_usize;
    for (image, times) in containers() {
        let tally = tallies.entry(image);
        without_row += usize::from(tally.kept.is_none());
        tally.keep(times);
    }
    for (image, times) in of_kind(ItemKind::Image) {
        let tally = tallies.entry(image);
        if tally.kept != Some(times) {
            return false;
        }
        without_row -= usize::from(!tally.has_row);
        tally.has_row = true;
    }
    without_row == 0
}
