//! For programs.

use keepset_engine::simulate::{NONE, Note, Verdict};
use keepset_host::{Config, ItemKind, Timestamp};
use serde::Serialize;

use super::{Side, Simulation};

#[derive(Serialize)]
pub(super) struct Document<'a> {
    version: u32,
    history: Told<'a>,
    configurations: Vec<Configuration<'a>>,
    safe_ttl: Safe<'a>,
    curve: Curve<'a>,
}

#[derive(Serialize)]
struct Told<'a> {
    reports: u32,
    lost: u32,
    sightings: u32,
    items: u32,
    contexts: Vec<&'a str>,
    clusters: &'a [String],
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    notes: &'a [Note],
}

#[derive(Serialize)]
struct Configuration<'a> {
    name: &'a str,
    config: Config,
    verdict: &'a Verdict,
    sentence: String,
    /// The earliest first; as many as were asked for.
    wrong: Vec<Wrong<'a>>,
}

#[derive(Serialize)]
struct Wrong<'a> {
    item: Item<'a>,
    since: Option<Timestamp>,
    until: Option<Timestamp>,
    last_seen: Option<Timestamp>,
    reason: &'static str,
    /// The report that overwrote it, counted from 0.
    report: Option<u32>,
    why: String,
}

#[derive(Clone, Serialize)]
struct Item<'a> {
    context: &'a str,
    kind: ItemKind,
    id: &'a str,
}

#[derive(Serialize)]
struct Safe<'a> {
    days: u32,
    gap_seconds: i64,
    margin_seconds: i64,
    item: Option<Item<'a>>,
}

/// The index is the TTL in days; 0: for ever.
#[derive(Serialize)]
struct Curve<'a> {
    wrong: &'a [u32],
    stale_seconds: &'a [u64],
}

pub(super) fn document(simulation: &Simulation) -> Document<'_> {
    let history = &simulation.history;
    Document {
        version: 1,
        history: Told {
            reports: history.reports(),
            lost: history.lost(),
            sightings: history.sightings(),
            items: history.items(),
            contexts: history.contexts().collect(),
            clusters: history.clusters(),
            from: Timestamp::from_unix(history.from()),
            to: Timestamp::from_unix(history.to()),
            notes: history.notes(),
        },
        configurations: simulation.sides.iter().map(|side| configuration(simulation, side)).collect(),
        safe_ttl: Safe {
            days: simulation.safe.days,
            gap_seconds: simulation.safe.gap_seconds,
            margin_seconds: simulation.safe.margin_seconds,
            item: simulation.safe.item.and_then(|item| item_of(simulation, item)),
        },
        curve: Curve { wrong: &simulation.curve.wrong, stale_seconds: &simulation.curve.stale_seconds },
    }
}

fn configuration<'a>(simulation: &'a Simulation, side: &'a Side) -> Configuration<'a> {
    let wrong = side.replay.wrong();
    let wrong = wrong.iter().take(simulation.first).filter_map(|span| {
        Some(Wrong {
            item: item_of(simulation, span.item)?,
            since: Timestamp::from_unix(span.since),
            until: Timestamp::from_unix(span.until),
            last_seen: Timestamp::from_unix(span.last_seen),
            reason: span.end.as_str(),
            report: (span.ended_by != NONE).then_some(span.ended_by),
            why: side.replay.explain(&simulation.history, span),
        })
    });
    Configuration {
        name: side.name,
        config: side.config,
        verdict: &side.verdict,
        sentence: side.verdict.sentence(),
        wrong: wrong.collect(),
    }
}

fn item_of(simulation: &Simulation, item: u32) -> Option<Item<'_>> {
    let (context, kind, id) = simulation.history.item(item)?;
    Some(Item { context, kind, id })
}
