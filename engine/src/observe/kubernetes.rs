//! A report of the Kubernetes agent (rules N2, N3, N4, N6).

use foldhash::fast::FixedState;
use hashbrown::HashMap;
use keepset_types::{Error, InventoryType, ItemKind, Observation, Timestamp, WarningCode};

use super::draft::{Draft, Entry};
use super::observed_at;
use super::wire::{KubernetesReport, Namespace, Object};

pub(super) fn observe(report: &KubernetesReport<'_>, now: Timestamp) -> Result<Observation, Error> {
    let cluster = report.cluster_name.as_str();
    let names = Contexts::of(report);
    let texts: Vec<String> = names.names.iter().map(|name| format!("{cluster}/{name}")).collect();
    let contexts = texts.iter().map(String::as_str).chain([cluster]).collect();
    let nodes = u32::try_from(texts.len()).unwrap_or(u32::MAX);
    let mut draft = Draft::new(InventoryType::Kubernetes, contexts);
    let observed_at = observed_at(report.timestamp, now, &mut draft);

    for (place, Object(namespace)) in report.namespaces.iter().enumerate() {
        match names.by_name.get(namespace.name.as_str()) {
            Some(context) if is_valid(namespace) => {
                let row = entry(*context, ItemKind::Namespace, namespace.name.as_str());
                draft.push(Entry { link: namespace.uid.as_str(), ..row }, Some(namespace))?;
            }
            _ => draft.skip_invalid("namespaces", place),
        }
    }
    for (place, Object(node)) in report.nodes.iter().enumerate() {
        if node.uid.is_empty() {
            draft.skip_invalid("nodes", place);
            continue;
        }
        draft.push(entry(nodes, ItemKind::Node, node.uid.as_str()), Some(node))?;
    }
    let mut pods: HashMap<&str, u32, FixedState> = HashMap::default();
    for (place, Object(pod)) in report.pods.iter().enumerate() {
        let uid = pod.uid.as_str();
        if uid.is_empty() {
            draft.skip_invalid("pods", place);
            continue;
        }
        let Some(context) = names.by_uid.get(pod.namespace_uid.as_str()) else {
            draft.warn(WarningCode::DanglingPod, None, uid, &format!("/pods/{place}"));
            continue;
        };
        pods.insert(uid, *context);
        draft.push(entry(*context, ItemKind::Pod, uid), Some(pod))?;
    }
    for (place, Object(container)) in report.containers.iter().enumerate() {
        let id = container.id.as_str();
        if id.is_empty() {
            draft.skip_invalid("containers", place);
            continue;
        }
        let Some(context) = pods.get(container.pod_uid.as_str()) else {
            draft.warn(WarningCode::DanglingContainer, None, id, &format!("/containers/{place}"));
            continue;
        };
        let row = Entry {
            link: container.pod_uid.as_str(),
            tag: container.image_tag.as_str(),
            digest: container.image_digest.as_str(),
            ..entry(*context, ItemKind::Container, id)
        };
        draft.push(row, Some(container))?;
    }
    draft.finish(observed_at)
}

fn entry(context: u32, kind: ItemKind, id: &str) -> Entry<'_> {
    Entry { context, kind, id, link: "", tag: "", digest: "", has_tags: false }
}

/// N4.
fn is_valid(namespace: &Namespace<'_>) -> bool {
    let name = namespace.name.as_str();
    !namespace.uid.is_empty() && !name.is_empty() && !name.contains('/')
}

/// The contexts that a report covers (N2): one per namespace name (N6), found by uid (N3).
struct Contexts<'a> {
    names: Vec<&'a str>,
    by_name: HashMap<&'a str, u32, FixedState>,
    by_uid: HashMap<&'a str, u32, FixedState>,
}

impl<'a> Contexts<'a> {
    fn of(report: &'a KubernetesReport<'_>) -> Self {
        let mut contexts =
            Self { names: Vec::new(), by_name: HashMap::default(), by_uid: HashMap::default() };
        for Object(namespace) in report.namespaces.iter().filter(|Object(namespace)| is_valid(namespace)) {
            let name = namespace.name.as_str();
            let next = u32::try_from(contexts.names.len()).unwrap_or(u32::MAX);
            let context = *contexts.by_name.entry(name).or_insert(next);
            if context == next {
                contexts.names.push(name);
            }
            contexts.by_uid.insert(namespace.uid.as_str(), context);
        }
        contexts
    }
}
