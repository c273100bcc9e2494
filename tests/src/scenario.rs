//! Scenarios: a history, faults, configurations and what must come of them (tests/fixtures/README.md).

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use keepset_engine::session::Session;
use keepset_engine::simulate::{History, Replay, Scenario, Text, replay, replay_by_step, safe_ttl};
use keepset_types::{Config, Object, Timestamp};
use serde::Deserialize;
use serde_json::{Map, Value};

/// The folder of scenarios among fixtures: what is in it is no fixture.
pub const FOLDER: &str = "scenarios";

/// By which form a history is replayed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Gaps between sightings.
    Gap,
    /// The rules, report by report.
    Step,
}

impl Form {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Gap, Self::Step];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Gap => "gap",
            Self::Step => "step",
        }
    }

    fn replay(self, history: &History, config: &Config) -> Result<Replay, String> {
        let replay = match self {
            Self::Gap => replay(history, config),
            Self::Step => replay_by_step(history, config, &mut Session::new(), &mut |_| {}),
        };
        replay.map_err(|error| error.to_string())
    }
}

/// What must come of a scenario. What is left out is not looked at.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expect {
    reports: Option<u32>,
    lost: Option<u32>,
    items: Option<u32>,
    sightings: Option<u32>,
    /// Under the settings of `a`.
    safe_ttl: Option<Object<SafeTtl>>,
    /// Fields of the verdict on `a`.
    a: Map<String, Value>,
    /// Fields of the verdict on `b`.
    #[serde(default)]
    b: Map<String, Value>,
    #[serde(default)]
    active: Vec<Object<Active>>,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct SafeTtl {
    days: u32,
    gap_seconds: i64,
}

/// How many items there must be at a time.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Active {
    at: Timestamp,
    a: u32,
    b: Option<u32>,
    truth: Option<u32>,
}

/// The scenarios in a folder, by name.
///
/// # Errors
/// If it cannot be read.
pub fn find(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths: Vec<PathBuf> =
        fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>()?;
    paths.sort();
    Ok(paths)
}

/// The scenario in a YAML or JSON file.
///
/// # Errors
/// If it cannot be read or is none; the message says where.
pub fn read(path: &Path) -> Result<Scenario, String> {
    let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let json = crate::yaml::read(&text).map_err(|error| format!("{}: {error}", path.display()))?.to_string();
    let name = path.display().to_string();
    let scenario = Scenario::read(Text { name: &name, bytes: json.as_bytes() });
    let scenario = scenario.map_err(|error| error.to_string())?;
    match path.file_stem().is_some_and(|stem| *stem == *scenario.name) {
        true => Ok(scenario),
        false => Err(format!("{name}: its name is {}; expected that of the file", scenario.name)),
    }
}

/// Replays a scenario and says where it does not come to what is expected.
///
/// # Errors
/// The first difference.
pub fn check(scenario: &Scenario, form: Form) -> Result<(), String> {
    let expect = serde_json::from_value(Value::Object(scenario.expect.clone()));
    let expect: Expect = expect.map_err(|error| format!("expect: {error}"))?;
    let history = scenario.history.with_faults(&scenario.faults).map_err(|error| error.to_string())?;
    same("reports", expect.reports, history.reports())?;
    same("lost", expect.lost, history.lost())?;
    same("items", expect.items, history.items())?;
    same("sightings", expect.sightings, history.sightings())?;
    let safe = safe_ttl(&history, 0, &scenario.a);
    let safe = SafeTtl { days: safe.days, gap_seconds: safe.gap_seconds };
    same("safe_ttl", expect.safe_ttl, Object(safe))?;
    let a = form.replay(&history, &scenario.a)?;
    let b = scenario.b.map(|config| form.replay(&history, &config)).transpose()?;
    for replay in [Some(&a), b.as_ref()].into_iter().flatten().filter(|_| form != Form::Gap) {
        // H6.
        if *replay != Form::Gap.replay(&history, &replay.config)? {
            return Err(format!("the gap form finds other spans under {:?}", replay.config));
        }
    }
    check_verdict("a", &expect.a, &history, &a)?;
    if let Some(b) = &b {
        check_verdict("b", &expect.b, &history, b)?;
    }
    for active in &expect.active {
        let at = active.at.unix();
        let count = |replay: &Replay| {
            let there = replay.spans.iter().filter(|span| span.since <= at && at < span.until);
            u32::try_from(there.count()).unwrap_or(u32::MAX)
        };
        same(&format!("active in a at {}", active.at), Some(active.a), count(&a))?;
        if let Some(b) = &b {
            same(&format!("active in b at {}", active.at), active.b, count(b))?;
        }
        same(&format!("truth at {}", active.at), active.truth, history.running_at(at))?;
    }
    check_safe(&history, &scenario.a)
}

fn check_verdict(
    name: &str,
    expect: &Map<String, Value>,
    history: &History,
    replay: &Replay,
) -> Result<(), String> {
    let verdict = serde_json::to_value(replay.verdict(history)).unwrap_or_default();
    for (field, expected) in expect {
        let came = verdict.get(field).ok_or_else(|| format!("{name}: there is no `{field}` in a verdict"))?;
        same(&format!("{name}: {field}"), Some(expected), came)?;
    }
    Ok(())
}

/// H4: under the safe TTL nothing expires that runs, and under a shorter one something does.
fn check_safe(history: &History, config: &Config) -> Result<(), String> {
    let safe = safe_ttl(history, 0, config).days;
    let wrong = |image_ttl_days| {
        let replay = Form::Gap.replay(history, &Config { image_ttl_days, ..*config })?;
        Ok::<_, String>(replay.verdict(history).wrong_by_ttl)
    };
    same("wrong by TTL, under the safe TTL", Some(0), wrong(safe)?)?;
    if safe > 1 && wrong(safe - 1)? == 0 {
        return Err(format!("nothing that runs expires under {} days either", safe - 1));
    }
    Ok(())
}

fn same<T: std::fmt::Debug + PartialEq>(what: &str, expected: Option<T>, came: T) -> Result<(), String> {
    match expected {
        Some(expected) if expected != came => Err(format!("{what}: expected {expected:?}, came {came:?}")),
        _ => Ok(()),
    }
}
