//! One context on its way through the rules.

use std::ops::Range;

use keepset_types::columns::{
    ColumnWarning, Detail, ImageVerdict, NEVER, Removal, ReportColumns, RowColumns, Verdicts,
};
use keepset_types::{ByNumber, Config, InventoryType, ItemKind, RemovalReason, Timestamp, WarningCode};

use crate::apply::Places;
use crate::expire::Signs;
use crate::images::Tally;
use crate::{apply, expire, images};

/// What all contexts of one evaluation share.
#[derive(Clone, Copy)]
pub(crate) struct Step<'a> {
    pub(crate) config: &'a Config,
    /// Seconds since 1970.
    pub(crate) now: i64,
    pub(crate) detail: Detail,
    pub(crate) report: Option<&'a ReportColumns>,
}

impl Step<'_> {
    /// Whether the agent only tried its credentials: then nothing happens at all (N7).
    pub(crate) fn is_probe(&self) -> bool {
        self.report.is_some_and(|report| report.credential_probe)
    }

    /// A5: whether a row whose last sign of life is `sign` is past its TTL.
    pub(crate) fn is_past_ttl(&self, sign: i64) -> bool {
        self.config.is_past_ttl(sign, self.now)
    }

    /// E1, as columns have it.
    pub(crate) fn deadline(&self, sign: i64) -> i64 {
        self.config.deadline(sign).unwrap_or(NEVER)
    }

    /// E3, of a context whose oldest row was seen last at `oldest`. A time that cannot be written never comes.
    pub(crate) fn next_expiry(&self, oldest: Option<i64>) -> Option<i64> {
        let deadline = self.deadline(oldest?);
        (deadline <= Timestamp::MAX.unix()).then_some(deadline)
    }
}

/// Some consecutive rows of columns.
#[derive(Clone, Copy)]
pub(crate) struct Rows<'a> {
    pub(crate) kinds: &'a [u8],
    pub(crate) keys: &'a [u32],
    pub(crate) links: &'a [u32],
    pub(crate) images: &'a [u32],
}

/// What a row says, be it of the inventory or of the report.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Said {
    pub(crate) kind: ItemKind,
    pub(crate) key: u32,
    pub(crate) link: u32,
    pub(crate) image: u32,
}

impl<'a> Rows<'a> {
    /// The row at `place`.
    pub(crate) fn get(&self, place: usize) -> Option<Said> {
        Some(Said {
            kind: ItemKind::from_code(*self.kinds.get(place)?)?,
            key: *self.keys.get(place)?,
            link: *self.links.get(place)?,
            image: *self.images.get(place)?,
        })
    }

    /// The rows one by one. Kinds were checked when the columns came in.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Said> + Clone + use<'a> {
        let columns = self.kinds.iter().zip(self.keys).zip(self.links.iter().zip(self.images));
        columns.filter_map(|((kind, key), (link, image))| {
            Some(Said { kind: ItemKind::from_code(*kind)?, key: *key, link: *link, image: *image })
        })
    }
}

/// The rows of one context as they are in the inventory.
#[derive(Clone, Copy)]
pub(crate) struct Stored<'a> {
    pub(crate) rows: Rows<'a>,
    pub(crate) updated: &'a [i64],
    pub(crate) seen: &'a [i64],
}

impl<'a> Stored<'a> {
    /// The rows of the columns in that range; none if there are not as many.
    pub(crate) fn in_range(columns: &'a RowColumns, range: Range<usize>) -> Option<Self> {
        let rows = Rows {
            kinds: columns.kinds.get(range.clone())?,
            keys: columns.keys.get(range.clone())?,
            links: columns.links.get(range.clone())?,
            images: columns.images.get(range.clone())?,
        };
        let (updated, seen) = (columns.last_updated.get(range.clone())?, columns.last_seen.get(range)?);
        Some(Self { rows, updated, seen })
    }

    /// The rows one by one, each with its `last_updated` and `last_seen`.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Said, i64, i64)> + Clone + use<'a> {
        let times = self.updated.iter().zip(self.seen);
        self.rows.iter().zip(times).map(|(row, (updated, seen))| (row, *updated, *seen))
    }
}

/// What the report says of one context: its rows there, numbered from `first`.
#[derive(Clone, Copy)]
pub(crate) struct SaidHere<'a> {
    pub(crate) rows: Rows<'a>,
    pub(crate) first: u32,
    pub(crate) observed_at: i64,
    pub(crate) inventory_type: InventoryType,
}

