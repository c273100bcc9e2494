//! The subcommands, one file each.

mod account;
mod apply;
mod asked;
mod completions;
mod confirm;
mod conformance;
mod delete;
mod evaluate;
mod explain;
mod help_markdown;
mod list;
mod plugin;
mod preview;
mod serve;
mod simulate;
mod store;
mod summary;
mod sweep;
mod user;

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Format;

/// Decides which runtime inventory is kept, and why.
///
/// Agents in Kubernetes and ECS clusters report what runs there; Keepset keeps the list. What was
/// not seen for longer than the TTL expires; with overwrite, a report also removes what its
/// namespaces no longer contain. The decisions are made by a WebAssembly component; this command
/// loads data, asks it, and shows or applies its answer.
#[derive(Debug, Parser)]
#[command(verbatim_doc_comment, name = "keepset", version, after_help = EXAMPLES, after_long_help = examples_and_exits())]
pub(crate) struct Keepset {
    #[command(subcommand)]
    pub(crate) command: Command,
}

impl Keepset {
    /// What was typed. If it makes no sense, this says so and ends the process.
    pub(crate) fn typed() -> Self {
        let mut keepset = Self::command();
        let matches = keepset.get_matches_mut();
        let checked = asked::check(&mut keepset, &matches);
        let read = checked
            .and_then(|()| Self::from_arg_matches(&matches).map_err(|error| error.format(&mut keepset)));
        read.unwrap_or_else(|error| error.exit())
    }
}

const EXAMPLES: &str = "\
Examples:
  keepset apply --state inventory.json --report report.json --config keepset.yaml
  keepset list --state inventory.json
  keepset explain --state inventory.json --config keepset.yaml prod/default
  keepset sweep --state inventory.json --image-ttl-days 30 --dry-run
  keepset simulate --history reports/ --config image_ttl_days=7
  keepset serve --config keepset.yaml";

fn examples_and_exits() -> String {
    format!("{EXAMPLES}\n\n{}", Exit::table())
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Evaluate(evaluate::Evaluate),
    Apply(apply::Apply),
    Sweep(sweep::Sweep),
    Delete(delete::Delete),
    List(list::List),
    Explain(explain::Explain),
    Preview(preview::Preview),
    Simulate(simulate::Simulate),
    Serve(Box<serve::Serve>),
    #[command(subcommand)]
    User(user::User),
    #[command(subcommand)]
    Account(account::Account),
    #[command(subcommand)]
    Store(store::Store),
    Conformance(conformance::Conformance),
    #[command(subcommand)]
    Plugin(plugin::Plugin),
    Completions(completions::Completions),
    #[command(hide = true)]
    HelpMarkdown(help_markdown::HelpMarkdown),
}

impl Command {
    pub(crate) fn run(&self) -> Result<Exit, Failure> {
        match self {
            Self::Evaluate(command) => command.run(),
            Self::Apply(command) => command.run(),
            Self::Sweep(command) => command.run(),
            Self::Delete(command) => command.run(),
            Self::List(command) => command.run(),
            Self::Explain(command) => command.run(),
            Self::Preview(command) => command.run(),
            Self::Simulate(command) => command.run(),
            Self::Serve(command) => command.run(),
            Self::User(command) => command.run(),
            Self::Account(command) => command.run(),
            Self::Store(command) => command.run(),
            Self::Conformance(command) => command.run(),
            Self::Plugin(command) => command.run(),
            Self::Completions(command) => command.run(),
            Self::HelpMarkdown(command) => command.run(),
        }
    }

    /// How its results and its failure are written.
    pub(crate) fn format(&self) -> Format {
        match self {
            Self::Evaluate(command) => command.output,
            Self::Apply(command) => command.output,
            Self::Sweep(command) => command.output,
            Self::Delete(command) => command.written.output,
            Self::List(command) => command.written.output.of_failures(),
            Self::Explain(command) => command.written.output,
            Self::Preview(command) => command.written.output,
            Self::Simulate(command) => command.output,
            Self::User(command) => command.format(),
            Self::Account(command) => command.format(),
            Self::Store(command) => command.format(),
            Self::Conformance(command) => command.output,
            Self::Plugin(command) => command.format(),
            Self::Serve(_) | Self::Completions(_) | Self::HelpMarkdown(_) => Format::Text,
        }
    }
}
