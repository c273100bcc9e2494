//! The reference against expectations that were worked out by hand from `docs/semantics.md`.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

mod applying;
mod reading;
mod requests;
mod samples;

use std::path::Path;

use keepset_conformance::reference::{Report, Settings, evaluate, purge, settings};
use serde_json::{Value, json};

const DAY: i64 = 86_400;
/// 2026-08-06T09:00:00Z
const NINE: i64 = 1_786_006_800;

fn with(ttl_days: u64, overwrite: bool) -> Settings {
    Settings { ttl_days, overwrite, truncation_guard: true }
}

fn time(seconds: i64) -> String {
    chrono::DateTime::from_timestamp(seconds, 0).unwrap().format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn kubernetes(prior: &[Value], body: &Value, settings: Settings, now: i64) -> Value {
    evaluate(prior, Some(Report::Kubernetes(&body.to_string())), &settings, now).unwrap()
}

fn ecs(prior: &[Value], body: &Value, settings: Settings, now: i64) -> Value {
    evaluate(prior, Some(Report::Ecs(&body.to_string())), &settings, now).unwrap()
}

fn sweep(prior: &[Value], settings: Settings, now: i64) -> Value {
    evaluate(prior, None, &settings, now).unwrap()
}

fn retained(outcome: &Value) -> Vec<Value> {
    outcome["retained"].as_array().unwrap().clone()
}

/// `kind id` of each row of a list; of an image `image tag digest`.
fn names(list: &Value) -> Vec<String> {
    let text = |row: &Value, field: &str| row[field].as_str().unwrap_or_default().to_owned();
    let name = |row: &Value| match row["kind"].as_str() {
        Some("image") => format!("image {} {}", text(row, "image_tag"), text(row, "image_digest")),
        _ => format!("{} {}", text(row, "kind"), text(row, "id")),
    };
    list.as_array().unwrap().iter().map(name).collect()
}

fn codes(outcome: &Value) -> Vec<&str> {
    outcome["warnings"].as_array().unwrap().iter().map(|warning| warning["code"].as_str().unwrap()).collect()
}

fn find<'a>(list: &'a Value, kind: &str, id: &str) -> &'a Value {
    let rows = list.as_array().unwrap();
    rows.iter().find(|row| row["kind"] == kind && (row["id"] == id || row["image_tag"] == id)).unwrap()
}

/// A row that was created, updated and seen at one time.
fn row(inventory_type: &str, context: &str, kind: &str, id: &str, seen: i64, attributes: Value) -> Value {
    json!({
        "inventory_type": inventory_type, "context": context, "kind": kind, "id": id,
        "created_at": time(seen), "last_updated": time(seen), "last_seen": time(seen), "attributes": attributes,
    })
}

/// One namespace `c1/ns` with uid `n`, one pod `p`, one container `k` of image `app:1`.
fn small(timestamp: i64) -> Value {
    json!({
        "cluster_name": "c1", "timestamp": time(timestamp),
        "namespaces": [{"uid": "n", "name": "ns"}],
        "pods": [{"uid": "p", "name": "pod", "namespace_uid": "n"}],
        "containers": [{"id": "k", "name": "main", "image_tag": "app:1", "image_digest": "sha256:a", "pod_uid": "p"}],
    })
}

fn sample(name: &str) -> (String, i64) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("reports").join(format!("{name}.json"));
    let body = std::fs::read_to_string(path).unwrap();
    let report: Value = serde_json::from_str(&body).unwrap();
    let timestamp = chrono::DateTime::parse_from_rfc3339(report["timestamp"].as_str().unwrap()).unwrap();
    (body, timestamp.timestamp())
}

fn count(inventory: &[Value], kind: &str) -> usize {
    inventory.iter().filter(|row| row["kind"] == kind).count()
}
