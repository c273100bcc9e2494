//! Why a command failed, and where.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use keepset_host::{Error, ErrorCode, PluginError};
use keepset_types::DocumentError;
use serde::Serialize;

use crate::exit::Exit;

/// Why a command failed. Unless it says otherwise, nothing was changed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// A file is not what it should be, before anybody was asked.
    #[error("{path}: {error}", path = path.display())]
    Document { path: PathBuf, code: ErrorCode, error: DocumentError },
    /// The plugin refused what this file, the environment or the command line says.
    #[error("{origin}: {error}")]
    Refused { origin: String, error: Error },
    /// The plugin refused, was stopped or was not believed.
    #[error(transparent)]
    Plugin(#[from] PluginError),
    /// The file is no plugin.
    #[error("{path}: {error}", path = path.display())]
    NoPlugin { path: PathBuf, error: PluginError },
    /// No row is what was asked for.
    #[error("{0}")]
    NotFound(String),
    #[error("{path}: cannot be read: {source}", path = path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("{path}: cannot be written: {source}", path = path.display())]
    Write { path: PathBuf, source: io::Error },
    /// The lock of a state file was not to be had in time.
    #[error(
        "{path}: another command is writing this file; gave up after {waited:?} (see --lock-timeout)",
        path = path.display()
    )]
    Busy { path: PathBuf, waited: Duration },
    /// The result could not be shown. A state file may have been replaced before.
    #[error("the result cannot be written: {0}")]
    Output(#[from] io::Error),
}

impl Failure {
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Document { .. } | Self::Refused { .. } => Exit::Invalid,
            Self::Plugin(PluginError::Refused(error)) => match error.code {
                ErrorCode::NotFound => Exit::NotFound,
                _ => Exit::Invalid,
            },
            Self::Plugin(PluginError::Unreadable { .. })
            | Self::Read { .. }
            | Self::Write { .. }
            | Self::Output(_) => Exit::Files,
            Self::Plugin(_) | Self::NoPlugin { .. } => Exit::Plugin,
            Self::NotFound(_) => Exit::NotFound,
            Self::Busy { .. } => Exit::Busy,
        }
    }

    /// A stable word for it.
    fn code(&self) -> &'static str {
        match self {
            Self::Document { code, .. } => code.as_str(),
            Self::Refused { error, .. } => error.code.as_str(),
            Self::Plugin(error) | Self::NoPlugin { error, .. } => error.code(),
            Self::NotFound(_) => ErrorCode::NotFound.as_str(),
            Self::Read { .. } => "unreadable",
            Self::Write { .. } => "unwritable",
            Self::Busy { .. } => "busy",
            Self::Output(_) => "output",
        }
    }

    fn pointer(&self) -> Option<&str> {
        match self {
            Self::Document { error, .. } => Some(&error.pointer),
            Self::Refused { error, .. } | Self::Plugin(PluginError::Refused(error)) => {
                error.pointer.as_deref()
            }
            _ => None,
        }
    }

    /// Whether the reader of the results went away, which is no fault of ours.
    pub(crate) fn is_closed_output(&self) -> bool {
        matches!(self, Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }

    /// `{"error":{"code":...,"message":...,"pointer":...}}`.
    pub(crate) fn document(&self) -> impl Serialize {
        #[derive(Serialize)]
        struct Document<'a> {
            error: Body<'a>,
        }
        #[derive(Serialize)]
        struct Body<'a> {
            code: &'a str,
            message: String,
            #[serde(skip_serializing_if = "Option::is_none")]
            pointer: Option<&'a str>,
        }
        Document { error: Body { code: self.code(), message: self.to_string(), pointer: self.pointer() } }
    }
}
