//! The host library against plugins that behave and plugins that do not. `cargo xtask plugins` builds the latter.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod cache;
mod calls;
mod documentation;
mod lies;
mod limits;
mod loading;
mod scene;
#[expect(dead_code, unreachable_pub, reason = "the plugin's half of its own file")]
#[path = "../plugins/hostile/src/trick.rs"]
mod trick;
mod trojan;
