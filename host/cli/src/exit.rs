//! What the command says to the shell that called it.

use std::fmt::Write as _;
use std::process::ExitCode;

/// How a command ended. The numbers are stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    Success = 0,
    ChecksFailed = 1,
    Usage = 2,
    Invalid = 3,
    NotFound = 4,
    Files = 5,
    Busy = 6,
    Plugin = 7,
    Service = 8,
}

impl Exit {
    const ALL: [Self; 9] = [
        Self::Success,
        Self::ChecksFailed,
        Self::Usage,
        Self::Invalid,
        Self::NotFound,
        Self::Files,
        Self::Busy,
        Self::Plugin,
        Self::Service,
    ];

    fn meaning(self) -> &'static str {
        match self {
            Self::Success => "done",
            Self::ChecksFailed => "the plugin or the fixtures that were checked have faults",
            Self::Usage => "the command line makes no sense",
            Self::Invalid => "a report, a setting, a state file or a request is not what it should be",
            Self::NotFound => "nothing matched",
            Self::Files => "a file cannot be read or written",
            Self::Busy => "another command is writing the state file",
            Self::Plugin => "the plugin was refused, stopped or not believed",
            Self::Service => "a gateway, its store or its network failed",
        }
    }

    /// The table that `--help` ends with.
    pub(crate) fn table() -> String {
        let mut text = "Exit codes:".to_owned();
        for exit in Self::ALL {
            let _ = write!(text, "\n  {}  {}", exit as u8, exit.meaning());
        }
        text
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
