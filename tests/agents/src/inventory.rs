//! What a gateway lists, and what it should list by the reports that it acknowledged.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::http::{Credentials, NoReply, Reply, Request, Transport};
use crate::wire::{EcsReport, KubernetesReport, Labels, Report};

/// The lists of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum List {
    /// `/v2/inventories`
    Images,
    /// `/v2/kubernetes-namespaces`
    Namespaces,
    /// `/v2/kubernetes-nodes`
    Nodes,
    /// `/v2/kubernetes-pods`
    Pods,
    /// `/v2/kubernetes-containers`
    Containers,
    /// `/v2/ecs-services`
    Services,
    /// `/v2/ecs-tasks`
    Tasks,
    /// `/v2/ecs-containers`
    EcsContainers,
}

impl List {
    const ALL: [Self; 8] = [
        Self::Images,
        Self::Namespaces,
        Self::Nodes,
        Self::Pods,
        Self::Containers,
        Self::Services,
        Self::Tasks,
        Self::EcsContainers,
    ];

    /// Its path, its key in the answer, and what tells its items apart.
    fn shape(self) -> (&'static str, &'static str, &'static [&'static str]) {
        match self {
            Self::Images => {
                ("inventories", "items", &["inventory_type", "context", "image_tag", "image_digest"])
            }
            Self::Namespaces => ("kubernetes-namespaces", "namespaces", &["uid"]),
            Self::Nodes => ("kubernetes-nodes", "nodes", &["uid"]),
            Self::Pods => ("kubernetes-pods", "pods", &["id"]),
            Self::Containers => ("kubernetes-containers", "containers", &["context", "id"]),
            Self::Services => ("ecs-services", "services", &["arn"]),
            Self::Tasks => ("ecs-tasks", "tasks", &["arn"]),
            Self::EcsContainers => ("ecs-containers", "containers", &["arn"]),
        }
    }
}

/// All that an account has, list by list, without the times at which the gateway itself did something.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Inventory(BTreeMap<(List, String), Value>);

