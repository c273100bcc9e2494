//! Whoever decides about retention: the plugin and its configuration, replaceable while requests run, in a bounded number
//! of places. Nothing here decides.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::{ArcSwap, ArcSwapOption};
use bytes::Bytes;
use keepset_host::{
    Detail, Inventory, Outcome, Plugin, PluginError, Report, ReportColumns, RowColumns, Verdicts,
};
use keepset_types::{Config, InventoryType, Layer, Observation, Origin, Timestamp};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::error::ApiError;
use crate::metrics::Metrics;
use crate::shadow::{Shadow, Shadowed};

/// What decides at some moment. A request takes it once, so that one plugin reads and decides by one configuration.
#[derive(Clone)]
pub(crate) struct Live {
    plugin: Plugin,
    pub(crate) config: Config,
}

impl Live {
    /// Which plugin reads reports, by its digest.
    pub(crate) fn reader(&self) -> &str {
        &self.plugin.identity().digest
    }
}

/// The plugin, its places, and the shadow that is compared with it.
pub(crate) struct Retention {
    live: ArcSwap<Live>,
    shadow: ArcSwapOption<Shadow>,
    places: Arc<Semaphore>,
    patience: Duration,
    metrics: Arc<Metrics>,
}

/// The right to run the plugin; given back when it is dropped.
pub(crate) struct Place(#[expect(dead_code, reason = "held, not read")] OwnedSemaphorePermit);

impl fmt::Debug for Retention {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let live = self.live.load();
        f.debug_struct("Retention")
            .field("plugin", live.plugin.identity())
            .field("config", &live.config)
            .finish_non_exhaustive()
    }
}

impl Retention {
    pub(crate) fn new(
        plugin: Plugin,
        config: Config,
        places: usize,
        patience: Duration,
        metrics: Arc<Metrics>,
    ) -> Self {
        show(&metrics, "live", Some(&plugin));
        Self {
            live: ArcSwap::from_pointee(Live { plugin, config }),
            shadow: ArcSwapOption::empty(),
            places: Arc::new(Semaphore::new(places.max(1))),
            patience,
            metrics,
        }
    }

    /// What decides now.
    pub(crate) fn live(&self) -> Live {
        Live::clone(&self.live.load())
    }

    pub(crate) fn config(&self) -> Config {
        self.live.load().config
    }

    pub(crate) fn identity(&self) -> keepset_host::Identity {
        self.live.load().plugin.identity().clone()
    }

    pub(crate) fn replace(&self, plugin: Plugin, config: Config) {
        show(&self.metrics, "live", Some(&plugin));
        self.live.store(Arc::new(Live { plugin, config }));
    }

    pub(crate) fn set_shadow(&self, shadow: Option<(Option<Plugin>, Config)>) {
        let shadow = shadow.and_then(|(plugin, config)| {
            let plugin = plugin.unwrap_or_else(|| self.live.load().plugin.clone());
            show(&self.metrics, "shadow", Some(&plugin));
            Shadow::start(plugin, config, Arc::clone(&self.metrics))
        });
        if shadow.is_none() {
            show(&self.metrics, "shadow", None);
        }
        self.shadow.store(shadow.map(Arc::new));
    }

    /// A place to run the plugin in. Taken before the store is asked for anything: who holds the store's lock never waits
    /// for a place.
    pub(crate) async fn place(&self) -> Result<Place, ApiError> {
        let waited = tokio::time::timeout(self.patience, Arc::clone(&self.places).acquire_owned()).await;
        match waited {
            Ok(Ok(permit)) => Ok(Place(permit)),
            _ => Err(ApiError::unavailable("Too much is being decided at once").coded("plugin_busy")),
        }
    }

    /// What a report says (section 2 of the rules).
    pub(crate) async fn observe(
        &self,
        live: &Live,
        inventory_type: InventoryType,
        json: Bytes,
        now: Timestamp,
    ) -> Result<Observation, ApiError> {
        let plugin = live.plugin.clone();
        self.run("observe", move || plugin.observe(Report { inventory_type, json: &json }, now)).await
    }

