use std::io::Write;

use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use super::Keepset;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Results;

/// Print completions for a shell
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  keepset completions bash > ~/.local/share/bash-completion/completions/keepset
  keepset completions zsh > ~/.zfunc/_keepset")]
pub(crate) struct Completions {
    /// Which shell
    #[arg(value_enum)]
    shell: Shell,
}

impl Completions {
    pub(super) fn run(&self) -> Result<Exit, Failure> {
        // Generated in memory: the generator panics where it cannot write.
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Keepset::command(), "keepset", &mut script);
        let mut results = Results::new();
        results.write_all(&script)?;
        results.finish()?;
        Ok(Exit::Success)
    }
}
