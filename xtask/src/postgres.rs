//! PostgreSQL, for the tests of the store and of the gateway: a server of the tests' own, never one that runs already.
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use crate::debian;

/// Sees to it that a server can be started.
pub(crate) fn set_up() -> Result<()> {
    if let Some(folder) = programs() {
        eprintln!("PostgreSQL: {}", folder.display());
        return Ok(());
    }
    if let Some(obstacle) = debian::obstacle() {
        bail!("PostgreSQL is missing, and {obstacle}: install it (on Debian: apt-get install postgresql)");
    }
    eprintln!("PostgreSQL: installing Debian's package, for the tests run against a real server");
    debian::update()?;
    debian::install_packages(&["postgresql"])?;
    match programs() {
        Some(_) => Ok(()),
        None => {
            bail!("Debian's package postgresql was installed, but there is no initdb in /usr/lib/postgresql")
        }
    }
}

/// Where Debian keeps the programs of the server.
fn programs() -> Option<PathBuf> {
    let versions = fs::read_dir(Path::new("/usr/lib/postgresql")).ok()?;
    let folders = versions.flatten().map(|version| version.path().join("bin"));
    folders.filter(|folder| folder.join("initdb").exists()).max()
}
