//! Reports of three clusters, kept and forgotten.
use anyhow::Result;

pub(crate) fn run() -> Result<()> {
    Ok(())
}
