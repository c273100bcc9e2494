//! A report as rows of the table.

use std::borrow::Cow;
use std::collections::HashMap;
use std::time::{SystemTime, UNIX_EPOCH};

use keepset_types::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

/// The kinds of rows that a report removes when it names them no more.
pub const POD: i16 = 1;
pub const CONTAINER: i16 = 2;
const NAMESPACE: i16 = 3;
const NODE: i16 = 4;

/// What is written of one thing that runs. Its attributes are the text that came.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Row<'a> {
    pub context: Cow<'a, str>,
    pub kind: i16,
    pub id: Cow<'a, str>,
    pub parent: Cow<'a, str>,
    pub tag: Cow<'a, str>,
    pub digest: Cow<'a, str>,
    pub attributes: &'a str,
}

/// What a report says.
pub struct Observation<'a> {
    pub seen: i64,
    pub now: i64,
    /// The contexts of its namespaces.
    pub contexts: Vec<Cow<'a, str>>,
    /// In the order of their keys, so that neighbours are written together.
    pub rows: Vec<Row<'a>>,
}

#[derive(Deserialize)]
struct Report<'a> {
    #[serde(borrow)]
    cluster_name: Cow<'a, str>,
    #[serde(borrow)]
    timestamp: Cow<'a, str>,
    #[serde(borrow, default)]
    containers: Vec<&'a RawValue>,
    #[serde(borrow, default)]
    namespaces: Vec<&'a RawValue>,
    #[serde(borrow, default)]
    nodes: Vec<&'a RawValue>,
    #[serde(borrow, default)]
    pods: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct Named<'a> {
    #[serde(borrow)]
    uid: Cow<'a, str>,
    #[serde(borrow)]
    name: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Pod<'a> {
    #[serde(borrow)]
    uid: Cow<'a, str>,
    #[serde(borrow)]
    namespace_uid: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Container<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow)]
    pod_uid: Cow<'a, str>,
    #[serde(borrow)]
    image_tag: Cow<'a, str>,
    #[serde(borrow, default)]
    image_digest: Cow<'a, str>,
}

/// Reads a report.
pub fn read(body: &[u8]) -> Observation<'_> {
    let report: Report = serde_json::from_slice(body).unwrap();
    let now = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap();
    let seen = Timestamp::parse(&report.timestamp).unwrap().unix().min(now);
    let mut rows = Vec::with_capacity(
        report.containers.len() + report.pods.len() + report.namespaces.len() + report.nodes.len(),
    );
    let row = |context: &Cow<'_, str>, kind, id, parent, attributes| Row {
        context: context.to_string().into(),
        kind,
        id,
        parent,
        tag: "".into(),
        digest: "".into(),
        attributes,
    };
    let mut contexts = HashMap::new();
    for entry in report.namespaces {
        let Named { uid, name }: Named = serde_json::from_str(entry.get()).unwrap();
        let context: Cow<'_, str> = format!("{}/{name}", report.cluster_name).into();
        rows.push(row(&context, NAMESPACE, name, uid.clone(), entry.get()));
        contexts.insert(uid, context);
    }
    for entry in report.nodes {
        let Named { uid, .. }: Named = serde_json::from_str(entry.get()).unwrap();
        rows.push(row(&report.cluster_name, NODE, uid, "".into(), entry.get()));
    }
    let mut pods = HashMap::with_capacity(report.pods.len());
    for entry in report.pods {
        let Pod { uid, namespace_uid }: Pod = serde_json::from_str(entry.get()).unwrap();
        let Some(context) = contexts.get(&namespace_uid) else { continue };
        rows.push(row(context, POD, uid.clone(), namespace_uid, entry.get()));
        pods.insert(uid, context);
    }
    for entry in report.containers {
        let Container { id, pod_uid, image_tag: tag, image_digest: digest } =
            serde_json::from_str(entry.get()).unwrap();
        let Some(context) = pods.get(&pod_uid) else { continue };
        rows.push(Row { tag, digest, ..row(context, CONTAINER, id, pod_uid, entry.get()) });
    }
    rows.sort_unstable_by(|a, b| (&a.context, a.kind, &a.id).cmp(&(&b.context, b.kind, &b.id)));
    Observation { seen, now, contexts: contexts.into_values().collect(), rows }
}