impl SaidHere<'_> {
    /// The report's number for the row at `place` here.
    pub(crate) fn number(&self, place: usize) -> u32 {
        self.first.saturating_add(u32::try_from(place).unwrap_or(u32::MAX))
    }
}

/// What becomes of a row in this step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It stays, or comes.
    Kept,
    /// It goes.
    Removed(RemovalReason),
    /// It came and was past its TTL at once (A7).
    TooOld,
}

/// A row of the context as it stands while the rules pass over it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Standing {
    pub(crate) kind: ItemKind,
    pub(crate) fate: Fate,
    pub(crate) key: u32,
    pub(crate) link: u32,
    pub(crate) image: u32,
    /// Its `last_seen`.
    pub(crate) seen: i64,
    /// Its `last_updated`.
    pub(crate) updated: i64,
    /// The last sign of life: `seen`, or that of a retained descendant (A5).
    pub(crate) sign: i64,
    /// The report's row, if the report contains it.
    pub(crate) said: Option<u32>,
    /// Whether it came in this step.
    pub(crate) is_new: bool,
    /// Whether the report's attributes replaced its own (A4).
    pub(crate) replaced: bool,
}

impl Standing {
    pub(crate) fn is_kept(&self) -> bool {
        self.fate == Fate::Kept
    }
}

/// A context: its rows, the prior ones first, in their order.
pub(crate) struct Context {
    pub(crate) id: u32,
    pub(crate) rows: Vec<Standing>,
    pub(crate) images: Vec<ImageVerdict>,
    pub(crate) warnings: Vec<ColumnWarning>,
    /// What the rules look up. Kept from one context to the next, so that memory is asked for once.
    pub(crate) places: Places,
    pub(crate) signs: Signs,
    pub(crate) tallies: ByNumber<Tally>,
}

impl Context {
    pub(crate) fn new() -> Self {
        Self {
            id: 0,
            rows: Vec::new(),
            images: Vec::new(),
            warnings: Vec::new(),
            places: Places::default(),
            signs: Signs::default(),
            tallies: ByNumber::new(),
        }
    }

    /// Takes in the rows of context `id` as they are in the inventory, each with its `last_updated` and `last_seen`.
    pub(crate) fn load(&mut self, id: u32, rows: impl Iterator<Item = (Said, i64, i64)>) {
        self.id = id;
        self.rows.clear();
        self.images.clear();
        self.warnings.clear();
        self.rows.extend(rows.map(|(row, updated, seen)| Standing {
            kind: row.kind,
            fate: Fate::Kept,
            key: row.key,
            link: row.link,
            image: row.image,
            seen,
            updated,
            sign: seen,
            said: None,
            is_new: false,
            replaced: false,
        }));
    }

    /// Section 3, in its order.
    pub(crate) fn decide(&mut self, said: Option<SaidHere<'_>>, step: &Step<'_>) {
        if step.is_probe() {
            expire::pass(&mut self.rows, &mut self.signs, step.detail, |_| false);
        } else {
            if let Some(said) = said {
                apply::apply(self, said, step); // A1 to A4
            }
            expire::expire(self, step); // A5, A7
            images::derive(self); // A6
        }
    }

    /// The earliest last sign of life of all that stays: the first to expire.
    pub(crate) fn oldest(&self) -> Option<i64> {
        self.rows.iter().filter(|row| row.is_kept()).map(|row| row.sign).min()
    }

    pub(crate) fn warn(&mut self, code: WarningCode, id: u32) {
        self.warnings.push(ColumnWarning { code, context: self.id, id });
    }

    /// Adds what was decided to the verdicts. Row `n` of the context has the number `number(n)` there.
    pub(crate) fn report_to(&self, verdicts: &mut Verdicts, number: impl Fn(usize) -> u32) {
        for (index, row) in self.rows.iter().enumerate().filter(|(_, row)| !row.is_new) {
            if let Some(said) = row.said {
                verdicts.touched.push(number(index));
                verdicts.touched_by.push(said);
                verdicts.touched_last_seen.push(row.seen);
                verdicts.touched_replaced.push(u8::from(row.replaced));
            }
            if let Fate::Removed(reason) = row.fate {
                verdicts.removed.push(Removal { row: number(index), reason });
            }
        }
        let added = self.rows.iter().filter(|row| row.is_new && row.is_kept());
        verdicts.added.extend(added.filter_map(|row| row.said));
        verdicts.images.extend(self.images.iter().map(|image| ImageVerdict {
            row: image.row.map(|index| number(usize::try_from(index).unwrap_or(usize::MAX))),
            ..*image
        }));
        verdicts.warnings.extend(&self.warnings);
    }
}
