//! The laws of section 7 as checks of any build, for any history.
//!
//! A law that cannot hold for everything that can be posted says what it leaves out, and why.

#![expect(clippy::indexing_slicing, reason = "a missing key of a JSON value reads as null")]

mod reports;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::histories::{Action, Evaluate, History, Kind, Step, inventory};
use crate::reference;
pub use reports::permuted;
use reports::{batches, covered, is_probe, permutations, possible_keys, seconds, without_duplicates};

/// One law.
pub struct Law {
    /// Its number in section 7.
    pub number: u8,
    /// What it says.
    pub statement: &'static str,
    /// For which histories it is to be checked.
    pub histories: Histories,
    /// Says how a history breaks it.
    pub check: fn(&Evaluate<'_>, &History) -> Result<(), String>,
}

/// Which histories a law is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Histories {
    /// All of them: [`crate::histories::wild`].
    Wild,
    /// Those without anything odd: [`crate::histories::tame`].
    Tame,
}

/// Section 7. The fifth law stands here twice: for one step of whatever kind, and for whole histories.
#[rustfmt::skip]
pub const LAWS: [Law; 10] = [
    Law { number: 1, statement: "replaying a report changes nothing", histories: Histories::Wild, check: replay },
    Law { number: 2, statement: "reports merge in any order", histories: Histories::Tame, check: order },
    Law { number: 3, statement: "what is not covered only expires", histories: Histories::Wild, check: coverage },
    Law { number: 4, statement: "overwrite retains a subset", histories: Histories::Tame, check: overwrite },
    Law { number: 5, statement: "a longer TTL keeps more in a step", histories: Histories::Wild, check: ttl_in_a_step },
    Law { number: 5, statement: "a longer TTL keeps more", histories: Histories::Tame, check: ttl },
    Law { number: 6, statement: "nothing is invented", histories: Histories::Wild, check: origin },
    Law { number: 7, statement: "batches are the whole", histories: Histories::Wild, check: split },
    Law { number: 8, statement: "contexts are independent", histories: Histories::Wild, check: partition },
    Law { number: 9, statement: "order in a report is nothing", histories: Histories::Wild, check: permutation },
];

type Key = Vec<String>;
type Verdict = Result<(), String>;

/// Law 1: Replaying the same report at the same `now` changes nothing; at a later `now`, only `last_updated` (and what the
/// TTL removes). A report from the future is left out at the later `now`: its observation is then a later one (N1).
fn replay(evaluate: &Evaluate<'_>, history: &History) -> Verdict {
    let ttl = ttl_days(&history.config)?.max(1) * 86_400;
    each_report(evaluate, history, &mut |_, kind, body, now, outcome| {
        let text = body.to_string();
        let state = inventory(outcome);
        let again = |now| evaluate(&state, Some(kind.report(&text)), &history.config, now);

        let same = again(now)?;
        equal("the replay", &inventory(&same), &state)?;
        equal("what the replay removes", &list(&same, "removed"), &[])?;
        if seconds(body).is_none_or(|timestamp| timestamp > now) {
            return Ok(());
        }
        for later in [1, 86_400, ttl, ttl + 1, 2 * ttl].map(|wait| now + wait) {
            // The TTL is not applied to a probe (N7).
            let expected = if is_probe(body) {
                state.clone()
            } else {
                inventory(&evaluate(&state, None, &history.config, later)?)
            };
            let replayed = without_last_updated(inventory(&again(later)?));
            equal("the later replay", &replayed, &without_last_updated(expected))?;
        }
        Ok(())
    })
}

