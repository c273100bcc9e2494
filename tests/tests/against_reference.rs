//! Every cell of the matrix, against the slow reference and against the laws, on random histories.
//!
//! | target | against | property |
//! |---|---|---|
//! | each cell, history after history | the reference | the same outcome after every step, or the same refusal |
//! | each cell, call by call | docs/semantics.md section 7 | the nine laws |
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::sync::LazyLock;

use keepset_conformance::cell::{Cell, Cells, Which};
use keepset_conformance::histories::{self, Action, History, Kind, Step, runner, tame, wild};
use keepset_conformance::laws::{Histories, LAWS};
use keepset_conformance::reference::{self, Report};
use keepset_types::{Inventory, InventoryType, Layer, Origin, Selector, Timestamp};
use proptest::strategy::{BoxedStrategy, Strategy};
use proptest::test_runner::TestCaseError;
use serde_json::{Value, json};

#[cfg(feature = "component")]
static CELLS: LazyLock<Cells> = LazyLock::new(|| Cells::builtin().unwrap());
#[cfg(not(feature = "component"))]
static CELLS: LazyLock<Cells> = LazyLock::new(Cells::native);

/// Histories for each cell; a history has several steps.
const HISTORIES: u32 = 300;
/// Histories for each law and cell; a law takes each step of a history several times.
const HISTORIES_FOR_A_LAW: u32 = 25;

fn inventory(rows: &[Value]) -> Inventory {
    let document = json!({ "version": 1, "items": rows });
    Inventory::from_json(document.to_string().as_bytes()).unwrap()
}

fn time(seconds: i64) -> Timestamp {
    Timestamp::from_unix(seconds).unwrap()
}

fn layer(config: &Value) -> Layer {
    Layer { origin: Origin::File, settings: config.to_string() }
}

/// Sentences are not stable (E4).
fn without_sentences(mut answer: Value) -> Value {
    for warning in answer.get_mut("warnings").and_then(Value::as_array_mut).into_iter().flatten() {
        warning.as_object_mut().unwrap().remove("message");
    }
    answer
}

/// An answer without sentences, and without what a deletion does not have.
fn plain(answer: Value) -> Value {
    let mut answer = without_sentences(answer);
    let object = answer.as_object_mut().unwrap();
    object.remove("version");
    object.retain(|name, value| !(value.is_null() || name == "warnings" && value == &json!([])));
    answer
}

fn step_in_cell(cell: &mut dyn Cell, config: &Value, step: &Step) -> Result<Value, String> {
    let config = cell.configure(&[layer(config)]).map_err(|refusal| refusal.code)?;
    let now = time(step.now);
    let outcome = match &step.action {
        Action::Report { kind, body } => {
            let inventory_type = match kind {
                Kind::Kubernetes => InventoryType::Kubernetes,
                Kind::Ecs => InventoryType::Ecs,
            };
            cell.evaluate(Some((inventory_type, body.to_string().as_bytes())), &config, now)
        }
        Action::Sweep => cell.evaluate(None, &config, now),
        Action::Delete { selector } => {
            let selector: Selector = serde_json::from_value(selector.clone()).unwrap();
            let purged = cell.purge(&selector).map_err(|refusal| refusal.code)?;
            return Ok(serde_json::to_value(purged).unwrap());
        }
    };
    outcome.map(|outcome| serde_json::to_value(outcome).unwrap()).map_err(|refusal| refusal.code)
}

fn step_in_reference(prior: &[Value], config: &Value, step: &Step) -> Result<Value, String> {
    let settings = reference::settings(config)?;
    match &step.action {
        Action::Report { kind, body } => {
            let body = body.to_string();
            Ok(reference::evaluate(prior, Some(kind.report(&body)), &settings, step.now)?)
        }
        Action::Sweep => Ok(reference::evaluate(prior, None, &settings, step.now)?),
        Action::Delete { selector } => Ok(reference::purge(prior, selector)?),
    }
}

fn agree(which: Which, history: &History) -> Result<(), TestCaseError> {
    let mut cell = CELLS.cell(which).map_err(|refusal| TestCaseError::fail(refusal.message))?;
    cell.begin(inventory(&history.prior)).map_err(|refusal| TestCaseError::fail(refusal.message))?;
    let mut prior = history.prior.clone();
    for (place, step) in history.steps.iter().enumerate() {
        let expected = step_in_reference(&prior, &history.config, step).map(plain);
        let came = step_in_cell(cell.as_mut(), &history.config, step).map(plain);
        if expected != came {
            let show = |answer: &Result<Value, String>| match answer {
                Ok(answer) => serde_json::to_string_pretty(answer).unwrap(),
                Err(code) => code.clone(),
            };
            let message = format!(
                "step {place}: the reference says\n{}\nthe cell says\n{}",
                show(&expected),
                show(&came)
            );
            return Err(TestCaseError::fail(message));
        }
        if let Ok(answer) = expected {
            prior = histories::inventory(&answer);
        }
    }
    Ok(())
}

fn agrees(which: Which) {
    for histories in [wild().boxed(), tame().boxed()] {
        let histories: BoxedStrategy<History> = histories;
        if let Err(difference) = runner(HISTORIES).run(&histories, |history| agree(which, &history)) {
            panic!("{}: {difference}", which.name());
        }
    }
}

fn holds_to_the_laws(which: Which) {
    let evaluate = |prior: &[Value], report: Option<Report<'_>>, config: &Value, now: i64| {
        let mut cell = CELLS.cell(which).map_err(|refusal| refusal.message)?;
        cell.begin(inventory(prior)).map_err(|refusal| refusal.message)?;
        let config = cell.configure(&[layer(config)]).map_err(|refusal| refusal.code)?;
        let report = report.map(|report| match report {
            Report::Kubernetes(body) => (InventoryType::Kubernetes, body.as_bytes()),
            Report::Ecs(body) => (InventoryType::Ecs, body.as_bytes()),
        });
        let outcome = cell.evaluate(report, &config, time(now)).map_err(|refusal| refusal.code)?;
        Ok(without_sentences(serde_json::to_value(outcome).unwrap()))
    };
    for law in LAWS {
        let histories = match law.histories {
            Histories::Wild => wild().boxed(),
            Histories::Tame => tame().boxed(),
        };
        let outcome = runner(HISTORIES_FOR_A_LAW)
            .run(&histories, |history| (law.check)(&evaluate, &history).map_err(TestCaseError::fail));
        if let Err(broken) = outcome {
            panic!("{}: law {}, {}: {broken}", which.name(), law.number, law.statement);
        }
    }
}

/// A module for each cell, so that its name is in that of the test.
macro_rules! cells {
    ($($name:ident => $which:expr),+) => {
        $(mod $name {
            use super::*;

            #[test]
            fn agrees_with_the_reference() {
                agrees($which);
            }

            #[test]
            fn holds_to_the_laws() {
                super::holds_to_the_laws($which);
            }
        })+
    };
}

cells! { native => Which::Native }

#[cfg(feature = "component")]
cells! {
    component_policy => Which::Policy,
    component_bulk => Which::Bulk,
    component_session => Which::Session,
    component_pooling => Which::Pooling
}
