//! Streams of reports: long enough that items go, come back and go again, with everything that can happen to reports on
//! their way. No inventory, no deletions: what a simulation replays.

#![expect(clippy::indexing_slicing, reason = "assigning to a key of a JSON object adds it")]

use keepset_engine::simulate::Fault;
use keepset_types::Timestamp;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Value, json};

use super::tame::{ecs, kubernetes};
use super::{DAY, Offset, START, days, edge_of_ttl, seconds, time};

/// Reports, and faults in them.
#[derive(Clone, Debug)]
pub struct Stream {
    /// `{"now": ..., "report": ...}`, in the order of arrival.
    pub reports: Vec<Value>,
    /// To be put in.
    pub faults: Vec<Fault>,
    /// The TTL whose edges the times are around, in days.
    pub ttl: u32,
}

/// Streams of up to forty reports.
pub fn stream() -> impl Strategy<Value = Stream> {
    let reports = vec((gap(), delay(), report(), repetition()), 1..40);
    (select(&[1, 2, 3, 7][..]), reports, vec(fault(), 0..3)).prop_map(|(ttl, steps, faults)| {
        let mut now = START;
        let mut reports: Vec<Value> = Vec::new();
        for (gap, delay, (name, mut body), repeated) in steps {
            now = gap.from(now, ttl).max(now);
            let at = time(now);
            if let (Some(repeated), false) = (repeated, reports.is_empty()) {
                // An older report once more, as it was.
                let mut again = repeated.get(&reports).clone();
                again["now"] = at.into();
                reports.push(again);
                continue;
            }
            body["timestamp"] = time(delay.from(now, ttl)).into();
            reports.push(json!({ "now": at, "report": { name: body } }));
        }
        let length = now - START;
        let faults = faults.into_iter().map(|fault| fault.over(length)).collect();
        Stream { reports, faults, ttl: u32::try_from(ttl).unwrap_or_default() }
    })
}

fn gap() -> impl Strategy<Value = Offset> {
    prop_oneof![5 => seconds(&[0, 1, 60, 3600, DAY / 3]), 2 => edge_of_ttl(1), 1 => days(1)]
}

/// How far a report's own time is from that of its arrival.
fn delay() -> impl Strategy<Value = Offset> {
    prop_oneof![8 => seconds(&[0, 0, -1, -300, 3600]), 1 => edge_of_ttl(-1), 1 => days(-1)]
}

fn repetition() -> impl Strategy<Value = Option<Index>> {
    prop_oneof![9 => Just(None), 1 => any::<Index>().prop_map(Some)]
}

fn report() -> impl Strategy<Value = (&'static str, Value)> {
    let without_tasks = prop_oneof![3 => Just(false), 1 => Just(true)];
    prop_oneof![
        5 => kubernetes().prop_map(|body| ("kubernetes", body)),
        3 => (ecs(), without_tasks).prop_map(|(mut body, without_tasks)| {
            // Containers whose task the report does not contain.
            if let (true, Some(body)) = (without_tasks, body.as_object_mut()) {
                body.remove("tasks");
            }
            ("ecs", body)
        }),
    ]
}

/// A fault whose times are parts of the stream's length, in hundredths.
#[derive(Clone, Debug)]
struct Planned {
    from: i64,
    to: i64,
    kind: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    Outage,
    Batch(u32),
    Skew(i64),
}

fn fault() -> impl Strategy<Value = Planned> {
    let kind = prop_oneof![
        2 => Just(Kind::Outage),
        1 => (1..3_u32).prop_map(Kind::Batch),
        1 => select(&[-3 * DAY, -DAY, -60, 60, DAY][..]).prop_map(Kind::Skew),
    ];
    (0..100_i64, 0..100_i64, kind).prop_map(|(a, b, kind)| Planned { from: a.min(b), to: a.max(b), kind })
}

impl Planned {
    fn over(self, length: i64) -> Fault {
        let at = |part: i64| Timestamp::from_unix(START + length * part / 100).unwrap_or(Timestamp::MIN);
        let (from, to) = (at(self.from), at(self.to));
        match self.kind {
            Kind::Outage => Fault::Outage { from, to, cluster: None },
            Kind::Batch(batch) => Fault::DropBatch { from, to, batch, of: 2, cluster: None },
            Kind::Skew(seconds) => Fault::ClockSkew { from, to, seconds, cluster: None },
        }
    }
}
