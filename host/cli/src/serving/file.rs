//! The gateway's own settings in a configuration file: under `keepset`, beside Anchore's `services`.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use keepset_host::{Error, ErrorCode};
use serde::de::{self, IgnoredAny};
use serde::{Deserialize, Deserializer};

use super::bounds;
use crate::engine::duration;
use crate::failure::Failure;
use crate::settings::read_yaml;

/// What `keepset:` says. Names are those of the flags, with `_` for `-`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ServeFile {
    #[serde(deserialize_with = "address")]
    pub(crate) listen: Option<SocketAddr>,
    pub(crate) data_dir: Option<PathBuf>,
    pub(crate) store: Option<String>,
    pub(crate) plugin: Option<PathBuf>,
    pub(crate) shadow_plugin: Option<PathBuf>,
    pub(crate) shadow_config: Option<PathBuf>,
    pub(crate) compat_service_version: Option<String>,
    pub(crate) tls_certificate: Option<PathBuf>,
    pub(crate) tls_key: Option<PathBuf>,
    pub(crate) body_limit: Option<usize>,
    pub(crate) queue_depth: Option<usize>,
    pub(crate) plugin_places: Option<u32>,
    pub(crate) inventory_cache_mib: Option<u32>,
    #[serde(deserialize_with = "seconds")]
    pub(crate) place_timeout: Option<Duration>,
    #[serde(deserialize_with = "seconds")]
    pub(crate) request_timeout: Option<Duration>,
    #[serde(deserialize_with = "seconds")]
    pub(crate) idle_timeout: Option<Duration>,
    #[serde(deserialize_with = "seconds")]
    pub(crate) shutdown_grace: Option<Duration>,
    pub(crate) login_failures: Option<u32>,
    pub(crate) keep_removals_days: Option<u32>,
    pub(crate) keep_health_reports_days: Option<u32>,
    pub(crate) otlp_endpoint: Option<String>,
}

fn address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SocketAddr>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    text.map(|text| bounds::address(&text)).transpose().map_err(de::Error::custom)
}

/// Seconds, with decimals if need be.
fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    let seconds = Option::<f64>::deserialize(deserializer)?;
    seconds.map(duration).transpose().map_err(de::Error::custom)
}

impl ServeFile {
    /// Reads the file.
    ///
    /// # Errors
    /// If it cannot be read, is no YAML, or has a key under `keepset` that is none, or a value that cannot be.
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        #[derive(Deserialize)]
        struct File {
            keepset: Option<ServeFile>,
            #[serde(flatten)]
            _others: std::collections::BTreeMap<String, IgnoredAny>,
        }
        let file: Option<File> = read_yaml(path)?;
        let file = file.and_then(|file| file.keepset).unwrap_or_default();
        match file.fault() {
            Some((key, fault)) => {
                let error = Error::new(ErrorCode::InvalidConfig, fault).at(format!("/keepset/{key}"));
                Err(Failure::Refused { origin: path.display().to_string(), error })
            }
            None => Ok(file),
        }
    }

    /// The settings that are other than `before`, and that take effect at a start alone.
    pub(crate) fn changed_since(&self, before: &Self) -> Vec<&'static str> {
        let is_other = [
            ("listen", self.listen != before.listen),
            ("data_dir", self.data_dir != before.data_dir),
            ("store", self.store != before.store),
            ("compat_service_version", self.compat_service_version != before.compat_service_version),
            ("tls_certificate", self.tls_certificate != before.tls_certificate),
            ("tls_key", self.tls_key != before.tls_key),
            ("body_limit", self.body_limit != before.body_limit),
            ("queue_depth", self.queue_depth != before.queue_depth),
            ("plugin_places", self.plugin_places != before.plugin_places),
            ("inventory_cache_mib", self.inventory_cache_mib != before.inventory_cache_mib),
            ("place_timeout", self.place_timeout != before.place_timeout),
            ("request_timeout", self.request_timeout != before.request_timeout),
            ("idle_timeout", self.idle_timeout != before.idle_timeout),
            ("shutdown_grace", self.shutdown_grace != before.shutdown_grace),
            ("login_failures", self.login_failures != before.login_failures),
            ("keep_removals_days", self.keep_removals_days != before.keep_removals_days),
            ("keep_health_reports_days", self.keep_health_reports_days != before.keep_health_reports_days),
            ("otlp_endpoint", self.otlp_endpoint != before.otlp_endpoint),
        ];
        is_other.into_iter().filter_map(|(name, is_other)| is_other.then_some(name)).collect()
    }

    /// The first setting by which nothing could be served.
    fn fault(&self) -> Option<(&'static str, String)> {
        let version = self.compat_service_version.as_deref().and_then(|text| bounds::version(text).err());
        let is_none = [
            ("body_limit", self.body_limit == Some(0)),
            ("queue_depth", self.queue_depth == Some(0)),
            ("plugin_places", self.plugin_places == Some(0)),
            ("request_timeout", self.request_timeout == Some(Duration::ZERO)),
            ("idle_timeout", self.idle_timeout == Some(Duration::ZERO)),
            ("login_failures", self.login_failures == Some(0)),
        ];
        let zero = is_none.into_iter().find(|(_, is_none)| *is_none);
        let is_too_many = |number: Option<usize>| number.is_some_and(|number| number as u64 > bounds::MOST);
        let is_too_long = |time: Option<Duration>| time.is_some_and(|time| time > bounds::LONGEST);
        let is_too_much = [
            ("body_limit", is_too_many(self.body_limit)),
            ("queue_depth", is_too_many(self.queue_depth)),
            ("plugin_places", self.plugin_places.is_some_and(|places| places > bounds::MOST_PLACES)),
            ("place_timeout", is_too_long(self.place_timeout)),
            ("request_timeout", is_too_long(self.request_timeout)),
            ("idle_timeout", is_too_long(self.idle_timeout)),
            ("shutdown_grace", is_too_long(self.shutdown_grace)),
        ];
        let too_much = is_too_much.into_iter().find(|(_, is_too_much)| *is_too_much);
        version
            .map(|fault| ("compat_service_version", fault))
            .or_else(|| zero.map(|(key, _)| (key, "it is 0; expected more".to_owned())))
            .or_else(|| too_much.map(|(key, _)| (key, "it is more than anything can be".to_owned())))
    }
}
