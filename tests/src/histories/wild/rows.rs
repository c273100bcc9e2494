//! Rows of hand-made inventories.

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use super::super::{Offset, days, edge_of_ttl, object, seconds};
use super::{
    CLUSTERS, CONTAINERS, CONTEXTS, Choices, DIGESTS, ECS_CLUSTERS, NAMESPACE_UIDS, NODES, PODS, SERVICES,
    TAGS, TASKS,
};

/// A row of a hand-made inventory before its times are known.
#[derive(Clone, Debug)]
pub(super) struct RawRow {
    pub(super) key: Value,
    pub(super) times: [Offset; 3],
    pub(super) attributes: Option<Value>,
}

/// Any row; nothing says that its parent is there, or the containers of an image.
pub(super) fn row() -> impl Strategy<Value = RawRow> {
    let kind = select(
        &[
            ("kubernetes", "namespace"),
            ("kubernetes", "node"),
            ("kubernetes", "pod"),
            ("kubernetes", "container"),
            ("kubernetes", "container"),
            ("kubernetes", "image"),
            ("ecs", "cluster"),
            ("ecs", "service"),
            ("ecs", "task"),
            ("ecs", "container"),
            ("ecs", "container"),
            ("ecs", "image"),
        ][..],
    );
    let context = (select(CONTEXTS), select(CLUSTERS), select(ECS_CLUSTERS));
    let id = (0..6_usize, select(TAGS), select(DIGESTS));
    let time = || prop_oneof![4 => seconds(&[0, -1, -60, 60]), 3 => edge_of_ttl(-1), 2 => days(-1)];
    let parent = prop_oneof![1 => Just(None), 4 => (0..5_usize).prop_map(Some)];
    let detail = (any::<bool>(), parent, any::<bool>());
    (kind, context, id, [time(), time(), time()], detail).prop_map(
        |(
            (inventory_type, kind),
            (context, cluster, arn),
            (number, tag, digest),
            times,
            (bare, parent, image),
        )| {
            let context = match (inventory_type, kind) {
                ("ecs", _) => arn,
                (_, "node") => cluster,
                _ => context,
            };
            let pick = |choices: Choices| choices.get(number % choices.len()).copied().unwrap_or_default();
            let name = |name: &'static str, choices: Choices| {
                (name, parent.and_then(|at| choices.get(at).map(|id| json!(id))))
            };
            let (tag_field, digest_field) = if image { (Some(tag), Some(digest)) } else { (None, None) };
            let images =
                [("image_tag", tag_field.map(Value::from)), ("image_digest", digest_field.map(Value::from))];
            let (id, attributes) = match (inventory_type, kind) {
                ("kubernetes", "namespace") => {
                    (context.rsplit('/').next().unwrap_or_default(), object([name("uid", NAMESPACE_UIDS)]))
                }
                (_, "node") => (pick(NODES), object([("name", Some("".into()))])),
                (_, "pod") => (pick(PODS), object([name("namespace_uid", NAMESPACE_UIDS)])),
                (_, "service") => (pick(SERVICES), object([("tags", Some(json!({"app": "a"})))])),
                (_, "task") => (pick(TASKS), object([name("service_arn", SERVICES)])),
                ("kubernetes", "container") => {
                    (pick(CONTAINERS), object([name("pod_uid", PODS)].into_iter().chain(images)))
                }
                ("ecs", "container") => {
                    (pick(CONTAINERS), object([name("task_arn", TASKS)].into_iter().chain(images)))
                }
                _ => (context, object([])), // a cluster; of an image the id is not taken
            };
            let is_image = kind == "image";
            let key = object([
                ("inventory_type", Some(inventory_type.into())),
                ("context", Some(context.into())),
                ("kind", Some(kind.into())),
                ("id", (!is_image).then(|| id.into())),
                ("image_tag", is_image.then(|| tag.into())),
                ("image_digest", is_image.then(|| digest.into())),
            ]);
            let empty = attributes.as_object().is_none_or(|attributes| attributes.is_empty());
            RawRow { key, times, attributes: (!bare && !empty && !is_image).then_some(attributes) }
        },
    )
}
