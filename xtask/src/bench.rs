//! Runs the benches.
use anyhow::{Result, bail};

use crate::guest;
use crate::process;
use crate::toolchain::Toolchain;
use crate::workspace::{cargo, root, target};

/// Runs the benches with these arguments.
pub(crate) fn run(toolchain: &Toolchain, arguments: &[String]) -> Result<()> {
    if !root().join("tests/bench/Cargo.toml").exists() {
        bail!("this checkout has no benches (tests/bench)");
    }
    guest::build_component(toolchain)?;
    process::run(cargo().args(["build", "--release", "--package", "keepset"]))?;
    let mut bench = cargo();
    bench.args(["run", "--release", "--manifest-path", "tests/bench/Cargo.toml", "--"]).args(arguments);
    process::run(bench.env("CARGO_TARGET_DIR", target().join("bench")))
}
