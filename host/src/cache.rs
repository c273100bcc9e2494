//! Compiled code, kept between runs.
//!
//! Loading compiled code runs it: it must come from nobody but us. So it is only ever loaded from a directory that belongs to
//! this user and that nobody else can write to, under a name made of the digest of the WebAssembly it was compiled from and
//! of all that shapes the code (wasmtime's version, its settings, the processor).
#![expect(unsafe_code, reason = "loads compiled code, under the contract above")]

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use wasmtime::component::Component;

use crate::engine::Engine;

/// The component compiled before, if there is one.
pub(crate) fn load(engine: &Engine, digest: &str) -> Option<Component> {
    let directory = engine.options.cache.as_deref()?;
    let file = file(engine, directory, digest);
    if !is_ours(directory) || !is_ours(&file) {
        return None;
    }
    // SAFETY: the file was written by `store` below, or by another process of this user that did the same: nobody else can
    // write to it or to its directory. It was compiled for this version and these settings, which wasmtime checks as well.
    unsafe { Component::deserialize_file(&engine.wasmtime, &file) }.ok()
}

/// Keeps the compiled component. A cache that cannot be written costs time, nothing else.
pub(crate) fn store(engine: &Engine, digest: &str, component: &Component) {
    let Some(directory) = engine.options.cache.as_deref() else { return };
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(directory);
    if made.is_err() || !is_ours(directory) {
        return;
    }
    let write = || -> Option<()> {
        let code = component.serialize().ok()?;
        let mut temporary = tempfile::NamedTempFile::new_in(directory).ok()?;
        temporary.write_all(&code).ok()?;
        temporary.persist(file(engine, directory, digest)).ok()?;
        Some(())
    };
    write();
}

fn file(engine: &Engine, directory: &Path, digest: &str) -> PathBuf {
    let mut shape = DefaultHasher::new();
    engine.wasmtime.precompile_compatibility_hash().hash(&mut shape);
    directory.join(format!("{digest}-{:016x}.cwasm", shape.finish()))
}

/// Whether this user owns it and nobody else can write to it.
fn is_ours(path: &Path) -> bool {
    let Ok(metadata) = fs::symlink_metadata(path) else { return false };
    !metadata.is_symlink() && metadata.mode() & 0o022 == 0 && Some(metadata.uid()) == own_uid()
}

/// The user that this process runs as: the owner of a file that it makes.
fn own_uid() -> Option<u32> {
    use std::sync::OnceLock;
    static UID: OnceLock<Option<u32>> = OnceLock::new();
    *UID.get_or_init(|| tempfile::tempfile().ok()?.metadata().ok().map(|metadata| metadata.uid()))
}
