//! Runs fixtures and says where they fail.

use std::collections::{BTreeSet, HashMap};
use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use keepset_types::{
    Config, ErrorCode, Inventory, InventoryType, Key, Layer, Origin, Outcome, Selector, Timestamp, printable,
};
use serde::Serialize;
use serde_json::{Map, Value};
use similar::TextDiff;

use crate::cell::{Cell, Cells, Refusal, Which};
use crate::fixture::{self, Action, Expect, Fixture, Step};

/// How many fixtures passed and failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// In every cell.
    pub passed: usize,
    /// In at least one.
    pub failed: usize,
}

/// Runs every fixture under `paths` in these cells; a line for each, a difference where one fails, the tally last.
///
/// # Errors
/// If a path cannot be read, or `out` cannot be written.
pub fn run(paths: &[PathBuf], cells: &Cells, which: &[Which], out: &mut dyn Write) -> io::Result<Tally> {
    let mut tally = Tally::default();
    for path in fixture::find(paths)? {
        match run_everywhere(&path, cells, which) {
            Ok(name) => {
                tally.passed += 1;
                writeln!(out, "ok    {}  {}", path.display(), printable(&name))?;
            }
            Err(failure) => {
                tally.failed += 1;
                writeln!(out, "FAIL  {}", path.display())?;
                for line in failure.lines() {
                    writeln!(out, "      {line}")?;
                }
            }
        }
    }
    writeln!(out, "{} passed, {} failed", tally.passed, tally.failed)?;
    Ok(tally)
}

/// The first fixture under `paths` that fails in one of these cells, and why; none if all pass.
///
/// # Errors
/// If a path cannot be read.
pub fn first_failure(
    paths: &[PathBuf],
    cells: &Cells,
    which: &[Which],
) -> io::Result<Option<(PathBuf, String)>> {
    Ok(fixture::find(paths)?.into_iter().find_map(|path| {
        let failure = run_everywhere(&path, cells, which).err()?;
        Some((path, failure))
    }))
}

/// Runs one fixture in each cell. All must answer the same bytes (E5).
fn run_everywhere(path: &Path, cells: &Cells, which: &[Which]) -> Result<String, String> {
    let fixture = Fixture::read(path).map_err(|invalid| format!("not a fixture: {}", invalid.0))?;
    let mut first: Option<(Which, Vec<String>)> = None;
    for which in which.iter().copied() {
        let named = |failure: String| format!("in the cell {}: {failure}", which.name());
        let mut cell = cells.cell(which).map_err(|refusal| named(refusal.message))?;
        let answers = run_fixture(&fixture, cell.as_mut()).map_err(named)?;
        match &first {
            None => first = Some((which, answers)),
            Some((_, same)) if *same == answers => {}
            Some((other, expected)) => {
                let lines = |answers: &[String]| answers.join("\n");
                let difference = difference(&lines(expected), &lines(&answers));
                return Err(format!(
                    "{} and {} answer different bytes:\n{difference}",
                    other.name(),
                    which.name()
                ));
            }
        }
    }
    Ok(fixture.name)
}

/// Runs a fixture in a cell; the answer to each step, as JSON.
///
/// # Errors
/// The first step that fails: what was expected, what came.
pub fn run_fixture(fixture: &Fixture, cell: &mut dyn Cell) -> Result<Vec<String>, String> {
    let prior = fixture.inventory().map_err(|invalid| invalid.0)?;
    let mut inventory = prior.clone();
    cell.begin(prior).map_err(|refusal| format!("the prior inventory is refused: {}", refusal.message))?;
    let mut answers = Vec::with_capacity(fixture.steps.len());
    for (place, step) in fixture.steps.iter().enumerate() {
        let named = |failure: String| format!("step {} (now {}): {failure}", place + 1, step.now);
        let action = step.action().map_err(|invalid| named(invalid.0))?;
        let answer = take(fixture, step, &action, cell);
        if let Ok(Answer { retained, .. }) = &answer {
            inventory = retained.clone();
        }
        check(step.expect.as_deref(), &answer, &inventory).map_err(named)?;
        answers.push(match answer {
            Ok(answer) => answer.json.to_string(),
            Err(refusal) => refusal.code,
        });
    }
    Ok(answers)
}

