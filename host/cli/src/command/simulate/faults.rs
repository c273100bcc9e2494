//! Faults on the command line: `outage from=... to=...`.

use keepset_engine::simulate::Fault;
use serde_json::{Map, Value};

/// The fault in a text: its kind, then `name=value` for each field.
pub(super) fn parse(text: &str) -> Result<Fault, String> {
    let mut words = text.split_whitespace();
    let kind = words.next().unwrap_or_default().replace('-', "_");
    let mut fields = Map::from_iter([("kind".to_owned(), Value::from(kind))]);
    for word in words {
        let (name, value) = word.split_once('=').ok_or_else(|| format!("`{word}` is no name=value"))?;
        let value = match serde_json::from_str(value) {
            Ok(value @ (Value::Number(_) | Value::Bool(_))) if name != "cluster" && name != "context" => {
                value
            }
            _ => value.into(),
        };
        fields.insert(name.to_owned(), value);
    }
    serde_json::from_value(Value::Object(fields)).map_err(|error| error.to_string())
}
