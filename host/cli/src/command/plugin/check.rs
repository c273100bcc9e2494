use std::io::Write as _;
use std::path::PathBuf;

use clap::Args;
use keepset_host::{Config, Inventory, PluginError, Timestamp};
use serde::Serialize;

use super::Subject;
use crate::command::conformance::{INTERFACES, run_fixtures, run_own_fixtures};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Format, Results, note};

/// Check whether a plugin can be let decide
///
/// Loads it, asks it a few questions, and holds it to the rules by the fixtures that come with this
/// command, or by others. Fixtures are listed on standard error if one fails.
#[derive(Args, Debug)]
#[command(
    verbatim_doc_comment,
    after_help = "\
Examples:
  keepset plugin check mine.wasm
  keepset plugin check mine.wasm --fixtures tests/fixtures
  keepset plugin check mine.wasm --limit-time 0.5 -o json"
)]
pub(crate) struct Check {
    #[command(flatten)]
    pub(super) subject: Subject,
    /// Fixtures to run instead, files or folders (docs/semantics.md section 8)
    #[arg(long, value_name = "PATH")]
    fixtures: Vec<PathBuf>,
}

/// One thing that was checked.
#[derive(Serialize)]
struct Checked {
    what: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    fault: Option<String>,
}

impl Check {
    pub(super) fn run(&self) -> Result<Exit, Failure> {
        let plugin = self.subject.load()?;
        let mut checked = vec![
            Checked { what: "is a WebAssembly component", fault: None },
            Checked { what: "imports nothing", fault: None },
            Checked { what: "exports the world retention-plugin", fault: None },
        ];
        let mut check = |what, result: Result<Option<&str>, PluginError>| {
            let fault = result.map_or_else(|error| Some(error.to_string()), |fault| fault.map(str::to_owned));
            checked.push(Checked { what, fault });
        };
        check("says what it is", plugin.describe().map(|_| None));
        check(
            "has the default settings",
            plugin.configure(&[]).map(|config| (config != Config::default()).then_some("it has others")),
        );
        let swept = plugin.evaluate(Inventory::default(), None, &Config::default(), Timestamp::MIN);
        check(
            "keeps nothing of an empty inventory",
            swept.map(|outcome| (!outcome.retained.is_empty()).then_some("it keeps rows")),
        );
        let mut lines = Vec::new();
        let tally = match self.fixtures.is_empty() {
            true => run_own_fixtures(plugin, &mut lines)?,
            false => run_fixtures(&self.fixtures, plugin, &INTERFACES, &mut lines)?,
        };
        let fault = (tally.failed > 0).then(|| format!("{} fixtures fail", tally.failed));
        if fault.is_some() {
            note(format_args!("{}", String::from_utf8_lossy(&lines).trim_end()));
        }
        checked.push(Checked { what: "follows the rules of the fixtures", fault });
        let faults = checked.iter().filter(|checked| checked.fault.is_some()).count();
        let mut results = Results::new();
        match self.subject.output {
            Format::Json => results.json(&checked)?,
            Format::Text => {
                for Checked { what, fault } in &checked {
                    match fault {
                        None => writeln!(results, "ok     {what}")?,
                        Some(fault) => writeln!(results, "FAULT  {what}: {fault}")?,
                    }
                }
            }
        }
        results.finish()?;
        Ok(if faults == 0 { Exit::Success } else { Exit::ChecksFailed })
    }
}
