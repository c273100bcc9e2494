//! Random histories: what the store holds after each step is what the engine says of an inventory in memory.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use keepset_engine::{evaluate_observation, purge};
use keepset_store::{Arriving, Store};
use keepset_types::{Inventory, InventoryType, Observation, Removed, Row, Selector, Timestamp};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config as Runs, RngAlgorithm, TestRng, TestRunner};
use serde_json::{Value, json};

use crate::databases::Database;
use crate::reports::{DAY, arriving, at, config, delete, engine, read, rows};

crate::cases!(histories_end_as_the_engine_says);

#[derive(Clone, Debug)]
enum Action {
    /// The last report once more.
    Again,
    Kubernetes(Value),
    Ecs(Value),
    Sweep,
    Delete(Selector),
}

#[derive(Clone, Debug)]
struct Step {
    gap: i64,
    /// How long ago the report was made.
    age: i64,
    ttl_days: u32,
    overwrite: bool,
    /// Whether another gateway does it, which has not seen what this one did.
    elsewhere: bool,
    action: Action,
}

async fn histories_end_as_the_engine_says(database: Database) {
    let runs = Runs { failure_persistence: None, ..Runs::default() };
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(runs, rng);
    let stores = [database.open().await, Store::open(&database.url).await.unwrap()];
    let cases: u32 = std::env::var("KEEPSET_HISTORIES").ok().and_then(|n| n.parse().ok()).unwrap_or(40);
    let mut found_again = 0;
    for case in 0..cases {
        let history = prop::collection::vec(step(), 1..14).new_tree(&mut runner).unwrap().current();
        // An account for each, so that one database does for all.
        let account = format!("history-{case}");
        stores[0].add_account(&account, at(0)).await.unwrap();
        found_again += play(&stores, &account, &history).await;
    }
    println!("{found_again} reports were applied without being read");
    assert!(found_again > 0, "no report was applied again without being read");
    assert_eq!(stores[0].check().await.unwrap(), Vec::<String>::new());
}

/// Plays a history, and says how many of its reports did not have to be read.
async fn play(stores: &[Store; 2], account: &str, history: &[Step]) -> usize {
    let mut inventory = Inventory::default();
    let mut now = at(0);
    let mut last = (Action::Sweep, false);
    let mut found_again = 0;
    for (number, step) in history.iter().enumerate() {
        match &step.action {
            Action::Kubernetes(_) | Action::Ecs(_) => last = (step.action.clone(), step.elsewhere),
            Action::Again | Action::Sweep | Action::Delete(_) => {}
        }
        let mut step = step.clone();
        if matches!(step.action, Action::Again) {
            (step.action, step.elsewhere) = last.clone();
        }
        now = Timestamp::from_unix(now.unix() + step.gap).unwrap();
        let store = &stores[usize::from(step.elsewhere)];
        let (stored, expected) = carry_out(store, account, &inventory, &step, now, &mut found_again).await;
        let place = || format!("step {number} of {history:#?}");
        assert_eq!(stored, expected.1, "removed in {}", place());
        inventory = Inventory::new(expected.0).unwrap();
        assert_eq!(rows(store, account).await, inventory.rows(), "retained after {}", place());
    }
    found_again
}

type After = (Vec<Row>, Vec<Removed>);

