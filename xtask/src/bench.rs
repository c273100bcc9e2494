//! Runs the benches: of the engine, or of the gateway.
use std::path::PathBuf;

use anyhow::Result;

use crate::guest;
use crate::postgres;
use crate::process;
use crate::toolchain::Toolchain;
use crate::workspace::{cargo, root, target};

/// Runs the bench of the engine with these arguments; that of the gateway, if the first of them says so.
pub(crate) fn run(toolchain: &Toolchain, arguments: &[String]) -> Result<()> {
    guest::build_component(toolchain)?;
    guest::build_command(toolchain)?;
    let (package, arguments) = match arguments {
        [first, rest @ ..] if first == "gateway" => {
            postgres::set_up()?;
            ("keepset-bench-gateway", rest)
        }
        all => ("keepset-bench", all),
    };
    let mut bench = cargo();
    bench.args(["run", "--release", "--manifest-path", "tests/bench/Cargo.toml", "--package", package, "--"]);
    bench.args(arguments);
    process::run(bench.env("CARGO_TARGET_DIR", target().join("bench")))
}

/// The workspace of the benches.
pub(crate) fn folder() -> PathBuf {
    root().join("tests/bench")
}
