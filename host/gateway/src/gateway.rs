//! A gateway: a store, whoever decides, and what is known between requests.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum_server::tls_rustls::{RustlsAcceptor, RustlsConfig};
use axum_server::{Handle, Server};
use keepset_host::{Identity, Plugin};
use keepset_store::Store;
use keepset_types::{Config, WarningCode};
use tokio::net::TcpListener;
use tokio::sync::{Notify, Semaphore};

use crate::auth::Gate;
use crate::content::Seeds;
use crate::metrics::Metrics;
use crate::retention::Retention;
use crate::settings::Settings;
use crate::{routes, sweeper};

/// The `/v2` API over a store and a plugin. Clones are the same gateway.
#[derive(Clone, Debug)]
pub struct Gateway {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    settings: Settings,
    store: Store,
    retention: Retention,
    gate: Gate,
    seeds: Seeds,
    metrics: Arc<Metrics>,
    /// Places for reports, from their first byte on.
    queue: Arc<Semaphore>,
    /// Rung when something may expire sooner than was known.
    bell: Notify,
    is_stopping: AtomicBool,
}

impl Gateway {
    /// A gateway that serves what is in `store`, decided by `plugin`. Calls the plugin once, for its name: not to be
    /// called where nothing may take its time.
    #[must_use]
    pub fn new(settings: Settings, store: Store, plugin: Plugin) -> Self {
        warn_of(settings.config);
        let metrics = Arc::new(Metrics::new());
        let retention = Retention::new(
            plugin,
            settings.config,
            settings.plugin_places,
            settings.place_timeout,
            Arc::clone(&metrics),
        );
        let inner = Inner {
            store,
            retention,
            gate: Gate::new(settings.login_failures),
            seeds: Seeds::default(),
            metrics,
            queue: Arc::new(Semaphore::new(settings.queue_depth)),
            bell: Notify::new(),
            is_stopping: AtomicBool::new(false),
            settings,
        };
        Self { inner: Arc::new(inner) }
    }

    /// Everything that is served, with the playground at `/`.
    pub fn router(&self) -> Router {
        routes::router(self)
    }

    /// Serves [`Gateway::router`] until `shutdown` comes true; then lets the requests under way end, for as long as the
    /// settings grant. Sweeps in the background meanwhile.
    ///
    /// # Errors
    /// If nothing can be accepted from the listener.
    pub async fn serve(&self, listener: TcpListener, shutdown: impl Future<Output = ()>) -> io::Result<()> {
        let settings = &self.inner.settings;
        let handle = Handle::new();
        let mut server = Server::from_listener(listener)
            .handle(handle.clone())
            .http1_only()
            .first_request_timeout(settings.idle_timeout)
            .accept_error_handler(|peer: Option<&SocketAddr>, error| {
                tracing::debug!(?peer, %error, "no connection came of it");
            });
        // Also what an idle connection waits for.
        server.http_builder().http1().header_read_timeout(settings.idle_timeout);
        let service = self.router().into_make_service_with_connect_info::<SocketAddr>();
        let serving = async {
            match &settings.tls {
                Some(tls) => {
                    let tls = RustlsConfig::from_config(Arc::clone(tls));
                    server.acceptor(RustlsAcceptor::new(tls)).serve(service).await
                }
                None => server.serve(service).await,
            }
        };
        let sweeping = tokio::spawn(sweeper::run(self.clone()));
        let stopping = async {
            shutdown.await;
            tracing::info!("stopping");
            self.stop();
            handle.graceful_shutdown(Some(settings.shutdown_grace));
            std::future::pending::<io::Result<()>>().await
        };
        let ended = tokio::select! {
            ended = serving => ended,
            never = stopping => never,
        };
        sweeping.abort();
        // What it was in the middle of is rolled back.
        let _ = sweeping.await;
        ended
    }

    /// From now on every request is answered with 503.
    pub fn stop(&self) {
        self.inner.is_stopping.store(true, Ordering::Relaxed);
    }

    /// From the next request on this plugin decides, by these settings, which apply at once and to all rows (contract 5.3,
    /// 8). Requests under way end with what they began with.
    pub fn replace(&self, plugin: Plugin, config: Config) {
        tracing::info!(digest = plugin.identity().digest, ?config, "decides from now on");
        warn_of(config);
        self.inner.retention.replace(plugin, config);
        self.inner.bell.notify_one();
    }

    /// The plugin that decides.
    #[must_use]
    pub fn plugin(&self) -> Identity {
        self.inner.retention.identity()
    }

    /// The settings of retention.
    #[must_use]
    pub fn config(&self) -> Config {
        self.inner.retention.config()
    }

    /// From now on every report is also decided by that plugin (none: the present one) under that configuration, and the
    /// difference is measured; it changes nothing. None: no longer.
    pub fn set_shadow(&self, shadow: Option<(Option<Plugin>, Config)>) {
        self.inner.retention.set_shadow(shadow);
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.inner.settings
    }

    pub(crate) fn store(&self) -> &Store {
        &self.inner.store
    }

    pub(crate) fn retention(&self) -> &Retention {
        &self.inner.retention
    }

    pub(crate) fn gate(&self) -> &Gate {
        &self.inner.gate
    }

    pub(crate) fn seeds(&self) -> &Seeds {
        &self.inner.seeds
    }

    pub(crate) fn metrics(&self) -> &Metrics {
        &self.inner.metrics
    }

    pub(crate) fn queue(&self) -> &Arc<Semaphore> {
        &self.inner.queue
    }

    pub(crate) fn bell(&self) -> &Notify {
        &self.inner.bell
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.inner.is_stopping.load(Ordering::Relaxed)
    }
}

/// C5.
fn warn_of(config: Config) {
    if config.image_ingest_overwrite && config.ttl_seconds().is_none() {
        tracing::warn!("{}", WarningCode::OverwriteWithoutTtl.sentence());
    }
}
