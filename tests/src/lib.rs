//! Fixtures, and the runner that holds every build of the engine to them.

pub mod histories;
pub mod laws;
pub mod reference;
