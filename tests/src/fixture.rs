//! Fixtures: one YAML or JSON file each (docs/semantics.md section 8).

use std::fs;
use std::path::{Path, PathBuf};

use keepset_types::{DocumentError, Inventory, InventoryType, Object, Selector, Timestamp, read_json};
use serde::Deserialize;
use serde_json::{Map, Value};

/// A history and what it must come to.
#[derive(Debug, Deserialize)]
pub struct Fixture {
    /// What it shows, in a word.
    pub name: String,
    /// The rules that it shows.
    #[serde(default)]
    pub rules: Vec<String>,
    /// Keys of `runtime_inventory`.
    pub config: Option<Map<String, Value>>,
    /// The inventory at the start.
    #[serde(default)]
    pub prior: Option<Vec<Value>>,
    /// What happens, one after the other.
    pub steps: Vec<Object<Step>>,
}

/// What a fixture has.
const KEYS: [&str; 5] = ["name", "rules", "config", "prior", "steps"];

/// Something that happens.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// When.
    pub now: Timestamp,
    /// An agent's report: under `kubernetes` or `ecs` its JSON, or the text of its body.
    pub report: Option<Map<String, Value>>,
    /// A deletion by hand.
    pub delete: Option<Map<String, Value>>,
    /// What must come of it; nothing is expected where it is left out, but that it succeeds.
    pub expect: Option<Object<Expect>>,
}

/// What must come of a step.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// The whole inventory, in order; `null`: none.
    #[serde(default, deserialize_with = "rows")]
    pub retained: Option<Vec<Map<String, Value>>>,
    /// What is gone, in order; `null`: nothing.
    #[serde(default, deserialize_with = "rows")]
    pub removed: Option<Vec<Map<String, Value>>>,
    /// Distinct codes, sorted; left out: none.
    #[serde(default)]
    pub warnings: Option<Vec<String>>,
    /// When the next row expires; `null`: never.
    #[serde(default, deserialize_with = "given")]
    pub next_expiry: Option<Option<Timestamp>>,
    /// The code of the refusal; the inventory is then unchanged.
    pub error: Option<String>,
}

/// Tells `null` from left out.
fn given<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Option<Timestamp>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// YAML has a key with nothing behind it for a list without rows.
fn rows<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Vec<Map<String, Value>>>, D::Error> {
    Option::deserialize(deserializer).map(|rows: Option<_>| rows.or_else(|| Some(Vec::new())))
}

/// What a step does.
#[derive(Debug)]
pub enum Action {
    /// A report arrives.
    Report {
        /// Which agent's.
        inventory_type: InventoryType,
        /// Its body.
        body: Vec<u8>,
    },
    /// Somebody deletes.
    Delete(Selector),
    /// The TTL is applied.
    Sweep,
}

/// Why a file is no fixture.
#[derive(Debug)]
pub struct InvalidFixture(pub String);

impl Fixture {
    /// The fixture in a file.
    ///
    /// # Errors
    /// If the file cannot be read or is no fixture; the message says where.
    pub fn read(path: &Path) -> Result<Self, InvalidFixture> {
        let document = Self::document(path)?;
        let Value::Object(members) = &document else {
            return Err(InvalidFixture("it is no map; expected one with `name` and `steps`".to_owned()));
        };
        if members.contains_key("history") {
            return Err(InvalidFixture(
                "it is a scenario: `keepset simulate --scenario` replays it".to_owned(),
            ));
        }
        // What is not known may be somebody's note. A slip of the pen is none.
        for key in members.keys().filter(|key| !KEYS.contains(&key.as_str())) {
            if let Some(meant) = KEYS.iter().find(|known| strsim::osa_distance(known, key) == 1) {
                return Err(InvalidFixture(format!("at /{key}: unknown; did you mean `{meant}`?")));
            }
        }
        Self::from_json(document.to_string().as_bytes())
    }

    /// The document in a file, as JSON: rows and reports are JSON documents.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn document(path: &Path) -> Result<Value, InvalidFixture> {
        let text = fs::read_to_string(path).map_err(|error| InvalidFixture(error.to_string()))?;
        crate::yaml::read(&text).map_err(InvalidFixture)
    }

    /// The fixture in a JSON document.
    ///
    /// # Errors
    /// If it is none; the message says where.
    pub fn from_json(bytes: &[u8]) -> Result<Self, InvalidFixture> {
        let Object(fixture) = read_json::<Object<Self>>(bytes)
            .map_err(|error| InvalidFixture(DocumentError { line: 0, ..error }.to_string()))?;
        match fixture.steps.is_empty() {
            true => Err(InvalidFixture("at /steps: there is none; expected at least one step".to_owned())),
            false => Ok(fixture),
        }
    }

    /// The inventory at the start.
    ///
    /// # Errors
    /// If a row is none; the message says which.
    pub fn inventory(&self) -> Result<Inventory, InvalidFixture> {
        let rows = self.prior.iter().flatten();
        let rows: Vec<Value> = rows.map(with_attributes_apart).collect();
        let document = serde_json::json!({ "version": 1, "items": rows });
        Inventory::from_json(document.to_string().as_bytes())
            .map_err(|error| InvalidFixture(format!("prior: {}", DocumentError { line: 0, ..error })))
    }
}

