//! Random histories must reach every rule, or they test nothing.

use std::collections::BTreeMap;

use keepset_conformance::histories::{Action, History, runner, tame, wild};
use keepset_conformance::reference::{evaluate, purge, settings};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use serde_json::Value;

/// How often each code, reason and rule comes out of some histories.
fn outcomes(histories: &impl Strategy<Value = History>, runner: &mut TestRunner) -> BTreeMap<String, u32> {
    let mut counts = BTreeMap::new();
    let mut count = |what: &str, value: &Value| {
        *counts.entry(format!("{what} {}", value.as_str().unwrap_or_default())).or_default() += 1;
    };
    for _ in 0..400 {
        let Ok(history) = histories.new_tree(runner) else { continue };
        let history = history.current();
        let answers = history.play(
            &|prior, report, config, now| Ok(evaluate(prior, report, &settings(config)?, now)?),
            &|prior, selector| Ok(purge(prior, selector)?),
        );
        for (step, answer) in history.steps.iter().zip(answers) {
            let what = match step.action {
                Action::Report { .. } => "report",
                Action::Sweep => "sweep",
                Action::Delete { .. } => "delete",
            };
            match answer {
                Err(code) => count(what, &code.into()),
                Ok(outcome) => {
                    for (list, field) in [
                        ("retained", "reason"),
                        ("removed", "reason"),
                        ("removed", "rule"),
                        ("warnings", "code"),
                    ] {
                        for entry in outcome.get(list).and_then(Value::as_array).into_iter().flatten() {
                            count(what, entry.get(field).unwrap_or(&Value::Null));
                        }
                    }
                }
            }
        }
    }
    counts
}

fn reach(found: &BTreeMap<String, u32>, expected: &[&str]) {
    let missing: Vec<_> =
        expected.iter().filter(|what| found.get(**what).copied().unwrap_or_default() < 3).collect();
    assert!(missing.is_empty(), "hardly ever: {missing:?} of {found:#?}");
}

const ALL: [&str; 23] = [
    "report reported",
    "report ttl_disabled",
    "report within_ttl",
    "report overwritten",
    "report expired",
    "report superseded",
    "report A2",
    "report A5",
    "report A6",
    "report stale_report",
    "report report_older_than_ttl",
    "report overwrite_without_ttl",
    "sweep within_ttl",
    "sweep ttl_disabled",
    "sweep expired",
    "sweep A5",
    "sweep A6",
    "sweep overwrite_without_ttl",
    "delete deleted",
    "delete D1",
    "delete D2",
    "delete not_found",
    "report ecs_report_possibly_truncated",
];

#[test]
fn wild_histories_reach_every_rule() {
    let found = outcomes(&wild(), &mut runner(1));
    reach(&found, &ALL);
    reach(
        &found,
        &[
            "report clock_ahead",
            "report dangling_container",
            "report dangling_pod",
            "report duplicate_entry",
            "report invalid_entry",
            "report namespace_uid_changed",
            "report invalid_report",
            "delete invalid_request",
            "sweep superseded",
        ],
    );
}

#[test]
fn tame_histories_reach_what_agents_can() {
    let found = outcomes(&tame(), &mut runner(1));
    let superseded: Vec<_> = ALL.into_iter().filter(|what| *what != "report superseded").collect();
    reach(&found, &superseded);
    reach(&found, &["report namespace_uid_changed"]);
    // Nothing odd: everything else that a report is warned of must not come.
    for odd in [
        "clock_ahead",
        "dangling_container",
        "dangling_pod",
        "duplicate_entry",
        "invalid_entry",
        "invalid_report",
    ] {
        assert_eq!(found.get(&format!("report {odd}")), None);
    }
}
