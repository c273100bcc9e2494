//! What the laws need to know of a report, and how they cut and turn one. Deliberately coarse: it must not read a report
//! the way a build does.

use std::collections::BTreeSet;

use chrono::DateTime;
use serde_json::Value;

use super::{Key, text};
use crate::histories::Kind;

/// The timestamp of a report.
pub(super) fn seconds(body: &Value) -> Option<i64> {
    DateTime::parse_from_rfc3339(body["timestamp"].as_str()?).ok().map(|time| time.timestamp())
}

/// N7
pub(super) fn is_probe(body: &Value) -> bool {
    body["cluster_arn"] == "validating-creds"
}

/// The entries of one array of a report.
fn entries<'a>(body: &'a Value, array: &str) -> &'a [Value] {
    body[array].as_array().map_or(&[], Vec::as_slice)
}

/// The contexts that a report covers, with their inventory_type (N2, N4, N7).
pub(super) fn covered(kind: Kind, body: &Value) -> BTreeSet<(String, String)> {
    if kind == Kind::Ecs {
        let arn = (!is_probe(body)).then(|| ("ecs".to_owned(), text(body, "cluster_arn")));
        return arn.into_iter().collect();
    }
    let counts = |entry: &&Value| {
        let name = text(entry, "name");
        !name.is_empty() && !name.contains('/') && entry["uid"] != ""
    };
    entries(body, "namespaces")
        .iter()
        .filter(counts)
        .map(|entry| {
            ("kubernetes".to_owned(), format!("{}/{}", text(body, "cluster_name"), text(entry, "name")))
        })
        .collect()
}

/// Every key that the entries of a report could possibly make: wherever there are several owners, with each of them.
pub(super) fn possible_keys(kind: Kind, body: &Value) -> BTreeSet<Key> {
    let mut keys = BTreeSet::new();
    let mut add = |fields: [&str; 4]| keys.insert(fields.map(str::to_owned).to_vec());
    let mut images = Vec::new();
    for (inventory_type, context) in covered(kind, body) {
        if kind == Kind::Ecs {
            add([&inventory_type, &context, "cluster", &context]);
            for (kind, array) in [("service", "services"), ("task", "tasks"), ("container", "containers")] {
                for entry in entries(body, array) {
                    add([&inventory_type, &context, kind, &text(entry, "arn")]);
                }
            }
            images.extend(entries(body, "containers").iter().map(|entry| (context.clone(), entry)));
            continue;
        }
        let cluster = text(body, "cluster_name");
        for namespace in entries(body, "namespaces") {
            if format!("{cluster}/{}", text(namespace, "name")) != context {
                continue;
            }
            add([&inventory_type, &context, "namespace", &text(namespace, "name")]);
            for pod in entries(body, "pods").iter().filter(|pod| pod["namespace_uid"] == namespace["uid"]) {
                add([&inventory_type, &context, "pod", &text(pod, "uid")]);
                for container in
                    entries(body, "containers").iter().filter(|entry| entry["pod_uid"] == pod["uid"])
                {
                    add([&inventory_type, &context, "container", &text(container, "id")]);
                    images.push((context.clone(), container));
                }
            }
        }
    }
    if kind == Kind::Kubernetes {
        for node in entries(body, "nodes") {
            add(["kubernetes", &text(body, "cluster_name"), "node", &text(node, "uid")]);
        }
    }
    let inventory_type = if kind == Kind::Ecs { "ecs" } else { "kubernetes" };
    keys.extend(images.into_iter().map(|(context, entry)| {
        let (tag, digest) = (text(entry, "image_tag"), text(entry, "image_digest"));
        vec![inventory_type.to_owned(), context, "image".to_owned(), tag, digest]
    }));
    keys
}

const ARRAYS: [&str; 6] = ["namespaces", "nodes", "pods", "containers", "tasks", "services"];

/// The report without any entry that names something which an earlier entry of its array has named: a uid, an id, an ARN,
/// or the name of a namespace.
pub(super) fn without_duplicates(body: &Value) -> Value {
    let mut body = body.clone();
    for array in ARRAYS {
        let mut known = BTreeSet::new();
        let Some(entries) = body.get_mut(array).and_then(Value::as_array_mut) else { continue };
        entries.retain(|entry| {
            let name = if array == "namespaces" { "name" } else { "" };
            ["uid", "id", "arn", name].iter().all(|field| match entry.get(*field) {
                Some(named) => known.insert((*field, named.to_string())),
                None => true,
            })
        });
    }
    body
}

/// N2: a report in batches of one namespace each, every one with all nodes; what belongs to no namespace goes with the
/// first.
pub(super) fn batches(body: &Value) -> Vec<Value> {
    let namespaces = entries(body, "namespaces");
    let of = |pod_uid: &Value| entries(body, "pods").iter().find(|pod| pod["uid"] == *pod_uid);
    let mut batches = Vec::new();
    for (number, namespace) in namespaces.iter().enumerate() {
        let here = |uid: &Value| {
            *uid == namespace["uid"]
                || (number == 0 && !namespaces.iter().any(|namespace| namespace["uid"] == *uid))
        };
        let pods: Vec<_> =
            entries(body, "pods").iter().filter(|pod| here(&pod["namespace_uid"])).cloned().collect();
        let containers: Vec<_> = entries(body, "containers")
            .iter()
            .filter(|container| {
                of(&container["pod_uid"]).map_or(number == 0, |pod| here(&pod["namespace_uid"]))
            })
            .cloned()
            .collect();
        let mut batch = body.clone();
        batch["namespaces"] = vec![namespace.clone()].into();
        batch["pods"] = pods.into();
        batch["containers"] = containers.into();
        batches.push(batch);
    }
    if batches.is_empty() { vec![body.clone()] } else { batches }
}

/// Some other orders of a list: reversed, rotated, and every second one first.
pub(super) fn permutations<T: Clone>(list: &[T]) -> Vec<Vec<T>> {
    let mut orders = vec![list.iter().rev().cloned().collect()];
    for middle in 1..list.len() {
        let mut rotated = list.to_vec();
        rotated.rotate_left(middle);
        orders.push(rotated);
    }
    let every_second = |first: usize| list.iter().skip(first).step_by(2);
    orders.push(every_second(1).chain(every_second(0)).cloned().collect());
    orders
}

/// The report with each array in other orders, one array at a time, and with all of them reversed.
pub fn permuted(body: &Value) -> Vec<Value> {
    let mut reports = Vec::new();
    let mut reversed = body.clone();
    for array in ARRAYS {
        let entries = entries(body, array);
        if entries.len() < 2 {
            continue;
        }
        let orders = permutations(entries);
        reversed[array] = orders.first().cloned().into();
        // A long array has too many rotations to try them all.
        for order in orders.into_iter().rev().take(4) {
            let mut report = body.clone();
            report[array] = order.into();
            reports.push(report);
        }
    }
    reports.push(reversed);
    reports
}