/// Law 2: Without overwrite, the keys and `last_seen` after a set of reports, each with all that it refers to, swept at one
/// final `now`, do not depend on the order of the reports.
///
/// Left out: two different reports of one second (A4 lets the one that is applied later decide on the image), clocks
/// that go back, timestamps ahead of `now` (N1 cuts them differently at each `now`), and references to what is not in
/// the report (a service that is older than the TTL when it arrives stays if a younger task names it already, and is
/// dropped if that task comes later: A5, A7).
fn order(evaluate: &Evaluate<'_>, history: &History) -> Verdict {
    let config = with(&history.config, "image_ingest_overwrite", false.into());
    let mut reports = Vec::new();
    let mut known = BTreeSet::new();
    for step in &history.steps {
        if let Action::Report { kind, body } = &step.action
            && let Some(timestamp) = seconds(body)
            && known.insert(timestamp)
        {
            reports.push((*kind, body.to_string()));
        }
    }
    let (Some(first), Some(latest)) = (history.steps.first(), known.last()) else { return Ok(()) };
    // When reports arrive: as in the history, but so late that no timestamp is ahead.
    let arrivals: Vec<i64> = history.steps.iter().map(|step| latest + step.now - first.now).collect();
    let end = arrivals.last().copied().unwrap_or(*latest);

    let merged = |reports: &[(Kind, String)]| -> Result<BTreeSet<(Key, String)>, String> {
        let mut state = history.prior.clone();
        for ((kind, body), now) in reports.iter().zip(&arrivals) {
            state = inventory(&evaluate(&state, Some(kind.report(body)), &config, *now)?);
        }
        let swept = inventory(&evaluate(&state, None, &config, end)?);
        Ok(swept.iter().map(|row| (key(row), row["last_seen"].to_string())).collect())
    };
    let expected = merged(&reports)?;
    for order in permutations(&reports) {
        let found = merged(&order)?;
        if found != expected {
            return Err(format!("in another order: {:?}", found.symmetric_difference(&expected)));
        }
    }
    Ok(())
}

/// Law 3: No row outside the covered contexts is ever removed with another reason than `expired` (nodes included).
///
/// The first inventory is swept once: a hand-made image without containers goes at the first step as `superseded`,
/// wherever it is (A6).
fn coverage(evaluate: &Evaluate<'_>, history: &History) -> Verdict {
    let history = swept_at_first(evaluate, history)?;
    each_step(evaluate, &history, &mut |_, step, outcome| {
        let covered = match &step.action {
            Action::Report { kind, body } => covered(*kind, body),
            _ => BTreeSet::new(),
        };
        for row in list(outcome, "removed") {
            let context = (text(&row, "inventory_type"), text(&row, "context"));
            if row["reason"] != "expired" && (row["kind"] == "node" || !covered.contains(&context)) {
                return Err(format!("removed without being covered: {row}"));
            }
        }
        Ok(())
    })
}

/// Law 4: For one history, retained(overwrite on) is a subset of retained(overwrite off).
///
/// Left out: containers that change their image, and containers and tasks that change their parent. With overwrite a late
/// report is skipped (A1), without it is merged (A4); if only such a report moves a container or a task that a guard of A3
/// has kept, each mode has an image of its own, and keeps a parent of its own from the TTL (A5).
fn overwrite(evaluate: &Evaluate<'_>, history: &History) -> Verdict {
    let play = |overwrite: bool| {
        let config = with(&history.config, "image_ingest_overwrite", overwrite.into());
        states(evaluate, &History { config, ..history.clone() })
    };
    for (on, off) in play(true).iter().zip(play(false)) {
        subset("with overwrite", on, &off)?;
    }
    Ok(())
}

const TTLS: [u64; 6] = [1, 2, 7, 120, 36_500, 0];

/// Law 5: A longer TTL never removes more. ttl 0 retains a superset of every other. Here: from one inventory, in one step.
fn ttl_in_a_step(evaluate: &Evaluate<'_>, history: &History) -> Verdict {
    each_step(evaluate, history, &mut |prior, step, _| {
        let mut shorter: Option<Vec<Value>> = None;
        for ttl in TTLS {
            let config = with(&history.config, "image_ttl_days", ttl.into());
            let longer = inventory(&apply(evaluate, prior, step, &config)?);
            if let Some(shorter) = shorter {
                subset(&format!("with less than {ttl} days"), &shorter, &longer)?;
            }
            shorter = Some(longer);
        }
        Ok(())
    })
}

/// Law 5: The same for a whole history.
///
/// Left out: clocks that go back and containers that move. When a context has expired under the short TTL, its watermark
/// is gone, so a report is applied that A1 skips under the long one; only a clock that went back makes it new enough to
/// stay. References to what is not in the report, for the reason given at the second law.
fn ttl(evaluate: &Evaluate<'_>, history: &History) -> Verdict {
    let mut shorter: Option<Vec<Vec<Value>>> = None;
    for ttl in TTLS {
        let config = with(&history.config, "image_ttl_days", ttl.into());
        let longer = states(evaluate, &History { config, ..history.clone() });
        for (shorter, longer) in shorter.iter().flatten().zip(&longer) {
            subset(&format!("with less than {ttl} days"), shorter, longer)?;
        }
        shorter = Some(longer);
    }
    Ok(())
}

