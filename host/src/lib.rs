//! Embed a retention plugin with wasmtime.
//!
//! An [`Engine`] compiles and runs plugins, one per process. A [`Plugin`] is a component of the world
//! `keepset:retention/retention-plugin` (`wit/retention.wit`): ours, [`Plugin::builtin`], or an operator's. Each call runs in
//! a fresh instance under [`Limits`]; what comes back is checked against what was asked before it is believed.
//!
//! ```
//! use keepset_host::{Config, Engine, Inventory, InventoryType, Plugin, Report, Timestamp};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let plugin = Plugin::builtin(&Engine::new()?)?;
//! let json = br#"{"timestamp":"2026-08-06T09:00:07Z","cluster_arn":"arn:aws:ecs:eu-west-2:1:cluster/c",
//!     "containers":[{"arn":"a","image_tag":"nginx:1.29"}]}"#;
//! let report = Report { inventory_type: InventoryType::Ecs, json };
//! let now = Timestamp::parse("2026-08-06T09:00:08Z")?;
//! let outcome = plugin.evaluate(Inventory::default(), Some(report), &Config::default(), now)?;
//! assert_eq!(outcome.retained.len(), 3); // the cluster, the container and its image
//! # Ok(())
//! # }
//! ```

mod bindings;
mod cache;
mod check;
mod convert;
mod engine;
mod error;
mod limits;
mod plugin;
mod session;

pub use check::Lie;
pub use engine::{Engine, EngineOptions};
pub use error::PluginError;
pub use keepset_types::columns::{Detail, ReportColumns, RowColumns, Verdicts};
pub use keepset_types::{
    Config, Context, Error, ErrorCode, Id, Interner, Inventory, InventoryType, ItemKind, Key, Layer,
    Observation, Origin, Outcome, Purged, Row, Selector, Timestamp, translate,
};
pub use limits::Limits;
pub use plugin::{Description, Identity, Plugin, Report};
pub use session::Session;
