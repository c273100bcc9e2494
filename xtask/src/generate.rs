//! Documentation that is written by the program it describes.
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::guest;
use crate::process::{output, run};
use crate::toolchain;
use crate::workspace::{cargo, root, target, write_if_changed};

/// Writes every generated file.
pub(crate) fn write() -> Result<()> {
    for (file, text) in files()? {
        let verb = if write_if_changed(&root().join(file), text.as_bytes())? { "wrote" } else { "kept" };
        eprintln!("generate: {verb} {file}");
    }
    Ok(())
}

/// Fails if a generated file is not what would be written.
pub(crate) fn check() -> Result<()> {
    for (file, text) in files()? {
        let known = fs::read_to_string(root().join(file)).with_context(|| format!("cannot read {file}"))?;
        if known != text {
            bail!("{file} is out of date. Type: cargo xtask generate");
        }
    }
    Ok(())
}

/// What is generated: each file with its text.
fn files() -> Result<Vec<(&'static str, String)>> {
    let command = command()?;
    Ok(vec![("docs/cli.md", output(Command::new(command).arg("help-markdown"))?)])
}

/// The `keepset` command, in the mode of the tests, so that checking builds nothing twice.
pub(crate) fn command() -> Result<PathBuf> {
    guest::build_component(&toolchain::find()?)?;
    run(cargo().args(["build", "--quiet", "--package", "keepset"]))?;
    Ok(target().join("debug").join(format!("keepset{}", std::env::consts::EXE_SUFFIX)))
}
