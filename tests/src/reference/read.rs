//! Section 2: what a report says.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::row::{Key, seconds};
use super::{Report, root};

/// N8: one array of a report: what its entries must have, may have, and which keys are maps of texts.
struct Shape {
    array: &'static str,
    required: &'static [&'static str],
    optional: &'static [&'static str],
    maps: &'static [&'static str],
}

const NAMESPACE: Shape = Shape {
    array: "namespaces",
    required: &["uid", "name"],
    optional: &[],
    maps: &["labels", "annotations"],
};
const NODE: Shape = Shape {
    array: "nodes",
    required: &["uid", "name"],
    optional: &[
        "arch",
        "container_runtime_version",
        "kernel_version",
        "kube_proxy_version",
        "kubelet_version",
        "kubernetes_version",
        "operating_system",
    ],
    maps: &["labels", "annotations"],
};
const POD: Shape = Shape {
    array: "pods",
    required: &["uid", "name", "namespace_uid"],
    optional: &["node_uid"],
    maps: &["labels", "annotations"],
};
const KUBERNETES_CONTAINER: Shape = Shape {
    array: "containers",
    required: &["id", "name", "image_tag", "pod_uid"],
    optional: &["image_digest"],
    maps: &[],
};
const ECS_CONTAINER: Shape = Shape {
    array: "containers",
    required: &["arn", "image_tag"],
    optional: &["image_digest", "task_arn"],
    maps: &[],
};
const TASK: Shape = Shape {
    array: "tasks",
    required: &["arn"],
    optional: &["service_arn", "task_definition_arn"],
    maps: &["tags"],
};
const SERVICE: Shape = Shape { array: "services", required: &["arn"], optional: &[], maps: &["tags"] };

const INVALID: &str = "invalid_report";

/// The known keys of one entry.
type Entry = Map<String, Value>;

/// E4: a warning without its sentence. The order of the fields is the order of the warnings.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Warning {
    pub(super) code: &'static str,
    pub(super) context: Option<String>,
    pub(super) id: Option<String>,
    pub(super) pointer: Option<String>,
}

impl Warning {
    pub(super) fn of_report(code: &'static str) -> Self {
        Self { code, context: None, id: None, pointer: None }
    }

    pub(super) fn of_context(code: &'static str, context: &str) -> Self {
        Self { context: Some(context.to_owned()), ..Self::of_report(code) }
    }

    fn of_entry(code: &'static str, id: Option<&str>, shape: &Shape, index: usize) -> Self {
        Self {
            id: id.map(str::to_owned),
            pointer: Some(format!("/{}/{index}", shape.array)),
            ..Self::of_report(code)
        }
    }
}

/// What a body turned out to be.
pub(super) enum Reading {
    /// N7: the agent tries its credentials.
    Probe,
    Observation(Observation),
}

/// What a report says once it has been read.
pub(super) struct Observation {
    /// N1
    pub(super) obs: i64,
    /// N2, N7: the roots of the contexts that the report covers.
    pub(super) covered: BTreeSet<Key>,
    /// The attributes of every row that the report makes.
    pub(super) rows: BTreeMap<Key, Entry>,
    pub(super) warnings: Vec<Warning>,
}

pub(super) fn observation(report: Report<'_>, now: i64) -> Result<Reading, &'static str> {
    match report {
        Report::Kubernetes(body) => kubernetes(body, now),
        Report::Ecs(body) => ecs(body, now),
    }
}

/// A report while it is read: every entry that counts for a key, in the order of the report.
struct Reader {
    found: BTreeMap<Key, Vec<Entry>>,
    warnings: Vec<Warning>,
}

impl Reader {
    /// An entry makes the row `key`; what names the key is no attribute of it.
    fn found(&mut self, key: Key, mut entry: Entry, named_by: &str) {
        entry.remove(named_by);
        self.found.entry(key).or_default().push(entry);
    }

    /// N4
    fn invalid(&mut self, shape: &Shape, index: usize) {
        self.warnings.push(Warning::of_entry("invalid_entry", None, shape, index));
    }

    /// N3
    fn dangling(&mut self, code: &'static str, id: &str, shape: &Shape, index: usize) {
        self.warnings.push(Warning::of_entry(code, Some(id), shape, index));
    }

    /// N1, N5
    fn finish(mut self, covered: BTreeSet<Key>, timestamp: i64, now: i64) -> Reading {
        if timestamp > now + 300 {
            self.warnings.push(Warning::of_report("clock_ahead"));
        }
        let mut rows = BTreeMap::new();
        for (key, mut entries) in self.found {
            let tagged = |entry: &Entry| entry.contains_key("tags");
            if matches!(key.kind.as_str(), "service" | "task") && entries.iter().any(tagged) {
                entries.retain(tagged);
            }
            let Some(last) = entries.pop() else { continue };
            if entries.iter().any(|entry| *entry != last) {
                let id = Some(key.id.clone());
                self.warnings.push(Warning { id, ..Warning::of_context("duplicate_entry", &key.context) });
            }
            rows.insert(key, last);
        }
        Reading::Observation(Observation { obs: timestamp.min(now), covered, rows, warnings: self.warnings })
    }
}

fn kubernetes(body: &str, now: i64) -> Result<Reading, &'static str> {
    let report = document(body)?;
    let cluster = not_blank(&report, "cluster_name")?;
    let timestamp = timestamp(&report)?;
    let namespaces = entries(&report, &NAMESPACE)?;
    let nodes = entries(&report, &NODE)?;
    let pods = entries(&report, &POD)?;
    let containers = entries(&report, &KUBERNETES_CONTAINER)?;

    let mut reader = Reader { found: BTreeMap::new(), warnings: Vec::new() };
    let mut covered = BTreeSet::new();
    // N3: of several owners with one uid the last one counts, so a later one replaces an earlier one in these two maps.
    let mut context_of_namespace = BTreeMap::new();
    let mut context_of_pod = BTreeMap::new();

    for (index, entry) in namespaces.into_iter().enumerate() {
        let (uid, name) = (text(&entry, "uid"), text(&entry, "name"));
        if uid.is_empty() || name.is_empty() || name.contains('/') {
            reader.invalid(&NAMESPACE, index); // N4
            continue;
        }
        let context = format!("{cluster}/{name}");
        covered.insert(root("kubernetes", &context)); // N2
        context_of_namespace.insert(uid, context.clone());
        reader.found(Key::new("kubernetes", &context, "namespace", &name), entry, "name");
    }
    for (index, entry) in nodes.into_iter().enumerate() {
        let uid = text(&entry, "uid");
        if uid.is_empty() {
            reader.invalid(&NODE, index); // N4
            continue;
        }
        reader.found(Key::new("kubernetes", &cluster, "node", &uid), entry, "uid");
    }
    for (index, entry) in pods.into_iter().enumerate() {
        let uid = text(&entry, "uid");
        if uid.is_empty() {
            reader.invalid(&POD, index); // N4
        } else if let Some(context) = context_of_namespace.get(&text(&entry, "namespace_uid")) {
            context_of_pod.insert(uid.clone(), context.clone());
            reader.found(Key::new("kubernetes", context, "pod", &uid), entry, "uid");
        } else {
            reader.dangling("dangling_pod", &uid, &POD, index); // N3
        }
    }
    for (index, entry) in containers.into_iter().enumerate() {
        let id = text(&entry, "id");
        if id.is_empty() {
            reader.invalid(&KUBERNETES_CONTAINER, index); // N4
        } else if let Some(context) = context_of_pod.get(&text(&entry, "pod_uid")) {
            reader.found(Key::new("kubernetes", context, "container", &id), entry, "id");
        } else {
            reader.dangling("dangling_container", &id, &KUBERNETES_CONTAINER, index); // N3
        }
    }
    Ok(reader.finish(covered, timestamp, now))
}