/// Why no inventory could be read.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// No answer.
    #[error("{0}: {1}")]
    NoReply(&'static str, NoReply),
    /// Another answer than a list.
    #[error("{0}: answered {1} {2}")]
    NoList(&'static str, u16, String),
    /// An item twice.
    #[error("{0}: listed twice: {1}")]
    Twice(&'static str, String),
}

impl Inventory {
    /// Reads every list of an account.
    ///
    /// # Errors
    /// [`Unreadable`].
    pub async fn read(
        transport: &Transport,
        url: &str,
        credentials: &Credentials,
        account: &str,
    ) -> Result<Self, Unreadable> {
        let mut inventory = Self::default();
        for list in List::ALL {
            let (path, key, _) = list.shape();
            let size = if list == List::Images { "" } else { "?page=1&page_size=100000" };
            let url = format!("{url}/v2/{path}{size}");
            let request = Request { url, body: None, credentials: Some(credentials), account: Some(account) };
            let reply = transport.send(request).await.map_err(|error| Unreadable::NoReply(path, error))?;
            let items = match items(&reply, key) {
                Some(items) if reply.status == 200 => items,
                _ => {
                    let body = String::from_utf8_lossy(&reply.body).into_owned();
                    return Err(Unreadable::NoList(path, reply.status, body));
                }
            };
            for item in items {
                let text = item.to_string();
                if inventory.insert(list, item).is_some() {
                    return Err(Unreadable::Twice(path, text));
                }
            }
        }
        Ok(inventory)
    }

    fn insert(&mut self, list: List, mut item: Value) -> Option<Value> {
        if let Some(item) = item.as_object_mut() {
            item.remove("created_at");
            item.remove("last_updated");
        }
        let (_, _, keys) = list.shape();
        let keys = keys.iter().map(|key| item.get(key).and_then(Value::as_str).unwrap_or("(none)"));
        let key = keys.collect::<Vec<_>>().join(" ");
        self.0.insert((list, key), item)
    }

    /// With all of another one, of other clusters.
    pub fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// How many items a list has.
    #[must_use]
    pub fn count(&self, list: List) -> usize {
        self.0.keys().filter(|(found, _)| *found == list).count()
    }

    /// How many items it has in all.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nothing is listed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What is different, in a few lines; empty if nothing is.
    #[must_use]
    pub fn difference_from(&self, expected: &Self) -> String {
        let keys: BTreeSet<_> = self.0.keys().chain(expected.0.keys()).collect();
        let mut lines = Vec::new();
        for key @ (list, name) in keys {
            let line = match (self.0.get(key), expected.0.get(key)) {
                (Some(found), Some(expected)) if found == expected => continue,
                (Some(found), Some(expected)) => format!("{list:?} {name}: {found}, expected {expected}"),
                (Some(_), None) => format!("{list:?} {name}: should not be there"),
                (None, _) => format!("{list:?} {name}: is missing"),
            };
            lines.push(line);
        }
        let more = lines.len().saturating_sub(8);
        lines.truncate(8);
        if more > 0 {
            lines.push(format!("and {more} more"));
        }
        lines.join("\n")
    }
}

fn items(reply: &Reply, key: &str) -> Option<Vec<Value>> {
    match reply.json()?.get_mut(key)?.take() {
        Value::Array(items) => Some(items),
        _ => None,
    }
}

/// Whether a report replaces what was known of its contexts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overwrite {
    /// `image_ingest_overwrite: true`
    On,
    /// The default.
    Off,
}

/// What an account should have by the reports that were acknowledged: the rules that this takes, written once more, and
/// without the TTL.
#[derive(Clone, Debug)]
pub struct Truth {
    account: String,
    overwrite: Overwrite,
    /// By list, context and id.
    rows: BTreeMap<(List, String, String), Row>,
    /// Of each context the latest report.
    watermarks: BTreeMap<String, String>,
}

/// A row as its list shows it.
#[derive(Clone, Debug)]
struct Row {
    shown: Value,
    seen: String,
    image: Option<(&'static str, String, String)>,
}

/// Times of one format compare as texts.
const MARK: &str = "last_seen";

impl Truth {
    /// That of an account without anything.
    #[must_use]
    pub fn new(account: &str, overwrite: Overwrite) -> Self {
        Self { account: account.to_owned(), overwrite, rows: BTreeMap::new(), watermarks: BTreeMap::new() }
    }

    /// A report was acknowledged.
    pub fn apply(&mut self, report: &Report) {
        match report {
            Report::Kubernetes(report) => self.apply_kubernetes(report),
            Report::Ecs(report) => self.apply_ecs(report),
        }
    }

    /// Whether the context takes a report of that time; if so, it is emptied if it is to be.
    fn open(&mut self, context: &str, seen: &str, lists: &[List], removes: bool) -> bool {
        let is_overwrite = self.overwrite == Overwrite::On;
        let watermark = self.watermarks.entry(context.to_owned()).or_default();
        if is_overwrite && watermark.as_str() > seen {
            return false;
        }
        if watermark.as_str() < seen {
            seen.clone_into(watermark);
        }
        if is_overwrite && removes {
            self.rows.retain(|(list, in_context, _), _| !(lists.contains(list) && in_context == context));
        }
        true
    }

    fn put(&mut self, list: List, context: &str, id: &str, row: Row) {
        let key = (list, context.to_owned(), id.to_owned());
        if self.rows.get(&key).is_none_or(|old| old.seen <= row.seen) {
            self.rows.insert(key, row);
        }
    }

    fn apply_kubernetes(&mut self, report: &KubernetesReport) {
        let seen = report.timestamp.as_str();
        let row = |shown: Value| Row { shown, seen: seen.to_owned(), image: None };
        for node in report.nodes.iter().filter(|node| !node.uid.is_empty()) {
            let shown = json!({"uid": node.uid, "name": node.name, "labels": node.labels,
                "annotations": node.annotations, MARK: seen});
            self.put(List::Nodes, &report.cluster_name, &node.uid, row(shown));
        }
        let mut contexts: BTreeMap<&str, String> = BTreeMap::new();
        for namespace in &report.namespaces {
            let context = format!("{}/{}", report.cluster_name, namespace.name);
            if !self.open(&context, seen, &[List::Pods, List::Containers], true) {
                continue;
            }
            let shown = json!({"uid": namespace.uid, "name": namespace.name, "labels": namespace.labels,
                "annotations": namespace.annotations, MARK: seen});
            self.put(List::Namespaces, &context, &namespace.name, row(shown));
            contexts.insert(&namespace.uid, context);
        }
        let mut pods: BTreeMap<&str, &str> = BTreeMap::new();
        for pod in &report.pods {
            let Some(context) = contexts.get(pod.namespace_uid.as_str()) else { continue };
            let mut shown = json!({"id": pod.uid, "name": pod.name, "account_name": self.account, "labels": pod.labels,
                "annotations": pod.annotations, "namespace_id": pod.namespace_uid, MARK: seen});
            if let (Some(shown), false) = (shown.as_object_mut(), pod.node_uid.is_empty()) {
                shown.insert("node_id".to_owned(), pod.node_uid.clone().into());
            }
            self.put(List::Pods, context, &pod.uid, row(shown));
            pods.insert(&pod.uid, context);
        }
        for container in report.containers.iter().flatten().filter(|container| !container.id.is_empty()) {
            let Some(context) = pods.get(container.pod_uid.as_str()) else { continue };
            let shown = json!({"id": container.id, "name": container.name, "pod_id": container.pod_uid,
                "account_name": self.account, "context": context, "image_tag": container.image_tag,
                "image_digest": container.image_digest});
            let image = ("kubernetes", container.image_tag.clone(), container.image_digest.clone());
            let context = (*context).to_owned();
            self.put(List::Containers, &context, &container.id, Row { image: Some(image), ..row(shown) });
        }
    }

    fn apply_ecs(&mut self, report: &EcsReport) {
        let (seen, cluster) = (report.timestamp.as_str(), report.cluster_arn.as_str());
        if cluster == "validating-creds" {
            return;
        }
        let tasks: BTreeSet<_> = report.tasks.iter().map(|task| &task.arn).collect();
        let removes = !report.containers.is_empty() && tasks.len() != 100;
        if !self.open(cluster, seen, &[List::Tasks, List::EcsContainers], removes) {
            return;
        }
        let row = |shown: Value| Row { shown, seen: seen.to_owned(), image: None };
        let mut services: BTreeMap<&str, &Labels> = BTreeMap::new();
        for service in report.services.iter().filter(|service| service.arn != "UNKNOWN") {
            let known = services.entry(&service.arn).or_insert(&service.tags);
            if !service.tags.is_empty() {
                *known = &service.tags;
            }
        }
        for (arn, tags) in services {
            let shown =
                json!({"arn": arn, "cluster_arn": cluster, "tags": tags, "account_name": self.account});
            self.put(List::Services, cluster, arn, row(shown));
        }
        for task in &report.tasks {
            let shown = json!({"arn": task.arn, "cluster_arn": cluster, "service_arn": task.service_arn,
                "task_definition_arn": task.task_definition_arn, "tags": task.tags, "account_name": self.account});
            self.put(List::Tasks, cluster, &task.arn, row(shown));
        }
        for container in &report.containers {
            let shown = json!({"arn": container.arn, "task_arn": container.task_arn, "account_name": self.account,
                "context": cluster, "image_tag": container.image_tag, "image_digest": container.image_digest});
            let image = ("ecs", container.image_tag.clone(), container.image_digest.clone());
            self.put(List::EcsContainers, cluster, &container.arn, Row { image: Some(image), ..row(shown) });
        }
    }

    /// What the gateway should list.
    #[must_use]
    pub fn inventory(&self) -> Inventory {
        let mut inventory = Inventory::default();
        let mut images: BTreeMap<(&str, &str, &str, &str), &str> = BTreeMap::new();
        for ((list, context, _), row) in &self.rows {
            inventory.insert(*list, row.shown.clone());
            if let Some((inventory_type, tag, digest)) = &row.image {
                let seen = images.entry((inventory_type, context, tag, digest)).or_default();
                *seen = (*seen).max(row.seen.as_str());
            }
        }
        for ((inventory_type, context, tag, digest), seen) in images {
            let image = json!({"inventory_type": inventory_type, "context": context, "image_tag": tag,
                "image_digest": digest, MARK: seen});
            inventory.insert(List::Images, image);
        }
        inventory
    }
}
