//! Why the store refused or failed. Nothing was then changed.

use std::io;

use keepset_types::translate::Misfit;

/// Why the store refused or failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The URL names no database of ours.
    #[error(
        "`{0}` is no database: expected sqlite://<path>, sqlite::memory: or postgres://<user>@<host>/<database>"
    )]
    Url(String),
    /// The database cannot be opened.
    #[error("cannot open {url}: {}", said(source))]
    Open {
        /// Where it should be, without a password.
        url: String,
        /// Why not.
        source: sqlx::Error,
    },
    /// The database did not do it.
    #[error("database: {}", said(.0))]
    Database(#[from] sqlx::Error),
    /// The tables were made by a later version of this crate.
    #[error("the tables are of version {found}, this program knows version {known}: use a later program")]
    TooNew {
        /// The version of the tables.
        found: i64,
        /// The latest version known here.
        known: i64,
    },
    /// There is no such account.
    #[error("there is no account `{0}`")]
    UnknownAccount(String),
    /// A text that not every database can hold and find again: with a NUL in it, or as a key too long.
    #[error("{what} cannot be stored: expected at most {MAX_KEY_BYTES} bytes and no NUL character")]
    Unstorable {
        /// What the text is.
        what: &'static str,
    },
    /// The verdicts do not fit what they were asked for.
    #[error(transparent)]
    Misfit(#[from] Misfit),
    /// What is stored is not what this crate writes.
    #[error("the stored inventory is broken: {0}")]
    Broken(String),
    /// Contexts came and went under the hands of others, again and again.
    #[error("other writers keep changing the same contexts; try again")]
    Busy,
    /// The decision was cut off.
    #[error("the decision was cut off: {0}")]
    CutOff(String),
    /// A dump can only be read into a store that holds nothing.
    #[error("the store is not empty: restore into a new one")]
    NotEmpty,
    /// A dump is not what this crate writes.
    #[error("line {line} of the dump: {message}")]
    Dump {
        /// Counted from 1.
        line: usize,
        /// What was found and expected.
        message: String,
    },
    /// A file of a backup.
    #[error("backup: {0}")]
    File(#[from] io::Error),
}

/// What the database says, without the line of its own source in which it says so.
fn said(error: &sqlx::Error) -> String {
    match error.as_database_error() {
        Some(said) => said.message().to_owned(),
        None => error.to_string(),
    }
}

/// Why a decision was not made or not carried out.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError<E> {
    /// The store's fault.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What the caller's decision answered.
    #[error("{0}")]
    Decide(E),
}

impl<E> From<sqlx::Error> for ApplyError<E> {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

/// The longest id, context, tag, digest or link, in bytes: PostgreSQL's indexes take no more than 2704 in all.
pub const MAX_KEY_BYTES: usize = 1024;

/// Refuses what a database could not hold as a key.
pub(crate) fn check_key(what: &'static str, text: &str) -> Result<(), StoreError> {
    match text.len() <= MAX_KEY_BYTES && !text.contains('\0') {
        true => Ok(()),
        false => Err(StoreError::Unstorable { what }),
    }
}

/// Refuses what PostgreSQL could not hold as a text.
pub(crate) fn check_text(what: &'static str, text: &str) -> Result<(), StoreError> {
    if text.contains('\0') { Err(StoreError::Unstorable { what }) } else { Ok(()) }
}
