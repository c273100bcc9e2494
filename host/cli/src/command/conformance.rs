use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use keepset_conformance::builtin::Unpacked;
use keepset_conformance::cell::{Cells, Which};
use keepset_conformance::fixture::{self, Fixture};
use keepset_conformance::run::{Tally, answers, first_failure, run};
use keepset_host::{ErrorCode, Plugin};
use keepset_types::DocumentError;
use serde::Serialize;
use serde_json::Value;

use crate::engine::DecidingPlugin;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Format, Results};

/// The interfaces of a component that decide.
pub(super) const INTERFACES: [Which; 3] = [Which::Policy, Which::Bulk, Which::Session];

/// Hold engines to fixtures
///
/// Runs each fixture (docs/semantics.md section 8) in each engine, in a component by each of its
/// interfaces. All must answer what the fixture expects, and the same bytes.
#[derive(Args, Debug)]
#[command(
    verbatim_doc_comment,
    after_help = "\
Examples:
  keepset conformance tests/fixtures
  keepset conformance tests/fixtures/applying --engine component --plugin mine.wasm
  keepset conformance tests/fixtures --answers -o json"
)]
pub(crate) struct Conformance {
    /// Fixtures, files or folders
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<PathBuf>,
    /// Only this engine [default: both]
    #[arg(long, value_enum)]
    engine: Option<Engine>,
    /// Check nothing: print what the native engine answers to each step of each fixture, a line for a step; as JSON, an
    /// object for each fixture: {path, fixture, answers}
    #[arg(long, conflicts_with = "engine")]
    answers: bool,
    /// How to write the tally; as JSON, the fixtures are listed on standard error
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t)]
    pub(super) output: Format,
    #[command(flatten)]
    plugin: DecidingPlugin,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Engine {
    /// The rules, compiled into this command
    Native,
    /// The rules as a WebAssembly component: the built-in one, or --plugin
    Component,
}

#[derive(Serialize)]
struct Document {
    passed: usize,
    failed: usize,
}

impl Conformance {
    pub(super) fn run(&self) -> Result<Exit, Failure> {
        if self.answers {
            return self.answer();
        }
        let plugin = self.plugin.load()?;
        let cells: Vec<Which> = match self.engine {
            None => [Which::Native].into_iter().chain(INTERFACES).collect(),
            Some(Engine::Native) => vec![Which::Native],
            Some(Engine::Component) => INTERFACES.to_vec(),
        };
        let mut results = Results::new();
        let tally = match self.output {
            Format::Text => run_fixtures(&self.paths, plugin, &cells, &mut results)?,
            Format::Json => {
                let tally = run_fixtures(&self.paths, plugin, &cells, &mut io::stderr().lock())?;
                results.json(&Document { passed: tally.passed, failed: tally.failed })?;
                tally
            }
        };
        results.finish()?;
        Ok(if tally.failed == 0 { Exit::Success } else { Exit::ChecksFailed })
    }
}

/// What the native engine answers to a fixture: what the playground's engine is compared with.
#[derive(Serialize)]
struct Answered<'a> {
    path: String,
    /// The document itself, as JSON.
    fixture: Value,
    answers: &'a str,
}

impl Conformance {
    fn answer(&self) -> Result<Exit, Failure> {
        let mut results = Results::new();
        for path in find(&self.paths)? {
            let refuse = |message| {
                let error = DocumentError::at("", message);
                Failure::Document { path: path.clone(), code: ErrorCode::InvalidRequest, error }
            };
            let fixture = Fixture::document(&path).map_err(|invalid| refuse(invalid.0))?;
            let read = Fixture::from_json(fixture.to_string().as_bytes());
            let read = read.map_err(|invalid| refuse(invalid.0))?;
            let cell = Cells::native().cell(Which::Native).map_err(|refusal| refuse(refusal.message));
            let answers = answers(&read, cell?.as_mut()).map_err(refuse)?;
            match self.output {
                Format::Text => results.write_all(answers.as_bytes())?,
                Format::Json => {
                    let path = path.display().to_string();
                    results.json(&Answered { path, fixture, answers: &answers })?;
                }
            }
        }
        results.finish()?;
        Ok(Exit::Success)
    }
}

/// The fixtures under these paths. Where there are none, nothing was proved: that is a failure.
fn find(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut found = Vec::new();
    for path in paths {
        let find = fs::metadata(path).and_then(|_| fixture::find(std::slice::from_ref(path)));
        found.extend(find.map_err(|source| Failure::Read { path: path.clone(), source })?);
    }
    match found.is_empty() {
        true => Err(Failure::NotFound("no fixtures were found".to_owned())),
        false => Ok(found),
    }
}

/// Holds a plugin to the fixtures that come with this command, under the names that they have where it comes from.
pub(super) fn run_own_fixtures(plugin: Plugin, out: &mut dyn Write) -> Result<Tally, Failure> {
    let unpacked = own_fixtures()?;
    let folder = unpacked.path();
    let mut lines = Vec::new();
    let tally = run_fixtures(std::slice::from_ref(&folder), plugin, &INTERFACES, &mut lines)?;
    let lines = String::from_utf8_lossy(&lines).replace(&folder.display().to_string(), "tests/fixtures");
    out.write_all(lines.as_bytes())?;
    Ok(tally)
}

/// Whether a plugin decides as they say; a plugin that takes all the time it has is not asked again and again.
pub(super) fn hold_to_own_fixtures(plugin: Plugin) -> Result<(), Failure> {
    let unpacked = own_fixtures()?;
    match first_failure(&[unpacked.path()], &Cells::of(plugin), &INTERFACES)? {
        None => Ok(()),
        Some((path, why)) => {
            let fixture = path.strip_prefix(unpacked.path()).unwrap_or(&path).to_owned();
            Err(Failure::FailsFixture { fixture, why })
        }
    }
}

fn own_fixtures() -> Result<Unpacked, Failure> {
    Unpacked::new().map_err(|source| Failure::Write { path: std::env::temp_dir(), source })
}

/// Runs fixtures, a line each.
pub(super) fn run_fixtures(
    paths: &[PathBuf],
    plugin: Plugin,
    cells: &[Which],
    out: &mut dyn Write,
) -> Result<Tally, Failure> {
    find(paths)?;
    Ok(run(paths, &Cells::of(plugin), cells, out)?)
}
