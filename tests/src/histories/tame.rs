//! Histories as agents make them: what section 7 says of all histories that have nothing odd in them.
//!
//! References are closed, keys are unique, a container keeps its image for life, it and a task their owner, and `now` never
//! goes back. Reports may come late and in any order, namespaces are re-created, and the first inventory is empty.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use super::{
    Action, History, Kind, Offset, START, Step, config, days, edge_of_ttl, gap, object, seconds, time,
};

/// Histories without anything odd.
pub fn tame() -> impl Strategy<Value = History> {
    (config(), vec((gap(), delay(), action()), 1..8)).prop_map(|((config, ttl), steps)| {
        let mut now = START;
        let mut history = History { config, prior: Vec::new(), steps: Vec::new() };
        for (gap, delay, mut action) in steps {
            now = gap.from(now, ttl).max(now);
            if let Action::Report { body, .. } = &mut action {
                body["timestamp"] = time(delay.from(now, ttl).min(now)).into();
            }
            history.steps.push(Step { now, action });
        }
        history
    })
}

/// How far a report's timestamp is from the time at which it arrives: never ahead.
fn delay() -> impl Strategy<Value = Offset> {
    prop_oneof![6 => seconds(&[0, -1, -5, -300]), 2 => edge_of_ttl(-1), 2 => days(-1)]
}

fn action() -> impl Strategy<Value = Action> {
    prop_oneof![
        8 => kubernetes().prop_map(|body| Action::Report { kind: Kind::Kubernetes, body }),
        6 => ecs().prop_map(|body| Action::Report { kind: Kind::Ecs, body }),
        2 => Just(Action::Sweep),
        1 => selector().prop_map(|selector| Action::Delete { selector }),
    ]
}

/// Which of a few things there are, a bit for each.
fn some_of(things: u32) -> impl Strategy<Value = u32> {
    0..1_u32 << things
}

fn has(set: u32, number: u32) -> bool {
    set >> number & 1 == 1
}

/// What a report says of one namespace: its incarnation, pods, containers (two of each pod) and labels.
type Namespace = (u32, u32, u32, u32);

pub(super) fn kubernetes() -> impl Strategy<Value = Value> {
    let namespace = || option::of((0..2_u32, some_of(3), some_of(6), 0..3_u32));
    (select(&["c1", "c1", "c2"][..]), [namespace(), namespace(), namespace()], some_of(2)).prop_map(
        |(cluster, namespaces, nodes)| {
            let mut report = json!({"cluster_name": cluster, "containers": []});
            for (number, namespace) in (0..).zip(namespaces) {
                if let Some(namespace) = namespace {
                    list_namespace(&mut report, number, namespace, nodes);
                }
            }
            for node in (0..2).filter(|node| has(nodes, *node)) {
                push(
                    &mut report,
                    "nodes",
                    json!({"uid": format!("node-{node}"), "name": "node", "arch": "arm64"}),
                );
            }
            report
        },
    )
}

/// Ids tell the namespace and its incarnation apart, so that no container is ever in two places.
fn list_namespace(
    report: &mut Value,
    number: u32,
    (incarnation, pods, containers, labels): Namespace,
    nodes: u32,
) {
    let uid = format!("ns-{number}-{incarnation}");
    let named =
        json!({"uid": uid, "name": format!("ns-{number}"), "labels": {"version": labels.to_string()}});
    push(report, "namespaces", named);
    for pod in (0..3).filter(|pod| has(pods, *pod)) {
        let pod_uid = format!("{uid}-pod-{pod}");
        let node = pod % 2;
        let entry = object([
            ("uid", Some(pod_uid.as_str().into())),
            ("name", Some("pod".into())),
            ("namespace_uid", Some(uid.as_str().into())),
            ("node_uid", has(nodes, node).then(|| format!("node-{node}").into())),
        ]);
        push(report, "pods", entry);
        for container in (0..2).filter(|container| has(containers, 2 * pod + container)) {
            let entry = json!({
                "id": format!("containerd://{pod_uid}-{container}"),
                "name": "main",
                "pod_uid": pod_uid,
                "image_tag": format!("app:{}", (pod + container) % 3),
                "image_digest": if container == 0 { "" } else { "sha256:aa" },
            });
            push(report, "containers", entry);
        }
    }
}

pub(super) fn ecs() -> impl Strategy<Value = Value> {
    let many = prop_oneof![40 => Just(4), 1 => 99..=101_u32];
    (select(&["arn:c1", "arn:c1", "arn:c2"][..]), some_of(4), some_of(8), some_of(2), many).prop_map(
        |(cluster, tasks, containers, mut services, many)| {
            let mut report = json!({"cluster_arn": cluster});
            // Beyond the first few, all tasks are there: that makes exactly `many`.
            for task in (0..many).filter(|task| many > 4 || has(tasks, *task)) {
                let arn = format!("task-{task}");
                let service = task % 3;
                if service < 2 {
                    services |= 1 << service;
                }
                let service_arn =
                    if service < 2 { format!("service-{service}") } else { "UNKNOWN".to_owned() };
                push(&mut report, "tasks", json!({"arn": arn, "service_arn": service_arn}));
                for container in (0..2).filter(|container| has(containers, (2 * task + container) % 8)) {
                    let entry = json!({
                        "arn": format!("{arn}-{container}"),
                        "task_arn": arn,
                        "image_tag": format!("app:{}", (task + container) % 3),
                        "image_digest": if container == 0 { "" } else { "sha256:aa" },
                    });
                    push(&mut report, "containers", entry);
                }
            }
            for service in (0..2).filter(|service| has(services, *service)) {
                push(
                    &mut report,
                    "services",
                    json!({"arn": format!("service-{service}"), "tags": {"a": "b"}}),
                );
            }
            report
        },
    )
}

/// Adds an entry to an array of a report, which is absent while empty.
fn push(report: &mut Value, array: &str, entry: Value) {
    match report.get_mut(array).and_then(Value::as_array_mut) {
        Some(entries) => entries.push(entry),
        None => report[array] = json!([entry]),
    }
}

fn selector() -> impl Strategy<Value = Value> {
    let contexts = &[
        ("kubernetes", "c1/ns-0"),
        ("kubernetes", "c1/ns-1"),
        ("kubernetes", "c2/ns-0"),
        ("ecs", "arn:c1"),
        ("ecs", "arn:c2"),
    ][..];
    let digest = select(&[None, Some("unknown"), Some("sha256:aa")][..]);
    (select(contexts), digest).prop_map(|((inventory_type, context), image_digest)| {
        object([
            ("inventory_type", Some(inventory_type.into())),
            ("context", Some(context.into())),
            ("image_digest", image_digest.map(Value::from)),
        ])
    })
}
