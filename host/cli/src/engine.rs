//! Which plugin decides, and what it may use up.

use std::env;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use keepset_host::{Engine, EngineOptions, Limits, Plugin, PluginError};

use crate::failure::Failure;
use crate::serving::bounds::{at_least_1, some_seconds};

/// The plugin that decides, where a command needs one.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Engine")]
pub(crate) struct DecidingPlugin {
    /// Let this WebAssembly component decide instead of the one that is built in
    #[arg(long, value_name = "FILE", env = "KEEPSET_PLUGIN", hide_env_values = true)]
    plugin: Option<PathBuf>,
    #[command(flatten)]
    engine: EngineArguments,
}

impl DecidingPlugin {
    pub(crate) fn load(&self) -> Result<Plugin, Failure> {
        self.engine.load(self.plugin.as_ref())
    }

    /// Whether another plugin than the built-in one is to decide.
    pub(crate) fn is_given(&self) -> bool {
        self.plugin.is_some()
    }

    /// For a gateway, which calls it often and at once, in so many places if it says how many. `otherwise`: the plugin if the
    /// command line names none.
    pub(crate) fn load_pooled(
        &self,
        otherwise: Option<&Path>,
        places: Option<u32>,
    ) -> Result<Plugin, Failure> {
        let cores =
            std::thread::available_parallelism().map_or(0, |cores| u32::try_from(cores.get()).unwrap_or(0));
        let options = EngineOptions {
            pool: Some(POOL.max(places.unwrap_or(cores).saturating_mul(2))),
            ..self.engine.options()
        };
        self.engine.load_in(options, self.plugin.as_deref().or(otherwise))
    }

    /// Another plugin, under the same limits.
    pub(crate) fn load_other(&self, path: &Path) -> Result<Plugin, Failure> {
        self.engine.load_in(self.engine.options(), Some(path))
    }
}

/// Instances that a gateway keeps at hand, at least: more than decide at once.
const POOL: u32 = 32;

/// Where compiled plugins are kept, and what a plugin may use up.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Engine")]
pub(crate) struct EngineArguments {
    /// Keep compiled plugins here [default: keepset/plugins in the user's cache directory]
    #[arg(long, value_name = "DIR", env = "KEEPSET_CACHE_DIR", hide_env_values = true)]
    cache_dir: Option<PathBuf>,
    /// Keep no compiled plugins
    #[arg(long, conflicts_with = "cache_dir", env = "KEEPSET_NO_CACHE", hide_env_values = true)]
    no_cache: bool,
    /// Bytes of memory that the plugin may use [default: 2 GiB]
    #[arg(long, value_name = "BYTES", env = "KEEPSET_LIMIT_MEMORY", hide_env_values = true)]
    limit_memory: Option<usize>,
    /// Elements that a table of the plugin may have [default: 10000]
    #[arg(long, value_name = "N", env = "KEEPSET_LIMIT_TABLE_ELEMENTS", hide_env_values = true)]
    limit_table_elements: Option<usize>,
    /// Core instances, memories and tables that the plugin may have, each [default: 16]
    #[arg(long, value_name = "N", env = "KEEPSET_LIMIT_INSTANCES", hide_env_values = true)]
    limit_instances: Option<usize>,
    /// Seconds that a call of the plugin may take [default: 30]
    #[arg(long, value_name = "SECONDS", value_parser = some_seconds, env = "KEEPSET_LIMIT_TIME", hide_env_values = true)]
    limit_time: Option<Duration>,
    /// Units of work that a call of the plugin may take, the same number on every machine [default: not counted]
    #[arg(long, value_name = "N", env = "KEEPSET_LIMIT_FUEL", hide_env_values = true)]
    limit_fuel: Option<u64>,
    /// Bytes of stack that the plugin may use [default: 1 MiB]
    #[arg(long, value_name = "BYTES", env = "KEEPSET_LIMIT_STACK", hide_env_values = true)]
    limit_stack: Option<usize>,
    /// Bytes that a call of the plugin may return [default: 1 GiB]
    #[arg(long, value_name = "BYTES", value_parser = at_least_1(), env = "KEEPSET_LIMIT_RESULT", hide_env_values = true)]
    limit_result: Option<usize>,
    /// Bytes that a call of the plugin may be given [default: 1 GiB]
    #[arg(long, value_name = "BYTES", env = "KEEPSET_LIMIT_INPUT", hide_env_values = true)]
    limit_input: Option<usize>,
}

impl EngineArguments {
    /// The plugin in a file, or the one that is built in.
    pub(crate) fn load(&self, plugin: Option<&PathBuf>) -> Result<Plugin, Failure> {
        self.load_in(self.options(), plugin.map(PathBuf::as_path))
    }

    fn load_in(&self, options: EngineOptions, plugin: Option<&Path>) -> Result<Plugin, Failure> {
        let engine = Engine::with_options(options)?;
        let plugin = match plugin {
            Some(path) => Plugin::from_file(&engine, path).map_err(|error| match error {
                unreadable @ PluginError::Unreadable { .. } => unreadable.into(),
                error => Failure::NoPlugin { path: path.to_owned(), error },
            })?,
            None => Plugin::builtin(&engine)?,
        };
        Ok(plugin.with_limits(self.limits()))
    }

    fn options(&self) -> EngineOptions {
        let default = EngineOptions::default();
        let cache = self.cache_dir.clone().or_else(user_cache).filter(|_| !self.no_cache);
        EngineOptions {
            cache,
            metered: self.limit_fuel.is_some(),
            stack: self.limit_stack.unwrap_or(default.stack),
            ..default
        }
    }

    fn limits(&self) -> Limits {
        let default = Limits::default();
        Limits {
            memory: self.limit_memory.unwrap_or(default.memory),
            table_elements: self.limit_table_elements.unwrap_or(default.table_elements),
            instances: self.limit_instances.unwrap_or(default.instances),
            time: self.limit_time.unwrap_or(default.time),
            fuel: self.limit_fuel.unwrap_or(default.fuel),
            result: self.limit_result.unwrap_or(default.result),
            input: self.limit_input.unwrap_or(default.input),
        }
    }
}

/// Seconds, with decimals if need be.
pub(crate) fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| format!("`{text}` is no number of seconds"))?;
    duration(seconds)
}

/// The time that so many seconds are.
pub(crate) fn duration(seconds: f64) -> Result<Duration, String> {
    Duration::try_from_secs_f64(seconds).map_err(|_| {
        let expected = if seconds > 0.0 { "fewer: no clock counts as many" } else { "0 or more" };
        format!("it is {seconds:?} seconds; expected {expected}")
    })
}

/// As the platforms have it.
fn user_cache() -> Option<PathBuf> {
    let given = env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let usual = if cfg!(target_os = "macos") { "Library/Caches" } else { ".cache" };
    let base = given.or_else(|| Some(env::home_dir()?.join(usual)))?;
    Some(base.join("keepset/plugins"))
}