fn ecs(body: &str, now: i64) -> Result<Reading, &'static str> {
    let report = document(body)?;
    let cluster = not_blank(&report, "cluster_arn")?;
    let timestamp = timestamp(&report)?;
    let arrays = [
        ("container", &ECS_CONTAINER, entries(&report, &ECS_CONTAINER)?),
        ("task", &TASK, entries(&report, &TASK)?),
        ("service", &SERVICE, entries(&report, &SERVICE)?),
    ];
    if cluster == "validating-creds" {
        return Ok(Reading::Probe); // N7
    }

    let mut reader = Reader { found: BTreeMap::new(), warnings: Vec::new() };
    let root = root("ecs", &cluster);
    reader.found(root.clone(), Entry::new(), "arn");
    for (kind, shape, entries) in arrays {
        for (index, entry) in entries.into_iter().enumerate() {
            let arn = text(&entry, "arn");
            if arn.is_empty() {
                reader.invalid(shape, index); // N4
            } else if arn == "UNKNOWN" && kind != "container" {
                // N7: no row of its own
            } else {
                reader.found(Key::new("ecs", &cluster, kind, &arn), entry, "arn");
            }
        }
    }
    Ok(reader.finish(BTreeSet::from([root]), timestamp, now))
}

/// N8: JSON, and an object. A `Value` has no place for half of a surrogate pair: here it is refused wherever it is.
fn document(body: &str) -> Result<Map<String, Value>, &'static str> {
    match serde_json::from_str(body) {
        Ok(Value::Object(report)) => Ok(report),
        _ => Err(INVALID),
    }
}

/// N8: a required text that is not blank.
fn not_blank(object: &Map<String, Value>, name: &str) -> Result<String, &'static str> {
    let text = object.get(name).and_then(Value::as_str).ok_or(INVALID)?;
    if text.trim().is_empty() { Err(INVALID) } else { Ok(text.to_owned()) }
}

/// N1, N8
fn timestamp(report: &Map<String, Value>) -> Result<i64, &'static str> {
    report.get("timestamp").and_then(Value::as_str).and_then(seconds).ok_or(INVALID)
}

/// N8: the known keys of every entry of one array, each of the right type. As attributes they then follow I2: a map
/// without entries is not carried, an absent image_digest is the empty one.
fn entries(report: &Map<String, Value>, shape: &Shape) -> Result<Vec<Entry>, &'static str> {
    let given = match report.get(shape.array) {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(given)) => given,
        Some(_) => return Err(INVALID),
    };
    let mut entries = Vec::new();
    for value in given {
        let object = value.as_object().ok_or(INVALID)?;
        let mut entry = Entry::new();
        for name in shape.required.iter().chain(shape.optional) {
            match object.get(*name) {
                Some(Value::String(text)) => entry.insert((*name).to_owned(), text.as_str().into()),
                None if *name == "image_digest" => entry.insert((*name).to_owned(), "".into()),
                None if shape.optional.contains(name) => None,
                _ => return Err(INVALID),
            };
        }
        if shape.required.contains(&"image_tag") {
            not_blank(object, "image_tag")?;
        }
        for name in shape.maps {
            match object.get(*name) {
                None | Some(Value::Null) => {}
                Some(Value::Object(map)) if map.values().all(Value::is_string) => {
                    if !map.is_empty() {
                        entry.insert((*name).to_owned(), map.clone().into());
                    }
                }
                Some(_) => return Err(INVALID),
            }
        }
        entries.push(entry);
    }
    Ok(entries)
}

/// A text of an entry that was checked; empty where an optional one is absent.
fn text(entry: &Entry, name: &str) -> String {
    entry.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}
