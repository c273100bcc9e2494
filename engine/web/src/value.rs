//! Small values: settings and faults in, answers out.

use js_sys::JSON;
use keepset_engine::configure;
use keepset_types::{Config, Layer, Origin};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_wasm_bindgen::Serializer;
use wasm_bindgen::JsValue;

use crate::error::{refused, thrown};

/// The configuration in an object, as in a file of settings: its keys and values are judged as they are there (C1, C2, C4).
pub(crate) fn config(settings: &JsValue) -> Result<Config, JsValue> {
    let settings = json(settings, "invalid_config")?;
    configure(&[Layer { origin: Origin::File, settings }]).map_err(|error| refused(&error, Some("config")))
}

/// What a plain object or array says.
pub(crate) fn read<T: DeserializeOwned>(value: &JsValue, code: &str) -> Result<T, JsValue> {
    serde_json::from_str(&json(value, code)?).map_err(|error| thrown(code, &error.to_string()))
}

fn json(value: &JsValue, code: &str) -> Result<String, JsValue> {
    let json = JSON::stringify(value).map(String::from);
    json.map_err(|_| thrown(code, "this cannot be written as JSON"))
}

/// A plain object; absent values are `null`.
pub(crate) fn write(value: &impl Serialize) -> Result<JsValue, JsValue> {
    let serializer = Serializer::json_compatible();
    value.serialize(&serializer).map_err(|error| thrown("unwritable", &error.to_string()))
}
