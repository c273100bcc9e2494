//! Fixtures, and the runner that holds every build of the engine to them.
//!
//! A [`fixture`] (docs/semantics.md section 8) is run in [`cell`]s: the native engine, and the component by each of its
//! interfaces. All must answer what the fixture expects, and the same bytes. A [`scenario`] is a whole history, replayed.

#[cfg(feature = "component")]
pub mod builtin;
pub mod cell;
pub mod fixture;
#[cfg(feature = "reference")]
pub mod histories;
#[cfg(feature = "reference")]
pub mod laws;
#[cfg(feature = "reference")]
pub mod reference;
pub mod run;
pub mod scenario;
pub mod yaml;
