//! Where things are in this checkout.
use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

/// The checkout.
pub(crate) fn root() -> PathBuf {
    // Cargo names the folder again at run time: a checkout that was moved does not find its old place.
    let here = env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    Path::new(&here).parent().map_or_else(|| PathBuf::from("."), Path::to_path_buf)
}

/// Everything that is built.
pub(crate) fn target() -> PathBuf {
    root().join("target")
}

/// Cargo on this workspace, with the tool chain that built this task.
pub(crate) fn cargo() -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")));
    // Other crates and the documentation name files in target/, so that is where they go.
    cargo.current_dir(root()).env("CARGO_TARGET_DIR", target());
    // What cargo said of this task's own package: build scripts (ring's) that look would run again each time that people
    // and tasks take turns, and everything above them be compiled anew.
    let ours = |name: &OsString| {
        name.to_str()
            .is_some_and(|name| ["CARGO_PKG_", "CARGO_MANIFEST_"].iter().any(|of| name.starts_with(of)))
    };
    for (name, _) in env::vars_os().filter(|(name, _)| ours(name)) {
        cargo.env_remove(name);
    }
    cargo
}

/// Writes a file only if that changes it, so that nothing which depends on it is built again. Says if it did.
pub(crate) fn write_if_changed(path: &Path, bytes: &[u8]) -> Result<bool> {
    if fs::read(path).is_ok_and(|old| old == bytes) {
        return Ok(false);
    }
    let folder = path.parent().context("a file has a folder")?;
    fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    // Renamed into its place: a reader never sees half of it.
    let fresh = path.with_extension("tmp");
    fs::write(&fresh, bytes).with_context(|| format!("cannot write {}", fresh.display()))?;
    fs::rename(&fresh, path).with_context(|| format!("cannot replace {}", path.display()))?;
    Ok(true)
}

/// A path as people read it: from the checkout, where it is in it.
pub(crate) fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

/// A new folder that goes away with this value.
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    /// Creates `parent/name-<process>`.
    pub(crate) fn new(parent: &Path, name: &str) -> Result<Self> {
        let folder = parent.join(format!("{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
        Ok(Self(folder))
    }

    /// The folder.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What cannot be removed is left to whoever cleans the folder it is in.
        let _ = fs::remove_dir_all(&self.0);
    }
}
