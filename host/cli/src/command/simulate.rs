mod chart;
mod faults;
mod files;
mod html;
mod json;
mod text;

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::Args;
use keepset_engine::session::Session;
use keepset_engine::simulate::{
    Curve, Decider, Fault, History, Replay, SafeTtl, Scenario, Verdict, curve, replay, replay_by_step,
    safe_ttl,
};
use keepset_host::{Config, ReportColumns, Timestamp, Verdicts};
use keepset_types::MAX_TTL_DAYS;

use crate::engine::DecidingPlugin;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Format, Results, note};
use crate::settings::Settings;

/// Replay a history of reports under one or two configurations
///
/// Says which items (pods, tasks, containers) would have been removed while they still ran, when and
/// by which rule; how long the dead would have stayed; and the smallest TTL that is safe. A history
/// is a folder or files of agents' reports, one or many in a file, or a scenario, which has its own
/// faults and configurations. What may go wrong with reports can be put in. Changes nothing.
#[derive(Args, Debug)]
#[command(
    verbatim_doc_comment,
    after_help = "\
Faults:
  outage from=TIME to=TIME [cluster=NAME]                     no report arrives
  drop_batch from=TIME to=TIME batch=K of=N [cluster=NAME]    one report of each poll is lost
  delete_namespace at=TIME context=CONTEXT                    gone, and never listed again
  empty_namespace at=TIME context=CONTEXT listed=BOOL         emptied; listed: reports still name it
  exclude_namespace at=TIME context=CONTEXT                   runs on, but the agent looks away
  clock_skew from=TIME to=TIME seconds=N [cluster=NAME]       the agent's clock is ahead, or behind

Examples:
  keepset simulate --history reports/ --config keepset.yaml
  keepset simulate --history reports/ --config image_ttl_days=3 \\
      --config image_ttl_days=7,image_ingest_overwrite=true --html report.html
  keepset simulate --history reports/ --config image_ttl_days=3 \\
      --fault 'outage from=2026-01-31T00:00:00Z to=2026-02-05T00:00:00Z'
  keepset simulate --scenario tests/fixtures/scenarios/01-outage-5-days-ttl-3.yaml -o json"
)]
pub(crate) struct Simulate {
    /// Reports: files, or folders with .json, .ndjson, .jsonl, .yaml and .log files; a log is what an agent prints that shows
    /// its reports; state files and answers of `GET /v2/inventories` count as reports of what they list
    #[arg(long, value_name = "PATH", num_args = 1.., required_unless_present = "scenario")]
    history: Vec<PathBuf>,
    /// A scenario: a history with faults and configurations of its own
    #[arg(long, value_name = "FILE", conflicts_with = "history")]
    scenario: Option<PathBuf>,
    /// A configuration: a YAML file with services.catalog.runtime_inventory, or name=value,name=value; the second time,
    /// the one to compare with [default: the scenario's, or the default settings]
    #[arg(long, value_name = "CONFIG")]
    config: Vec<String>,
    /// Something that goes wrong, see below; may be given several times
    #[arg(long, value_name = "FAULT", value_parser = faults::parse)]
    fault: Vec<Fault>,
    /// Days that the recommended TTL is to be longer than it must
    #[arg(long, value_name = "DAYS", default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=i64::from(MAX_TTL_DAYS)))]
    margin: u32,
    /// The longest TTL of the safety curve, in days, at most 3650
    #[arg(long, value_name = "DAYS", default_value_t = 120, value_parser = clap::value_parser!(u32).range(1..=3650))]
    max_ttl_days: u32,
    /// How many wrong removals to list
    #[arg(long, value_name = "N", default_value_t = 10)]
    first: usize,
    /// Ask the rules report by report, instead of looking at the gaps between sightings: the same, slower
    #[arg(long)]
    by_step: bool,
    /// Write a report with charts to this file: one HTML page without scripts, which needs nothing else
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// How to write the answer
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t)]
    pub(super) output: Format,
    #[command(flatten)]
    plugin: DecidingPlugin,
}

/// What a configuration made of the history.
struct Side {
    /// `A` or `B`.
    name: &'static str,
    config: Config,
    replay: Replay,
    verdict: Verdict,
}

/// All that is told.
struct Simulation {
    title: String,
    history: History,
    faults: Vec<Fault>,
    sides: Vec<Side>,
    safe: SafeTtl,
    curve: Curve,
    /// How many wrong removals are listed.
    first: usize,
}

/// What is said first of a configuration.
enum Standing {
    Harm,
    Safe,
    /// Nothing was seen at two times: there is no gap to judge by.
    Unjudged,
}

impl Simulation {
    fn standing(&self, side: &Side) -> Standing {
        match (side.verdict.wrong_items, self.safe.item) {
            (0, None) => Standing::Unjudged,
            (0, Some(_)) => Standing::Safe,
            _ => Standing::Harm,
        }
    }
}

