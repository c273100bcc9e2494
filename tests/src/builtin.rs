//! The fixtures of this crate, inside whatever is linked with it: to judge plugins where there is no checkout.

use std::io;
use std::path::PathBuf;

use include_dir::{Dir, include_dir};

static FIXTURES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/fixtures");
static REPORTS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/reports");

/// The fixtures as files, for as long as this lives.
#[derive(Debug)]
pub struct Unpacked {
    folder: tempfile::TempDir,
}

impl Unpacked {
    /// Writes them to a temporary folder.
    ///
    /// # Errors
    /// If that cannot be done.
    pub fn new() -> io::Result<Self> {
        let folder = tempfile::tempdir()?;
        for (name, dir) in [("fixtures", &FIXTURES), ("reports", &REPORTS)] {
            let path = folder.path().join(name);
            std::fs::create_dir(&path)?;
            dir.extract(path)?;
        }
        Ok(Self { folder })
    }

    /// Where they are.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.folder.path().join("fixtures")
    }
}
