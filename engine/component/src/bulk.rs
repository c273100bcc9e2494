//! `bulk`: columns of integers.

use keepset_types::columns;

use crate::Plugin;
use crate::bindings::exports::keepset::retention::bulk as wit;
use crate::bindings::exports::keepset::retention::types;
use crate::types::timestamp;

impl wit::Guest for Plugin {
    fn evaluate(
        inventory: wit::RowColumns,
        report: Option<wit::ReportColumns>,
        config: wit::Config,
        now: wit::Timestamp,
        detail: wit::Detail,
    ) -> Result<wit::Verdicts, types::Error> {
        let report = report.map(columns::ReportColumns::from);
        let detail = match detail {
            wit::Detail::Verdicts => columns::Detail::Verdicts,
            wit::Detail::Deadlines => columns::Detail::Deadlines,
        };
        let (inventory, config, now) = (inventory.into(), config.into(), timestamp(now)?);
        Ok(keepset_engine::bulk::evaluate(&inventory, report.as_ref(), &config, now, detail)?.into())
    }
}

impl From<wit::RowColumns> for columns::RowColumns {
    fn from(rows: wit::RowColumns) -> Self {
        Self {
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
}

impl From<columns::RowColumns> for wit::RowColumns {
    fn from(rows: columns::RowColumns) -> Self {
        Self {
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
}

impl From<wit::ReportColumns> for columns::ReportColumns {
    fn from(report: wit::ReportColumns) -> Self {
        Self {
            inventory_type: report.inventory_type.into(),
            credential_probe: report.credential_probe,
            observed_at: report.observed_at,
            contexts: report.contexts,
            ends: report.ends,
            kinds: report.kinds,
            keys: report.keys,
            links: report.links,
            images: report.images,
        }
    }
}

impl From<columns::Verdicts> for wit::Verdicts {
    fn from(verdicts: columns::Verdicts) -> Self {
        let removed = verdicts.removed.into_iter();
        let removed = removed.map(|removal| wit::Removal { row: removal.row, reason: removal.reason.into() });
        let images = verdicts.images.into_iter().map(|image| wit::ImageVerdict {
            row: image.row,
            context: image.context,
            image: image.image,
            last_seen: image.last_seen,
            last_updated: image.last_updated,
            reported: image.reported,
        });
        let warnings = verdicts.warnings.into_iter().map(|warning| wit::ColumnWarning {
            code: warning.code.into(),
            context: warning.context,
            id: warning.id,
        });
        Self {
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
}
