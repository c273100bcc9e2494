//! A report of the Kubernetes agent (rules N2, N3, N4, N6).

use foldhash::fast::FixedState;
use hashbrown::HashMap;
use keepset_types::{Error, InventoryType, ItemKind, Observation, Timestamp, WarningCode};

use super::draft::{Draft, Entry};
use super::observed_at;
use super::wire::{KubernetesReport, Namespace, Object};

pub(super) fn observe(
    report: &KubernetesReport<'_>,
    bytes: usize,
    now: Timestamp,
) -> Result<Observation, Error> {
    let cluster = report.cluster_name.as_str();
    let names = Contexts::of(report);
    let texts: Vec<String> = names.names.iter().map(|name| format!("{cluster}/{name}")).collect();
    let contexts = texts.iter().map(String::as_str).chain([cluster]);
    let nodes = u32::try_from(texts.len()).unwrap_or(u32::MAX);
    let entries = report.namespaces.len() + report.nodes.len() + report.pods.len() + report.containers.len();
    let mut draft = Draft::new(InventoryType::Kubernetes, contexts, entries, bytes);
    let observed_at = observed_at(report.timestamp, now, &mut draft);

    for (place, Object(namespace)) in report.namespaces.iter().enumerate() {
        match names.by_name.get(namespace.name.as_str()) {
            Some(context) if is_valid(namespace) => {
                let id = draft.strings.append(namespace.name.as_str());
                let link = draft.strings.append(namespace.uid.as_str());
                let attributes = draft.strings.append_object(namespace);
                draft.push(Entry { link, ..entry(*context, ItemKind::Namespace, id, attributes) });
            }
            _ => draft.skip_invalid("namespaces", place),
        }
    }
    for (place, Object(node)) in report.nodes.iter().enumerate() {
        if node.uid.is_empty() {
            draft.skip_invalid("nodes", place);
            continue;
        }
        let id = draft.strings.append(node.uid.as_str());
        let attributes = draft.strings.append_object(node);
        draft.push(entry(nodes, ItemKind::Node, id, attributes));
    }
    // Of each pod its context and its uid's number; if a uid is there twice, the last one's context.
    let mut pods: HashMap<&str, (u32, u32), FixedState> =
        HashMap::with_capacity_and_hasher(report.pods.len(), FixedState::default());
    for (place, Object(pod)) in report.pods.iter().enumerate() {
        let uid = pod.uid.as_str();
        if uid.is_empty() {
            draft.skip_invalid("pods", place);
            continue;
        }
        let Some(context) = names.by_uid.get(pod.namespace_uid.as_str()) else {
            draft.warn(WarningCode::DanglingPod, uid, &format!("/pods/{place}"));
            continue;
        };
        let id = draft.strings.append(uid);
        let attributes = draft.strings.append_object(pod);
        draft.push(entry(*context, ItemKind::Pod, id, attributes));
        pods.insert(uid, (*context, id));
    }
    for (place, Object(container)) in report.containers.iter().enumerate() {
        let id = container.id.as_str();
        if id.is_empty() {
            draft.skip_invalid("containers", place);
            continue;
        }
        let Some((context, pod)) = pods.get(container.pod_uid.as_str()) else {
            draft.warn(WarningCode::DanglingContainer, id, &format!("/containers/{place}"));
            continue;
        };
        let id = draft.strings.append(id);
        let attributes = draft.strings.append_object(container);
        let tag = draft.strings.number(container.image_tag.as_str());
        let digest = draft.strings.number(container.image_digest.as_str());
        let row = entry(*context, ItemKind::Container, id, attributes);
        draft.push(Entry { link: *pod, tag, digest, ..row });
    }
    draft.finish(observed_at)
}

fn entry(context: u32, kind: ItemKind, id: u32, attributes: u32) -> Entry {
    Entry { context, kind, id, link: 0, tag: 0, digest: 0, attributes, has_tags: false }
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
