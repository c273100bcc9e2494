//! What was aimed at, and what came of it.

use std::cell::RefCell;
use std::time::Duration;

use crate::measure::{ratio, show};
use keepset_bench_page::Table;

/// Aims in the order in which they were measured.
#[derive(Default)]
pub struct Aims(RefCell<Vec<[String; 4]>>);

impl Aims {
    /// `of` was to take no longer than `limit`.
    pub fn within(&self, what: impl Into<String>, limit: Duration, of: Duration) {
        self.note(what.into(), format!("at most {}", show(limit)), show(of), of <= limit);
    }

    /// `of` was to take at most `limit` times as long as `to`.
    pub fn at_most(&self, what: impl Into<String>, limit: f64, of: Duration, to: Duration) {
        let is_reached = of.as_secs_f64() <= limit * to.as_secs_f64();
        self.note(what.into(), format!("at most {limit} x"), ratio(of, to), is_reached);
    }

    /// `of` was to take at least `limit` times as long as `to`.
    pub fn at_least(&self, what: impl Into<String>, limit: f64, of: Duration, to: Duration) {
        let is_reached = of.as_secs_f64() >= limit * to.as_secs_f64();
        self.note(what.into(), format!("at least {limit} x"), ratio(of, to), is_reached);
    }

    fn note(&self, what: String, aim: String, measured: String, is_reached: bool) {
        let verdict = if is_reached { "yes" } else { "**no**" };
        self.0.borrow_mut().push([what, aim, measured, verdict.to_owned()]);
    }

    /// All of them.
    pub fn table(&self) -> Table {
        let mut table = Table::new(&["what", "aim", "measured", "reached"]);
        for row in self.0.borrow().iter() {
            table.row(row.clone());
        }
        table
    }
}
