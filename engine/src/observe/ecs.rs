//! A report of the ECS agent (rule N7).

use keepset_types::{Error, InventoryType, ItemKind, Observation, Timestamp};

use super::draft::{Draft, Entry};
use super::observed_at;
use super::wire::{EcsReport, Object, Text};

/// The cluster ARN with which the agent tries its credentials at start.
const CREDENTIAL_PROBE: &str = "validating-creds";
/// What the agent writes for an ARN that it could not find out.
const UNKNOWN: &str = "UNKNOWN";

pub(super) fn observe(report: &EcsReport<'_>, bytes: usize, now: Timestamp) -> Result<Observation, Error> {
    let cluster = report.cluster_arn.as_str();
    if cluster == CREDENTIAL_PROBE {
        let empty = Observation::empty(InventoryType::Ecs, report.timestamp.min(now).unix());
        return Ok(Observation { credential_probe: true, ..empty });
    }
    let entries = 1 + report.services.len() + report.tasks.len() + report.containers.len();
    let mut draft = Draft::new(InventoryType::Ecs, [cluster], entries, bytes);
    let observed_at = observed_at(report.timestamp, now, &mut draft);

    let id = draft.strings.number(cluster);
    draft.push(entry(ItemKind::Cluster, id, 0));
    for (place, Object(service)) in report.services.iter().enumerate() {
        match service.arn.as_str() {
            "" => draft.skip_invalid("services", place),
            UNKNOWN => {}
            arn => {
                let id = draft.strings.number(arn);
                let attributes = draft.strings.append_object(service);
                let has_tags = !service.tags.is_empty();
                draft.push(Entry { has_tags, ..entry(ItemKind::Service, id, attributes) });
            }
        }
    }
    for (place, Object(task)) in report.tasks.iter().enumerate() {
        match task.arn.as_str() {
            "" => draft.skip_invalid("tasks", place),
            UNKNOWN => {}
            arn => {
                let id = draft.strings.number(arn);
                let attributes = draft.strings.append_object(task);
                let link = draft.strings.number(known(task.service_arn.as_ref()));
                let has_tags = !task.tags.is_empty();
                draft.push(Entry { link, has_tags, ..entry(ItemKind::Task, id, attributes) });
            }
        }
    }
    for (place, Object(container)) in report.containers.iter().enumerate() {
        let arn = container.arn.as_str();
        if arn.is_empty() {
            draft.skip_invalid("containers", place);
            continue;
        }
        let id = draft.strings.append(arn);
        let attributes = draft.strings.append_object(container);
        let link = draft.strings.number(known(container.task_arn.as_ref()));
        let tag = draft.strings.number(container.image_tag.as_str());
        let digest = draft.strings.number(container.image_digest.as_str());
        draft.push(Entry { link, tag, digest, ..entry(ItemKind::Container, id, attributes) });
    }
    draft.finish(observed_at)
}

fn entry(kind: ItemKind, id: u32, attributes: u32) -> Entry {
    Entry { context: 0, kind, id, link: 0, tag: 0, digest: 0, attributes, has_tags: false }
}

/// The parent that is meant, if one is: else it is the cluster.
fn known<'a>(arn: Option<&'a Text<'_>>) -> &'a str {
    arn.map_or("", Text::as_str)
}
