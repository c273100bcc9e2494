use std::path::PathBuf;

use clap::Args;

use super::summary;
use crate::clock::Clock;
use crate::engine::DecidingPlugin;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Format;
use crate::report::{ReportFile, evaluate};
use crate::settings::Settings;
use crate::state::{Missing, StateArguments};

/// Apply a report to a state file
///
/// The file is replaced whole: at any moment it is the one before or the one after. Commands that
/// change the same file take turns by a lock on FILE.lock.
#[derive(Args, Debug)]
#[command(
    verbatim_doc_comment,
    after_help = "\
Examples:
  keepset apply --state inventory.json --report report.json --config keepset.yaml
  curl -s https://example.com/report | keepset apply --state inventory.json --report - --dry-run"
)]
pub(crate) struct Apply {
    #[command(flatten)]
    state: StateArguments,
    /// JSON that an agent posted; `-` is standard input
    #[arg(long, value_name = "FILE")]
    report: PathBuf,
    #[command(flatten)]
    clock: Clock,
    /// How to write the outcome
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t)]
    pub(super) output: Format,
    #[command(flatten)]
    settings: Settings,
    #[command(flatten)]
    plugin: DecidingPlugin,
}

impl Apply {
    pub(super) fn run(&self) -> Result<Exit, Failure> {
        let plugin = self.plugin.load()?;
        let config = self.settings.judged_by(&plugin)?;
        let report = ReportFile::read(&self.report, &plugin)?;
        let state = self.state.open(Missing::IsEmpty)?;
        // Read once it is our turn: no report is applied before one that was applied earlier.
        let now = self.clock.now();
        let prior = state.read()?;
        let rows_before = prior.rows().len();
        let outcome = evaluate(&plugin, prior, Some(&report), &config, now)?;
        state.replace(outcome.retained.iter().map(|retained| &retained.row))?;
        summary::show_of(&state, &outcome, rows_before, self.output)
    }
}
