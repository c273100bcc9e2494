//! Why a plugin was refused, stopped or not believed.

use std::path::PathBuf;
use std::time::Duration;

use crate::check::Lie;

/// What can go wrong with a plugin. In every case nothing was changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PluginError {
    /// The plugin decided that the input is wrong; see the code.
    #[error(transparent)]
    Refused(#[from] keepset_types::Error),
    /// The file cannot be read.
    #[error("{path}: cannot be read: {source}")]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The bytes are no WebAssembly component.
    #[error("this is not a WebAssembly component: {0}")]
    NotAComponent(String),
    /// The component imports something; a plugin imports nothing.
    #[error(
        "the plugin imports `{0}`; a retention plugin imports nothing, so that its answers depend on nothing else"
    )]
    Import(String),
    /// The component exports another world.
    #[error("the plugin does not export the world keepset:retention/retention-plugin@0.1.0: {0}")]
    WrongWorld(String),
    /// The plugin asked for more memory than it may have.
    #[error("the plugin wanted more than the {0} bytes of memory that it may have (limit: memory)")]
    MemoryLimit(usize),
    /// The plugin asked for a larger table than it may have.
    #[error("the plugin wanted a table of more than {0} elements (limit: table elements)")]
    TableLimit(usize),
    /// The plugin has more parts than it may have.
    #[error("the plugin wanted more than {0} core instances, memories or tables (limit: instances)")]
    InstanceLimit(usize),
    /// The plugin took too long.
    #[error("the plugin took longer than {0:?} (limit: time)")]
    TimeLimit(Duration),
    /// The plugin used up its fuel.
    #[error("the plugin used up its {0} units of fuel (limit: fuel)")]
    FuelLimit(u64),
    /// The plugin used up its stack.
    #[error("the plugin used more than {0} bytes of stack (limit: stack)")]
    StackLimit(usize),
    /// The plugin returned too much.
    #[error("the plugin returned more than {0} bytes (limit: result)")]
    ResultLimit(usize),
    /// The plugin was to be given too much.
    #[error("the input has {size} bytes, the plugin is given at most {limit} (limit: input)")]
    InputLimit {
        /// How much it would have been.
        size: usize,
        /// How much it may be.
        limit: usize,
    },
    /// More calls and sessions at once than the pool has room for; a later call may find some.
    #[error("all {0} places of the instance pool are taken")]
    Busy(u32),
    /// The plugin crashed.
    #[error("the plugin crashed: {0}")]
    Trap(String),
    /// The plugin's answer contradicts what it was asked.
    #[error("the plugin's answer is not believed: {0}")]
    NotBelieved(#[from] Lie),
    /// wasmtime could not be set up.
    #[error("wasmtime could not be set up: {0}")]
    Engine(String),
}

impl PluginError {
    /// What [`PluginError::code`] says of a call that failed, of a plugin that was loaded.
    pub const CODES_OF_CALLS: [&str; 11] = [
        "plugin_memory_limit",
        "plugin_table_limit",
        "plugin_instance_limit",
        "plugin_time_limit",
        "plugin_fuel_limit",
        "plugin_stack_limit",
        "plugin_result_limit",
        "plugin_input_limit",
        "plugin_busy",
        "plugin_trap",
        "plugin_not_believed",
    ];

    /// A stable word for the kind of error.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Refused(error) => error.code.as_str(),
            Self::Unreadable { .. } => "plugin_unreadable",
            Self::NotAComponent(_) => "plugin_not_a_component",
            Self::Import(_) => "plugin_import",
            Self::WrongWorld(_) => "plugin_wrong_world",
            Self::MemoryLimit(_) => "plugin_memory_limit",
            Self::TableLimit(_) => "plugin_table_limit",
            Self::InstanceLimit(_) => "plugin_instance_limit",
            Self::TimeLimit(_) => "plugin_time_limit",
            Self::FuelLimit(_) => "plugin_fuel_limit",
            Self::StackLimit(_) => "plugin_stack_limit",
            Self::ResultLimit(_) => "plugin_result_limit",
            Self::InputLimit { .. } => "plugin_input_limit",
            Self::Busy(_) => "plugin_busy",
            Self::Trap(_) => "plugin_trap",
            Self::NotBelieved(_) => "plugin_not_believed",
            Self::Engine(_) => "plugin_engine",
        }
    }
}
