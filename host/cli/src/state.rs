//! State files: inventories on disk.
//!
//! Whoever reads a state file sees the one before or the one after a change, never one in between: the new one is written
//! beside it, made durable, and then takes its name. Writers take turns by a lock on `<file>.lock`, which stays where it is:
//! were it removed, two writers could each hold a lock of that name.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, fchown};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use clap::Args;
use keepset_host::{ErrorCode, Inventory, Row};

use crate::engine::seconds;
use crate::failure::Failure;
use crate::output::note;

/// The state file of a command that changes it.
#[derive(Args, Debug)]
pub(crate) struct StateArguments {
    /// Inventory to change: a JSON file, {"version":1,"items":[...]}
    #[arg(long, value_name = "FILE")]
    state: PathBuf,
    #[command(flatten)]
    change: Change,
}

/// How a state file is changed.
#[derive(Args, Debug)]
pub(crate) struct Change {
    /// Show what would happen, change nothing
    #[arg(long)]
    dry_run: bool,
    /// Seconds to wait for another command that is changing the same file
    #[arg(long, value_name = "SECONDS", value_parser = seconds, default_value = "10")]
    lock_timeout: Duration,
}

/// What a state file that is not there stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Missing {
    IsEmpty,
    IsAnError,
}

/// A state file to be changed: locked, unless nothing will be.
pub(crate) struct State {
    path: PathBuf,
    missing: Missing,
    lock: Option<File>,
}

impl StateArguments {
    pub(crate) fn open(&self, missing: Missing) -> Result<State, Failure> {
        self.change.open(&self.state, missing)
    }
}

impl Change {
    /// Whether changes are only to be shown.
    pub(crate) fn is_dry_run(&self) -> bool {
        self.dry_run
    }

    pub(crate) fn open(&self, state: &Path, missing: Missing) -> Result<State, Failure> {
        // A link stays a link: what it points to is replaced.
        let path = match (fs::canonicalize(state), missing) {
            (Ok(path), _) => path,
            (Err(_), Missing::IsEmpty) => state.to_owned(),
            (Err(source), Missing::IsAnError) => {
                return Err(Failure::Read { path: state.to_owned(), source });
            }
        };
        let lock = if self.dry_run { None } else { Some(lock(&path, self.lock_timeout)?) };
        Ok(State { path, missing, lock })
    }
}

impl State {
    pub(crate) fn read(&self) -> Result<Inventory, Failure> {
        match read(&self.path) {
            Err(Failure::Read { source, .. })
                if self.missing == Missing::IsEmpty && source.kind() == io::ErrorKind::NotFound =>
            {
                Ok(Inventory::default())
            }
            read => read,
        }
    }

    /// Whether changes are only to be shown.
    pub(crate) fn is_dry_run(&self) -> bool {
        self.lock.is_none()
    }

    /// Replaces the file, unless this is a dry run.
    pub(crate) fn replace<'a>(&self, rows: impl Iterator<Item = &'a Row>) -> Result<(), Failure> {
        if self.is_dry_run() {
            return Ok(());
        }
        replace(&self.path, rows).map_err(|source| Failure::Write { path: self.path.clone(), source })
    }
}

/// The inventory in a state file.
pub(crate) fn read(path: &Path) -> Result<Inventory, Failure> {
    let bytes = fs::read(path).map_err(|source| Failure::Read { path: path.to_owned(), source })?;
    Inventory::from_json(&bytes).map_err(|error| Failure::Document {
        path: path.to_owned(),
        code: ErrorCode::InvalidInventory,
        error,
    })
}

fn lock(path: &Path, patience: Duration) -> Result<File, Failure> {
    let lock_path = beside(path, "", ".lock");
    let unlockable = |source| Failure::Write { path: lock_path.clone(), source };
    let mut options = OpenOptions::new();
    let lock = options.read(true).write(true).create(true).truncate(false).open(&lock_path);
    let lock = lock.map_err(unlockable)?;
    let start = Instant::now();
    let mut is_told = false;
    loop {
        match lock.try_lock() {
            Ok(()) => return Ok(lock),
            Err(TryLockError::Error(source)) => return Err(unlockable(source)),
            Err(TryLockError::WouldBlock) => {}
        }
        let waited = start.elapsed();
        if waited >= patience {
            return Err(Failure::Busy { path: path.to_owned(), waited: patience });
        }
        if !is_told && waited >= Duration::from_secs(1) {
            note(format_args!("waiting: another command is writing {}", path.display()));
            is_told = true;
        }
        thread::sleep(Duration::from_millis(20).min(patience - waited));
    }
}

fn replace<'a>(path: &Path, rows: impl Iterator<Item = &'a Row>) -> io::Result<()> {
    // One name, so that what a killed command left behind is found by the next one; the lock keeps it ours.
    let temporary = beside(path, ".", ".new");
    match fs::remove_file(&temporary) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let written = write(&temporary, path, rows).and_then(|()| fs::rename(&temporary, path));
    if written.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    written?;
    match path.parent() {
        Some(directory) if !directory.as_os_str().is_empty() => File::open(directory)?.sync_all(),
        _ => File::open(".")?.sync_all(),
    }
}

fn write<'a>(temporary: &Path, path: &Path, rows: impl Iterator<Item = &'a Row>) -> io::Result<()> {
    let old = match fs::metadata(path) {
        Ok(metadata) => Some(metadata),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    let mode = if old.is_some() { 0o600 } else { 0o666 };
    let file = OpenOptions::new().write(true).create_new(true).mode(mode).open(temporary)?;
    if let Some(old) = old {
        // Another owner is given back where that is allowed; who may write the file is not.
        let _ = fchown(&file, Some(old.uid()), Some(old.gid()));
        file.set_permissions(old.permissions())?;
    }
    let mut file = BufWriter::with_capacity(1 << 16, file);
    write_document(&mut file, rows)?;
    file.into_inner()?.sync_all()
}

/// `{"version":1,"items":[...]}`, a row a line.
fn write_document<'a>(to: &mut impl Write, rows: impl Iterator<Item = &'a Row>) -> io::Result<()> {
    to.write_all(b"{\"version\":1,\"items\":[")?;
    for (index, row) in rows.enumerate() {
        to.write_all(if index == 0 { b"\n" } else { b",\n" })?;
        serde_json::to_writer(&mut *to, row)?;
    }
    to.write_all(b"\n]}\n")
}

/// The name of a file beside another one.
fn beside(path: &Path, before: &str, after: &str) -> PathBuf {
    let mut name = OsString::from(before);
    name.push(path.file_name().unwrap_or_default());
    name.push(after);
    path.with_file_name(name)
}
