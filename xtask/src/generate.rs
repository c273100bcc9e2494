//! Documentation that is written by the program it describes.
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::guest;
use crate::process::{output, run};
use crate::toolchain::Toolchain;
use crate::workspace::{cargo, root, target, write_if_changed};

/// Writes every generated file.
pub(crate) fn write(toolchain: &Toolchain) -> Result<()> {
    for (file, text) in files(toolchain)? {
        let verb = if write_if_changed(&root().join(file), text.as_bytes())? { "wrote" } else { "kept" };
        eprintln!("generate: {verb} {file}");
    }
    Ok(())
}

/// Fails if a generated file is not what would be written.
pub(crate) fn check(toolchain: &Toolchain) -> Result<()> {
    for (file, text) in files(toolchain)? {
        let known = fs::read_to_string(root().join(file)).with_context(|| format!("cannot read {file}"))?;
        if known != text {
            bail!("{file} is out of date. Type: cargo xtask generate");
        }
    }
    Ok(())
}

/// What is generated: each file with its text.
fn files(toolchain: &Toolchain) -> Result<Vec<(&'static str, String)>> {
    let command = command(toolchain)?;
    Ok(vec![("docs/cli.md", output(Command::new(command).arg("help-markdown"))?)])
}

/// The `keepset` command, in the mode of the tests, so that checking builds nothing twice.
pub(crate) fn command(toolchain: &Toolchain) -> Result<PathBuf> {
    guest::build_component(toolchain)?;
    // With the tests, whose choice of features would else compile wasmtime a second time.
    run(cargo().args(["test", "--quiet", "--workspace", "--no-run"]))?;
    Ok(target().join("debug").join(format!("keepset{}", std::env::consts::EXE_SUFFIX)))
}
