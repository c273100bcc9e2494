//! Between the WIT's types and `keepset-types`. What goes in is lent, what comes out is taken over.

use keepset_types as ours;
use keepset_types::columns;

use crate::bindings::{bulk, policy, reports, types};
use crate::check::Lie;
use crate::plugin::Report;

pub(crate) fn config(config: &ours::Config) -> types::Config {
    types::Config {
        image_ttl_days: config.image_ttl_days,
        image_ingest_overwrite: config.image_ingest_overwrite,
        ecs_truncation_guard: config.ecs_truncation_guard,
    }
}

pub(crate) fn our_config(config: types::Config) -> ours::Config {
    ours::Config {
        image_ttl_days: config.image_ttl_days,
        image_ingest_overwrite: config.image_ingest_overwrite,
        ecs_truncation_guard: config.ecs_truncation_guard,
    }
}

pub(crate) fn layer(layer: &ours::Layer) -> policy::Layer<'_> {
    let origin = match layer.origin {
        ours::Origin::Flag => policy::Origin::Flag,
        ours::Origin::Environment => policy::Origin::Environment,
        ours::Origin::File => policy::Origin::File,
    };
    policy::Layer { origin, settings: &layer.settings }
}

pub(crate) fn selector(selector: &ours::Selector) -> policy::Selector<'_> {
    policy::Selector {
        inventory_type: &selector.inventory_type,
        context: &selector.context,
        image_digest: selector.image_digest.as_deref(),
    }
}

pub(crate) fn detail(detail: columns::Detail) -> bulk::Detail {
    match detail {
        columns::Detail::Verdicts => bulk::Detail::Verdicts,
        columns::Detail::Deadlines => bulk::Detail::Deadlines,
    }
}

pub(crate) fn report<'a>(report: &Report<'a>) -> policy::Report<'a> {
    match report.inventory_type {
        ours::InventoryType::Kubernetes => policy::Report::Kubernetes(report.json),
        ours::InventoryType::Ecs => policy::Report::Ecs(report.json),
    }
}

pub(crate) fn rows(rows: &columns::RowColumns) -> bulk::RowColumnsParam<'_> {
    bulk::RowColumnsParam {
        contexts: &rows.contexts,
        ends: &rows.ends,
        kinds: &rows.kinds,
        keys: &rows.keys,
        links: &rows.links,
        images: &rows.images,
        last_updated: &rows.last_updated,
        last_seen: &rows.last_seen,
    }
}

pub(crate) fn our_rows(rows: bulk::RowColumnsResult) -> columns::RowColumns {
    columns::RowColumns {
        contexts: rows.contexts,
        ends: rows.ends,
        kinds: rows.kinds,
        keys: rows.keys,
        links: rows.links,
        images: rows.images,
        last_updated: rows.last_updated,
        last_seen: rows.last_seen,
    }
}

pub(crate) fn report_columns(report: &columns::ReportColumns) -> bulk::ReportColumns<'_> {
    bulk::ReportColumns {
        inventory_type: inventory_type(report.inventory_type),
        credential_probe: report.credential_probe,
        observed_at: report.observed_at,
        contexts: &report.contexts,
        ends: &report.ends,
        kinds: &report.kinds,
        keys: &report.keys,
        links: &report.links,
        images: &report.images,
    }
}

/// Bytes that the columns take in the plugin.
pub(crate) fn size_of_rows(rows: &columns::RowColumns) -> usize {
    rows.kinds.len() * 29 + rows.contexts.len() * 8
}

/// Bytes that the columns take in the plugin.
pub(crate) fn size_of_report(report: &columns::ReportColumns) -> usize {
    report.kinds.len() * 13 + report.contexts.len() * 8
}

/// Bytes that the records take in the plugin, about.
pub(crate) fn size_of_records(inventory: &ours::Inventory) -> usize {
    let size = |row: &ours::Row| 128 + row.key.context.as_str().len() + row.attributes().as_json().len();
    inventory.rows().iter().map(size).sum()
}

fn inventory_type(inventory_type: ours::InventoryType) -> types::InventoryType {
    match inventory_type {
        ours::InventoryType::Ecs => types::InventoryType::Ecs,
        ours::InventoryType::Kubernetes => types::InventoryType::Kubernetes,
    }
}

fn our_inventory_type(inventory_type: types::InventoryType) -> ours::InventoryType {
    match inventory_type {
        types::InventoryType::Ecs => ours::InventoryType::Ecs,
        types::InventoryType::Kubernetes => ours::InventoryType::Kubernetes,
    }
}

fn kind(kind: ours::ItemKind) -> types::ItemKind {
    match kind {
        ours::ItemKind::Cluster => types::ItemKind::Cluster,
        ours::ItemKind::Container => types::ItemKind::Container,
        ours::ItemKind::Image => types::ItemKind::Image,
        ours::ItemKind::Namespace => types::ItemKind::Namespace,
        ours::ItemKind::Node => types::ItemKind::Node,
        ours::ItemKind::Pod => types::ItemKind::Pod,
        ours::ItemKind::Service => types::ItemKind::Service,
        ours::ItemKind::Task => types::ItemKind::Task,
    }
}

