//! A report of the ECS agent (rule N7).

use keepset_types::{Error, InventoryType, ItemKind, Observation, Timestamp};

use super::draft::{Draft, Entry};
use super::observed_at;
use super::wire::Report;

/// The cluster ARN with which the agent tries its credentials at start.
const CREDENTIAL_PROBE: &str = "validating-creds";
/// What the agent writes for an ARN that it could not find out.
const UNKNOWN: &str = "UNKNOWN";

pub(super) fn observe(report: &Report<'_>, bytes: usize, now: Timestamp) -> Result<Observation, Error> {
    let cluster = report.cluster.as_str();
    if cluster == CREDENTIAL_PROBE {
        let empty = Observation::empty(InventoryType::Ecs, report.timestamp.min(now).unix());
        return Ok(Observation { credential_probe: true, ..empty });
    }
    let mut draft = Draft::new(InventoryType::Ecs, [cluster], 1 + report.entries(), bytes);
    let observed_at = observed_at(report.timestamp, now, &mut draft);

    let id = draft.strings.number(cluster);
    draft.push(entry(ItemKind::Cluster, id, 0));
    for (place, service) in report.list("services") {
        let [arn] = service.texts(["arn"]);
        match arn {
            "" => draft.skip_invalid("services", place),
            UNKNOWN => {}
            arn => {
                let id = draft.strings.number(arn);
                let attributes = draft.strings.append_attributes(service);
                let has_tags = service.has("tags");
                draft.push(Entry { has_tags, ..entry(ItemKind::Service, id, attributes) });
            }
        }
    }
    for (place, task) in report.list("tasks") {
        let [arn, service] = task.texts(["arn", "service_arn"]);
        match arn {
            "" => draft.skip_invalid("tasks", place),
            UNKNOWN => {}
            arn => {
                let id = draft.strings.number(arn);
                let attributes = draft.strings.append_attributes(task);
                // Without a parent it is the cluster's.
                let link = draft.strings.number(service);
                let has_tags = task.has("tags");
                draft.push(Entry { link, has_tags, ..entry(ItemKind::Task, id, attributes) });
            }
        }
    }
    for (place, container) in report.list("containers") {
        let names = ["arn", "image_digest", "image_tag", "task_arn"];
        let [arn, digest, tag, task] = container.texts(names);
        if arn.is_empty() {
            draft.skip_invalid("containers", place);
            continue;
        }
        let id = draft.strings.append(arn);
        let attributes = draft.strings.append_attributes(container);
        let link = draft.strings.number(task);
        let tag = draft.strings.number(tag);
        let digest = draft.strings.number(digest);
        draft.push(Entry { link, tag, digest, ..entry(ItemKind::Container, id, attributes) });
    }
    draft.finish(observed_at)
}

fn entry(kind: ItemKind, id: u32, attributes: u32) -> Entry {
    Entry { context: 0, kind, id, link: 0, tag: 0, digest: 0, attributes, has_tags: false }
}
