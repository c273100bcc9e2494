//! Section 5: configuration.

use serde_json::{Map, Value};

use super::Settings;

const INVALID: &str = "invalid_config";

/// C3: the names of the two settings that have several.
const TTL: [&str; 2] = ["image_ttl_days", "inventory_ttl_days"];
const OVERWRITE: [&str; 2] = ["image_ingest_overwrite", "inventory_ingest_overwrite"];
/// C2, A3
const GUARD: [&str; 1] = ["ecs_truncation_guard"];

pub(super) fn read(config: &Value) -> Result<Settings, &'static str> {
    let nothing = Map::new();
    let keys = match config {
        Value::Null => &nothing,
        Value::Object(keys) => keys,
        _ => return Err(INVALID),
    };
    // C4
    let known = [&TTL[..], &OVERWRITE[..], &GUARD[..]].concat();
    if keys.keys().any(|key| !known.contains(&key.as_str())) {
        return Err(INVALID);
    }
    let ttl_days = match one(keys, &TTL)? {
        None => 120, // C1
        Some(value) => value.as_u64().filter(|days| *days <= 36_500).ok_or(INVALID)?,
    };
    Ok(Settings {
        ttl_days,
        overwrite: switch(keys, &OVERWRITE, false)?,   // C2
        truncation_guard: switch(keys, &GUARD, true)?, // A3
    })
}

/// C3: the value of a setting under whichever of its names; twice with different values is an error.
fn one<'a>(keys: &'a Map<String, Value>, names: &[&str]) -> Result<Option<&'a Value>, &'static str> {
    let mut given = names.iter().filter_map(|name| keys.get(*name));
    let first = given.next();
    if given.any(|value| Some(value) != first) { Err(INVALID) } else { Ok(first) }
}

fn switch(keys: &Map<String, Value>, names: &[&str], default: bool) -> Result<bool, &'static str> {
    match one(keys, names)? {
        None => Ok(default),
        Some(value) => value.as_bool().ok_or(INVALID),
    }
}
