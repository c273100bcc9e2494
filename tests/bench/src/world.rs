//! Inventories and reports of any size, the same in every run.

use std::fmt::Write as _;

use keepset_types::{Inventory, InventoryType, Timestamp};

/// Rows of a namespace, about: as many as a busy one has.
const ROWS_OF_A_NAMESPACE: usize = 1_000;
/// When the inventory was last observed.
pub const SEEN: &str = "2026-08-06T09:00:07Z";
/// When the report was made.
pub const REPORTED: &str = "2026-08-06T09:05:07Z";

/// When the report arrives.
pub fn now() -> Timestamp {
    Timestamp::parse("2026-08-06T09:05:08Z").unwrap()
}

/// A pod with a container, in a namespace.
struct Pod {
    namespace: usize,
    number: usize,
    /// Pods of a later generation were not there before.
    generation: usize,
}

impl Pod {
    fn uid(&self) -> String {
        format!("{:08x}-{:04x}-4000-8000-{:012x}", self.namespace, self.generation, self.number)
    }

    fn container(&self) -> String {
        format!("containerd://{:032x}{:08x}{:024x}", self.namespace, self.generation, self.number)
    }

    fn image(&self) -> (String, String) {
        let number = self.number % 100 + 1_000 * self.generation;
        (
            format!("registry.example.com/team-{}/service-{number}:1.{number}", self.namespace),
            format!("sha256:{number:064x}"),
        )
    }
}

/// An inventory of about `rows` rows: 45 % containers, 45 % pods, 10 % images, a namespace for each thousand.
pub fn inventory(rows: usize) -> Inventory {
    Inventory::from_json(inventory_json(rows).as_bytes()).unwrap()
}

/// The same as a document.
pub fn inventory_json(rows: usize) -> String {
    let mut text = String::from(r#"{"version":1,"items":["#);
    let times = format!(r#""created_at":"{SEEN}","last_updated":"{SEEN}","last_seen":"{SEEN}""#);
    let mut separator = "";
    for (namespace, pods) in namespaces(rows) {
        let context =
            format!(r#""inventory_type":"kubernetes","context":"prod-eu-1/namespace-{namespace:06}""#);
        let mut push = |row: String| {
            write!(text, "{separator}{{{context},{row}}}").unwrap();
            separator = ",";
        };
        push(format!(
            r#""kind":"namespace","id":"namespace-{namespace:06}",{times},"attributes":{{"labels":{{"kubernetes.io/metadata.name":"namespace-{namespace:06}"}},"uid":"ns-{namespace}"}}"#
        ));
        for number in 0..pods {
            let pod = Pod { namespace, number, generation: 0 };
            let (tag, digest) = pod.image();
            push(format!(
                r#""kind":"pod","id":"{}",{times},"attributes":{{"labels":{{"app":"service-{}","pod-template-hash":"6d5f8c9b7d"}},"name":"service-{number}","namespace_uid":"ns-{namespace}","node_uid":"node-{}"}}"#,
                pod.uid(),
                number % 100,
                number % 7
            ));
            push(format!(
                r#""kind":"container","id":"{}",{times},"attributes":{{"image_digest":"{digest}","image_tag":"{tag}","name":"main","pod_uid":"{}"}}"#,
                pod.container(),
                pod.uid()
            ));
        }
        for number in 0..pods.min(100) {
            let (tag, digest) = Pod { namespace, number, generation: 0 }.image();
            push(format!(r#""kind":"image","image_tag":"{tag}","image_digest":"{digest}",{times}"#));
        }
    }
    text.push_str("]}");
    text
}

/// A report of `rows` rows, about, on the first namespaces of an inventory of `of` rows: 5 % of its pods are new.
pub fn report_json(rows: usize, of: usize) -> String {
    let mut namespaces_text = Vec::new();
    let mut pods_text = Vec::new();
    let mut containers = Vec::new();
    let mut left = rows;
    for (namespace, pods) in namespaces(of) {
        if left == 0 {
            break;
        }
        let reported = pods.min(left.div_ceil(2));
        left = left.saturating_sub(pods * 2 + 101);
        namespaces_text.push(format!(r#"{{"labels":{{"kubernetes.io/metadata.name":"namespace-{namespace:06}"}},"name":"namespace-{namespace:06}","uid":"ns-{namespace}"}}"#));
        for number in 0..reported {
            let pod = Pod { namespace, number, generation: usize::from(number % 20 == 19) };
            let (tag, digest) = pod.image();
            pods_text.push(format!(r#"{{"labels":{{"app":"service-{}","pod-template-hash":"6d5f8c9b7d"}},"name":"service-{number}","namespace_uid":"ns-{namespace}","node_uid":"node-{}","uid":"{}"}}"#, number % 100, number % 7, pod.uid()));
            containers.push(format!(
                r#"{{"id":"{}","image_digest":"{digest}","image_tag":"{tag}","name":"main","pod_uid":"{}"}}"#,
                pod.container(),
                pod.uid()
            ));
        }
    }
    format!(
        r#"{{"cluster_name":"prod-eu-1","containers":[{}],"namespaces":[{}],"pods":[{}],"timestamp":"{REPORTED}"}}"#,
        containers.join(","),
        namespaces_text.join(","),
        pods_text.join(",")
    )
}

/// Each namespace and how many pods it has.
fn namespaces(rows: usize) -> impl Iterator<Item = (usize, usize)> {
    let whole = rows.div_ceil(ROWS_OF_A_NAMESPACE);
    let each = rows / whole;
    // A namespace, its pods, their containers, and an image for every pod, of which there are at most a hundred.
    let pods = if each > 301 { (each - 101) / 2 } else { (each - 1) / 3 };
    (0..whole).map(move |namespace| (namespace, pods))
}

/// The kind of all reports here.
pub const KIND: InventoryType = InventoryType::Kubernetes;
