//! A gateway's store as a whole.

use std::io::{BufRead as _, BufReader, BufWriter, Write as _, stdout};
use std::path::PathBuf;

use clap::{Args, Subcommand};
use keepset_store::StoreError;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Format, Results};
use crate::report::open;
use crate::storage::Caretaking;

/// Back up, restore or check a gateway's store
#[derive(Debug, Subcommand)]
pub(crate) enum Store {
    Backup(Backup),
    Dump(Dump),
    Restore(Restore),
    Check(Check),
}

impl Store {
    pub(super) fn run(&self) -> Result<Exit, Failure> {
        match self {
            Self::Backup(command) => command.run(),
            Self::Dump(command) => command.run(),
            Self::Restore(command) => command.run(),
            Self::Check(command) => command.run(),
        }
    }

    pub(super) fn format(&self) -> Format {
        match self {
            Self::Check(command) => command.output,
            _ => Format::Text,
        }
    }
}

/// Copy the store to a file, while gateways run
///
/// Of SQLite a database that can be put in its place; of PostgreSQL a dump, see `dump`.
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(crate) struct Backup {
    /// File to write; there must be none
    file: PathBuf,
    #[command(flatten)]
    store: Caretaking,
}

/// Write all of the store as lines of JSON, which any store can restore
#[derive(Args, Debug)]
pub(crate) struct Dump {
    #[command(flatten)]
    store: Caretaking,
}

/// Load a dump into an empty store, which is made if there is none
#[derive(Args, Debug)]
pub(crate) struct Restore {
    /// File that `dump`, or `backup` of PostgreSQL, wrote; - for standard input
    file: PathBuf,
    #[command(flatten)]
    store: Caretaking,
}

/// Check that the database is whole and that what it holds makes sense
#[derive(Args, Debug)]
pub(crate) struct Check {
    /// How to write the faults
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t)]
    output: Format,
    #[command(flatten)]
    store: Caretaking,
}

impl Backup {
    fn run(&self) -> Result<Exit, Failure> {
        let named = |error| match error {
            StoreError::File(source) => Failure::Write { path: self.file.clone(), source },
            other => other.into(),
        };
        self.store.with(|store| async move { store.backup(&self.file).await.map_err(named) })?;
        Ok(Exit::Success)
    }
}

impl Dump {
    fn run(&self) -> Result<Exit, Failure> {
        self.store.with(|store| async move {
            let mut out = BufWriter::with_capacity(1 << 16, stdout());
            store.dump(&mut out).await?;
            Ok(out.flush()?)
        })?;
        Ok(Exit::Success)
    }
}

impl Restore {
    fn run(&self) -> Result<Exit, Failure> {
        // Before a store is made for it.
        let (path, dump) = open(&self.file)?;
        let mut dump = BufReader::new(dump);
        let unreadable = |source| Failure::Read { path: path.to_owned(), source };
        let no_dump = |error| Failure::NoDump { path: path.to_owned(), error };
        if dump.fill_buf().map_err(unreadable)?.starts_with(b"SQLite format 3\0") {
            let message =
                "this is a copy of a SQLite store, no dump: put it in the place of keepset.db".to_owned();
            return Err(no_dump(StoreError::Dump { line: 1, message }));
        }
        let named = |error| match error {
            StoreError::File(source) => unreadable(source),
            StoreError::Dump { .. } => no_dump(error),
            other => other.into(),
        };
        self.store.with_new(|store| async move { store.load_dump(&mut dump).await.map_err(named) })?;
        Ok(Exit::Success)
    }
}

impl Check {
    fn run(&self) -> Result<Exit, Failure> {
        let faults = self.store.with(|store| async move { Ok(store.check().await?) })?;
        let mut results = Results::new();
        match self.output {
            Format::Json => results.json(&faults)?,
            Format::Text if faults.is_empty() => writeln!(results, "ok")?,
            Format::Text => {
                for fault in &faults {
                    writeln!(results, "FAULT  {fault}")?;
                }
            }
        }
        results.finish()?;
        Ok(if faults.is_empty() { Exit::Success } else { Exit::ChecksFailed })
    }
}
