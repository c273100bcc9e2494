//! The same sources in another folder make the same component.
use std::env;
use std::fs;
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use sha2::{Digest as _, Sha256};

use crate::guest;
use crate::process::output;
use crate::toolchain::Toolchain;
use crate::workspace::{Scratch, root, target, write_if_changed};

/// Builds the component from a copy of the tracked sources in another folder, and compares the bytes.
///
/// It costs a whole build, so bytes that were made twice by the same compiler once are not made a third time.
pub(crate) fn check(toolchain: &Toolchain, component: &[u8]) -> Result<()> {
    let digest = hex(component);
    let proof = format!("{digest}\n{}", toolchain.version()?);
    let record = target().join("keepset.wasm.reproduced");
    if fs::read_to_string(&record).is_ok_and(|known| known == proof) {
        eprintln!("reproducible: sha256 {digest} (these bytes were made twice before)");
        return Ok(());
    }
    let scratch = Scratch::new(&env::temp_dir(), "keepset-reproduce")?;
    let copy = scratch.path().join("a copy of the checkout");
    copy_tracked(&copy)?;
    let again = guest::component(toolchain, &copy, &scratch.path().join("target"))?;
    if again != component {
        let place = component.iter().zip(&again).position(|(one, other)| one != other);
        bail!(
            "not reproducible: {} bytes here, {} from a copy in another folder; the first difference is at byte {}",
            component.len(),
            again.len(),
            place.unwrap_or(component.len().min(again.len()))
        );
    }
    write_if_changed(&record, proof.as_bytes())?;
    eprintln!("reproducible: sha256 {digest}, here and from a copy in another folder");
    Ok(())
}

/// Copies what git tracks, as it is in the work tree.
fn copy_tracked(to: &std::path::Path) -> Result<()> {
    let files = output(Command::new("git").current_dir(root()).args(["ls-files", "-z"]))?;
    for file in files.split_terminator('\0') {
        let from = root().join(file);
        // Tracked, but deleted in the work tree.
        if !from.is_file() {
            continue;
        }
        let to = to.join(file);
        fs::create_dir_all(to.parent().context("a file has a folder")?)?;
        fs::copy(&from, &to).with_context(|| format!("cannot copy {file}"))?;
    }
    Ok(())
}

/// The SHA-256 of some bytes, in hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
