//! Histories in which everything happens that a body of JSON and a hand-made inventory can make happen.

#![expect(clippy::indexing_slicing, reason = "assigning to a key of a JSON object adds it")]

mod rows;

use std::collections::BTreeMap;

use chrono::{DateTime, FixedOffset};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use super::{
    Action, History, Kind, Offset, START, Step, config, days, edge_of_ttl, gap, object, seconds, time,
};

use rows::{RawRow, row};

type Choices = &'static [&'static str];

// A cluster may be called like the context of a namespace: its nodes then share that context.
const CLUSTERS: Choices = &["c1", "c1", "c1", "c2", "c1/ns-a"];
const NAMESPACES: Choices = &["ns-a", "ns-b", "ns-c"];
const NAMESPACE_UIDS: Choices = &["u1", "u2", "u3", "u4"];
const NODES: Choices = &["n1", "n2"];
const PODS: Choices = &["p1", "p2", "p3", "p4"];
const CONTAINERS: Choices = &["k1", "k2", "k3", "k4", "k5", "k6"];
// Nor do two inventories share a context because it has the same name.
const ECS_CLUSTERS: Choices = &["arn:c1", "arn:c1", "arn:c1", "arn:c2", "c1/ns-a"];
const TASKS: Choices = &["t1", "t2", "t3", "t4"];
const SERVICES: Choices = &["s1", "s2"];
const TAGS: Choices = &["app:1", "app:2", "app:UNKNOWN"];
const DIGESTS: Choices = &["", "sha256:aa", "sha256:bb"];
const CONTEXTS: Choices = &["c1/ns-a", "c1/ns-a", "c1/ns-b", "c2/ns-a", "c1/ns-a/ns-a"];

/// Histories of everything: incoherent first inventories, clocks that go back, late and future reports, duplicates,
/// dangling references, empty ids, placeholders, bodies that are no reports.
pub fn wild() -> impl Strategy<Value = History> {
    let steps = vec((clock(), action()), 1..7);
    (config(), vec(row(), 0..10), steps).prop_map(|((config, ttl), rows, steps)| {
        let mut prior = BTreeMap::new();
        for RawRow { key, times, attributes } in rows {
            let [created_at, last_updated, last_seen] = times.map(|offset| time(offset.from(START, ttl)));
            let mut row = key.clone();
            row["created_at"] = created_at.into();
            row["last_updated"] = last_updated.into();
            row["last_seen"] = last_seen.into();
            if let Some(attributes) = attributes {
                row["attributes"] = attributes;
            }
            prior.insert(key.to_string(), row);
        }
        let mut now = START;
        let mut history = History { config, prior: prior.into_values().collect(), steps: Vec::new() };
        for (offset, action) in steps {
            now = offset.from(now, ttl);
            let action = match action {
                RawAction::Report { kind, mut body, timestamp, notation, fault } => {
                    body["timestamp"] = notation.of(timestamp.from(now, ttl)).into();
                    if let Some(fault) = fault {
                        fault.spoil(&mut body);
                    }
                    Action::Report { kind, body }
                }
                RawAction::Other(action) => action,
            };
            history.steps.push(Step { now, action });
        }
        history
    })
}

/// How far a clock goes from one step to the next.
fn clock() -> impl Strategy<Value = Offset> {
    prop_oneof![9 => gap(), 1 => seconds(&[-1, -3600, -200_000])]
}

/// How far a report's timestamp is from the time at which it arrives.
fn delay() -> impl Strategy<Value = Offset> {
    prop_oneof![
        6 => seconds(&[0, -1, -5, -300]),
        2 => seconds(&[1, 300, 301, 90_000]),
        2 => edge_of_ttl(-1),
        2 => days(-1),
    ]
}

#[derive(Clone, Debug)]
enum RawAction {
    Report { kind: Kind, body: Value, timestamp: Offset, notation: Notation, fault: Option<Fault> },
    Other(Action),
}

fn action() -> impl Strategy<Value = RawAction> {
    let body = prop_oneof![
        5 => kubernetes().prop_map(|body| (Kind::Kubernetes, body)),
        4 => ecs().prop_map(|body| (Kind::Ecs, body)),
    ];
    let fault = prop_oneof![15 => Just(None), 1 => fault().prop_map(Some)];
    let report = (body, delay(), notation(), fault).prop_map(|((kind, body), timestamp, notation, fault)| {
        RawAction::Report { kind, body, timestamp, notation, fault }
    });
    let other = prop_oneof![1 => Just(Action::Sweep), 2 => selector().prop_map(|selector| Action::Delete { selector })];
    prop_oneof![5 => report, 1 => other.prop_map(RawAction::Other)]
}

/// N1: how a timestamp is written.
#[derive(Clone, Copy, Debug)]
struct Notation {
    fraction: &'static str,
    offset_minutes: i32,
}

