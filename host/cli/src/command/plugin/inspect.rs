use std::io::Write as _;

use clap::Args;
use keepset_host::{Description, Identity};
use serde::Serialize;

use super::Subject;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Format, Results};

/// The world that every plugin exports; loading one proves it.
const WORLD: &str = "keepset:retention/retention-plugin@0.1.0";

/// Say what a plugin is
///
/// Loads it, which proves that it imports nothing and exports the world that it should.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  keepset plugin inspect builtin
  keepset plugin inspect mine.wasm -o json")]
pub(crate) struct Inspect {
    #[command(flatten)]
    pub(super) subject: Subject,
}

#[derive(Serialize)]
struct Inspection<'a> {
    #[serde(flatten)]
    description: Description,
    #[serde(flatten)]
    identity: &'a Identity,
    world: &'a str,
    imports: [&'a str; 0],
}

impl Inspect {
    pub(super) fn run(&self) -> Result<Exit, Failure> {
        let plugin = self.subject.load()?;
        let description = plugin.describe()?;
        let mut results = Results::new();
        match self.subject.output {
            Format::Json => results.json(&Inspection {
                description,
                identity: plugin.identity(),
                world: WORLD,
                imports: [],
            })?,
            Format::Text => {
                writeln!(results, "name           {}", description.name)?;
                writeln!(results, "version        {}", description.version)?;
                writeln!(results, "rules edition  {}", description.rules_edition)?;
                writeln!(results, "sha256         {}", plugin.identity().digest)?;
                writeln!(results, "size           {} bytes", plugin.identity().size)?;
                writeln!(results, "world          {WORLD}")?;
                writeln!(results, "imports        none")?;
            }
        }
        results.finish()?;
        Ok(Exit::Success)
    }
}
