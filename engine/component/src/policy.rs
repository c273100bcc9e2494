//! `policy`: typed records.

use keepset_types as ours;

use crate::Plugin;
use crate::bindings::exports::keepset::retention::policy as wit;
use crate::bindings::exports::keepset::retention::types;
use crate::types::timestamp;

impl wit::Guest for Plugin {
    fn describe() -> wit::Description {
        wit::Description {
            name: "keepset".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            rules_edition: keepset_engine::RULES_EDITION.to_owned(),
        }
    }

    fn configure(layers: Vec<wit::Layer>) -> Result<wit::Config, types::Error> {
        let layers: Vec<ours::Layer> = layers.into_iter().map(ours::Layer::from).collect();
        Ok(keepset_engine::configure(&layers)?.into())
    }

    fn evaluate(
        prior: Vec<wit::Row>,
        report: Option<wit::Report>,
        config: wit::Config,
        now: wit::Timestamp,
    ) -> Result<wit::Outcome, types::Error> {
        let report = report.as_ref().map(|report| match report {
            wit::Report::Kubernetes(json) => (ours::InventoryType::Kubernetes, json),
            wit::Report::Ecs(json) => (ours::InventoryType::Ecs, json),
        });
        let report = report.map(|(inventory_type, json)| keepset_engine::Report { inventory_type, json });
        let outcome = keepset_engine::evaluate(inventory(prior)?, report, &config.into(), timestamp(now)?)?;
        Ok(outcome.into())
    }

    fn purge(prior: Vec<wit::Row>, selector: wit::Selector) -> Result<wit::Purged, types::Error> {
        let selector = ours::Selector {
            inventory_type: selector.inventory_type,
            context: selector.context,
            image_digest: selector.image_digest,
        };
        let purged = keepset_engine::purge(inventory(prior)?.into_rows(), &selector)?;
        Ok(wit::Purged {
            retained: purged.retained.into_iter().map(wit::Row::from).collect(),
            removed: purged.removed.into_iter().map(wit::Removed::from).collect(),
        })
    }
}

impl From<wit::Layer> for ours::Layer {
    fn from(layer: wit::Layer) -> Self {
        let origin = match layer.origin {
            wit::Origin::Flag => ours::Origin::Flag,
            wit::Origin::Environment => ours::Origin::Environment,
            wit::Origin::File => ours::Origin::File,
        };
        Self { origin, settings: layer.settings }
    }
}

fn inventory(rows: Vec<wit::Row>) -> Result<ours::Inventory, types::Error> {
    let invalid =
        |message: String| types::Error { code: types::ErrorCode::InvalidInventory, message, pointer: None };
    let mut shared = None;
    let mut read = Vec::with_capacity(rows.len());
    for (place, row) in rows.into_iter().enumerate() {
        read.push(our_row(row, &mut shared).map_err(|fault| invalid(format!("row {place}: {fault}")))?);
    }
    ours::Inventory::new(read).map_err(|error| invalid(error.message))
}

/// `shared`: the context of the row before, whose text this row shares if it is the same.
fn our_row(row: wit::Row, shared: &mut Option<ours::Context>) -> Result<ours::Row, String> {
    let time =
        |seconds| ours::Timestamp::from_unix(seconds).ok_or_else(|| format!("{seconds} s is not a time"));
    let times = [time(row.created_at)?, time(row.last_updated)?, time(row.last_seen)?];
    let context = match shared {
        Some(context) if context.as_str() == row.key.context => context.clone(),
        _ => shared.insert(ours::Context::new(&row.key.context)).clone(),
    };
    let id = match row.key.id {
        wit::Id::Plain(id) => ours::Id::Plain(id.into()),
        wit::Id::Image(image) => {
            ours::Id::Image(ours::Image { tag: image.tag.into(), digest: image.digest.into() })
        }
    };
    let key =
        ours::Key { inventory_type: row.key.inventory_type.into(), context, kind: row.key.kind.into(), id };
    if !key.is_well_formed() {
        return Err(format!("`{key}` is not the key of a row"));
    }
    ours::Row::new(key, times, ours::Attributes::from_json(row.attributes)).map_err(|error| error.to_string())
}

impl From<ours::Row> for wit::Row {
    fn from(row: ours::Row) -> Self {
        let [created_at, last_updated, last_seen] =
            [row.created_at, row.last_updated, row.last_seen].map(ours::Timestamp::unix);
        let (key, attributes) = row.into_parts();
        Self { key: key.into(), created_at, last_updated, last_seen, attributes: attributes.into_json() }
    }
}

impl From<ours::Key> for wit::Key {
    fn from(key: ours::Key) -> Self {
        let id = match key.id {
            ours::Id::Plain(id) => wit::Id::Plain(id.into()),
            ours::Id::Image(image) => {
                wit::Id::Image(wit::Image { tag: image.tag.into(), digest: image.digest.into() })
            }
        };
        Self {
            inventory_type: key.inventory_type.into(),
            context: key.context.as_str().to_owned(),
            kind: key.kind.into(),
            id,
        }
    }
}

impl From<ours::Removed> for wit::Removed {
    fn from(removed: ours::Removed) -> Self {
        let rule = match removed.rule {
            ours::Rule::A2 => wit::Rule::A2,
            ours::Rule::A5 => wit::Rule::A5,
            ours::Rule::A6 => wit::Rule::A6,
            ours::Rule::D1 => wit::Rule::D1,
            ours::Rule::D2 => wit::Rule::D2,
        };
        Self {
            key: removed.key.into(),
            last_seen: removed.last_seen.unix(),
            reason: removed.reason.into(),
            rule,
        }
    }
}

impl From<ours::Outcome> for wit::Outcome {
    fn from(outcome: ours::Outcome) -> Self {
        let retained = outcome.retained.into_iter().map(|retained| wit::Retained {
            row: retained.row.into(),
            reason: match retained.reason {
                ours::RetainedReason::Reported => wit::RetainedReason::Reported,
                ours::RetainedReason::TtlDisabled => wit::RetainedReason::TtlDisabled,
                ours::RetainedReason::WithinTtl => wit::RetainedReason::WithinTtl,
            },
            expires_at: retained.expires_at.map(ours::Timestamp::unix),
        });
        let warnings = outcome.warnings.into_iter().map(|warning| wit::Warning {
            message: warning.to_string(),
            code: warning.code.into(),
            context: warning.context.map(|context| context.as_str().to_owned()),
            id: warning.id.map(String::from),
            pointer: warning.pointer.map(String::from),
        });
        Self {
            retained: retained.collect(),
            removed: outcome.removed.into_iter().map(wit::Removed::from).collect(),
            warnings: warnings.collect(),
            next_expiry: outcome.next_expiry.map(ours::Timestamp::unix),
        }
    }
}