fn notation() -> impl Strategy<Value = Notation> {
    let odd = (select(&["", ".5", ".999999999"][..]), select(&[0, 330, -480][..]));
    prop_oneof![4 => Just(("", 0)), 1 => odd]
        .prop_map(|(fraction, offset_minutes)| Notation { fraction, offset_minutes })
}

impl Notation {
    fn of(self, seconds: i64) -> String {
        let local = FixedOffset::east_opt(self.offset_minutes * 60)
            .and_then(|offset| Some(DateTime::from_timestamp(seconds, 0)?.with_timezone(&offset)));
        match local {
            Some(local) if self.offset_minutes != 0 => {
                format!("{}{}{}", local.format("%Y-%m-%dT%H:%M:%S"), self.fraction, local.format("%:z"))
            }
            Some(local) => format!("{}{}Z", local.format("%Y-%m-%dT%H:%M:%S"), self.fraction),
            None => String::new(),
        }
    }
}

/// N8: one key of a body, or of one entry, that is taken away or gets another value. Not every fault is one: the key may
/// be optional or unknown there.
#[derive(Clone, Debug)]
struct Fault {
    array: Option<&'static str>,
    entry: usize,
    key: &'static str,
    value: Option<Value>,
}

fn fault() -> impl Strategy<Value = Fault> {
    let arrays = &["namespaces", "nodes", "pods", "containers", "tasks", "services"][..];
    let keys = &[
        "cluster_name",
        "cluster_arn",
        "timestamp",
        "namespaces",
        "nodes",
        "pods",
        "containers",
        "tasks",
        "services",
        "uid",
        "id",
        "arn",
        "name",
        "labels",
        "tags",
        "arch",
        "namespace_uid",
        "node_uid",
        "pod_uid",
        "task_arn",
        "image_tag",
        "image_digest",
        "unknown",
    ][..];
    let values = vec![
        None,
        Some(Value::Null),
        Some(json!(1)),
        Some(json!("")),
        Some(json!(" \t\u{a0}")),
        Some(json!([])),
        Some(json!(["text"])),
        Some(json!({})),
        Some(json!({"a": "b"})),
        Some(json!({"a": null})),
        Some(json!("2026-01-01T00:00:00")),
    ];
    let array = prop_oneof![1 => Just(None), 3 => select(arrays).prop_map(Some)];
    (array, 0..3_usize, select(keys), select(values)).prop_map(|(array, entry, key, value)| Fault {
        array,
        entry,
        key,
        value,
    })
}

impl Fault {
    fn spoil(self, body: &mut Value) {
        let target = match self.array {
            None => Some(body),
            Some(array) => body.get_mut(array).and_then(|entries| entries.get_mut(self.entry)),
        };
        if let Some(target) = target.and_then(Value::as_object_mut) {
            match self.value {
                None => target.remove(self.key),
                Some(value) => target.insert(self.key.to_owned(), value),
            };
        }
    }
}

/// One of `usual`, rarely one of `odd`.
fn mostly(usual: Choices, odd: Choices) -> impl Strategy<Value = Value> {
    prop_oneof![14 => select(usual), 1 => select(odd)].prop_map(Value::from)
}

/// Nothing, one of `usual`, rarely one of `odd`.
fn perhaps(usual: Choices, odd: Choices) -> impl Strategy<Value = Option<Value>> {
    prop_oneof![1 => Just(None), 3 => mostly(usual, odd).prop_map(Some)]
}

/// Labels, annotations or tags.
fn map() -> impl Strategy<Value = Option<Value>> {
    prop_oneof![
        4 => Just(None),
        1 => Just(Some(Value::Null)),
        1 => Just(Some(json!({}))),
        2 => Just(Some(json!({"app": "a"}))),
        2 => Just(Some(json!({"app": "b", "": ""}))),
    ]
}

/// An array of a report: absent, null or there.
fn array(entry: impl Strategy<Value = Value> + 'static, most: usize) -> impl Strategy<Value = Option<Value>> {
    prop_oneof![
        1 => Just(None),
        1 => Just(Some(Value::Null)),
        18 => vec(entry, 0..=most).prop_map(|entries| Some(entries.into())),
    ]
}