/// Law 6: Every retained key comes from the prior inventory or the report: nothing is invented.
fn origin(evaluate: &Evaluate<'_>, history: &History) -> Verdict {
    each_step(evaluate, history, &mut |prior, step, outcome| {
        let mut known: BTreeSet<Key> = prior.iter().map(key).collect();
        // I3: also the image of a container of a hand-made inventory.
        known.extend(prior.iter().filter_map(image_key));
        if let Action::Report { kind, body } = &step.action {
            known.extend(possible_keys(*kind, body));
        }
        match inventory(outcome).iter().find(|row| !known.contains(&key(row))) {
            Some(row) => Err(format!("invented: {row}")),
            None => Ok(()),
        }
    })
}

/// Law 7: Splitting a Kubernetes report at namespace boundaries, in any order, gives the same inventory as the whole.
///
/// The inventory is swept first: a row that is past its TTL when the first batch arrives goes with that batch, and a later
/// batch creates it anew (A5 before the next A4), while the whole report refreshes it. And a report has no duplicates: of
/// two namespaces with one uid, the last one in the report owns the pods (N3).
fn split(evaluate: &Evaluate<'_>, history: &History) -> Verdict {
    each_report(evaluate, history, &mut |prior, kind, body, now, _| {
        if kind != Kind::Kubernetes {
            return Ok(());
        }
        let body = without_duplicates(body);
        let report = |prior: &[Value], body: &Value| {
            let body = body.to_string();
            Ok::<_, String>(inventory(&evaluate(prior, Some(kind.report(&body)), &history.config, now)?))
        };
        let prior = inventory(&evaluate(prior, None, &history.config, now)?);
        let whole = report(&prior, &body)?;
        let batches = batches(&body);
        for order in std::iter::once(batches.clone()).chain(permutations(&batches)) {
            let mut state = prior.clone();
            for batch in &order {
                state = report(&state, batch)?;
            }
            equal("the batches", &state, &whole)?;
        }
        Ok(())
    })
}

/// Law 8: Contexts are independent: evaluating a partition of the inventory by context gives the same as evaluating it whole
/// (nodes: by cluster).
fn partition(evaluate: &Evaluate<'_>, history: &History) -> Verdict {
    each_step(evaluate, history, &mut |prior, step, outcome| {
        let part_of =
            |row: &Value| (text(row, "inventory_type"), text(row, "context"), row["kind"] == "node");
        let of_part = |rows: Vec<Value>, part: &(String, String, bool)| -> Vec<Value> {
            rows.into_iter().filter(|row| part_of(row) == *part).collect()
        };
        let rows = list(outcome, "retained").into_iter().chain(list(outcome, "removed"));
        for part in rows.map(|row| part_of(&row)).collect::<BTreeSet<_>>() {
            let alone = apply(evaluate, &of_part(prior.to_vec(), &part), step, &history.config)?;
            for field in ["retained", "removed"] {
                let whole = of_part(list(outcome, field), &part);
                equal(&format!("{field} of {part:?} alone"), &of_part(list(&alone, field), &part), &whole)?;
            }
        }
        Ok(())
    })
}

/// Law 9: Permuting any array of a report without duplicates changes nothing (but where a warning points to).
fn permutation(evaluate: &Evaluate<'_>, history: &History) -> Verdict {
    each_report(evaluate, history, &mut |prior, kind, body, now, _| {
        let body = without_duplicates(body);
        let answer = |body: &Value| {
            let body = body.to_string();
            let mut outcome = evaluate(prior, Some(kind.report(&body)), &history.config, now)?;
            let mut warnings = list(&outcome, "warnings");
            for warning in warnings.iter_mut().filter_map(Value::as_object_mut) {
                warning.remove("pointer");
            }
            warnings.sort_by_key(Value::to_string);
            outcome["warnings"] = warnings.into();
            Ok::<_, String>(outcome)
        };
        let expected = answer(&body)?;
        for permuted in permuted(&body) {
            equal("permuted", &[answer(&permuted)?], std::slice::from_ref(&expected))?;
        }
        Ok(())
    })
}

/// Looks at one step: prior rows, step, outcome.
type OfStep<'a> = dyn FnMut(&[Value], &Step, &Value) -> Verdict + 'a;

/// Looks at one report: prior rows, kind, body, now, outcome.
type OfReport<'a> = dyn FnMut(&[Value], Kind, &Value, i64, &Value) -> Verdict + 'a;

