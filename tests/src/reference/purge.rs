//! Section 4: deleting by hand.

use serde_json::{Map, Value, json};

use super::row::{self, Inventory, Key, Row};
use super::{image_of, listing};

const INVALID: &str = "invalid_request";

pub(super) fn purge(prior: &Inventory, selector: &Value) -> Result<Value, &'static str> {
    let selector = selector.as_object().ok_or(INVALID)?;
    let inventory_type = given(selector, "inventory_type")?.ok_or(INVALID)?;
    let context = given(selector, "context")?.ok_or(INVALID)?;
    let digest = given(selector, "image_digest")?;
    if !["ecs", "kubernetes"].contains(&inventory_type) {
        return Err(INVALID); // D3
    }
    let in_context = |key: &Key| key.inventory_type == inventory_type && key.context == context;

    let mut retained = prior.clone();
    let rule = match digest {
        // D1
        None => {
            retained.retain(|key, _| !(in_context(key) && key.kind != "node"));
            "D1"
        }
        // D2
        Some(digest) => {
            let digest = if digest == "unknown" { "" } else { digest };
            let matches = |key: &Key, row: &Row| {
                in_context(key)
                    && key.kind == "container"
                    && row.text("image_digest").unwrap_or_default() == digest
            };
            for (key, row) in prior.iter().filter(|(key, row)| matches(key, row)) {
                retained.remove(key);
                if let Some(image) = image_of(key, row) {
                    retained.remove(&image);
                }
            }
            "D2"
        }
    };

    let mut removed = Vec::new();
    for (key, row) in prior.iter().filter(|(key, _)| !retained.contains_key(key)) {
        let mut fields = row::key_json(key);
        fields.insert("last_seen".to_owned(), row::time(row.last_seen).into());
        fields.insert("reason".to_owned(), "deleted".into()); // E2
        fields.insert("rule".to_owned(), rule.into());
        removed.push(Value::Object(fields));
    }
    if removed.is_empty() {
        return Err("not_found"); // D3
    }
    Ok(json!({ "retained": listing(&retained), "removed": removed }))
}

/// D3: a text that is not empty, or nothing at all.
fn given<'a>(selector: &'a Map<String, Value>, name: &str) -> Result<Option<&'a str>, &'static str> {
    match selector.get(name) {
        None => Ok(None),
        Some(Value::String(text)) if !text.is_empty() => Ok(Some(text)),
        Some(_) => Err(INVALID),
    }
}