async fn carry_out(
    store: &Store,
    account: &str,
    inventory: &Inventory,
    step: &Step,
    now: Timestamp,
    found_again: &mut usize,
) -> (Vec<Removed>, After) {
    let config = config(step.ttl_days, step.overwrite);
    let report = |inventory_type, report: &Value| {
        let mut report = report.clone();
        report["timestamp"] = Timestamp::from_unix(now.unix() - step.age).unwrap().to_string().into();
        if inventory_type == InventoryType::Kubernetes {
            return read(&report, now);
        }
        keepset_engine::observe(inventory_type, report.to_string().as_bytes(), now).unwrap()
    };
    let observation: Option<Observation> = match &step.action {
        Action::Kubernetes(body) => Some(report(InventoryType::Kubernetes, body)),
        Action::Ecs(body) => Some(report(InventoryType::Ecs, body)),
        Action::Sweep | Action::Again => None,
        Action::Delete(selector) => {
            let removed = delete(store, account, selector.clone(), now).await.unwrap_or_default();
            let after = match purge(inventory.rows().to_vec(), selector) {
                Ok(purged) => (purged.retained, purged.removed),
                Err(_) => (inventory.rows().to_vec(), Vec::new()),
            };
            return (removed, after);
        }
    };
    let Some(observation) = observation else {
        let outcome = evaluate_observation(inventory.clone(), None, &config, now).unwrap();
        let mut removed = Vec::new();
        loop {
            let swept = store.sweep(Some(account), &config, now, 2, engine(config, now)).await.unwrap();
            removed.extend(swept.removed.into_iter().map(|(_, removed)| removed));
            if !swept.more {
                break;
            }
        }
        removed.sort_by(|a, b| a.key.cmp(&b.key));
        return (
            removed,
            (outcome.retained.into_iter().map(|retained| retained.row).collect(), outcome.removed),
        );
    };
    // The store asks about the report's contexts alone; the others stay as they are.
    let names: Vec<&str> =
        observation.contexts.iter().map(|name| observation.string(*name).unwrap()).collect();
    let is_here = |row: &Row| {
        row.key.inventory_type == observation.inventory_type && names.contains(&row.key.context.as_str())
    };
    let (here, mut others): (Vec<Row>, Vec<Row>) = inventory.rows().iter().cloned().partition(is_here);
    let here = Inventory::new(here).unwrap();
    let outcome = evaluate_observation(here, Some(&observation), &config, now).unwrap();
    let shown = store.preview(account, Some(&observation), &config, now, engine(config, now)).await.unwrap();
    let arriving = Arriving { content: Some(content(&observation)), ..arriving(account, &config, now) };
    let seen = Timestamp::from_unix(observation.observed_at).unwrap();
    let inventory_type = observation.inventory_type;
    let again = store.apply_again(&arriving, inventory_type, seen, engine(config, now)).await.unwrap();
    *found_again += usize::from(again.is_some());
    let applied = match again {
        Some(applied) => applied,
        None => store.apply(&arriving, &observation, engine(config, now)).await.unwrap(),
    };
    assert_eq!(applied.warnings, outcome.warnings);
    assert_eq!(applied.next_expiry, outcome.next_expiry);
    assert_eq!(shown.removed, applied.removed);
    others.extend(outcome.retained.into_iter().map(|retained| retained.row));
    (applied.removed, (others, outcome.removed))
}

/// Stands for what a report says, whenever it says it.
fn content(observation: &Observation) -> u128 {
    let mut content = DefaultHasher::new();
    format!("{:?}", Observation { observed_at: 0, ..observation.clone() }).hash(&mut content);
    content.finish().into()
}

fn step() -> impl Strategy<Value = Step> {
    let gap =
        prop_oneof![4 => select(&[0, 1, 60, 3600][..]), 3 => select(&[DAY - 1, DAY, DAY + 1, 2 * DAY][..])];
    let age =
        prop_oneof![6 => Just(0), 2 => select(&[1, 60, 3600][..]), 1 => select(&[DAY, DAY + 1, 3 * DAY][..])];
    let action = prop_oneof![
        6 => kubernetes().prop_map(Action::Kubernetes),
        3 => ecs().prop_map(Action::Ecs),
        12 => Just(Action::Again),
        2 => Just(Action::Sweep),
        1 => selector().prop_map(Action::Delete),
    ];
    let ttl = prop_oneof![4 => Just(1), 1 => Just(0), 1 => Just(2)];
    (gap, age, ttl, any::<bool>(), prop::bool::weighted(0.3), action).prop_map(
        |(gap, age, ttl_days, overwrite, elsewhere, action)| Step {
            gap,
            age,
            ttl_days,
            overwrite,
            elsewhere,
            action,
        },
    )
}

fn some(all: &'static [&'static str]) -> impl Strategy<Value = Vec<&'static str>> {
    subsequence(all, 0..=all.len())
}

