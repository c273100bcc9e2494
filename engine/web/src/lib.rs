//! The engine for the playground: a thin shell that decides nothing, for JavaScript.
//!
//! What is large crosses as columns, each a fresh typed array that may be transferred to another thread; settings, single
//! explanations and errors cross as plain objects. Times are seconds since 1970 as numbers; a column of times is a
//! `Float64Array`, in which `NaN` stands for "not before the end". `engine/web/keepset_web.d.ts` declares all of it.

mod columns;
#[cfg(target_family = "wasm")]
#[path = "../../component/src/compare.rs"]
mod compare;
mod error;
mod fault;
mod fixture;
mod history;
mod replay;
mod value;

pub use fixture::{run, run_fixture};
pub use history::{History, about, configure, read_scenario};
pub use replay::Replay;
