//! A fixture, run in the page: what `keepset conformance --answers` prints for it, to the byte.

use keepset_conformance::cell::{Cells, Which};
use keepset_conformance::fixture::Fixture;
use keepset_conformance::run::answers;
use keepset_types::{Object, read_text};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::error::thrown;

/// The answers to the steps of a fixture, a line for each.
///
/// # Errors
/// If it is no fixture.
pub fn run(json: &[u8]) -> Result<String, String> {
    // The page made it: nobody needs to be told where it is wrong, and a reader that can makes the engine larger.
    let json = read_text(json).map_err(|(_, fault)| fault.message)?;
    let Object(fixture): Object<Fixture> = serde_json::from_str(json).map_err(|error| error.to_string())?;
    let mut cell = Cells::native().cell(Which::Native).map_err(|refusal| refusal.message)?;
    answers(&fixture, cell.as_mut())
}

/// See the declarations.
#[wasm_bindgen]
pub fn run_fixture(json: &[u8]) -> Result<Vec<u8>, JsValue> {
    run(json).map(String::into_bytes).map_err(|message| thrown("invalid_fixture", &message))
}
