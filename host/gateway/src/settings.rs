//! What can be set.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use keepset_types::Config;

use crate::clock::Clock;

/// What can be set, each with a default that serves.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What the plugin decides by.
    pub config: Config,
    /// `service.version` in `GET /version`. From 5.11 on agents register and report their health; `5.10.0` makes them do
    /// without (contract 1.2).
    pub compat_service_version: String,
    /// The largest body of a report, in bytes; beyond it 413. Agents send everything in one report (contract 1.3 (f)).
    pub body_limit: usize,
    /// How long a connection may wait for the header of its next request. Agents never close theirs (contract 1.3 (d)).
    pub idle_timeout: Duration,
    /// How long a request may take until its answer begins, the reading of its body included; beyond it 503.
    pub request_timeout: Duration,
    /// How many reports may be under way; beyond it 503.
    pub queue_depth: usize,
    /// How many calls of the plugin may run at once.
    pub plugin_places: usize,
    /// How long a request waits for one of those places; beyond it 503.
    pub place_timeout: Duration,
    /// How long requests under way are waited for at the end.
    pub shutdown_grace: Duration,
    /// Failed logins per minute of one user from one address; beyond it 429.
    pub login_failures: u32,
    /// How long the removal log is kept; zero: for ever.
    pub keep_removals: Duration,
    /// How long health reports are kept (contract 1.5: two days); zero: for ever.
    pub keep_health_reports: Duration,
    /// Speak TLS: a configuration of rustls, with certificate and key. None: plain HTTP.
    pub tls: Option<Arc<rustls::ServerConfig>>,
    /// Where the time comes from.
    pub clock: Clock,
}

const DAY: Duration = Duration::from_secs(86_400);

impl Default for Settings {
    fn default() -> Self {
        Self {
            config: Config::default(),
            compat_service_version: "5.11.0".to_owned(),
            body_limit: 64 << 20,
            idle_timeout: Duration::from_secs(30),
            request_timeout: Duration::from_secs(60),
            queue_depth: 64,
            plugin_places: thread::available_parallelism().map_or(2, usize::from).max(2),
            place_timeout: Duration::from_secs(10),
            shutdown_grace: Duration::from_secs(20),
            login_failures: 10,
            keep_removals: 90 * DAY,
            keep_health_reports: 2 * DAY,
            tls: None,
            clock: Clock::system(),
        }
    }
}
