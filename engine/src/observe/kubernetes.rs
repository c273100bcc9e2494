//! A report of the Kubernetes agent (rules N2, N3, N4, N6).

use foldhash::fast::FixedState;
use hashbrown::HashMap;
use keepset_types::{Error, InventoryType, ItemKind, Observation, Timestamp, WarningCode};

use super::draft::{Draft, Entry};
use super::observed_at;
use super::wire::Report;

pub(super) fn observe(report: &Report<'_>, bytes: usize, now: Timestamp) -> Result<Observation, Error> {
    let cluster = report.cluster.as_str();
    let names = Contexts::of(report);
    let texts: Vec<String> = names.names.iter().map(|name| format!("{cluster}/{name}")).collect();
    let contexts = texts.iter().map(String::as_str).chain([cluster]);
    let nodes = u32::try_from(texts.len()).unwrap_or(u32::MAX);
    let mut draft = Draft::new(InventoryType::Kubernetes, contexts, report.entries(), bytes);
    let observed_at = observed_at(report.timestamp, now, &mut draft);

    for (place, namespace) in report.list("namespaces") {
        let [name, uid] = namespace.texts(["name", "uid"]);
        match names.by_name.get(name) {
            Some(context) if is_valid(name, uid) => {
                let id = draft.strings.append(name);
                let link = draft.strings.append(uid);
                let attributes = draft.strings.append_attributes(namespace);
                draft.push(Entry { link, ..entry(*context, ItemKind::Namespace, id, attributes) });
            }
            _ => draft.skip_invalid("namespaces", place),
        }
    }
    for (place, node) in report.list("nodes") {
        let [uid] = node.texts(["uid"]);
        if uid.is_empty() {
            draft.skip_invalid("nodes", place);
            continue;
        }
        let id = draft.strings.append(uid);
        let attributes = draft.strings.append_attributes(node);
        draft.push(entry(nodes, ItemKind::Node, id, attributes));
    }
    // Of each pod its context and its uid's number; if a uid is there twice, the last one's context.
    let mut pods: HashMap<&str, (u32, u32), FixedState> =
        HashMap::with_capacity_and_hasher(report.len("pods"), FixedState::default());
    for (place, pod) in report.list("pods") {
        let [uid, namespace_uid] = pod.texts(["uid", "namespace_uid"]);
        if uid.is_empty() {
            draft.skip_invalid("pods", place);
            continue;
        }
        let Some(context) = names.by_uid.get(namespace_uid) else {
            draft.warn(WarningCode::DanglingPod, uid, &format!("/pods/{place}"));
            continue;
        };
        let id = draft.strings.append(uid);
        let attributes = draft.strings.append_attributes(pod);
        draft.push(entry(*context, ItemKind::Pod, id, attributes));
        pods.insert(uid, (*context, id));
    }
    for (place, container) in report.list("containers") {
        let names = ["id", "image_digest", "image_tag", "pod_uid"];
        let [id, digest, tag, pod_uid] = container.texts(names);
        if id.is_empty() {
            draft.skip_invalid("containers", place);
            continue;
        }
        let Some((context, pod)) = pods.get(pod_uid) else {
            draft.warn(WarningCode::DanglingContainer, id, &format!("/containers/{place}"));
            continue;
        };
        let id = draft.strings.append(id);
        let attributes = draft.strings.append_attributes(container);
        let tag = draft.strings.number(tag);
        let digest = draft.strings.number(digest);
        let row = entry(*context, ItemKind::Container, id, attributes);
        draft.push(Entry { link: *pod, tag, digest, ..row });
    }
    draft.finish(observed_at)
}

fn entry(context: u32, kind: ItemKind, id: u32, attributes: u32) -> Entry {
    Entry { context, kind, id, link: 0, tag: 0, digest: 0, attributes, has_tags: false }
}

/// N4.
fn is_valid(name: &str, uid: &str) -> bool {
    !uid.is_empty() && !name.is_empty() && !name.contains('/')
}

/// The contexts that a report covers (N2): one per namespace name (N6), found by uid (N3).
struct Contexts<'a> {
    names: Vec<&'a str>,
    by_name: HashMap<&'a str, u32, FixedState>,
    by_uid: HashMap<&'a str, u32, FixedState>,
}

impl<'a> Contexts<'a> {
    fn of(report: &'a Report<'_>) -> Self {
        let mut contexts =
            Self { names: Vec::new(), by_name: HashMap::default(), by_uid: HashMap::default() };
        let namespaces = report.list("namespaces").map(|(_, namespace)| namespace.texts(["name", "uid"]));
        for [name, uid] in namespaces.filter(|[name, uid]| is_valid(name, uid)) {
            let next = u32::try_from(contexts.names.len()).unwrap_or(u32::MAX);
            let context = *contexts.by_name.entry(name).or_insert(next);
            if context == next {
                contexts.names.push(name);
            }
            contexts.by_uid.insert(uid, context);
        }
        contexts
    }
}
