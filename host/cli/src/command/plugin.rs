//! Plugins themselves, before one is let decide.

mod bench;
mod check;
mod inspect;

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::engine::EngineArguments;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Format;

/// Look at, check or time a plugin
#[derive(Debug, Subcommand)]
pub(crate) enum Plugin {
    Inspect(inspect::Inspect),
    Check(check::Check),
    Bench(bench::Bench),
}

impl Plugin {
    pub(super) fn run(&self) -> Result<Exit, Failure> {
        match self {
            Self::Inspect(command) => command.run(),
            Self::Check(command) => command.run(),
            Self::Bench(command) => command.run(),
        }
    }

    pub(super) fn format(&self) -> Format {
        match self {
            Self::Inspect(command) => command.subject.output,
            Self::Check(command) => command.subject.output,
            Self::Bench(command) => command.subject.output,
        }
    }
}

/// The plugin that a command is about.
#[derive(Args, Debug)]
struct Subject {
    /// WebAssembly component, or `builtin` for the one that decides by default
    #[arg(value_name = "PLUGIN")]
    plugin: PathBuf,
    /// How to write the answer
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t)]
    output: Format,
    #[command(flatten)]
    engine: EngineArguments,
}

impl Subject {
    fn load(&self) -> Result<keepset_host::Plugin, Failure> {
        self.engine.load((!self.is_builtin()).then_some(&self.plugin))
    }

    fn is_builtin(&self) -> bool {
        self.plugin.as_os_str() == "builtin"
    }
}
