use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, value_parser};
use keepset_gateway::{self as gateway, Accounts, AccountsError, Clock, Gateway};
use keepset_host::{Config, Plugin};
use keepset_store::{CACHE_BYTES, Store};
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::conformance::hold_to_own_fixtures;
use crate::engine::DecidingPlugin;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::note;
use crate::serving::bounds::{MOST_PLACES, address, at_least_1, at_most_a_year, some_seconds, version};
use crate::serving::file::ServeFile;
use crate::serving::telemetry::{self, LogFormat};
use crate::serving::tls::{Certificate, Files};
use crate::settings::Settings;
use crate::storage::{Missing, Storage, runtime};

/// Where a gateway listens if nobody says otherwise: the port of Anchore's API.
const LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8228);

/// Serve the gateway: agents report to it, clients read from it
///
/// The real agents anchore-k8s-inventory and anchore-ecs-inventory post to it unchanged. Without any
/// option it listens on 127.0.0.1:8228 and keeps its data in SQLite. The first start makes an account
/// and a user `admin`; the password is $KEEPSET_ADMIN_PASSWORD, or a new one that is shown once. On
/// SIGHUP plugin, configuration and certificate are read again; SIGTERM ends requests under way first.
#[derive(Args, Clone, Debug)]
#[command(
    verbatim_doc_comment,
    after_help = "\
Examples:
  keepset serve
  keepset serve --listen 0.0.0.0:8228 --data-dir /var/lib/keepset --config keepset.yaml
  keepset serve --store postgres://keepset@db/keepset --tls-certificate tls.crt --tls-key tls.key"
)]
pub(crate) struct Serve {
    /// Address and port to listen on [default: 127.0.0.1:8228]
    #[arg(long, value_name = "ADDRESS:PORT", value_parser = address, env = "KEEPSET_LISTEN", hide_env_values = true)]
    listen: Option<SocketAddr>,
    #[command(flatten)]
    storage: Storage,
    #[command(flatten)]
    settings: Settings,
    #[command(flatten)]
    plugin: DecidingPlugin,
    /// Let the plugin decide even if it fails the fixtures that come with keepset
    #[arg(long, env = "KEEPSET_UNCHECKED_PLUGIN", hide_env_values = true, help_heading = "Engine")]
    unchecked_plugin: bool,
    /// Ask this plugin too, about each report, and measure where it decides otherwise; it changes nothing
    #[arg(
        long,
        value_name = "FILE",
        env = "KEEPSET_SHADOW_PLUGIN",
        hide_env_values = true,
        help_heading = "Shadow"
    )]
    shadow_plugin: Option<PathBuf>,
    /// Decide each report by the retention settings of this file too, and measure the difference; it changes nothing
    #[arg(
        long,
        value_name = "FILE",
        env = "KEEPSET_SHADOW_CONFIG",
        hide_env_values = true,
        help_heading = "Shadow"
    )]
    shadow_config: Option<PathBuf>,
    /// PEM file with the certificate chain: speak HTTPS
    #[arg(
        long,
        value_name = "FILE",
        env = "KEEPSET_TLS_CERTIFICATE",
        hide_env_values = true,
        help_heading = "TLS"
    )]
    tls_certificate: Option<PathBuf>,
    /// PEM file with the private key
    #[arg(long, value_name = "FILE", env = "KEEPSET_TLS_KEY", hide_env_values = true, help_heading = "TLS")]
    tls_key: Option<PathBuf>,
    #[command(flatten)]
    tuning: Tuning,
    #[command(flatten)]
    logs: Logs,
}