/// Few names, so that rows move between contexts, parents and images; `a/b` is a cluster and a namespace of another.
fn kubernetes() -> impl Strategy<Value = Value> {
    let container = (
        select(&["c1", "c2", "c3", "c4", "c5"][..]),
        select(&["p1", "p2", "p3"][..]),
        select(&["x", "y", "z"][..]),
        select(&[None, Some("d1"), Some("d2")][..]),
    );
    let pod = (select(&["p1", "p2", "p3"][..]), select(&["u1", "u2", "u3"][..]), some(&["app"]));
    let parts = (
        select(&["a", "a/b"][..]),
        prop::collection::vec((select(&["u1", "u2", "u3"][..]), select(&["b", "é", "B"][..])), 0..3),
        prop::collection::vec(pod, 0..4),
        prop::collection::vec(container, 0..6),
        some(&["n1", "n2"]),
        any::<bool>(),
    );
    parts.prop_map(|(cluster, mut namespaces, mut pods, mut containers, nodes, is_tidy)| {
        // Nothing to warn of, as nearly always.
        if is_tidy {
            let (mut uids, mut names) = (HashSet::new(), HashSet::new());
            namespaces.retain(|(uid, name)| names.insert(*name) && uids.insert(*uid));
            let mut there = HashSet::new();
            pods.retain(|(uid, of, _)| uids.contains(of) && there.insert(*uid));
            let mut ids = HashSet::new();
            containers.retain(|(id, pod, ..)| there.contains(pod) && ids.insert(*id));
        }
        let namespaces = namespaces.iter().map(|(uid, name)| json!({"uid": uid, "name": name}));
        let pods = pods.iter().map(|(uid, of, labels)| {
            let labels: Value = labels.iter().map(|label| ((*label).to_owned(), json!("it's \"1\""))).collect();
            json!({"uid": uid, "name": uid, "namespace_uid": of, "labels": labels})
        });
        let containers = containers.iter().map(|(id, pod, tag, digest)| {
            let mut container = json!({"id": id, "name": id, "image_tag": tag, "pod_uid": pod});
            if let Some(digest) = digest {
                container["image_digest"] = (*digest).into();
            }
            container
        });
        let nodes = nodes.iter().map(|uid| json!({"uid": uid, "name": uid}));
        json!({"cluster_name": cluster, "namespaces": namespaces.collect::<Vec<_>>(), "pods": pods.collect::<Vec<_>>(),
            "containers": containers.collect::<Vec<_>>(), "nodes": nodes.collect::<Vec<_>>()})
    })
}

fn ecs() -> impl Strategy<Value = Value> {
    let container = (
        select(&["c1", "c2", "c3"][..]),
        select(&[None, Some("t1"), Some("t2")][..]),
        select(&["x", "y"][..]),
    );
    let task = (select(&["t1", "t2"][..]), select(&[None, Some("s1"), Some("s2")][..]));
    let parts = (
        select(&["arn:1", "arn:2", "validating-creds"][..]),
        prop::collection::vec(container, 0..4),
        prop::collection::vec(task, 0..3),
        some(&["s1", "s2"]),
    );
    parts.prop_map(|(cluster, containers, tasks, services)| {
        let with = |mut value: Value, name: &str, text: &Option<&str>| {
            if let Some(text) = text {
                value[name] = (*text).into();
            }
            value
        };
        let containers = containers
            .iter()
            .map(|(arn, task, tag)| with(json!({"arn": arn, "image_tag": tag}), "task_arn", task));
        let tasks = tasks.iter().map(|(arn, service)| with(json!({"arn": arn}), "service_arn", service));
        let services = services.iter().map(|arn| json!({"arn": arn, "tags": {"k": "v"}}));
        json!({"cluster_arn": cluster, "containers": containers.collect::<Vec<_>>(),
            "tasks": tasks.collect::<Vec<_>>(), "services": services.collect::<Vec<_>>()})
    })
}

fn selector() -> impl Strategy<Value = Selector> {
    let digest = select(&[None, Some("d1"), Some("unknown")][..]);
    (select(&["ecs", "kubernetes"][..]), select(&["a/b", "a/é", "a", "a/b/b", "arn:1"][..]), digest).prop_map(
        |(inventory_type, context, digest)| Selector {
            inventory_type: inventory_type.to_owned(),
            context: context.to_owned(),
            image_digest: digest.map(str::to_owned),
        },
    )
}