/// What a cell answers to a fixture, whether it was expected or not: a line for each step, in it the outcome as JSON, its
/// keys in the order of their bytes, or the code of the refusal. The same bytes in every cell (E5).
///
/// # Errors
/// If the fixture is none, or its prior inventory is refused.
pub fn answers(fixture: &Fixture, cell: &mut dyn Cell) -> Result<String, String> {
    let prior = fixture.inventory().map_err(|invalid| invalid.0)?;
    cell.begin(prior).map_err(|refusal| refusal.message)?;
    let mut lines = String::new();
    for step in &fixture.steps {
        let action = step.action().map_err(|invalid| invalid.0)?;
        match take(fixture, step, &action, cell) {
            Ok(answer) => lines.push_str(&answer.json.to_string()),
            Err(refusal) => lines.push_str(&refusal.code),
        }
        lines.push('\n');
    }
    Ok(lines)
}

/// What came of a step.
struct Answer {
    json: Value,
    retained: Inventory,
}

fn take(fixture: &Fixture, step: &Step, action: &Action, cell: &mut dyn Cell) -> Result<Answer, Refusal> {
    let settings = fixture.config.clone().unwrap_or_default();
    let layer = Layer { origin: Origin::File, settings: Value::Object(settings).to_string() };
    let config = cell.configure(&[layer])?;
    match action {
        Action::Delete(selector) => delete(cell, selector, &config, step.now),
        Action::Sweep => evaluate(cell, None, &config, step.now),
        Action::Report { inventory_type, body } => {
            evaluate(cell, Some((*inventory_type, body)), &config, step.now)
        }
    }
}

/// As a gateway deletes: what is past its TTL does not count as present (D3), and what stays is told with its reasons.
fn delete(
    cell: &mut dyn Cell,
    selector: &Selector,
    config: &Config,
    now: Timestamp,
) -> Result<Answer, Refusal> {
    let before = as_it_is(cell, config, now)?;
    let purged = cell.purge(selector)?;
    let is_expired = |key: &Key| {
        let place = before.retained.binary_search_by(|retained| retained.row.key.cmp(key));
        let found = place.ok().and_then(|place| before.retained.get(place));
        found.and_then(|retained| retained.expires_at).is_some_and(|expiry| expiry <= now)
    };
    if purged.removed.iter().all(|removed| is_expired(&removed.key)) {
        cell.begin(
            Inventory::new(before.retained.into_iter().map(|retained| retained.row).collect())
                .map_err(|error| unwritable(&error))?,
        )?;
        return Err(keepset_types::Error::new(ErrorCode::NotFound, "all that matches has expired").into());
    }
    let outcome = Outcome { removed: purged.removed, ..as_it_is(cell, config, now)? };
    answer(&outcome, purged.retained)
}