/// How much the gateway takes on.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Operation")]
struct Tuning {
    /// Anchore version that agents are told; below 5.11 they neither register nor report health [default: 5.11.0]
    #[arg(long, value_name = "VERSION", value_parser = version, env = "KEEPSET_COMPAT_SERVICE_VERSION", hide_env_values = true)]
    compat_service_version: Option<String>,
    /// Bytes that a report may have [default: 64 MiB]
    #[arg(long, value_name = "BYTES", value_parser = at_least_1(), env = "KEEPSET_BODY_LIMIT", hide_env_values = true)]
    body_limit: Option<usize>,
    /// Reports that may be under way; more are answered with 503 [default: 64]
    #[arg(long, value_name = "N", value_parser = at_least_1(), env = "KEEPSET_QUEUE_DEPTH", hide_env_values = true)]
    queue_depth: Option<usize>,
    /// Calls of the plugin that may run at once [default: the number of processors, at least 2]
    #[arg(long, value_name = "N", value_parser = value_parser!(u32).range(1..=i64::from(MOST_PLACES)), env = "KEEPSET_PLUGIN_PLACES", hide_env_values = true)]
    plugin_places: Option<u32>,
    /// Seconds that a request waits until the plugin has a place for it; then it is answered with 503 [default: 10]
    #[arg(long, value_name = "SECONDS", value_parser = at_most_a_year, env = "KEEPSET_PLACE_TIMEOUT", hide_env_values = true)]
    place_timeout: Option<Duration>,
    /// Mebibytes of memory for the rows that reports are compared with; the others are loaded each time [default: 512, for
    /// about a million rows]
    #[arg(long, value_name = "MIB", env = "KEEPSET_INVENTORY_CACHE_MIB", hide_env_values = true)]
    inventory_cache_mib: Option<u32>,
    /// Seconds that a request may take [default: 60]
    #[arg(long, value_name = "SECONDS", value_parser = some_seconds, env = "KEEPSET_REQUEST_TIMEOUT", hide_env_values = true)]
    request_timeout: Option<Duration>,
    /// Seconds after which idle connections are closed [default: 30]
    #[arg(long, value_name = "SECONDS", value_parser = some_seconds, env = "KEEPSET_IDLE_TIMEOUT", hide_env_values = true)]
    idle_timeout: Option<Duration>,
    /// Seconds that requests under way have to end at a stop [default: 20]
    #[arg(long, value_name = "SECONDS", value_parser = at_most_a_year, env = "KEEPSET_SHUTDOWN_GRACE", hide_env_values = true)]
    shutdown_grace: Option<Duration>,
    /// Failed logins of a user from an address in a minute; more are answered with 429 [default: 10]
    #[arg(long, value_name = "N", value_parser = value_parser!(u32).range(1..), env = "KEEPSET_LOGIN_FAILURES", hide_env_values = true)]
    login_failures: Option<u32>,
    /// Days for which the log of removals is kept; 0: for ever [default: 90]
    #[arg(long, value_name = "DAYS", env = "KEEPSET_KEEP_REMOVALS_DAYS", hide_env_values = true)]
    keep_removals_days: Option<u32>,
    /// Days for which agents' health reports are kept; 0: for ever [default: 2]
    #[arg(long, value_name = "DAYS", env = "KEEPSET_KEEP_HEALTH_REPORTS_DAYS", hide_env_values = true)]
    keep_health_reports_days: Option<u32>,
}

/// What the gateway tells of itself.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Logs and traces")]
struct Logs {
    /// How logs are written, to standard error
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t, env = "KEEPSET_LOG_FORMAT")]
    log_format: LogFormat,
    /// What is logged: error, warn, info, debug, trace, or directives like keepset_gateway=debug,info
    #[arg(long, value_name = "LEVEL", default_value = "info", env = "KEEPSET_LOG")]
    log: String,
    /// Send traces to this OTLP endpoint over HTTP, like http://localhost:4318
    #[arg(long, value_name = "URL", env = "OTEL_EXPORTER_OTLP_ENDPOINT", hide_env_values = true)]
    otlp_endpoint: Option<String>,
}

impl Serve {
    pub(super) fn run(&self) -> Result<Exit, Failure> {
        let file = self.settings.file.serve()?;
        let endpoint = self.logs.otlp_endpoint.as_deref().or(file.otlp_endpoint.as_deref());
        let telemetry = telemetry::start(self.logs.log_format, &self.logs.log, endpoint)?;
        let runtime = runtime()?;
        let served = runtime.block_on(Arc::new(self.clone()).serve(&file));
        telemetry.end();
        // What a plugin or a database is still in the middle of is waited for no longer.
        runtime.shutdown_timeout(Duration::from_secs(1));
        served.map(|()| Exit::Success)
    }