fn our_kind(kind: types::ItemKind) -> ours::ItemKind {
    match kind {
        types::ItemKind::Cluster => ours::ItemKind::Cluster,
        types::ItemKind::Container => ours::ItemKind::Container,
        types::ItemKind::Image => ours::ItemKind::Image,
        types::ItemKind::Namespace => ours::ItemKind::Namespace,
        types::ItemKind::Node => ours::ItemKind::Node,
        types::ItemKind::Pod => ours::ItemKind::Pod,
        types::ItemKind::Service => ours::ItemKind::Service,
        types::ItemKind::Task => ours::ItemKind::Task,
    }
}

fn our_code(code: types::WarningCode) -> ours::WarningCode {
    match code {
        types::WarningCode::ClockAhead => ours::WarningCode::ClockAhead,
        types::WarningCode::DanglingContainer => ours::WarningCode::DanglingContainer,
        types::WarningCode::DanglingPod => ours::WarningCode::DanglingPod,
        types::WarningCode::DuplicateEntry => ours::WarningCode::DuplicateEntry,
        types::WarningCode::EcsReportPossiblyTruncated => ours::WarningCode::EcsReportPossiblyTruncated,
        types::WarningCode::InvalidEntry => ours::WarningCode::InvalidEntry,
        types::WarningCode::NamespaceUidChanged => ours::WarningCode::NamespaceUidChanged,
        types::WarningCode::OverwriteWithoutTtl => ours::WarningCode::OverwriteWithoutTtl,
        types::WarningCode::ReportOlderThanTtl => ours::WarningCode::ReportOlderThanTtl,
        types::WarningCode::StaleReport => ours::WarningCode::StaleReport,
    }
}

fn our_removal_reason(reason: types::RemovalReason) -> ours::RemovalReason {
    match reason {
        types::RemovalReason::Overwritten => ours::RemovalReason::Overwritten,
        types::RemovalReason::Expired => ours::RemovalReason::Expired,
        types::RemovalReason::Superseded => ours::RemovalReason::Superseded,
        types::RemovalReason::Deleted => ours::RemovalReason::Deleted,
    }
}

pub(crate) fn refusal(error: types::Error) -> ours::Error {
    let code = match error.code {
        types::ErrorCode::InvalidReport => ours::ErrorCode::InvalidReport,
        types::ErrorCode::InvalidConfig => ours::ErrorCode::InvalidConfig,
        types::ErrorCode::InvalidRequest => ours::ErrorCode::InvalidRequest,
        types::ErrorCode::NotFound => ours::ErrorCode::NotFound,
        types::ErrorCode::InvalidInventory => ours::ErrorCode::InvalidInventory,
    };
    ours::Error { code, message: error.message, pointer: error.pointer }
}

pub(crate) fn observation(said: reports::Observation) -> ours::Observation {
    let warnings = said.warnings.into_iter().map(|warning| ours::SaidWarning {
        code: our_code(warning.code),
        context: warning.context,
        id: warning.id,
        pointer: warning.pointer,
    });
    ours::Observation {
        inventory_type: our_inventory_type(said.inventory_type),
        credential_probe: said.credential_probe,
        observed_at: said.observed_at,
        text: said.text,
        ends: said.ends,
        contexts: said.contexts,
        context_ends: said.context_ends,
        kinds: said.kinds,
        ids: said.ids,
        links: said.links,
        tags: said.tags,
        digests: said.digests,
        attributes: said.attributes,
        warnings: warnings.collect(),
    }
}

pub(crate) fn verdicts(verdicts: bulk::Verdicts) -> columns::Verdicts {
    let removed = verdicts.removed.into_iter();
    let removed = removed
        .map(|removal| columns::Removal { row: removal.row, reason: our_removal_reason(removal.reason) });
    let images = verdicts.images.into_iter().map(|image| columns::ImageVerdict {
        row: image.row,
        context: image.context,
        image: image.image,
        last_seen: image.last_seen,
        last_updated: image.last_updated,
        reported: image.reported,
    });
    let warnings = verdicts.warnings.into_iter().map(|warning| columns::ColumnWarning {
        code: our_code(warning.code),
        context: warning.context,
        id: warning.id,
    });
    columns::Verdicts {
        removed: removed.collect(),
        touched: verdicts.touched,
        touched_by: verdicts.touched_by,
        touched_last_seen: verdicts.touched_last_seen,
        touched_replaced: verdicts.touched_replaced,
        added: verdicts.added,
        images: images.collect(),
        warnings: warnings.collect(),
        next_expiry: verdicts.next_expiry,
        deadlines: verdicts.deadlines,
    }
}

pub(crate) fn row(row: &ours::Row) -> policy::RowParam<'_> {
    let id = match &row.key.id {
        ours::Id::Plain(id) => policy::IdParam::Plain(id),
        ours::Id::Image(image) => {
            policy::IdParam::Image(policy::ImageParam { tag: &image.tag, digest: &image.digest })
        }
    };
    let key = policy::KeyParam {
        inventory_type: inventory_type(row.key.inventory_type),
        context: row.key.context.as_str(),
        kind: kind(row.key.kind),
        id,
    };
    policy::RowParam {
        key,
        created_at: row.created_at.unix(),
        last_updated: row.last_updated.unix(),
        last_seen: row.last_seen.unix(),
        attributes: row.attributes().as_json(),
    }
}

