//! The pages that benches write: tables, plots, and what machine it was.

mod machine;
mod plot;
mod table;

pub use machine::made_by;
pub use plot::{Bars, Line, Point, bars, lines, time_against_rows};
pub use table::{Table, count};
