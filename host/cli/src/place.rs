//! Lines of the values that JSON pointers point to.

use std::borrow::Cow;
use std::collections::BTreeMap;

use keepset_types::{DocumentError, Error};
use serde_json::value::RawValue;

/// What the engine refused, with its line in the text that the engine was given.
pub(crate) fn located(error: &Error, text: &[u8]) -> DocumentError {
    let pointer = error.pointer.clone().unwrap_or_default();
    let (line, column) = std::str::from_utf8(text).ok().map_or((0, 0), |text| position(text, &pointer));
    DocumentError { line, column, pointer, message: error.message.clone() }
}

/// Line and column of the value at `pointer`; where there is none, of the innermost one around it.
fn position(text: &str, pointer: &str) -> (usize, usize) {
    let Ok(mut value) = serde_json::from_str::<&RawValue>(text) else { return (0, 0) };
    for step in pointer.split('/').skip(1) {
        let step = step.replace("~1", "/").replace("~0", "~");
        let inner = match step.parse::<usize>() {
            Ok(index) if value.get().starts_with('[') => element(value, index),
            _ => member(value, &step),
        };
        match inner {
            Some(inner) => value = inner,
            None => break,
        }
    }
    let offset = value.get().as_ptr().addr().saturating_sub(text.as_ptr().addr());
    let before = text.get(..offset).unwrap_or_default();
    let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
    let column = before.chars().rev().take_while(|character| *character != '\n').count() + 1;
    (line, column)
}

fn element(value: &RawValue, index: usize) -> Option<&RawValue> {
    serde_json::from_str::<Vec<&RawValue>>(value.get()).ok()?.get(index).copied()
}

fn member<'a>(value: &'a RawValue, name: &str) -> Option<&'a RawValue> {
    serde_json::from_str::<BTreeMap<Cow<'a, str>, &'a RawValue>>(value.get()).ok()?.get(name).copied()
}

#[cfg(test)]
mod tests {
    use super::position;

    #[test]
    fn a_pointer_leads_to_its_value() {
        let text = "{\n  \"a/b\": [\n    1,\n    {\"c\": 2}\n  ]\n}";
        assert_eq!(position(text, "/a~1b/0"), (3, 5));
        assert_eq!(position(text, "/a~1b/1/c"), (4, 11));
        assert_eq!(position(text, ""), (1, 1));
    }

    #[test]
    fn a_pointer_to_nothing_leads_to_what_is_around_it() {
        let text = "{\n  \"a\": [\n    {}\n  ]\n}";
        assert_eq!(position(text, "/a/0/id"), (3, 5));
        assert_eq!(position(text, "/b"), (1, 1));
        assert_eq!(position("no JSON", "/b"), (0, 0));
    }
}
