//! Random histories: what happens to one inventory, step by step.
//!
//! The worlds are small on purpose. With few ids, images and uids, containers move, namespaces are re-created, references
//! dangle and keys collide all the time; times cluster around the edges of the TTL.

mod stream;
mod tame;
mod wild;

pub use stream::{Stream, stream};
pub use tame::tame;
pub use wild::wild;

use chrono::DateTime;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::{Map, Value};

use crate::reference::Report;

/// 2026-01-01T00:00:00Z, about when histories begin.
const START: i64 = 1_767_225_600;
const DAY: i64 = 86_400;

/// A first inventory and what then happens to it.
#[derive(Clone, Debug)]
pub struct History {
    /// The keys of `runtime_inventory`, always valid.
    pub config: Value,
    /// Rows before the first step, often incoherent; sorted, with distinct keys.
    pub prior: Vec<Value>,
    /// In order. `now` may go back, but not in a tame history.
    pub steps: Vec<Step>,
}

/// One thing that happens.
#[derive(Clone, Debug)]
pub struct Step {
    /// Seconds since 1970.
    pub now: i64,
    /// What happens.
    pub action: Action,
}

/// What happens in a step.
#[derive(Clone, Debug)]
pub enum Action {
    /// An agent posts a report.
    Report {
        /// Which agent.
        kind: Kind,
        /// The body, in wild histories now and then not a report at all.
        body: Value,
    },
    /// The TTL alone is applied.
    Sweep,
    /// Somebody deletes by hand.
    Delete {
        /// `inventory_type`, `context` and perhaps `image_digest`.
        selector: Value,
    },
}

/// The kinds of reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Of the Kubernetes agent.
    Kubernetes,
    /// Of the ECS agent.
    Ecs,
}

impl Kind {
    /// A body as a report of this kind.
    #[must_use]
    pub fn report(self, body: &str) -> Report<'_> {
        match self {
            Self::Kubernetes => Report::Kubernetes(body),
            Self::Ecs => Report::Ecs(body),
        }
    }
}

/// Something that evaluates a report or, without one, sweeps: prior rows, report, configuration, now. It answers with an
/// outcome document or an error, which begins with its code.
pub type Evaluate<'a> = dyn Fn(&[Value], Option<Report<'_>>, &Value, i64) -> Result<Value, String> + 'a;

/// Something that deletes by hand: prior rows and selector.
pub type Purge<'a> = dyn Fn(&[Value], &Value) -> Result<Value, String> + 'a;

impl History {
    /// What each step answers; an error leaves the inventory as it was.
    pub fn play(&self, evaluate: &Evaluate<'_>, purge: &Purge<'_>) -> Vec<Result<Value, String>> {
        let mut state = self.prior.clone();
        let mut answers = Vec::new();
        for step in &self.steps {
            let answer = match &step.action {
                Action::Report { kind, body } => {
                    let body = body.to_string();
                    evaluate(&state, Some(kind.report(&body)), &self.config, step.now)
                }
                Action::Sweep => evaluate(&state, None, &self.config, step.now),
                Action::Delete { selector } => purge(&state, selector),
            };
            if let Ok(outcome) = &answer {
                state = inventory(outcome);
            }
            answers.push(answer);
        }
        answers
    }
}

/// The rows that an outcome retains, as the next step takes them: without `reason` and `expires_at`.
#[must_use]
pub fn inventory(outcome: &Value) -> Vec<Value> {
    let mut rows = outcome.get("retained").and_then(Value::as_array).cloned().unwrap_or_default();
    for row in rows.iter_mut().filter_map(Value::as_object_mut) {
        row.remove("reason");
        row.remove("expires_at");
    }
    rows
}

/// A runner with the same cases on every run and every machine, and which writes no files. The environment variable
/// `PROPTEST_CASES` asks for another number of them.
#[must_use]
pub fn runner(cases: u32) -> TestRunner {
    let default = Config::default();
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() { default.cases } else { cases };
    let config = Config { cases, failure_persistence: None, ..default };
    TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha))
}

/// A time of a row.
fn time(seconds: i64) -> String {
    DateTime::from_timestamp(seconds, 0)
        .map(|time| time.format("%Y-%m-%dT%H:%M:%SZ").to_string())
        .unwrap_or_default()
}

/// An object of those fields that have a value.
fn object(fields: impl IntoIterator<Item = (&'static str, Option<Value>)>) -> Value {
    let given = fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Value::Object(given.collect::<Map<_, _>>())
}

/// A time as so many TTLs and so many seconds away from another; it is resolved when the TTL is known.
#[derive(Clone, Copy, Debug)]
struct Offset {
    ttls: i64,
    seconds: i64,
}

impl Offset {
    fn from(self, time: i64, ttl_days: i64) -> i64 {
        time + self.ttls * ttl_days.max(1) * DAY + self.seconds
    }
}

/// Just before, at and just after so many TTLs.
fn edge_of_ttl(ttls: i64) -> impl Strategy<Value = Offset> {
    (-1..=1_i64).prop_map(move |seconds| Offset { ttls, seconds })
}

/// One of these numbers of seconds.
fn seconds(choices: &'static [i64]) -> impl Strategy<Value = Offset> {
    select(choices).prop_map(|seconds| Offset { ttls: 0, seconds })
}

/// Some days, a second more or less.
fn days(sign: i64) -> impl Strategy<Value = Offset> {
    (select(&[1, 2, 7, 120][..]), -1..=1_i64)
        .prop_map(move |(days, seconds)| Offset { ttls: 0, seconds: sign * days * DAY + seconds })
}

/// How long after the step before, never negative (but for the second before a whole number of days).
fn gap() -> impl Strategy<Value = Offset> {
    prop_oneof![5 => seconds(&[0, 1, 60, 300, 3600]), 3 => edge_of_ttl(1), 2 => days(1)]
}

/// A valid configuration and its TTL in days.
fn config() -> impl Strategy<Value = (Value, i64)> {
    let ttl = select(&[0, 1, 2, 7, 120, 36_500][..]);
    let names = (any::<bool>(), any::<bool>());
    let guard = prop_oneof![3 => Just(None), 1 => any::<bool>().prop_map(Some)];
    let stated = prop_oneof![9 => Just(true), 1 => Just(false)];
    (ttl, any::<bool>(), names, guard, stated).prop_map(
        |(ttl, overwrite, (old_ttl, old_overwrite), guard, stated)| {
            if !stated {
                return (Value::Object(Map::new()), 120); // C1: the default
            }
            let ttl_name = if old_ttl { "inventory_ttl_days" } else { "image_ttl_days" };
            let overwrite_name =
                if old_overwrite { "inventory_ingest_overwrite" } else { "image_ingest_overwrite" };
            let config = object([
                (ttl_name, Some(ttl.into())),
                (overwrite_name, Some(overwrite.into())),
                ("ecs_truncation_guard", guard.map(Value::from)),
            ]);
            (config, ttl)
        },
    )
}
