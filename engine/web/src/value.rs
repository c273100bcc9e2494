//! Small values: settings and faults in, answers out.

use js_sys::JSON;
use keepset_engine::configure;
use keepset_types::{Config, Layer, Origin};
use serde::{Deserialize, Serialize};
use serde_wasm_bindgen::Serializer;
use wasm_bindgen::JsValue;

use crate::error::{refused, thrown};

/// The configuration in an object, as in a file of settings: its keys and values are judged as they are there (C1, C2, C4).
pub(crate) fn config(settings: &JsValue) -> Result<Config, JsValue> {
    let settings = JSON::stringify(settings).map(String::from);
    let settings = settings.map_err(|_| thrown("invalid_config", "the settings are no object"))?;
    configure(&[Layer { origin: Origin::File, settings }]).map_err(|error| refused(&error, Some("config")))
}

pub(crate) fn read<T: for<'de> Deserialize<'de>>(value: JsValue, code: &str) -> Result<T, JsValue> {
    serde_wasm_bindgen::from_value(value).map_err(|error| thrown(code, &error.to_string()))
}

/// A plain object; absent values are `null`.
pub(crate) fn write(value: &impl Serialize) -> Result<JsValue, JsValue> {
    let serializer = Serializer::json_compatible();
    value.serialize(&serializer).map_err(|error| thrown("unwritable", &error.to_string()))
}