/// The inventory with its reasons and deadlines: a probe of credentials changes nothing (N7).
fn as_it_is(cell: &mut dyn Cell, config: &Config, now: Timestamp) -> Result<Outcome, Refusal> {
    let probe = format!(r#"{{"timestamp":"{now}","cluster_arn":"validating-creds"}}"#);
    cell.evaluate(Some((InventoryType::Ecs, probe.as_bytes())), config, now)
}

fn evaluate(
    cell: &mut dyn Cell,
    report: Option<crate::cell::Report<'_>>,
    config: &Config,
    now: Timestamp,
) -> Result<Answer, Refusal> {
    let outcome = cell.evaluate(report, config, now)?;
    answer(&outcome, outcome.retained.iter().map(|retained| retained.row.clone()).collect())
}

fn answer(document: &impl Serialize, rows: Vec<keepset_types::Row>) -> Result<Answer, Refusal> {
    if !rows.is_sorted_by(|a, b| a.key < b.key) {
        return Err(unwritable(&"rows are out of order, or twice"));
    }
    Ok(Answer {
        json: serde_json::to_value(document).map_err(|error| unwritable(&error))?,
        retained: Inventory::new(rows).map_err(|error| unwritable(&error))?,
    })
}

fn unwritable(error: &dyn std::fmt::Display) -> Refusal {
    Refusal { code: "unwritable".to_owned(), message: error.to_string() }
}

fn check(
    expect: Option<&Expect>,
    answer: &Result<Answer, Refusal>,
    inventory: &Inventory,
) -> Result<(), String> {
    let expected_error = expect.and_then(|expect| expect.error.as_deref());
    match (answer, expected_error) {
        (Err(refusal), Some(code)) if refusal.code == code => {}
        (Err(refusal), Some(code)) => {
            return Err(format!("expected the error {code}, came {}", refusal.message));
        }
        (Err(refusal), None) => return Err(format!("expected success, came {}", refusal.message)),
        (Ok(_), Some(code)) => return Err(format!("expected the error {code}, came success")),
        (Ok(_), None) => {}
    }
    let Some(expect) = expect else { return Ok(()) };
    let rows = serde_json::to_value(inventory).unwrap_or_default();
    let (retained, removed) = match answer {
        Ok(answer) => (list(&answer.json, "retained"), list(&answer.json, "removed")),
        Err(_) => (list(&rows, "items"), Vec::new()),
    };
    let refused = Value::Null;
    let json = answer.as_ref().map_or(&refused, |answer| &answer.json);
    let warnings = list(json, "warnings");
    let differences = [
        expect.retained.as_ref().and_then(|expected| compare("retained", expected, &retained)),
        expect.removed.as_ref().and_then(|expected| compare("removed", expected, &removed)),
        compare_warnings(expect.warnings.as_deref().unwrap_or_default(), &warnings),
        expect.next_expiry.and_then(|expected| compare_next_expiry(expected, json)),
    ];
    let differences: Vec<String> = differences.into_iter().flatten().collect();
    if differences.is_empty() { Ok(()) } else { Err(differences.join("\n")) }
}

/// Warnings are compared by their codes.
fn compare_warnings(expected: &[String], came: &[Map<String, Value>]) -> Option<String> {
    let came: BTreeSet<&str> = came.iter().filter_map(|warning| warning.get("code")?.as_str()).collect();
    let expected: BTreeSet<&str> = expected.iter().map(String::as_str).collect();
    (came != expected).then(|| format!("expected the warnings {}, came {}", words(&expected), words(&came)))
}

fn compare_next_expiry(expected: Option<Timestamp>, json: &Value) -> Option<String> {
    let expected = expected.map(|time| time.to_string());
    let (expected, came) = (expected.as_deref(), json.get("next_expiry").and_then(Value::as_str));
    (came != expected).then(|| {
        format!("expected next_expiry {}, came {}", expected.unwrap_or("null"), came.unwrap_or("null"))
    })
}

fn words(codes: &BTreeSet<&str>) -> String {
    format!("[{}]", codes.iter().copied().collect::<Vec<_>>().join(", "))
}

fn list(json: &Value, name: &str) -> Vec<Map<String, Value>> {
    let rows = json.get(name).and_then(Value::as_array);
    rows.into_iter().flatten().filter_map(Value::as_object).cloned().collect()
}

/// What is expected of a row is compared, what is left out of the expectation is not. The order counts.
fn compare(what: &str, expected: &[Map<String, Value>], came: &[Map<String, Value>]) -> Option<String> {
    let mut named: HashMap<[Option<&str>; 4], Vec<&Map<String, Value>>> = HashMap::new();
    for row in expected {
        named.entry(name_of(row)).or_default().push(row);
    }
    let wanted: Vec<Map<String, Value>> = expected.iter().map(normal).collect();
    let shown = came.iter().map(|row| {
        let mut same_name = named.get(&name_of(row)).into_iter().flatten();
        same_name
            .find(|expected| same_key(expected, row))
            .map_or_else(|| row.clone(), |expected| projected(row, expected))
    });
    let shown: Vec<Map<String, Value>> = shown.collect();
    (wanted != shown).then(|| format!("{what} (- expected, + came):\n{}", rows_apart(&wanted, &shown)))
}

/// Rows that are only on one side, and of those on both what differs; of equal ones in another order, where they stand.
fn rows_apart(expected: &[Map<String, Value>], came: &[Map<String, Value>]) -> String {
    let by_key = |rows: &'_ [Map<String, Value>]| -> HashMap<String, Map<String, Value>> {
        rows.iter().map(|row| (key_in_words(row), row.clone())).collect()
    };
    let (known, others) = (by_key(expected), by_key(came));
    let mut lines: Vec<String> = Vec::new();
    for row in expected {
        let key = key_in_words(row);
        let Some(other) = others.get(&key) else {
            lines.push(format!("-{}", line(row)));
            continue;
        };
        let names: BTreeSet<&String> = row.keys().chain(other.keys()).collect();
        let apart = names.into_iter().filter(|name| row.get(*name) != other.get(*name));
        let said = |row: &Map<String, Value>, name: &str| {
            row.get(name).map_or_else(|| "nothing".to_owned(), Value::to_string)
        };
        let apart: Vec<String> = apart
            .flat_map(|name| {
                [format!("-  {name}: {}", said(row, name)), format!("+  {name}: {}", said(other, name))]
            })
            .collect();
        if !apart.is_empty() {
            lines.push(format!(" {key}"));
            lines.extend(apart);
        }
    }
    let new = came.iter().filter(|row| !known.contains_key(&key_in_words(row)));
    lines.extend(new.map(|row| format!("+{}", line(row))));
    if lines.is_empty() {
        let text = |rows: &[Map<String, Value>]| rows.iter().map(|row| line(row) + "\n").collect::<String>();
        return difference(&text(expected), &text(came)).trim_end().to_owned();
    }
    lines.join("\n")
}

