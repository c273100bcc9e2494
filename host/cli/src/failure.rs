//! Why a command failed, and where.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use keepset_engine::simulate::Unreadable;
use keepset_gateway::AccountsError;
use keepset_host::{Error, ErrorCode, PluginError};
use keepset_store::StoreError;
use keepset_types::DocumentError;
use serde::Serialize;

use crate::exit::Exit;

/// Why a command failed. Unless it says otherwise, nothing was changed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// A file is not what it should be, before anybody was asked.
    #[error("{path}: {error}", path = path.display())]
    Document { path: PathBuf, code: ErrorCode, error: DocumentError },
    /// A file is no part of a history.
    #[error("{0}")]
    NoHistory(Unreadable),
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
    /// The gateway's store.
    #[error(transparent)]
    Store(StoreError),
    /// Where a gateway's store was expected there is none.
    #[error(
        "{0}: there is no store of a gateway; expected the keepset.db of one that `keepset serve` has made: name its folder \
        by --data-dir or KEEPSET_DATA_DIR, or its database by --store"
    )]
    NoStore(String),
    #[error(
        "the database: no gateway has used it yet; expected one that `keepset serve` has made: name it by --store or \
        KEEPSET_STORE"
    )]
    EmptyStore,
    /// A file is no dump of a store.
    #[error("{path}: {error}", path = path.display())]
    NoDump { path: PathBuf, error: StoreError },
    /// An account or a user cannot be as asked.
    #[error(transparent)]
    Accounts(AccountsError),
    #[error("{address}: cannot be listened on: {source}")]
    Listen { address: SocketAddr, source: io::Error },
    #[error("the gateway cannot serve: {0}")]
    Serve(io::Error),
    #[error("no threads are to be had: {0}")]
    Runtime(io::Error),
    #[error("{} with {}: {message}", certificate.display(), key.display())]
    Tls { certificate: PathBuf, key: PathBuf, message: String },
    #[error("TLS needs both a certificate and a key: give --tls-certificate and --tls-key")]
    HalfTls,
    #[error("logs and traces: {0}")]
    Telemetry(String),
    #[error("there is no home directory to keep data in: give --data-dir or --store")]
    NoDataDir,
    #[error(
        "the plugin fails {}, a fixture that comes with keepset: {why}; `keepset plugin check` says all that it fails, and \
        --unchecked-plugin takes it as it is", fixture.display()
    )]
    FailsFixture { fixture: PathBuf, why: String },
    #[error("standard input cannot be read: {0}")]
    Input(io::Error),
    #[error("{0}")]
    Password(String),
    /// A gateway was asked and did not do it.
    #[error("{url}: {message}")]
    Remote { url: String, status: Option<u16>, message: String },
    #[error("there is nothing to look at: give --state FILE or --url URL")]
    NowhereToLook,
    #[error("a gateway is asked about contexts: give TYPE/CONTEXT, like kubernetes/prod/default")]
    NoContext,
    #[error(
        "`{0}` is no TYPE/CONTEXT: expected kubernetes/CLUSTER/NAMESPACE, like kubernetes/prod/default, or ecs/ARN"
    )]
    WrongContext(String),
    #[error("no gateway is named: give --url URL, or set ANCHORECTL_URL")]
    NoGateway,
    #[error("`{0}` is no URL of a gateway: expected http:// or https://, like http://localhost:8228")]
    NoUrl(String),
    #[error("{0} configurations were given; expected one, or two to compare")]
    TooManyConfigs(usize),
    /// Somebody was asked whether to go on, and did not say yes.
    #[error("not confirmed: nothing was changed")]
    NotConfirmed,
    #[error("nothing was changed: there is nobody to ask whether to go on; give --yes")]
    NobodyToAsk,
    /// The result could not be shown. A state file may have been replaced before.
    #[error("the result cannot be written: {0}")]
    Output(#[from] io::Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        PluginError::Refused(error).into()
    }
}

impl Failure {
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Document { .. } | Self::NoHistory(_) | Self::NoDump { .. } | Self::Refused { .. } => {
                Exit::Invalid
            }
            Self::Plugin(PluginError::Refused(error)) => match error.code {
                ErrorCode::NotFound => Exit::NotFound,
                _ => Exit::Invalid,
            },
            Self::Plugin(PluginError::Unreadable { .. })
            | Self::Read { .. }
            | Self::Write { .. }
            | Self::NoStore(_)
            | Self::EmptyStore
            | Self::Output(_) => Exit::Files,
            Self::Plugin(_) | Self::NoPlugin { .. } => Exit::Plugin,
            Self::FailsFixture { .. } => Exit::Plugin,
            Self::NotFound(_) | Self::Remote { status: Some(404), .. } => Exit::NotFound,
            Self::Busy { .. } => Exit::Busy,
            Self::HalfTls
            | Self::NoDataDir
            | Self::NowhereToLook
            | Self::NoContext
            | Self::WrongContext(_)
            | Self::NoGateway
            | Self::NoUrl(_)
            | Self::NotConfirmed
            | Self::NobodyToAsk
            | Self::TooManyConfigs(_) => Exit::Usage,
            Self::Accounts(_)
            | Self::Password(_)
            | Self::Tls { .. }
            | Self::Telemetry(_)
            | Self::Remote { status: Some(400), .. } => Exit::Invalid,
            Self::Store(_)
            | Self::Listen { .. }
            | Self::Serve(_)
            | Self::Runtime(_)
            | Self::Input(_)
            | Self::Remote { .. } => Exit::Service,
        }
    }

    /// A stable word for it.
    fn code(&self) -> &'static str {
        match self {
            Self::Document { code, .. } => code.as_str(),
            Self::NoHistory(unreadable) => unreadable.code,
            Self::Refused { error, .. } => error.code.as_str(),
            Self::Plugin(error) | Self::NoPlugin { error, .. } => error.code(),
            Self::NotFound(_) => ErrorCode::NotFound.as_str(),
            Self::Read { .. } => "unreadable",
            Self::Write { .. } => "unwritable",
            Self::Busy { .. } => "busy",
            Self::Output(_) => "output",
            Self::Store(_) => "store",
            Self::NoStore(_) | Self::EmptyStore => "no_store",
            Self::NoDump { .. } => "no_dump",
            Self::Accounts(_) | Self::Password(_) => "accounts",
            Self::Listen { .. } | Self::Serve(_) | Self::Runtime(_) => "serve",
            Self::Tls { .. } | Self::HalfTls => "tls",
            Self::Telemetry(_) => "telemetry",
            Self::NoDataDir => "no_data_dir",
            Self::NowhereToLook => "nowhere_to_look",
            Self::NoContext | Self::WrongContext(_) => "no_context",
            Self::NoGateway => "no_gateway",
            Self::NoUrl(_) => "no_url",
            Self::FailsFixture { .. } => "plugin_fails_fixtures",
            Self::Input(_) => "input",
            Self::Remote { .. } => "remote",
            Self::NotConfirmed | Self::NobodyToAsk => "not_confirmed",
            Self::TooManyConfigs(_) => "too_many_configs",
        }
    }

    fn pointer(&self) -> Option<&str> {
        match self {
            Self::Document { error, .. } => Some(&error.pointer),
            Self::NoHistory(unreadable) => Some(&unreadable.error.pointer),
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
