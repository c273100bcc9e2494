//! The rules of `docs/semantics.md`, and nothing else: prior inventory + report + configuration + now -> the retained set,
//! with a reason for every row.
//!
//! The engine is pure: no clock, environment, files, randomness, threads or floats (E5). One function per rule group:
//!
//! | rules | module |
//! |---|---|
//! | N1-N8, what a report says | [`observe()`], in `observe/` |
//! | A1-A4, applying it to a context | `apply` |
//! | A5, A7, the TTL | `expire` |
//! | A6, I3, images | `images` |
//! | D1-D4, deleting by hand | [`purge()`] |
//! | C1-C4, settings; C5 | [`configure()`]; `bulk` |
//! | E1-E5, the outcome | [`evaluate()`], and `keepset_types` |
//! | H1-H6, histories | [`simulate`] |
//!
//! Contexts do not influence each other (law 8), so all is decided context by context, on columns of integers: [`bulk`]
//! does that for a whole inventory, [`session`] for one that it keeps, and [`evaluate()`] for rows with strings.

mod apply;
pub mod bulk;
mod configure;
mod context;
mod evaluate;
mod expire;
mod images;
mod observe;
mod purge;
pub mod session;
pub mod simulate;

pub use configure::configure;
pub use evaluate::{Report, evaluate, evaluate_observation};
pub use observe::observe;
pub use purge::purge;

/// The edition of `docs/semantics.md` that this engine follows.
pub const RULES_EDITION: &str = "1";
