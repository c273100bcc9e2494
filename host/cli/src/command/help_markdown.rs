use std::io::{self, Write};

use clap::{Args, Command, CommandFactory as _};

use super::Keepset;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Results;

/// Print this help of all commands as Markdown
#[derive(Args, Debug)]
pub(crate) struct HelpMarkdown {}

impl HelpMarkdown {
    pub(super) fn run(&self) -> Result<Exit, Failure> {
        let mut keepset = Keepset::command();
        keepset.build();
        let mut results = Results::new();
        writeln!(results, "# The `keepset` command\n")?;
        writeln!(results, "Written by `cargo xtask generate` from the command itself.")?;
        write_help(&mut keepset, &mut results)?;
        results.finish()?;
        Ok(Exit::Success)
    }
}

fn write_help(command: &mut Command, to: &mut impl Write) -> io::Result<()> {
    let name = command.get_bin_name().unwrap_or_else(|| command.get_name()).to_owned();
    let help = command.render_long_help().to_string();
    writeln!(to, "\n## `{name}`\n\n```text")?;
    for line in help.trim().lines() {
        writeln!(to, "{}", line.trim_end())?;
    }
    writeln!(to, "```")?;
    for subcommand in command.get_subcommands_mut() {
        if !subcommand.is_hide_set() && subcommand.get_name() != "help" {
            write_help(subcommand, to)?;
        }
    }
    Ok(())
}
