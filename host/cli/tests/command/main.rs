//! The `keepset` command as people, scripts and other programs meet it.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod caretaking;
mod durability;
mod explain;
mod failures;
mod formats;
mod gateway;
mod main_path;
mod plugins;
mod remote;
mod scene;
mod settings;
mod simulate;
mod telemetry;
mod tls;
