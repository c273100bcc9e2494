use clap::Args;

use super::summary;
use crate::clock::Clock;
use crate::engine::DecidingPlugin;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Format;
use crate::report::evaluate;
use crate::settings::Settings;
use crate::state::{Missing, StateArguments};

/// Remove from a state file what is past its TTL
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  keepset sweep --state inventory.json --config keepset.yaml
  keepset sweep --state inventory.json --image-ttl-days 30 --dry-run")]
pub(crate) struct Sweep {
    #[command(flatten)]
    state: StateArguments,
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

impl Sweep {
    pub(super) fn run(&self) -> Result<Exit, Failure> {
        let plugin = self.plugin.load()?;
        let config = self.settings.judged_by(&plugin)?;
        let state = self.state.open(Missing::IsAnError)?;
        let now = self.clock.now();
        let prior = state.read()?;
        let rows_before = prior.rows().len();
        let outcome = evaluate(&plugin, prior, None, &config, now)?;
        state.replace(outcome.retained.iter().map(|retained| &retained.row))?;
        summary::show_of(&state, &outcome, rows_before, self.output)
    }
}
