use std::path::PathBuf;

use clap::Args;
use keepset_host::Inventory;

use super::summary;
use crate::clock::Clock;
use crate::engine::DecidingPlugin;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Format;
use crate::report::{ReportFile, evaluate};
use crate::settings::Settings;
use crate::state;

/// Show what a report would do to an inventory
///
/// Changes nothing. Without a report, shows what a sweep would do; without an inventory, what the
/// report alone would bring.
#[derive(Args, Debug)]
#[command(
    verbatim_doc_comment,
    after_help = "\
Examples:
  keepset evaluate --prior inventory.json --report report.json --image-ingest-overwrite true
  keepset evaluate --prior inventory.json --now 2026-12-31T00:00:00Z -o json
  kubectl logs agent | tail -1 | keepset evaluate --report -"
)]
#[group(id = "inputs", required = true, multiple = true, args = ["prior", "report"])]
pub(crate) struct Evaluate {
    /// Inventory before: a JSON file, {"version":1,"items":[...]} [default: empty]
    #[arg(long, value_name = "FILE")]
    prior: Option<PathBuf>,
    /// JSON that an agent posted; `-` is standard input [default: none, sweep]
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
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

impl Evaluate {
    pub(super) fn run(&self) -> Result<Exit, Failure> {
        let plugin = self.plugin.load()?;
        let config = self.settings.judged_by(&plugin)?;
        let now = self.clock.now();
        let prior = self.prior.as_deref().map_or_else(|| Ok(Inventory::default()), state::read)?;
        let report = self.report.as_deref().map(|path| ReportFile::read(path, &plugin)).transpose()?;
        let rows_before = prior.rows().len();
        let outcome = evaluate(&plugin, prior, report.as_ref(), &config, now)?;
        summary::show(&outcome, rows_before, self.output)
    }
}
