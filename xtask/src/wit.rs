//! The contract of the plugin changes only together with its version.
//!
//! `wit/versions.sha256` holds one line for each version: the SHA-256 of its WIT text, and the version.
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use sha2::{Digest as _, Sha256};
use wit_parser::UnresolvedPackageGroup;

use crate::workspace::{root, write_if_changed};

/// The recorded versions.
const RECORD: &str = "wit/versions.sha256";

/// Fails if the WIT text is not the one that is recorded for its version.
pub(crate) fn check() -> Result<()> {
    match Wit::read()? {
        Some(wit) => wit.check(&record()?),
        None => Ok(()),
    }
}

/// Records the WIT text of a new version. A recorded one is never replaced.
pub(crate) fn bless() -> Result<()> {
    let Some(wit) = Wit::read()? else {
        bail!("there is no WIT in wit/");
    };
    let known = record()?;
    if wit.recorded(&known).is_some() {
        return wit.check(&known);
    }
    write_if_changed(&root().join(RECORD), format!("{known}{}  {}\n", wit.digest, wit.version).as_bytes())?;
    eprintln!("wit: recorded version {}", wit.version);
    Ok(())
}

/// The record as it is; empty if there is none yet.
fn record() -> Result<String> {
    let path = root().join(RECORD);
    if !path.exists() {
        return Ok(String::new());
    }
    fs::read_to_string(path).with_context(|| format!("cannot read {RECORD}"))
}

/// The WIT of this checkout.
struct Wit {
    version: String,
    digest: String,
}

impl Wit {
    fn read() -> Result<Option<Self>> {
        let folder = root().join("wit");
        let files = wit_files(&folder)?;
        if files.is_empty() {
            return Ok(None);
        }
        let package = UnresolvedPackageGroup::parse_dir(&folder).context("wit/ cannot be read")?;
        let version = package.main.name.version.context("the package in wit/ has no version")?.to_string();
        let mut digest = Sha256::new();
        for file in files {
            digest.update(fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?);
        }
        let digest = digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Some(Self { version, digest }))
    }

    /// What is recorded for this version.
    fn recorded<'a>(&self, record: &'a str) -> Option<&'a str> {
        let lines = record.lines().filter_map(|line| line.split_once("  "));
        lines.filter(|(_, version)| *version == self.version).map(|(digest, _)| digest).next()
    }

    fn check(&self, record: &str) -> Result<()> {
        let version = &self.version;
        match self.recorded(record) {
            Some(digest) if digest == self.digest => Ok(()),
            Some(_) => bail!(
                "wit/ changed, but its package is still version {version}, on which plugins and hosts rely.\n\
                 Raise the version in its `package` line, then type: cargo xtask wit --bless\n\
                 (If {version} was never released, remove its line from {RECORD} instead, and bless.)"
            ),
            None => {
                bail!("version {version} of wit/ is not recorded in {RECORD}. Type: cargo xtask wit --bless")
            }
        }
    }
}

/// The WIT files of a folder, in order.
fn wit_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "wit"));
    files.sort();
    Ok(files)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn wit(version: &str, digest: &str) -> Wit {
        Wit { version: version.into(), digest: digest.into() }
    }

    #[test]
    fn a_text_passes_under_its_own_version_only() {
        let record = "aa  0.1.0\nbb  0.2.0\n";
        wit("0.1.0", "aa").check(record).unwrap();
        wit("0.2.0", "bb").check(record).unwrap();
        let changed = wit("0.2.0", "cc").check(record).unwrap_err().to_string();
        assert!(changed.contains("still version 0.2.0"), "{changed}");
        let new = wit("0.3.0", "cc").check(record).unwrap_err().to_string();
        assert!(new.contains("wit --bless"), "{new}");
    }
}