    async fn serve(self: Arc<Self>, file: &ServeFile) -> Result<(), Failure> {
        // From here on it does not end the process.
        let hangups = signal(SignalKind::hangup()).map_err(Failure::Serve)?;
        let mut stop = Box::pin(stop_signal()?);
        let Ready { gateway, store, listener, certificate } = tokio::select! {
            ready = self.make_ready(file) => ready?,
            () = &mut stop => {
                tracing::info!("told to stop before the start was over");
                return Ok(());
            }
        };
        // On its own: a plugin that is judged at a reload holds nobody up.
        let serving = gateway.clone();
        let serving = tokio::spawn(async move { serving.serve(listener, stop).await });
        let ended = tokio::select! {
            ended = serving => ended.unwrap_or_else(|crash| Err(io::Error::other(crash))),
            never = self.reload_on(hangups, &gateway, certificate.as_ref(), file) => never,
        };
        // A database that has fallen silent does not say good-bye.
        let _ = tokio::time::timeout(Duration::from_secs(5), store.close()).await;
        ended.map_err(Failure::Serve)
    }

    /// A gateway and where it will listen; nobody is answered yet.
    async fn make_ready(self: &Arc<Self>, file: &ServeFile) -> Result<Ready, Failure> {
        let certificate = self.certificate(file)?;
        let Decision { plugin, config, shadow } = self.decide_anew(file.clone(), None).await?;
        let settings = self.gateway_settings(file, config, certificate.as_ref())?;
        let cache = self.tuning.inventory_cache_mib.or(file.inventory_cache_mib);
        let cache = cache.map_or(CACHE_BYTES, |mib| u64::from(mib) << 20);
        tracing::debug!("opening the store");
        let store = self.storage.open(file, cache, Missing::IsMade).await?;
        store.try_writing().await?;
        let address = self.listen.or(file.listen).unwrap_or(LISTEN);
        let listener =
            TcpListener::bind(address).await.map_err(|source| Failure::Listen { address, source })?;
        let address = listener.local_addr().map_err(Failure::Serve)?;
        bootstrap(&store, &settings.clock).await?;
        let gateway = tokio::task::block_in_place(|| Gateway::new(settings, store.clone(), plugin));
        gateway.set_shadow(shadow);
        let scheme = if certificate.is_some() { "https" } else { "http" };
        let (plugin, store_of) = (gateway.plugin().digest, store.shown());
        tracing::info!(plugin, ?config, store = store_of, "listening on {scheme}://{address}");
        Ok(Ready { gateway, store, listener, certificate })
    }

    /// Reads plugin, configuration and certificate again at each SIGHUP; what is wrong leaves all as it is.
    async fn reload_on(
        self: &Arc<Self>,
        mut hangups: Signal,
        gateway: &Gateway,
        certificate: Option<&Arc<Certificate>>,
        started_with: &ServeFile,
    ) -> io::Result<()> {
        while hangups.recv().await.is_some() {
            let read = match self.settings.file.serve() {
                Ok(file) => {
                    let settings = file.changed_since(started_with);
                    if !settings.is_empty() {
                        tracing::warn!(?settings, "these stay as they were: they take a restart");
                    }
                    self.decide_anew(file, certificate.cloned()).await
                }
                Err(failure) => Err(failure),
            };
            match read {
                Ok(Decision { plugin, config, shadow }) => {
                    gateway.replace(plugin, config);
                    gateway.set_shadow(shadow);
                }
                Err(failure) => tracing::error!(%failure, "nothing was changed"),
            }
        }
        std::future::pending().await
    }

    /// [`Serve::decision`], and with it the certificate that is renewed, on a thread that may take its time.
    async fn decide_anew(
        self: &Arc<Self>,
        file: ServeFile,
        certificate: Option<Arc<Certificate>>,
    ) -> Result<Decision, Failure> {
        let serve = Arc::clone(self);
        let reading = tokio::task::spawn_blocking(move || {
            let decision = serve.decision(&file)?;
            certificate.as_deref().map(Certificate::renew).transpose()?;
            Ok(decision)
        });
        reading.await.unwrap_or_else(|crash| Err(Failure::Serve(io::Error::other(crash))))
    }

    /// Who decides, by which settings, and who is asked beside.
    fn decision(&self, file: &ServeFile) -> Result<Decision, Failure> {
        let plugin = self.plugin.load_pooled(file.plugin.as_deref(), self.plugin_places(file))?;
        self.hold_to_fixtures(&plugin)?;
        let config = self.settings.judged_by(&plugin)?;
        let shadow_plugin = self.shadow_plugin.as_deref().or(file.shadow_plugin.as_deref());
        let shadow_plugin = shadow_plugin.map(|path| self.plugin.load_other(path)).transpose()?;
        let shadow_config = self.shadow_config.as_deref().or(file.shadow_config.as_deref());
        let shadow_config = shadow_config.map(|path| Settings::of_file(path, &plugin)).transpose()?;
        let shadow = (shadow_plugin.is_some() || shadow_config.is_some())
            .then(|| (shadow_plugin, shadow_config.unwrap_or(config)));
        Ok(Decision { plugin, config, shadow })
    }

