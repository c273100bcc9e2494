//! PostgreSQL, for the tests of the store and of the gateway: a server of the tests' own, never one that runs already.
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::debian;

/// Sees to it that a server can be started.
pub(crate) fn set_up() -> Result<()> {
    let purpose = "the tests run against a real server";
    debian::provide("PostgreSQL", &["postgresql"], purpose, || programs().is_some())
}

/// Where Debian keeps the programs of the server.
fn programs() -> Option<PathBuf> {
    let versions = fs::read_dir(Path::new("/usr/lib/postgresql")).ok()?;
    let folders = versions.flatten().map(|version| version.path().join("bin"));
    folders.filter(|folder| folder.join("initdb").exists()).max()
}