impl Simulate {
    pub(super) fn run(&self) -> Result<Exit, Failure> {
        let simulation = self.simulate()?;
        if let Some(path) = &self.html {
            let page = html::page(&simulation);
            std::fs::write(path, page).map_err(|source| Failure::Write { path: path.clone(), source })?;
        }
        let mut results = Results::new();
        match self.output {
            Format::Json => results.json(&json::document(&simulation))?,
            Format::Text => {
                for odd in simulation.history.notes() {
                    let file = odd.file.as_deref().map(|file| format!("{file}: ")).unwrap_or_default();
                    note(format_args!("note: {file}{}: {}", odd.code, odd.message));
                }
                text::write(&simulation, &mut results)?;
            }
        }
        results.finish()?;
        Ok(Exit::Success)
    }

    fn simulate(&self) -> Result<Simulation, Failure> {
        let (title, history, mut faults, own) = match &self.scenario {
            Some(path) => {
                let Scenario { title, history, faults, a, b, .. } = files::scenario(path)?;
                (title, history, faults, [Some(a), b].into_iter().flatten().collect())
            }
            None => {
                let names: Vec<String> = self.history.iter().map(|path| path.display().to_string()).collect();
                (names.join(", "), files::history(&self.history)?, Vec::new(), Vec::new())
            }
        };
        faults.extend(self.fault.iter().cloned());
        let history = history.with_faults(&faults)?;
        let mut sides = Vec::new();
        for (name, config) in ["A", "B"].into_iter().zip(self.configs(own)?) {
            let replay = self.replay(name, &history, &config)?;
            let verdict = replay.verdict(&history);
            sides.push(Side { name, config, replay, verdict });
        }
        let base = sides.first().map(|side| side.config).unwrap_or_default();
        Ok(Simulation {
            title,
            faults,
            safe: safe_ttl(&history, self.margin, &base),
            curve: curve(&history, self.max_ttl_days, &base)?,
            sides,
            history,
            first: self.first,
        })
    }

    /// The configurations to replay under: one or two.
    fn configs(&self, own: Vec<Config>) -> Result<Vec<Config>, Failure> {
        if self.config.len() > 2 {
            return Err(Failure::TooManyConfigs(self.config.len()));
        }
        let given = self.config.iter().map(|given| {
            let path = Path::new(given);
            if given.contains('=') && !path.exists() {
                return Settings::of_text(given);
            }
            Settings::of_file_by_engine(path)
        });
        let given = given.collect::<Result<Vec<_>, _>>()?;
        Ok(match (given.is_empty(), own.is_empty()) {
            (false, _) => given,
            (true, false) => own,
            (true, true) => vec![Config::default()],
        })
    }

    fn replay(&self, name: &str, history: &History, config: &Config) -> Result<Replay, Failure> {
        let mut progress = Progress::new(name, history.reports(), "reports");
        if self.plugin.is_given() {
            let mut asked = Asked(self.plugin.load()?.session()?);
            return replay_by_step(history, config, &mut asked, &mut |done| progress.tell(done));
        }
        if self.by_step {
            let step = replay_by_step(history, config, &mut Session::new(), &mut |done| progress.tell(done));
            return Ok(step?);
        }
        Ok(replay(history, config)?)
    }
}

/// A plugin that decides step by step.
struct Asked(keepset_host::Session);

impl Decider for Asked {
    type Error = Failure;

    fn decide(
        &mut self,
        report: Option<&ReportColumns>,
        config: &Config,
        now: Timestamp,
    ) -> Result<Verdicts, Failure> {
        Ok(match report {
            Some(report) => self.0.apply(report, config, now)?,
            None => self.0.sweep(config, now)?,
        })
    }
}

/// Tells somebody who waits how far it is.
struct Progress<'a> {
    what: &'a str,
    of: u32,
    unit: &'a str,
    is_watched: bool,
    next: Instant,
}

impl<'a> Progress<'a> {
    const PAUSE: Duration = Duration::from_secs(2);

    fn new(what: &'a str, of: u32, unit: &'a str) -> Self {
        let is_watched = std::io::stderr().is_terminal();
        Self { what, of, unit, is_watched, next: Instant::now() + Self::PAUSE }
    }

    fn tell(&mut self, done: u32) {
        if self.is_watched && Instant::now() >= self.next {
            self.next = Instant::now() + Self::PAUSE;
            note(format_args!("{}: {done} of {} {}", self.what, self.of, self.unit));
        }
    }
}

/// A configuration in a line.
fn describe(config: &Config) -> String {
    let guard = if config.ecs_truncation_guard { "" } else { ", ecs_truncation_guard false" };
    let ttl = match config.image_ttl_days {
        0 => "0 (for ever)".to_owned(),
        days => days.to_string(),
    };
    format!("image_ttl_days {ttl}, image_ingest_overwrite {}{guard}", config.image_ingest_overwrite)
}

/// So many of something.
fn count(number: impl TryInto<u64>, one: &str) -> String {
    let number = number.try_into().unwrap_or(u64::MAX);
    format!("{number} {one}{}", if number == 1 { "" } else { "s" })
}

/// Seconds of many items as days of one, with one decimal.
fn item_days(seconds: u64) -> String {
    let tenths = seconds.saturating_mul(10) / 86_400;
    format!("{}.{}", tenths / 10, tenths % 10)
}

/// A time as documents write it.
fn time(seconds: i64) -> String {
    Timestamp::from_unix(seconds).map_or_else(|| seconds.to_string(), |time| time.to_string())
}