    fn plugin_places(&self, file: &ServeFile) -> Option<u32> {
        self.tuning.plugin_places.or(file.plugin_places)
    }

    /// A plugin of somebody else's must first decide as the rules say.
    fn hold_to_fixtures(&self, plugin: &Plugin) -> Result<(), Failure> {
        match self.unchecked_plugin || plugin.is_builtin() {
            true => Ok(()),
            false => hold_to_own_fixtures(plugin.clone()),
        }
    }

    fn certificate(&self, file: &ServeFile) -> Result<Option<Arc<Certificate>>, Failure> {
        let certificate = self.tls_certificate.as_ref().or(file.tls_certificate.as_ref());
        let key = self.tls_key.as_ref().or(file.tls_key.as_ref());
        match (certificate, key) {
            (None, None) => Ok(None),
            (Some(certificate), Some(key)) => {
                let files = Files { certificate: certificate.clone(), key: key.clone() };
                Certificate::read(files).map(Some)
            }
            _ => Err(Failure::HalfTls),
        }
    }

    fn gateway_settings(
        &self,
        file: &ServeFile,
        config: Config,
        certificate: Option<&Arc<Certificate>>,
    ) -> Result<gateway::Settings, Failure> {
        let (tuning, default) = (&self.tuning, gateway::Settings::default());
        let days = |days: u32| Duration::from_secs(86_400 * u64::from(days));
        let keep_removals = tuning.keep_removals_days.or(file.keep_removals_days);
        let keep_health_reports = tuning.keep_health_reports_days.or(file.keep_health_reports_days);
        let places = self.plugin_places(file).and_then(|places| usize::try_from(places).ok());
        Ok(gateway::Settings {
            config,
            compat_service_version: tuning
                .compat_service_version
                .clone()
                .or_else(|| file.compat_service_version.clone())
                .unwrap_or(default.compat_service_version),
            body_limit: tuning.body_limit.or(file.body_limit).unwrap_or(default.body_limit),
            queue_depth: tuning.queue_depth.or(file.queue_depth).unwrap_or(default.queue_depth),
            request_timeout: tuning
                .request_timeout
                .or(file.request_timeout)
                .unwrap_or(default.request_timeout),
            idle_timeout: tuning.idle_timeout.or(file.idle_timeout).unwrap_or(default.idle_timeout),
            shutdown_grace: tuning.shutdown_grace.or(file.shutdown_grace).unwrap_or(default.shutdown_grace),
            login_failures: tuning.login_failures.or(file.login_failures).unwrap_or(default.login_failures),
            keep_removals: keep_removals.map_or(default.keep_removals, days),
            keep_health_reports: keep_health_reports.map_or(default.keep_health_reports, days),
            plugin_places: places.unwrap_or(default.plugin_places),
            place_timeout: tuning.place_timeout.or(file.place_timeout).unwrap_or(default.place_timeout),
            tls: certificate.map(Certificate::server).transpose()?,
            ..default
        })
    }
}

/// All that it takes to serve.
struct Ready {
    gateway: Gateway,
    store: Store,
    listener: TcpListener,
    certificate: Option<Arc<Certificate>>,
}

/// What decides.
struct Decision {
    plugin: Plugin,
    config: Config,
    shadow: Option<(Option<Plugin>, Config)>,
}

/// Gives a new store its first user.
async fn bootstrap(store: &Store, clock: &Clock) -> Result<(), Failure> {
    let password = std::env::var("KEEPSET_ADMIN_PASSWORD").ok();
    let accounts = Accounts::new(store.clone());
    let made = accounts.bootstrap_admin(password.as_deref(), clock.now()).await;
    let made = made.map_err(|error| match error {
        AccountsError::Password => Failure::Password(format!("KEEPSET_ADMIN_PASSWORD: {error}")),
        other => other.into(),
    })?;
    if let Some(generated) = made {
        note(format_args!("A new store. Its user is `admin`, the password, shown this once: {generated}"));
    }
    Ok(())
}

/// Comes true when the process is told to end.
fn stop_signal() -> Result<impl Future<Output = ()>, Failure> {
    let mut terminate = signal(SignalKind::terminate()).map_err(Failure::Serve)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(Failure::Serve)?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
