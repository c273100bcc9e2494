//! Everything that CI checks.
use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

use anyhow::{Result, bail};

use crate::process::{probe, run as run_program};
use crate::toolchain::Toolchain;
use crate::workspace::{cargo, root, target};
use crate::{api, bench, failures, generate, guest, playground, postgres, reproduce, toolchain, wit};

/// A check, and the name it has in the summary.
type Step<'a> = (&'static str, Box<dyn Fn() -> Result<()> + 'a>);

/// Runs every step, also after one that failed, and says at the end how each of them went.
pub(crate) fn run() -> Result<()> {
    let toolchain = toolchain::find()?;
    let mut summary = Vec::new();
    let mut failures = Vec::new();
    for (name, step) in steps(&toolchain) {
        eprintln!("\n=== {name}");
        let start = Instant::now();
        let outcome = step();
        let how = if outcome.is_ok() { "ok    " } else { "FAILED" };
        summary.push(format!("{how}  {name} ({} s)", start.elapsed().as_secs()));
        if let Err(error) = outcome {
            eprintln!("{error:#}");
            failures.push(format!("{name}: {error}"));
        }
    }
    eprintln!("\n=== summary\n{}", summary.join("\n"));
    if !failures.is_empty() {
        bail!("{} of {} steps failed\n{}", failures.len(), summary.len(), failures.join("\n"));
    }
    Ok(())
}

/// The steps, in an order in which each finds what it needs.
fn steps(toolchain: &Toolchain) -> Vec<Step<'_>> {
    vec![
        ("format", Box::new(format)),
        ("wit", Box::new(wit::check)),
        ("component", Box::new(|| guest::build_component(toolchain).map(drop))),
        ("reproducible", Box::new(|| reproduce::check(toolchain, &guest::build_component(toolchain)?))),
        ("plugins", Box::new(|| guest::build_plugins(toolchain))),
        ("playground", Box::new(|| playground::check(toolchain))),
        ("make", Box::new(guest::provide_make)),
        ("clippy", Box::new(clippy)),
        ("documentation", Box::new(documentation)),
        ("generated files", Box::new(|| generate::check(toolchain))),
        ("PostgreSQL", Box::new(postgres::set_up)),
        ("tests", Box::new(tests)),
        ("API", Box::new(|| api::check(&command()))),
        ("conformance", Box::new(|| conformance(toolchain))),
        ("browser", Box::new(|| playground::test_in_browser(&command()))),
        ("deployment", Box::new(deployment)),
    ]
}

fn format() -> Result<()> {
    // The plugins and the benches are workspaces of their own.
    for workspace in [root(), guest::plugins(), bench::folder()] {
        run_program(cargo().current_dir(workspace).args(["fmt", "--all", "--check"]))?;
    }
    Ok(())
}

fn clippy() -> Result<()> {
    run_program(cargo().args(["clippy", "--workspace", "--all-targets", "--", "-Dwarnings"]))
}

fn documentation() -> Result<()> {
    run_program(cargo().env("RUSTDOCFLAGS", "-Dwarnings").args(["doc", "--workspace", "--no-deps"]))
}

/// The `keepset` command, which is built by then, as the tests have it.
fn command() -> PathBuf {
    target().join("debug").join(format!("keepset{}", std::env::consts::EXE_SUFFIX))
}

fn tests() -> Result<()> {
    failures::run(cargo().env("KEEPSET_BIN", command()).args(["test", "--workspace", "--no-fail-fast"]))
}

/// The Helm chart, the dashboard and the page on operating, held to the program by helm's own library.
fn deployment() -> Result<()> {
    if probe(Command::new("go").arg("version")).is_none() {
        bail!(
            "the chart is rendered by a Go program, and there is no Go: install it, see https://go.dev/doc/install"
        );
    }
    run_program(Command::new("go").current_dir(root().join("host/gateway/deploy/check")).args(["run", "."]))
}

/// The rules as files, run by the command that people get.
fn conformance(toolchain: &Toolchain) -> Result<()> {
    failures::run(
        Command::new(generate::command(toolchain)?)
            .current_dir(root())
            .args(["conformance", "tests/fixtures"]),
    )
}
