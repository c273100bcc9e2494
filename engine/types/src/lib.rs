//! What Keepset's parts say to each other: keys, rows, times, configurations, outcomes, and the columns of integers that
//! cross into a plugin. No rule of retention is in here, so that a host can use these types without linking an engine.
//!
//! Rule ids (`I1`, `A5`, ...) are those of `docs/semantics.md`.

mod by_number;
pub mod columns;
mod config;
mod document;
mod error;
mod intern;
mod key;
mod observation;
mod outcome;
mod place;
mod row;
mod time;
pub mod translate;

pub use by_number::ByNumber;
pub use config::{Config, Layer, MAX_TTL_DAYS, NAMES, Origin, Setting};
pub use document::{
    DocumentError, Inventory, JsonText, Object, read_json, read_json_by, read_object, read_text,
};
pub use error::{Error, ErrorCode, printable};
pub use intern::{Interner, Names, Numbers};
pub use key::{Context, Id, Image, InventoryType, ItemKind, Key};
pub use observation::{Observation, Said, SaidWarning};
pub use outcome::{
    Outcome, Purged, RemovalReason, Removed, Retained, RetainedReason, Rule, Warning, WarningCode,
};
pub use place::pointer_token;
pub use row::{Attributes, Row, Selector};
pub use time::{InvalidTimestamp, SECONDS_PER_DAY, Timestamp};
