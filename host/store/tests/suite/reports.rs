//! Reports, decided by the engine.

use std::collections::BTreeMap;

use keepset_engine::{bulk, observe, purge};
use keepset_store::{Applied, ApplyError, Arriving, Store};
use keepset_types::columns::{Detail, ReportColumns, RowColumns, Verdicts};
use keepset_types::{
    Config, Error, Inventory, InventoryType, Observation, Purged, Removed, Row, Selector, Timestamp,
};
use serde_json::{Value, json};

/// 2026-08-06T09:00:00Z and so many seconds.
pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix(1_786_006_800 + seconds).unwrap()
}

pub(crate) const DAY: i64 = 86_400;

pub(crate) fn config(image_ttl_days: u32, image_ingest_overwrite: bool) -> Config {
    Config { image_ttl_days, image_ingest_overwrite, ..Config::default() }
}

/// A pod with so many containers: name of the pod, ids and images.
pub(crate) type Pod<'a> = (&'a str, &'a [(&'a str, &'a str)]);

/// A Kubernetes report of `cluster` about some namespaces, observed at `seconds`.
pub(crate) fn kubernetes(cluster: &str, namespaces: &[(&str, &[Pod<'_>])], seconds: i64) -> Observation {
    let mut all: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    for (namespace, pods) in namespaces {
        let uid = format!("uid-{namespace}");
        all.entry("namespaces").or_default().push(json!({"uid": uid, "name": namespace}));
        for (pod, containers) in *pods {
            all.entry("pods").or_default().push(json!({"uid": pod, "name": pod, "namespace_uid": uid}));
            for (id, image) in *containers {
                all.entry("containers").or_default().push(json!({
                    "id": id, "name": id, "image_tag": image, "image_digest": format!("sha256:{image}"),
                    "pod_uid": pod,
                }));
            }
        }
    }
    all.entry("nodes").or_default().push(json!({"uid": "node-1", "name": "n1", "labels": {"zone": "x"}}));
    let mut report = json!({"cluster_name": cluster, "timestamp": at(seconds).to_string()});
    for (name, entries) in all {
        report[name] = entries.into();
    }
    read(&report, at(seconds))
}

pub(crate) fn read(report: &Value, now: Timestamp) -> Observation {
    observe(InventoryType::Kubernetes, report.to_string().as_bytes(), now).unwrap()
}

/// One namespace `c/default` with `containers` containers, ten to a pod, of 50 images.
pub(crate) fn large(containers: usize, seconds: i64) -> Observation {
    let pods: Vec<Value> = (0..containers.div_ceil(10))
        .map(|pod| {
            json!({"uid": format!("pod-{pod:08}-4a3c-4d1e-9c1d-0123456789ab"), "name": format!("web-{pod}"),
            "namespace_uid": "uid-default", "labels": {"app": "web", "tier": format!("t{}", pod % 7)}})
        })
        .collect();
    let all: Vec<Value> = (0..containers)
        .map(|index| {
            json!({"id": format!("containerd://{index:064x}"), "name": "main",
            "image_tag": format!("registry.example/team/app-{}:1.{}", index % 50, index % 50),
            "image_digest": format!("sha256:{:064x}", index % 50),
            "pod_uid": format!("pod-{:08}-4a3c-4d1e-9c1d-0123456789ab", index / 10)})
        })
        .collect();
    let report = json!({"cluster_name": "c", "timestamp": at(seconds).to_string(),
        "namespaces": [{"uid": "uid-default", "name": "default"}], "pods": pods, "containers": all});
    read(&report, at(seconds))
}

/// The engine as the one who decides.
pub(crate) fn engine(
    config: Config,
    now: Timestamp,
) -> impl Fn(&RowColumns, Option<&ReportColumns>) -> Result<Verdicts, Error> + Send + Sync + 'static {
    move |rows, report| bulk::evaluate(rows, report, &config, now, Detail::Verdicts)
}

/// A report for `account` that comes now.
pub(crate) fn arriving<'a>(account: &'a str, config: &'a Config, now: Timestamp) -> Arriving<'a> {
    Arriving { account, config, now, report_id: "report-1", content: None }
}

pub(crate) async fn apply(
    store: &Store,
    account: &str,
    report: &Observation,
    config: Config,
    now: Timestamp,
) -> Applied {
    store.apply(&arriving(account, &config, now), report, engine(config, now)).await.unwrap()
}

pub(crate) async fn sweep(store: &Store, config: Config, now: Timestamp) -> Vec<Removed> {
    let swept = store.sweep(None, &config, now, 100, engine(config, now)).await.unwrap();
    swept.removed.into_iter().map(|(_, removed)| removed).collect()
}

pub(crate) async fn delete(
    store: &Store,
    account: &str,
    selector: Selector,
    now: Timestamp,
) -> Result<Vec<Removed>, ApplyError<Error>> {
    let inventory_type = InventoryType::from_name(&selector.inventory_type).unwrap();
    let context = selector.context.clone();
    let decide =
        move |inventory: &Inventory| -> Result<Purged, Error> { purge(inventory.rows().to_vec(), &selector) };
    store.purge(account, inventory_type, &context, now, "deletion 1", decide).await
}

/// The whole inventory of an account, in key order.
pub(crate) async fn rows(store: &Store, account: &str) -> Vec<Row> {
    let mut rows = Vec::new();
    for context in store.contexts(account).await.unwrap() {
        let of_context = store.context_rows(account, context.inventory_type, context.context.as_str()).await;
        rows.extend(of_context.unwrap());
    }
    rows
}
