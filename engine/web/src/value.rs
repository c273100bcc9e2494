//! Small values: settings and faults in, answers out.

use keepset_types::Config;
use serde::{Deserialize, Serialize};
use serde_wasm_bindgen::Serializer;
use wasm_bindgen::JsValue;

use crate::error::thrown;

/// Settings as the page has them.
#[derive(Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    image_ttl_days: u32,
    image_ingest_overwrite: bool,
    #[serde(default = "yes")]
    ecs_truncation_guard: bool,
}

fn yes() -> bool {
    true
}

impl From<Settings> for Config {
    fn from(settings: Settings) -> Self {
        let Settings { image_ttl_days, image_ingest_overwrite, ecs_truncation_guard } = settings;
        Self { image_ttl_days, image_ingest_overwrite, ecs_truncation_guard }
    }
}

/// The configuration in an object; the engine judges its values.
pub(crate) fn config(value: JsValue) -> Result<Config, JsValue> {
    let settings: Settings = read(value, "invalid_config")?;
    Ok(settings.into())
}

pub(crate) fn read<T: for<'de> Deserialize<'de>>(value: JsValue, code: &str) -> Result<T, JsValue> {
    serde_wasm_bindgen::from_value(value).map_err(|error| thrown(code, &error.to_string()))
}

/// A plain object; absent values are `null`.
pub(crate) fn write(value: &impl Serialize) -> Result<JsValue, JsValue> {
    let serializer = Serializer::json_compatible();
    value.serialize(&serializer).map_err(|error| thrown("unwritable", &error.to_string()))
}
