//! A report of the ECS agent (rule N7).

use keepset_types::{Error, InventoryType, ItemKind, Observation, Timestamp};

use super::draft::{Draft, Entry};
use super::observed_at;
use super::wire::{EcsReport, Object, Text};

/// The cluster ARN with which the agent tries its credentials at start.
const CREDENTIAL_PROBE: &str = "validating-creds";
/// What the agent writes for an ARN that it could not find out.
const UNKNOWN: &str = "UNKNOWN";

pub(super) fn observe(report: &EcsReport<'_>, now: Timestamp) -> Result<Observation, Error> {
    let cluster = report.cluster_arn.as_str();
    if cluster == CREDENTIAL_PROBE {
        let empty = Observation::empty(InventoryType::Ecs, report.timestamp.min(now).unix());
        return Ok(Observation { credential_probe: true, ..empty });
    }
    let mut draft = Draft::new(InventoryType::Ecs, vec![cluster]);
    let observed_at = observed_at(report.timestamp, now, &mut draft);

    draft.push(entry(ItemKind::Cluster, cluster), None::<&()>)?;
    for (place, Object(service)) in report.services.iter().enumerate() {
        match service.arn.as_str() {
            "" => draft.skip_invalid("services", place),
            UNKNOWN => {}
            arn => {
                let row = Entry { has_tags: !service.tags.is_empty(), ..entry(ItemKind::Service, arn) };
                draft.push(row, Some(service))?;
            }
        }
    }
    for (place, Object(task)) in report.tasks.iter().enumerate() {
        match task.arn.as_str() {
            "" => draft.skip_invalid("tasks", place),
            UNKNOWN => {}
            arn => {
                let link = known(task.service_arn.as_ref());
                let row = Entry { link, has_tags: !task.tags.is_empty(), ..entry(ItemKind::Task, arn) };
                draft.push(row, Some(task))?;
            }
        }
    }
    for (place, Object(container)) in report.containers.iter().enumerate() {
        let arn = container.arn.as_str();
        if arn.is_empty() {
            draft.skip_invalid("containers", place);
            continue;
        }
        let row = Entry {
            link: known(container.task_arn.as_ref()),
            tag: container.image_tag.as_str(),
            digest: container.image_digest.as_str(),
            ..entry(ItemKind::Container, arn)
        };
        draft.push(row, Some(container))?;
    }
    draft.finish(observed_at)
}

fn entry(kind: ItemKind, id: &str) -> Entry<'_> {
    Entry { context: 0, kind, id, link: "", tag: "", digest: "", has_tags: false }
}

/// The parent that is meant, if one is: else it is the cluster.
fn known<'a>(arn: Option<&'a Text<'_>>) -> &'a str {
    arn.map_or("", Text::as_str)
}
