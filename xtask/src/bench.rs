//! Runs the benches.
use std::path::PathBuf;

use anyhow::Result;

use crate::guest;
use crate::process;
use crate::toolchain::Toolchain;
use crate::workspace::{cargo, root, target};

/// Runs the benches with these arguments.
pub(crate) fn run(toolchain: &Toolchain, arguments: &[String]) -> Result<()> {
    guest::build_component(toolchain)?;
    guest::build_command()?;
    let mut bench = cargo();
    bench.args(["run", "--release", "--manifest-path", "tests/bench/Cargo.toml", "--"]).args(arguments);
    process::run(bench.env("CARGO_TARGET_DIR", target().join("bench")))
}

/// The workspace of the benches.
pub(crate) fn folder() -> PathBuf {
    root().join("tests/bench")
}
