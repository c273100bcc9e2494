//! What is measured, for Prometheus. Labels are few and known: no accounts, contexts or names in them.

use std::fmt;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};

use keepset_host::{Identity, PluginError};
use keepset_store::RowsWritten;
use keepset_types::{InventoryType, Removed, Warning, WarningCode};
use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

type Seconds<L> = Family<L, Histogram, fn() -> Histogram>;

/// The media type of what [`Metrics::text`] answers.
pub(crate) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct Served {
    pub(crate) route: String,
    pub(crate) method: String,
    pub(crate) status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Of {
    route: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfType {
    inventory_type: &'static str,
    result: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Reason {
    reason: &'static str,
    rule: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Code {
    code: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Call {
    call: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Failure {
    call: &'static str,
    code: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Active {
    role: &'static str,
    digest: String,
    name: String,
    version: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Difference {
    side: &'static str,
}

/// What a gateway measures. One registry per gateway, so that there can be several in one process.
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<Served, Counter>,
    request_seconds: Seconds<Of>,
    pub(crate) requests_running: Gauge,
    pub(crate) queue: Gauge,
    reports: Family<OfType, Counter>,
    pub(crate) reports_again: Counter,
    rows_added: Counter,
    rows_touched: Counter,
    rows_removed: Family<Reason, Counter>,
    rows_written: Counter,
    warnings: Family<Code, Counter>,
    sweeps: Counter,
    swept_contexts: Counter,
    last_sweep: Gauge,
    plugin_seconds: Seconds<Call>,
    plugin_failures: Family<Failure, Counter>,
    plugins: Family<Active, Gauge>,
    shown: Mutex<Vec<Active>>,
    shadow_reports: Family<OfType, Counter>,
    shadow_rows: Family<Difference, Counter>,
    store_seconds: Seconds<Call>,
    pub(crate) logins_refused: Family<LoginRefusal, Counter>,
    uptime: Gauge<f64, AtomicU64>,
    started: Instant,
}

/// Why somebody was not let in.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct LoginRefusal {
    pub(crate) reason: &'static str,
}

fn seconds() -> Histogram {
    Histogram::new(exponential_buckets(0.0005, 2.0, 18)) // half a millisecond to a minute
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("keepset"),
            requests: Family::default(),
            request_seconds: Family::new_with_constructor(seconds),
            requests_running: Gauge::default(),
            queue: Gauge::default(),
            reports: Family::default(),
            reports_again: Counter::default(),
            rows_added: Counter::default(),
            rows_touched: Counter::default(),
            rows_removed: Family::default(),
            rows_written: Counter::default(),
            warnings: Family::default(),
            sweeps: Counter::default(),
            swept_contexts: Counter::default(),
            last_sweep: Gauge::default(),
            plugin_seconds: Family::new_with_constructor(seconds),
            plugin_failures: Family::default(),
            plugins: Family::default(),
            shown: Mutex::default(),
            shadow_reports: Family::default(),
            shadow_rows: Family::default(),
            store_seconds: Family::new_with_constructor(seconds),
            logins_refused: Family::default(),
            uptime: Gauge::default(),
            started: Instant::now(),
        };
        metrics.register();
        metrics.begin_at_zero();
        metrics
    }

    /// What alerts look at is there before it is first counted: one that begins at 1 has not increased.
    fn begin_at_zero(&self) {
        for inventory_type in [InventoryType::Ecs, InventoryType::Kubernetes].map(InventoryType::as_str) {
            for result in ["stored", "refused", "failed"] {
                drop(self.reports.get_or_create(&OfType { inventory_type, result }));
            }
        }
        for code in WarningCode::ALL {
            drop(self.warnings.get_or_create(&Code { code: code.as_str() }));
        }
        for call in ["observe", "decide", "evaluate", "purge", "configure"] {
            for code in PluginError::CODES_OF_CALLS {
                drop(self.plugin_failures.get_or_create(&Failure { call, code }));
            }
        }
    }

    fn register(&mut self) {
        let to = &mut self.registry;
        to.register("requests", "Requests by route, method and status", self.requests.clone());
        let help = "Time until an answer began";
        to.register_with_unit("request_duration", help, Unit::Seconds, self.request_seconds.clone());
        to.register("requests_running", "Requests under way", self.requests_running.clone());
        to.register("reports_running", "Reports under way", self.queue.clone());
        to.register("reports", "Reports by inventory type and result", self.reports.clone());
        let help = "Reports that said what an earlier one said, and were not read again";
        to.register("reports_again", help, self.reports_again.clone());
        to.register("rows_added", "Rows that came", self.rows_added.clone());
        to.register("rows_touched", "Known rows that were reported again", self.rows_touched.clone());
        to.register("rows_removed", "Rows that went, by reason and rule", self.rows_removed.clone());
        to.register("database_rows_written", "Rows of the database written", self.rows_written.clone());
        to.register("warnings", "Warnings by code", self.warnings.clone());
        to.register("sweeps", "Sweeps for what is past its TTL", self.sweeps.clone());
        to.register("swept_contexts", "Contexts that sweeps looked at", self.swept_contexts.clone());
        let help = "When the background sweep ran last";
        to.register("last_sweep_timestamp_seconds", help, self.last_sweep.clone());
        let help = "Time in the plugin by call";
        to.register_with_unit("plugin_duration", help, Unit::Seconds, self.plugin_seconds.clone());
        to.register("plugin_failures", "Failed calls of the plugin by code", self.plugin_failures.clone());
        to.register("plugin_info", "The plugins that decide, and that are compared", self.plugins.clone());
        let help = "Reports that the shadow was asked about, by what came of it";
        to.register("shadow_reports", help, self.shadow_reports.clone());
        let help = "Removals on which the live and the shadow's decision differ";
        to.register("shadow_rows", help, self.shadow_rows.clone());
        let help = "Time in the store by call, decisions included";
        to.register_with_unit("store_duration", help, Unit::Seconds, self.store_seconds.clone());
        to.register("logins_refused", "Logins refused by reason", self.logins_refused.clone());
        to.register_with_unit("uptime", "Since the start", Unit::Seconds, self.uptime.clone());
    }

    /// All of it, as Prometheus reads it.
    pub(crate) fn text(&self) -> Result<String, fmt::Error> {
        self.uptime.set(self.started.elapsed().as_secs_f64());
        let mut text = String::new();
        text::encode(&mut text, &self.registry)?;
        Ok(text)
    }

    pub(crate) fn served(&self, served: Served, took: Duration) {
        let route = served.route.clone();
        self.requests.get_or_create(&served).inc();
        self.request_seconds.get_or_create(&Of { route }).observe(took.as_secs_f64());
    }

    pub(crate) fn reported(&self, inventory_type: InventoryType, result: &'static str) {
        self.reports.get_or_create(&OfType { inventory_type: inventory_type.as_str(), result }).inc();
    }

    pub(crate) fn rows(&self, added: usize, touched: usize, written: RowsWritten) {
        self.rows_added.inc_by(count(added));
        self.rows_touched.inc_by(count(touched));
        self.rows_written.inc_by(count(written.total()));
    }

    pub(crate) fn removed<'a>(&self, removed: impl IntoIterator<Item = &'a Removed>) {
        for removed in removed {
            let reason = Reason { reason: removed.reason.as_str(), rule: removed.rule.to_string() };
            self.rows_removed.get_or_create(&reason).inc();
        }
    }

    pub(crate) fn warned(&self, warnings: &[Warning]) {
        for warning in warnings {
            self.warnings.get_or_create(&Code { code: warning.code.as_str() }).inc();
        }
    }

    pub(crate) fn swept(&self, contexts: usize) {
        self.sweeps.inc();
        self.swept_contexts.inc_by(count(contexts));
    }

    pub(crate) fn swept_at(&self, now: keepset_types::Timestamp) {
        self.last_sweep.set(now.unix());
    }

    /// Measures a call of the plugin.
    pub(crate) fn plugin<T>(
        &self,
        call: &'static str,
        run: impl FnOnce() -> Result<T, PluginError>,
    ) -> Result<T, PluginError> {
        let started = Instant::now();
        let answer = run();
        self.plugin_seconds.get_or_create(&Call { call }).observe(started.elapsed().as_secs_f64());
        if let Err(error) = &answer {
            // Its refusals are answers; only what it may not do is a failure.
            if !matches!(error, PluginError::Refused(_)) {
                self.plugin_failures.get_or_create(&Failure { call, code: error.code() }).inc();
            }
        }
        answer
    }

    /// Measures a call of the store.
    pub(crate) async fn store<T>(&self, call: &'static str, run: impl Future<Output = T>) -> T {
        let started = Instant::now();
        let answer = run.await;
        self.store_seconds.get_or_create(&Call { call }).observe(started.elapsed().as_secs_f64());
        answer
    }

    /// Shows which plugin plays that role from now on; none: nobody does.
    pub(crate) fn plugin_is(&self, role: &'static str, plugin: Option<(&Identity, &str, &str)>) {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        for before in shown.extract_if(.., |active| active.role == role) {
            self.plugins.remove(&before);
        }
        if let Some((identity, name, version)) = plugin {
            let active = Active {
                role,
                digest: identity.digest.clone(),
                name: name.to_owned(),
                version: version.to_owned(),
            };
            self.plugins.get_or_create(&active).set(1);
            shown.push(active);
        }
    }

    pub(crate) fn shadowed(&self, inventory_type: InventoryType, result: &'static str) {
        self.shadow_reports.get_or_create(&OfType { inventory_type: inventory_type.as_str(), result }).inc();
    }

    pub(crate) fn shadow_differs(&self, only_live: usize, only_shadow: usize) {
        self.shadow_rows.get_or_create(&Difference { side: "only_live_removes" }).inc_by(count(only_live));
        self.shadow_rows
            .get_or_create(&Difference { side: "only_shadow_removes" })
            .inc_by(count(only_shadow));
    }
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