fn kubernetes() -> impl Strategy<Value = Value> {
    let namespace = (mostly(NAMESPACE_UIDS, &[""]), mostly(NAMESPACES, &["", "x/y"]), map()).prop_map(
        |(uid, name, labels)| object([("uid", Some(uid)), ("name", Some(name)), ("labels", labels)]),
    );
    let node = (mostly(NODES, &[""]), map(), perhaps(&["amd64", "arm64"], &[""])).prop_map(
        |(uid, annotations, arch)| {
            object([
                ("uid", Some(uid)),
                ("name", Some("".into())),
                ("annotations", annotations),
                ("arch", arch),
            ])
        },
    );
    let uids =
        (mostly(PODS, &[""]), mostly(NAMESPACE_UIDS, &["", "nowhere"]), perhaps(NODES, &["", "nowhere"]));
    let pod = (uids, mostly(&["web", "db"], &[""]), map()).prop_map(
        |((uid, namespace_uid, node_uid), name, labels)| {
            object([
                ("uid", Some(uid)),
                ("name", Some(name)),
                ("namespace_uid", Some(namespace_uid)),
                ("node_uid", node_uid),
                ("labels", labels),
            ])
        },
    );
    let ids = (mostly(CONTAINERS, &[""]), mostly(PODS, &["", "nowhere"]));
    let container = (ids, mostly(TAGS, &[" x "]), perhaps(DIGESTS, &[""])).prop_map(
        |((id, pod_uid), image_tag, image_digest)| {
            object([
                ("id", Some(id)),
                ("name", Some("main".into())),
                ("pod_uid", Some(pod_uid)),
                ("image_tag", Some(image_tag)),
                ("image_digest", image_digest),
            ])
        },
    );
    let arrays = (array(namespace, 4), array(node, 3), array(pod, 6), array(container, 8));
    (select(CLUSTERS), arrays, any::<bool>()).prop_map(
        |(cluster, (namespaces, nodes, pods, containers), unknown)| {
            object([
                ("cluster_name", Some(cluster.into())),
                ("namespaces", namespaces),
                ("nodes", nodes),
                ("pods", pods),
                ("containers", containers),
                ("serverVersionMetadata", unknown.then_some(Value::Null)),
            ])
        },
    )
}

fn ecs() -> impl Strategy<Value = Value> {
    let arns = (mostly(CONTAINERS, &["", "UNKNOWN"]), perhaps(TASKS, &["", "UNKNOWN"]));
    let container = (arns, mostly(TAGS, &[" x "]), perhaps(DIGESTS, &[""])).prop_map(
        |((arn, task_arn), image_tag, image_digest)| {
            object([
                ("arn", Some(arn)),
                ("task_arn", task_arn),
                ("image_tag", Some(image_tag)),
                ("image_digest", image_digest),
            ])
        },
    );
    let arns = (mostly(TASKS, &["", "UNKNOWN"]), perhaps(SERVICES, &["", "UNKNOWN"]));
    let task = (arns, perhaps(&["d1", "d2"], &["UNKNOWN"]), map()).prop_map(
        |((arn, service_arn), task_definition_arn, tags)| {
            object([
                ("arn", Some(arn)),
                ("service_arn", service_arn),
                ("task_definition_arn", task_definition_arn),
                ("tags", tags),
            ])
        },
    );
    let service = (mostly(SERVICES, &["", "UNKNOWN"]), map())
        .prop_map(|(arn, tags)| object([("arn", Some(arn)), ("tags", tags)]));
    let arrays = (array(container, 6), array(task, 5), array(service, 4));
    let many = prop_oneof![20 => Just(None), 1 => (99..=101_usize, any::<bool>()).prop_map(Some)];
    (mostly(ECS_CLUSTERS, &["validating-creds", "UNKNOWN", " "]), arrays, many).prop_map(
        |(cluster, (containers, mut tasks, services), many)| {
            if let Some((count, more)) = many {
                let mut all: Vec<_> = (0..count).map(|number| json!({"arn": format!("t{number}")})).collect();
                if more {
                    // A3: none of these makes the tasks more
                    all.extend([json!({"arn": "t0"}), json!({"arn": "UNKNOWN"}), json!({"arn": ""})]);
                }
                tasks = Some(all.into());
            }
            object([
                ("cluster_arn", Some(cluster)),
                ("containers", containers),
                ("tasks", tasks),
                ("services", services),
            ])
        },
    )
}

/// What to delete, sometimes nothing that exists and sometimes no request at all (D3).
fn selector() -> impl Strategy<Value = Value> {
    let context = prop_oneof![
        6 => mostly(CONTEXTS, &["c1", ""]).prop_map(|context| ("kubernetes", context)),
        6 => mostly(ECS_CLUSTERS, &["arn:c", ""]).prop_map(|context| ("ecs", context)),
        1 => mostly(CONTEXTS, &[""]).prop_map(|context| ("k8s", context)),
    ];
    let digest = prop_oneof![
        1 => Just(None),
        2 => select(&["sha256:aa", "sha256:aa", "sha256:bb", "sha256:cc", "unknown", "unknown", ""][..]).prop_map(|digest| Some(digest.into())),
    ];
    (context, digest).prop_map(|((inventory_type, context), image_digest)| {
        object([
            ("inventory_type", Some(inventory_type.into())),
            ("context", Some(context)),
            ("image_digest", image_digest),
        ])
    })
}
