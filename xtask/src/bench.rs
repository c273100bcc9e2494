//! Runs the benches.
use anyhow::{Result, bail};

use crate::guest;
use crate::process;
use crate::toolchain::Toolchain;
use crate::workspace::{cargo, root};

/// Runs the benches with these arguments.
pub(crate) fn run(toolchain: &Toolchain, arguments: &[String]) -> Result<()> {
    if !root().join("tests/bench/Cargo.toml").exists() {
        bail!("this checkout has no benches (tests/bench)");
    }
    guest::build_component(toolchain)?;
    process::run(cargo().args(["run", "--release", "--package", "keepset-bench", "--"]).args(arguments))
}
