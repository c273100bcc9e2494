//! Errors as JavaScript's: an `Error` with fields.

use js_sys::Reflect;
use keepset_engine::simulate::Unreadable;
use keepset_types::Error;
use wasm_bindgen::JsValue;

/// Throws what the engine refused; `file` is what it was said of.
pub(crate) fn refused(error: &Error, file: Option<&str>) -> JsValue {
    let thrown = thrown(error.code.as_str(), &error.message);
    set(&thrown, "file", file.map(JsValue::from));
    set(&thrown, "pointer", error.pointer.as_deref().map(JsValue::from));
    thrown
}

/// Throws what is no document.
pub(crate) fn unreadable(unreadable: &Unreadable) -> JsValue {
    let Unreadable { code, file, error } = unreadable;
    let thrown = thrown(code, &error.message);
    set(&thrown, "file", Some(JsValue::from(file)));
    set(&thrown, "pointer", Some(JsValue::from(&error.pointer)));
    if error.line > 0 {
        set(&thrown, "line", Some(number(error.line)));
        set(&thrown, "column", Some(number(error.column)));
    }
    thrown
}

/// Throws what cannot be used, and why.
pub(crate) fn thrown(code: &str, message: &str) -> JsValue {
    let thrown = JsValue::from(js_sys::Error::new(message));
    set(&thrown, "code", Some(JsValue::from(code)));
    thrown
}

fn number(number: usize) -> JsValue {
    JsValue::from(u32::try_from(number).unwrap_or(u32::MAX))
}

fn set(on: &JsValue, name: &str, value: Option<JsValue>) {
    if let Some(value) = value {
        // Setting a field of a fresh object cannot fail.
        let _ = Reflect::set(on, &JsValue::from(name), &value);
    }
}
