//! Histories: a stream of reports, replayed under a configuration, and what came of it (docs/semantics.md section 9).
//!
//! A [`History`] is read from files or made; faults may be put into it. A [`Replay`] has the life span of every item under
//! one configuration, and whether it ended while the item still ran. There are two forms, which find the same:
//! [`replay_by_step`] asks the rules report by report, [`replay`] looks at the gaps between sightings. From the gaps come
//! also [`curve`], what every TTL would do, and [`safe_ttl`].

mod curve;
mod fault;
mod gap;
mod generate;
mod history;
mod log;
mod passed;
mod read;
mod replay;
mod report;
mod scenario;
mod step;
mod why;

pub use curve::{Curve, SafeTtl, curve, safe_ttl};
pub use fault::{Fault, FaultFields};
pub use gap::replay;
pub use generate::{Fleet, Namespaces};
pub use history::{History, Note};
pub use read::{Reader, Text, Unreadable};
pub use replay::{End, NONE, Outcomes, Replay, Series, Span, Verdict, duration};
pub use report::ReportText;
pub use scenario::Scenario;
pub use step::{Decider, replay_by_step};
pub use why::Why;
