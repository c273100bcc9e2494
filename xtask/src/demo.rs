//! Reports of three clusters, kept and forgotten.
use anyhow::Result;

use crate::toolchain::Toolchain;

pub(crate) fn run(_toolchain: &Toolchain) -> Result<()> {
    Ok(())
}
