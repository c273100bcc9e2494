//! Where inventories live.

mod accounts;
mod apply;
mod cache;
mod check;
mod context;
mod dialect;
mod dump;
mod error;
mod integrations;
mod purge;
mod read;
mod removals;
mod sql;
mod step;
mod store;
mod sweep;
mod write;

pub use accounts::User;
pub use apply::Applied;
pub use error::{ApplyError, MAX_KEY_BYTES, StoreError};
pub use integrations::{HealthReport, Integration};
pub use read::{ContextSummary, ImageFilter, Page};
pub use removals::LoggedRemoval;
pub use store::{CACHE_BYTES, Store};
pub use sweep::Swept;
pub use write::RowsWritten;
