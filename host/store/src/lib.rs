//! Where inventories live: an SQLite file, or a PostgreSQL that several gateways share. The same SQL does for both; what they
//! say differently is in `dialect.rs`.
//!
//! Nothing about retention is decided here. [`Store::apply`] loads the contexts that a report speaks of, hands them to
//! whoever decides as columns of integers, and carries the verdicts out in one transaction:
//!
//! ```no_run
//! # use keepset_store::Arriving;
//! # use keepset_types::columns::{ReportColumns, RowColumns, Verdicts};
//! # use keepset_types::{Config, Error, Observation, Timestamp};
//! # fn ask_the_plugin(_: &RowColumns, _: Option<&ReportColumns>) -> Result<Verdicts, Error> { Ok(Verdicts::default()) }
//! # async fn example(observation: Observation, now: Timestamp) -> Result<(), Box<dyn std::error::Error>> {
//! let store = keepset_store::Store::open("sqlite:///var/lib/keepset/keepset.db").await?;
//! store.add_account("admin", now).await?;
//! let config = Config::default();
//! let arriving = Arriving { account: "admin", config: &config, now, report_id: "report 1", content: None };
//! let applied = store.apply(&arriving, &observation, ask_the_plugin).await?;
//! println!("{} came, {} went", applied.added, applied.removed.len());
//! # Ok(())
//! # }
//! ```
//!
//! # What is stored
//!
//! | table | a row for each | of note |
//! |---|---|---|
//! | `accounts`, `users` | account, user | an account goes with all that is its own |
//! | `integrations`, `health_reports` | agent, and what it said of its health | JSON, kept as it came |
//! | `contexts` | context (account, inventory type, text) | `version`; `updated` and `seen`; `oldest` |
//! | `items` | row of an inventory, images too | `last_updated` and `last_seen` may be null |
//! | `removals` | row that went | why, by which rule, and by which report or deletion |
//!
//! Every question names the account that it is about.
//!
//! # What is written when
//!
//! An item whose times are null has those of its context, `updated` and `seen`. A poll that finds everything as it was
//! moves the context's pair, and so all its items, by writing one row. What came, went, changed, or is not in the report
//! though it was in the one before, is written by itself. Which pair a context has is chosen so that the fewest rows are
//! written. A context without items is deleted: its watermark is its root's `last_seen` (I4), and gone with it.
//!
//! `oldest` is a bound: no row that can expire was seen last before. From it follows when to sweep, for whatever TTL. A
//! row may live on by its children (A5), so a sweep may find nothing; it then moves the bound to where it is exact.
//!
//! # What is kept in memory
//!
//! Contexts as they were loaded, within a bound of bytes, each with its version; attributes as a fingerprint. Every change
//! raises the version in the database, so that whoever locks a context sees whether what it remembers is still so. What a
//! transaction made is remembered after its commit, never before.
//!
//! Reports that found everything as it was, as columns, by a number that stands for what they say. [`Store::apply_again`]
//! has one decided anew without its text, as long as its contexts are as they were but for the pair of times; if the
//! verdict is any other than that all is there again, it leaves everything to [`Store::apply`].
//!
//! # Who waits for whom
//!
//! SQLite has one writer, which takes its lock when it begins; readers do not wait. On PostgreSQL a transaction holds the
//! account (against its removal), then makes the contexts that are missing and locks those that are there, each in the
//! order of their names. If one vanished meanwhile it lets go of everything and begins again. A sweep skips what others
//! hold. So reports on one context take their turns, reports on others do not wait for them, and nobody waits in a circle.
//! A report is decided before its transaction, over the contexts in memory, and once more within it if they changed
//! meanwhile; both on a thread for work that blocks.
//!
//! A report is on the disk when [`Store::apply`] returns (SQLite: WAL with `synchronous = FULL`; PostgreSQL: as its
//! `synchronous_commit` says).

mod accounts;
mod again;
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
pub use again::Content;
pub use apply::{Applied, Arriving};
pub use error::{ApplyError, MAX_KEY_BYTES, StoreError};
pub use integrations::{HealthReport, Integration};
pub use read::{ContextSummary, ImageFilter, Page};
pub use removals::{LoggedRemoval, RemovalFilter};
pub use store::{CACHE_BYTES, Store};
pub use sweep::Swept;
pub use write::RowsWritten;