/// `shared`: the context of the row before, whose text this row shares if it is the same.
fn our_key(key: policy::KeyResult, shared: &mut Option<ours::Context>) -> Result<ours::Key, Lie> {
    let context = match shared {
        Some(context) if context.as_str() == key.context => context.clone(),
        _ => shared.insert(ours::Context::new(&key.context)).clone(),
    };
    let id = match key.id {
        policy::IdResult::Plain(id) => ours::Id::Plain(id.into()),
        policy::IdResult::Image(image) => {
            ours::Id::Image(ours::Image { tag: image.tag.into(), digest: image.digest.into() })
        }
    };
    let key = ours::Key {
        inventory_type: our_inventory_type(key.inventory_type),
        context,
        kind: our_kind(key.kind),
        id,
    };
    if key.is_well_formed() { Ok(key) } else { Err(Lie::new("a key that is none")) }
}

fn our_time(seconds: i64) -> Result<ours::Timestamp, Lie> {
    ours::Timestamp::from_unix(seconds).ok_or(Lie::new("a time before the year 0000 or after 9999"))
}

/// Takes over rows in key order, of which most are rows that went in: what those carry need not be read again.
struct Known<'a> {
    prior: &'a [ours::Row],
    context: Option<ours::Context>,
}

impl<'a> Known<'a> {
    fn of(prior: &'a ours::Inventory) -> Self {
        Self { prior: prior.rows(), context: None }
    }

    fn row(&mut self, row: policy::RowResult) -> Result<ours::Row, Lie> {
        let [created_at, last_updated, last_seen] =
            [our_time(row.created_at)?, our_time(row.last_updated)?, our_time(row.last_seen)?];
        let mut key = our_key(row.key, &mut self.context)?;
        while let Some((_, later)) = self.prior.split_first().filter(|(first, _)| first.key < key) {
            self.prior = later;
        }
        let (times, attributes) =
            ([created_at, last_updated, last_seen], ours::Attributes::from_json(row.attributes));
        let row = match self.prior.first().filter(|known| known.key == key) {
            Some(known) => {
                key.context = known.key.context.clone();
                self.context = Some(key.context.clone());
                ours::Row::like(known, key, times, attributes)
            }
            None => ours::Row::new(key, times, attributes),
        };
        row.map_err(|_| Lie::new("attributes that are not an object"))
    }
}

fn our_removed(removed: Vec<policy::Removed>) -> Result<Vec<ours::Removed>, Lie> {
    let mut context = None;
    removed.into_iter().map(|removed| one_removed(removed, &mut context)).collect()
}

fn one_removed(removed: policy::Removed, context: &mut Option<ours::Context>) -> Result<ours::Removed, Lie> {
    let rule = match removed.rule {
        policy::Rule::A2 => ours::Rule::A2,
        policy::Rule::A5 => ours::Rule::A5,
        policy::Rule::A6 => ours::Rule::A6,
        policy::Rule::D1 => ours::Rule::D1,
        policy::Rule::D2 => ours::Rule::D2,
    };
    Ok(ours::Removed {
        key: our_key(removed.key, context)?,
        last_seen: our_time(removed.last_seen)?,
        reason: our_removal_reason(removed.reason),
        rule,
    })
}

pub(crate) fn outcome(outcome: policy::Outcome, prior: &ours::Inventory) -> Result<ours::Outcome, Lie> {
    let mut known = Known::of(prior);
    let retained = outcome.retained.into_iter().map(|retained| {
        let reason = match retained.reason {
            policy::RetainedReason::Reported => ours::RetainedReason::Reported,
            policy::RetainedReason::TtlDisabled => ours::RetainedReason::TtlDisabled,
            policy::RetainedReason::WithinTtl => ours::RetainedReason::WithinTtl,
        };
        let expires_at = retained.expires_at.map(our_time).transpose()?;
        Ok(ours::Retained { row: known.row(retained.row)?, reason, expires_at })
    });
    let warnings = outcome.warnings.into_iter().map(|warning| ours::Warning {
        code: our_code(warning.code),
        context: warning.context.map(|context| ours::Context::new(&context)),
        id: warning.id.map(String::into),
        pointer: warning.pointer.map(String::into),
    });
    Ok(ours::Outcome {
        retained: retained.collect::<Result<_, Lie>>()?,
        removed: our_removed(outcome.removed)?,
        warnings: warnings.collect(),
        next_expiry: outcome.next_expiry.map(our_time).transpose()?,
    })
}

pub(crate) fn purged(purged: policy::Purged, prior: &ours::Inventory) -> Result<ours::Purged, Lie> {
    let mut known = Known::of(prior);
    Ok(ours::Purged {
        retained: purged.retained.into_iter().map(|row| known.row(row)).collect::<Result<_, Lie>>()?,
        removed: our_removed(purged.removed)?,
    })
}
