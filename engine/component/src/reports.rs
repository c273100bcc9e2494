//! `reports`: agents' JSON, read.

use keepset_types as ours;

use crate::Plugin;
use crate::bindings::exports::keepset::retention::reports as wit;
use crate::bindings::exports::keepset::retention::types;
use crate::types::timestamp;

impl wit::Guest for Plugin {
    fn observe_kubernetes(json: Vec<u8>, now: wit::Timestamp) -> Result<wit::Observation, types::Error> {
        observe(ours::InventoryType::Kubernetes, &json, now)
    }

    fn observe_ecs(json: Vec<u8>, now: wit::Timestamp) -> Result<wit::Observation, types::Error> {
        observe(ours::InventoryType::Ecs, &json, now)
    }
}

fn observe(
    inventory_type: ours::InventoryType,
    json: &[u8],
    now: wit::Timestamp,
) -> Result<wit::Observation, types::Error> {
    let observation = keepset_engine::observe(inventory_type, json, timestamp(now)?)?;
    let warnings = observation.warnings.into_iter().map(|warning| wit::SaidWarning {
        code: warning.code.into(),
        context: warning.context,
        id: warning.id,
        pointer: warning.pointer,
    });
    Ok(wit::Observation {
        inventory_type: observation.inventory_type.into(),
        credential_probe: observation.credential_probe,
        observed_at: observation.observed_at,
        text: observation.text,
        ends: observation.ends,
        contexts: observation.contexts,
        context_ends: observation.context_ends,
        kinds: observation.kinds,
        ids: observation.ids,
        links: observation.links,
        tags: observation.tags,
        digests: observation.digests,
        attributes: observation.attributes,
        warnings: warnings.collect(),
    })
}
