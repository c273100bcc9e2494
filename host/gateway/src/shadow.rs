//! A plugin or a configuration that is asked about every report as well, and whose answers change nothing: what it would
//! have removed is compared with what was.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;

use keepset_host::{Detail, Plugin, ReportColumns, RowColumns, Verdicts};
use keepset_types::{Config, InventoryType, Timestamp};

use crate::metrics::Metrics;

/// How many decisions may wait for the shadow; more are not compared.
const WAITING: usize = 16;

/// What the live plugin was asked, and what it removes.
pub(crate) struct Shadowed {
    rows: RowColumns,
    report: ReportColumns,
    removed: BTreeSet<u32>,
    now: Timestamp,
}

impl Shadowed {
    pub(crate) fn new(rows: &RowColumns, report: &ReportColumns, verdicts: &Verdicts, now: Timestamp) -> Self {
        Self { rows: rows.clone(), report: report.clone(), removed: removed(verdicts), now }
    }
}

fn removed(verdicts: &Verdicts) -> BTreeSet<u32> {
    verdicts.removed.iter().map(|removal| removal.row).collect()
}

/// A thread that asks the shadow; it ends when this is dropped.
pub(crate) struct Shadow {
    decisions: SyncSender<Shadowed>,
    metrics: Arc<Metrics>,
}

impl fmt::Debug for Shadow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shadow").finish_non_exhaustive()
    }
}

impl Shadow {
    /// Starts comparing; none where there is no thread to be had.
    pub(crate) fn start(plugin: Plugin, config: Config, metrics: Arc<Metrics>) -> Option<Self> {
        let (decisions, waiting) = sync_channel::<Shadowed>(WAITING);
        let measured = Arc::clone(&metrics);
        let compare = move || {
            for asked in waiting {
                compare(&plugin, &config, &asked, &measured);
            }
        };
        let started = thread::Builder::new().name("keepset-shadow".to_owned()).spawn(compare);
        match started {
            Ok(_) => Some(Self { decisions, metrics }),
            Err(error) => {
                tracing::error!(%error, "no thread for the shadow");
                None
            }
        }
    }

    /// Has a decision compared, when there is time for it.
    pub(crate) fn tell(&self, asked: Shadowed) {
        let inventory_type = asked.report.inventory_type;
        if self.decisions.try_send(asked).is_err() {
            self.metrics.shadowed(inventory_type, "skipped");
        }
    }
}

fn compare(plugin: &Plugin, config: &Config, asked: &Shadowed, metrics: &Metrics) {
    let inventory_type: InventoryType = asked.report.inventory_type;
    let answer = plugin.decide(&asked.rows, Some(&asked.report), config, asked.now, Detail::Verdicts);
    let result = match answer {
        Ok(verdicts) => {
            let shadow = removed(&verdicts);
            let only_live = asked.removed.difference(&shadow).count();
            let only_shadow = shadow.difference(&asked.removed).count();
            metrics.shadow_differs(only_live, only_shadow);
            if only_live + only_shadow == 0 { "same" } else { "different" }
        }
        Err(error) => {
            tracing::warn!(code = error.code(), %error, "the shadow failed");
            "failed"
        }
    };
    metrics.shadowed(inventory_type, result);
}