/// Visits each step but deletions by hand. Steps that end in an error are passed over.
fn each_step(evaluate: &Evaluate<'_>, history: &History, visit: &mut OfStep<'_>) -> Verdict {
    let mut prior = history.prior.clone();
    for (step, answer) in history.steps.iter().zip(play(evaluate, history)) {
        let Ok(outcome) = answer else { continue };
        if !matches!(step.action, Action::Delete { .. }) {
            visit(&prior, step, &outcome).map_err(|broken| format!("at {}: {broken}", step.now))?;
        }
        prior = inventory(&outcome);
    }
    Ok(())
}

/// Visits each report.
fn each_report(evaluate: &Evaluate<'_>, history: &History, visit: &mut OfReport<'_>) -> Verdict {
    each_step(evaluate, history, &mut |prior, step, outcome| match &step.action {
        Action::Report { kind, body } => visit(prior, *kind, body, step.now, outcome),
        _ => Ok(()),
    })
}

fn apply(evaluate: &Evaluate<'_>, prior: &[Value], step: &Step, config: &Value) -> Result<Value, String> {
    match &step.action {
        Action::Report { kind, body } => {
            let body = body.to_string();
            evaluate(prior, Some(kind.report(&body)), config, step.now)
        }
        _ => evaluate(prior, None, config, step.now),
    }
}

/// The laws are about evaluating; deletions by hand between the reports are the reference's.
fn play(evaluate: &Evaluate<'_>, history: &History) -> Vec<Result<Value, String>> {
    history.play(evaluate, &|prior, selector| reference::purge(prior, selector).map_err(str::to_owned))
}

/// The inventory after each step.
fn states(evaluate: &Evaluate<'_>, history: &History) -> Vec<Vec<Value>> {
    let mut state = history.prior.clone();
    let mut states = Vec::new();
    for answer in play(evaluate, history) {
        if let Ok(outcome) = answer {
            state = inventory(&outcome);
        }
        states.push(state.clone());
    }
    states
}

/// The history from an inventory that has been through a sweep, so that its images are what I3 says.
fn swept_at_first(evaluate: &Evaluate<'_>, history: &History) -> Result<History, String> {
    let Some(first) = history.steps.first() else { return Ok(history.clone()) };
    let swept = evaluate(&history.prior, None, &history.config, first.now)?;
    Ok(History { prior: inventory(&swept), ..history.clone() })
}

fn ttl_days(config: &Value) -> Result<i64, String> {
    Ok(reference::settings(config)?.ttl_days.cast_signed())
}

/// The configuration with another value of one setting, whatever name it had (C3).
fn with(config: &Value, name: &str, value: Value) -> Value {
    let mut config = config.as_object().cloned().unwrap_or_default();
    config.remove(&name.replace("image_", "inventory_"));
    config.insert(name.to_owned(), value);
    config.into()
}

fn text(row: &Value, field: &str) -> String {
    row[field].as_str().unwrap_or_default().to_owned()
}

/// I1
fn key(row: &Value) -> Key {
    let fields: &[&str] = if row["kind"] == "image" { &["image_tag", "image_digest"] } else { &["id"] };
    ["inventory_type", "context", "kind"].iter().chain(fields).map(|field| text(row, field)).collect()
}

/// I3
fn image_key(row: &Value) -> Option<Key> {
    let tag = row["attributes"]["image_tag"].as_str().filter(|_| row["kind"] == "container")?;
    let digest = text(&row["attributes"], "image_digest");
    Some(vec![text(row, "inventory_type"), text(row, "context"), "image".to_owned(), tag.to_owned(), digest])
}

fn list(outcome: &Value, field: &str) -> Vec<Value> {
    outcome[field].as_array().cloned().unwrap_or_default()
}

fn without_last_updated(mut rows: Vec<Value>) -> Vec<Value> {
    for row in rows.iter_mut().filter_map(Value::as_object_mut) {
        row.remove("last_updated");
    }
    rows
}

fn equal(what: &str, found: &[Value], expected: &[Value]) -> Verdict {
    if found == expected {
        return Ok(());
    }
    let less = |left: &[Value], right: &[Value]| -> Vec<Value> {
        left.iter().filter(|row| !right.contains(row)).cloned().collect()
    };
    let difference = json!({"more": less(found, expected), "less": less(expected, found)});
    Err(format!("{what} differs: {difference:#}"))
}

fn subset(what: &str, smaller: &[Value], larger: &[Value]) -> Verdict {
    let larger: BTreeMap<Key, &Value> = larger.iter().map(|row| (key(row), row)).collect();
    match smaller.iter().find(|row| !larger.contains_key(&key(row))) {
        Some(row) => Err(format!("only {what}: {row}")),
        None => Ok(()),
    }
}
