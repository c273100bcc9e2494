//! Runs the benches: of the engine, the gateway or the playground.
use std::path::PathBuf;

use anyhow::Result;

use crate::guest;
use crate::playground;
use crate::postgres;
use crate::process;
use crate::toolchain::Toolchain;
use crate::workspace::{cargo, root, target};

/// Runs the bench of the engine with these arguments; that of the gateway or the playground, if the first of them says so.
pub(crate) fn run(toolchain: &Toolchain, arguments: &[String]) -> Result<()> {
    match arguments {
        [first, rest @ ..] if first == "www" => playground::bench(toolchain, rest),
        [first, rest @ ..] if first == "gateway" => {
            postgres::set_up()?;
            of_command(toolchain, "keepset-bench-gateway", rest)
        }
        all => of_command(toolchain, "keepset-bench", all),
    }
}

/// Runs a bench that measures the `keepset` command and what is in it.
fn of_command(toolchain: &Toolchain, package: &str, arguments: &[String]) -> Result<()> {
    guest::build_component(toolchain)?;
    guest::build_command(toolchain)?;
    let mut bench = cargo();
    bench.args(["run", "--release", "--manifest-path", "tests/bench/Cargo.toml", "--package", package, "--"]);
    bench.args(arguments);
    process::run(bench.env("CARGO_TARGET_DIR", target().join("bench")))
}

/// The workspace of the benches.
pub(crate) fn folder() -> PathBuf {
    root().join("tests/bench")
}