fn key_in_words(row: &Map<String, Value>) -> String {
    // A container may state its image beside its id.
    let names = KEY.iter().filter(|name| !name.starts_with("image") || !row.contains_key("id"));
    let words = names.filter_map(|name| Some(row.get(*name)?.as_str().unwrap_or_default().to_owned()));
    words.collect::<Vec<_>>().join(" ")
}

/// What rows with one key have in common, and few others.
fn name_of(row: &Map<String, Value>) -> [Option<&str>; 4] {
    let id = if row.contains_key("id") { "id" } else { "image_tag" };
    ["inventory_type", "context", "kind", id].map(|name| row.get(name).and_then(Value::as_str))
}

fn difference(expected: &str, came: &str) -> String {
    let diff = TextDiff::from_lines(expected, came);
    let mut lines = String::new();
    for change in diff.iter_all_changes() {
        let _ = write!(lines, "{}{}", change.tag(), change.value().trim_end_matches('\n'));
        lines.push('\n');
    }
    lines
}

fn line(row: &Map<String, Value>) -> String {
    Value::Object(row.clone()).to_string()
}

const KEY: [&str; 6] = ["inventory_type", "context", "kind", "id", "image_tag", "image_digest"];

fn same_key(expected: &Map<String, Value>, came: &Map<String, Value>) -> bool {
    // A container may state its image beside its id.
    let names = KEY.iter().filter(|name| came.contains_key(**name) || !expected.contains_key("id"));
    names.into_iter().all(|name| expected.get(*name) == came.get(*name))
}

/// Times in one form, and nothing that stands for an absent value.
fn normal(expected: &Map<String, Value>) -> Map<String, Value> {
    let mut normal = Map::new();
    for (name, value) in expected {
        let is_time = matches!(name.as_str(), "created_at" | "last_updated" | "last_seen" | "expires_at");
        let time = value.as_str().filter(|_| is_time).and_then(|text| Timestamp::parse(text).ok());
        let value = match (time, value) {
            (Some(time), _) => Value::from(time.to_string()),
            (None, Value::Object(attribute)) if name != "attributes" && attribute.is_empty() => continue,
            (None, Value::Object(attributes)) => Value::Object(without_empty(attributes)),
            (None, other) => other.clone(),
        };
        normal.insert(name.clone(), value);
    }
    normal
}

fn without_empty(attributes: &Map<String, Value>) -> Map<String, Value> {
    let is_empty = |value: &Value| value.is_null() || value.as_object().is_some_and(Map::is_empty);
    attributes
        .iter()
        .filter(|(_, value)| !is_empty(value))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

/// What came, as far as the expectation speaks of it.
fn projected(came: &Map<String, Value>, expected: &Map<String, Value>) -> Map<String, Value> {
    let named = |name: &str| came.get("attributes").and_then(|attributes| attributes.get(name));
    let attribute = |name: &str| match name {
        "parent" => ["pod_uid", "task_arn", "service_arn"].into_iter().find_map(named),
        _ => named(name),
    };
    let mut projected = Map::new();
    for (name, value) in expected {
        let came_value = match (name.as_str(), value) {
            ("attributes", Value::Object(named)) => {
                let named = named.keys().filter_map(|name| Some((name.clone(), attribute(name)?.clone())));
                Some(Value::Object(named.collect()))
            }
            (_, _) => came.get(name).or_else(|| attribute(name)).cloned(),
        };
        match came_value {
            Some(came_value) => projected.insert(name.clone(), came_value),
            None if value.is_null() => projected.insert(name.clone(), Value::Null),
            None => None,
        };
    }
    projected
}
