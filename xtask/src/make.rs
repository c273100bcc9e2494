//! make, which builds the C of the command's allocator.
use std::process::Command;

use anyhow::{Result, bail};

use crate::debian;
use crate::process::probe;

/// Sees to it that there is one.
pub(crate) fn set_up() -> Result<()> {
    let is_here = || probe(Command::new("make").arg("--version")).is_some();
    if is_here() {
        return Ok(());
    }
    if let Some(obstacle) = debian::obstacle() {
        bail!("make is missing, and {obstacle}: install it (on Debian: apt-get install make)");
    }
    eprintln!("make: installing Debian's package, for the command's allocator is built with it");
    debian::update()?;
    debian::install_packages(&["make"])?;
    if is_here() { Ok(()) } else { bail!("Debian's package make was installed, but it does not run") }
}