impl Step {
    /// What it does.
    ///
    /// # Errors
    /// If it does two things at once, or nothing known.
    pub fn action(&self) -> Result<Action, InvalidFixture> {
        match (&self.report, &self.delete) {
            (None, None) => Ok(Action::Sweep),
            (Some(report), None) => report_in(report),
            (None, Some(delete)) => Ok(Action::Delete(selector(delete)?)),
            (Some(_), Some(_)) => Err(InvalidFixture("a step has both `report` and `delete`".to_owned())),
        }
    }
}

fn report_in(report: &Map<String, Value>) -> Result<Action, InvalidFixture> {
    let known = report.iter().next().filter(|_| report.len() == 1);
    let known = known.and_then(|(name, body)| Some((InventoryType::from_name(name)?, body)));
    let Some((inventory_type, body)) = known else {
        return Err(InvalidFixture("`report` has one key, `kubernetes` or `ecs`".to_owned()));
    };
    let body = match body {
        Value::String(text) => text.clone().into_bytes(),
        other => other.to_string().into_bytes(),
    };
    Ok(Action::Report { inventory_type, body })
}

/// What is left out of a deletion is empty, and so refused (D3), but for the digest. A name or a digest may look like a number.
fn selector(delete: &Map<String, Value>) -> Result<Selector, InvalidFixture> {
    let mut selector = Selector { inventory_type: String::new(), context: String::new(), image_digest: None };
    for (name, value) in delete {
        let text = match value {
            Value::Null => continue,
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            other => return Err(InvalidFixture(format!("`delete`: `{name}` is {other}; expected a text"))),
        };
        match name.as_str() {
            "inventory_type" => selector.inventory_type = text,
            "context" => selector.context = text,
            "image_digest" => selector.image_digest = Some(text),
            _ => {
                let expected = "expected inventory_type, context and perhaps image_digest";
                return Err(InvalidFixture(format!("`delete` has `{name}`; {expected}")));
            }
        }
    }
    Ok(selector)
}

/// What a row has beside its attributes.
const FIELDS: [&str; 11] = [
    "inventory_type",
    "context",
    "kind",
    "id",
    "image_tag",
    "image_digest",
    "parent",
    "created_at",
    "last_updated",
    "last_seen",
    "attributes",
];

/// A row with what stands beside its key and times put among its attributes: both places are written. What an outcome says
/// of a row is none of them.
fn with_attributes_apart(row: &Value) -> Value {
    let Value::Object(row) = row else { return row.clone() };
    let (mut fields, mut attributes) = (Map::new(), Map::new());
    for (name, value) in row {
        match (name.as_str(), value) {
            ("reason" | "expires_at", _) => {}
            ("attributes", Value::Object(named)) => {
                for (name, value) in named {
                    attributes.insert(name.clone(), value.clone());
                }
            }
            (field, _) if FIELDS.contains(&field) => {
                fields.insert(name.clone(), value.clone());
            }
            _ => {
                attributes.entry(name).or_insert_with(|| value.clone());
            }
        }
    }
    if !attributes.is_empty() {
        fields.insert("attributes".to_owned(), Value::Object(attributes));
    }
    Value::Object(fields)
}

/// The fixtures under these paths: files as they are, of folders every `.yaml`, `.yml` and `.json` in them, by name, but for
/// a folder of scenarios, which are no fixtures.
///
/// # Errors
/// If a path cannot be read.
pub fn find(paths: &[PathBuf]) -> std::io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for path in paths {
        let about =
            |error: std::io::Error| std::io::Error::new(error.kind(), format!("{}: {error}", path.display()));
        match fs::metadata(path).map_err(about)?.is_dir() {
            true => find_in(path, &mut found)?,
            false => found.push(path.clone()),
        }
    }
    Ok(found)
}

/// One that cannot be read is found all the same, and then fails.
fn find_in(folder: &Path, found: &mut Vec<PathBuf>) -> std::io::Result<()> {
    let mut entries: Vec<PathBuf> =
        fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<_>>()?;
    entries.sort();
    for entry in entries {
        let extension = entry.extension().map(|extension| extension.to_string_lossy().to_lowercase());
        if !entry.is_dir() {
            if matches!(extension.as_deref(), Some("yaml" | "yml" | "json")) {
                found.push(entry);
            }
        } else if entry.file_name().is_none_or(|name| name != crate::scenario::FOLDER) {
            find_in(&entry, found)?;
        }
    }
    Ok(())
}
