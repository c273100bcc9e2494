//! Inventories, reports and verdicts as columns of integers: what crosses into a plugin on the hot path.
//!
//! Strings are ids that the host made equal, within a context, where the strings are equal; 0 stands for "none". The engine
//! compares ids and never looks behind them.

use crate::key::InventoryType;
use crate::outcome::{RemovalReason, WarningCode};

/// The deadline of a row that no sweep ever removes.
pub const NEVER: i64 = i64::MAX;

/// An inventory, row by row, grouped by context.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RowColumns {
    /// The id of each context; none twice.
    pub contexts: Vec<u32>,
    /// For each context, the index behind its last row.
    pub ends: Vec<u32>,
    /// [`crate::ItemKind::code`].
    pub kinds: Vec<u8>,
    /// The id of the row's own id; 0 for images.
    pub keys: Vec<u32>,
    /// The id of the parent's id where it is not the root (a container's pod or task, a task's service), of a namespace
    /// that of its uid; else 0.
    pub links: Vec<u32>,
    /// Of containers and images the id of the pair (tag, digest); else 0.
    pub images: Vec<u32>,
    /// Seconds since 1970.
    pub last_updated: Vec<i64>,
    /// Seconds since 1970.
    pub last_seen: Vec<i64>,
}

/// A report, row by row, grouped by context, without images. It covers the contexts whose root it contains (N2, N7).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportColumns {
    /// Which agent reported.
    pub inventory_type: InventoryType,
    /// The ECS agent's probe of its credentials: says nothing (N7).
    pub credential_probe: bool,
    /// `obs`, in seconds since 1970 (N1).
    pub observed_at: i64,
    /// The id of each context; none twice.
    pub contexts: Vec<u32>,
    /// For each context, the index behind its last row.
    pub ends: Vec<u32>,
    /// As in [`RowColumns`].
    pub kinds: Vec<u8>,
    /// As in [`RowColumns`].
    pub keys: Vec<u32>,
    /// As in [`RowColumns`].
    pub links: Vec<u32>,
    /// As in [`RowColumns`].
    pub images: Vec<u32>,
}

/// How much an evaluation on columns answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// What changes.
    Verdicts,
    /// Also each row's deadline (E1).
    Deadlines,
}

/// What an evaluation on columns decides. Prior rows that it does not mention stay as they are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdicts {
    /// Rows that go.
    pub removed: Vec<Removal>,
    /// Rows of the inventory that are in the report (A4), be it that A5 removes them after all: their indexes, and in the
    /// three columns below ...
    pub touched: Vec<u32>,
    /// ... the index of the report's row, ...
    pub touched_by: Vec<u32>,
    /// ... the new `last_seen` (`last_updated` is now), ...
    pub touched_last_seen: Vec<i64>,
    /// ... and 1 if the report's attributes replace the old, else 0.
    pub touched_replaced: Vec<u8>,
    /// Rows of the report that come into the inventory.
    pub added: Vec<u32>,
    /// Images that come, that change, or that are in the report.
    pub images: Vec<ImageVerdict>,
    /// What somebody should know.
    pub warnings: Vec<ColumnWarning>,
    /// The earliest deadline of all (E3).
    pub next_expiry: Option<i64>,
    /// With [`Detail::Deadlines`]: the first second at which a sweep would remove the row, or [`NEVER`]; one for each prior
    /// row (of one that goes: 0), then for each added row, then for each new image. Else empty.
    pub deadlines: Vec<i64>,
}

/// A row that goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Removal {
    /// Its index.
    pub row: u32,
    /// Why.
    pub reason: RemovalReason,
}

/// An image that comes, changes, or is in the report (I3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImageVerdict {
    /// Its index; none if it is new.
    pub row: Option<u32>,
    /// Its context's id.
    pub context: u32,
    /// Its (tag, digest) id.
    pub image: u32,
    /// The maximum over its containers.
    pub last_seen: i64,
    /// The maximum over its containers.
    pub last_updated: i64,
    /// Whether a container of it is in the report (E1).
    pub reported: bool,
}

/// A warning whose context and id are ids of strings; 0: none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ColumnWarning {
    /// Its code.
    pub code: WarningCode,
    /// The context's id.
    pub context: u32,
    /// The id of the row's id.
    pub id: u32,
}