    /// What the plugin makes of these settings, where they say nothing of those that apply now (section 5 of the rules).
    pub(crate) async fn configure(&self, live: &Live, settings: String) -> Result<Config, ApiError> {
        let Live { plugin, config } = live.clone();
        let now = serde_json::to_string(&config).unwrap_or_default();
        let layers =
            [Layer { origin: Origin::Flag, settings }, Layer { origin: Origin::File, settings: now }];
        self.run("configure", move || plugin.configure(&layers)).await
    }

    /// A sweep of these rows, with deadlines (E1).
    pub(crate) async fn sweep_rows(
        &self,
        live: &Live,
        rows: Inventory,
        now: Timestamp,
    ) -> Result<Outcome, ApiError> {
        let Live { plugin, config } = live.clone();
        self.run("evaluate", move || plugin.evaluate(rows, None, &config, now)).await
    }

    /// What a deletion would remove of these rows (section 4 of the rules).
    pub(crate) async fn would_purge(
        &self,
        rows: Inventory,
        selector: keepset_types::Selector,
    ) -> Result<keepset_types::Purged, ApiError> {
        let plugin = self.live().plugin;
        self.run("purge", move || plugin.purge(&rows, &selector)).await
    }

    /// Runs the plugin on a thread that may take its time.
    async fn run<T: Send + 'static>(
        &self,
        call: &'static str,
        run: impl FnOnce() -> Result<T, PluginError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let place = self.place().await?;
        let metrics = Arc::clone(&self.metrics);
        let running = tokio::task::spawn_blocking(move || {
            let answer = metrics.plugin(call, run);
            drop(place);
            answer
        });
        match running.await {
            Ok(answer) => Ok(answer?),
            Err(error) => {
                tracing::error!(%error, call, "a call of the plugin was cut off");
                Err(ApiError::internal())
            }
        }
    }

    /// Whoever is compared with the live plugin.
    pub(crate) fn shadow(&self) -> Option<Arc<Shadow>> {
        self.shadow.load_full()
    }

    /// The decision that the store asks for: once for a report, or for each context of a sweep. The shadow is told of a
    /// report's.
    pub(crate) fn decision(
        &self,
        place: Place,
        live: &Live,
        now: Timestamp,
        shadow: Option<Arc<Shadow>>,
    ) -> impl Fn(&RowColumns, Option<&ReportColumns>) -> Result<Verdicts, PluginError> + Send + Sync + use<>
    {
        let Live { plugin, config } = live.clone();
        let metrics = Arc::clone(&self.metrics);
        move |rows: &RowColumns, report: Option<&ReportColumns>| {
            let _held = &place;
            let verdicts =
                metrics.plugin("decide", || plugin.decide(rows, report, &config, now, Detail::Verdicts))?;
            if let (Some(shadow), Some(report)) = (&shadow, report) {
                shadow.tell(Shadowed::new(rows, report, &verdicts, now));
            }
            Ok(verdicts)
        }
    }

    /// The deletion that the store asks for.
    pub(crate) fn purge(
        &self,
        place: Place,
        selector: keepset_types::Selector,
    ) -> impl FnOnce(&Inventory) -> Result<keepset_types::Purged, PluginError> + Send + use<> {
        let plugin = self.live.load().plugin.clone();
        let metrics = Arc::clone(&self.metrics);
        move |inventory: &Inventory| {
            let _held = place;
            metrics.plugin("purge", || plugin.purge(inventory, &selector))
        }
    }
}

/// Shows a plugin in the metrics; what it says of itself is worth nothing more.
fn show(metrics: &Metrics, role: &'static str, plugin: Option<&Plugin>) {
    let described = plugin.map(|plugin| (plugin.identity(), plugin.describe().ok()));
    let named = described.as_ref().map(|(identity, description)| {
        let name = description.as_ref().map_or("", |description| &description.name);
        let version = description.as_ref().map_or("", |description| &description.version);
        (*identity, name, version)
    });
    metrics.plugin_is(role, named);
}
