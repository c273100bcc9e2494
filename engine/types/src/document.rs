//! Inventory documents: `{"version":1,"items":[row, ...]}`.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use serde::de::value::MapAccessDeserializer;
use serde::de::{self, MapAccess};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::de::StrRead;

use crate::error::shortened;
use crate::key::Context;
use crate::place::pointer_to;
use crate::row::Row;

/// The rows of one account, in key order, no key twice (I1).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Inventory {
    rows: Vec<Row>,
}

/// Why a text is not the document it should be, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentError {
    /// The line, counted from 1; 0 where the text as a whole is meant.
    pub line: usize,
    /// The column in that line, counted from 1.
    pub column: usize,
    /// A JSON pointer to the value.
    pub pointer: String,
    /// What was found and what was expected.
    pub message: String,
}

impl fmt::Display for DocumentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line > 0 {
            write!(f, "line {}, column {}, ", self.line, self.column)?;
        }
        let place = if self.pointer.is_empty() { "the top level" } else { &self.pointer };
        write!(f, "at {place}: {}", self.message)
    }
}

impl std::error::Error for DocumentError {}

impl DocumentError {
    /// An error at `pointer`, whose line is not known.
    #[must_use]
    pub fn at(pointer: impl Into<String>, message: impl Into<String>) -> Self {
        Self { line: 0, column: 0, pointer: pointer.into(), message: shortened(message.into()) }
    }

    /// What a reader says of a JSON text, and where in it.
    #[must_use]
    pub fn of(text: &str, error: &serde_json::Error) -> Self {
        let said = error.to_string();
        let message = said.rsplit_once(" at line ").map_or(said.as_str(), |(message, _)| message);
        Self { line: error.line(), column: error.column(), ..Self::at(pointer_to(text, error), message) }
    }

    /// The same, said of a document in which that text stands at `pointer`.
    #[must_use]
    pub fn within(mut self, pointer: &str) -> Self {
        self.pointer.insert_str(0, pointer);
        self
    }
}

/// A JSON text that is being read.
pub type JsonText<'a> = serde_json::Deserializer<StrRead<'a>>;

/// Reads a JSON document.
///
/// # Errors
/// [`DocumentError`] with the first fault.
pub fn read_json<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, DocumentError> {
    read_json_by(bytes, |deserializer| T::deserialize(deserializer))
}

/// Reads a JSON document in a way of its own.
///
/// # Errors
/// [`DocumentError`] with the first fault.
pub fn read_json_by<'a, T>(
    bytes: &'a [u8],
    read: impl FnOnce(&mut JsonText<'a>) -> Result<T, serde_json::Error>,
) -> Result<T, DocumentError> {
    let (text, is_whole) = match read_text(bytes) {
        Ok(text) => (text, Ok(())),
        Err((start, fault)) => (start, Err(fault)),
    };
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = read(&mut deserializer).and_then(|value| deserializer.end().map(|()| value));
    match (value, is_whole) {
        (Ok(value), Ok(())) => Ok(value),
        (Ok(_), Err(end)) => Err(end),
        // The fault is where a reader of the start comes to its end.
        (Err(error), Err(end)) if error.is_eof() => {
            Err(DocumentError { message: end.message, ..DocumentError::of(text, &error) })
        }
        (Err(error), _) => Err(DocumentError::of(text, &error)),
    }
}

/// Reads a JSON object as a `T`, and makes of it what it is to be. What cannot be made of it is a fault of the object, and is
/// said to be there.
///
/// # Errors
/// What is no object, no `T`, or not made to anything.
pub fn read_object<'de, D, T, U>(
    deserializer: D,
    make: impl FnOnce(T) -> Result<U, String>,
) -> Result<U, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    struct Visitor<M, T>(M, PhantomData<T>);
    impl<'de, T, U, M> de::Visitor<'de> for Visitor<M, T>
    where
        T: Deserialize<'de>,
        M: FnOnce(T) -> Result<U, String>,
    {
        type Value = U;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }
        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<U, A::Error> {
            let Self(make, _) = self;
            make(T::deserialize(MapAccessDeserializer::new(map))?).map_err(de::Error::custom)
        }
    }
    deserializer.deserialize_map(Visitor(make, PhantomData))
}

/// What a JSON object says: a struct's own reader would take an array for one, by position.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Object<T>(pub T);

impl<T> Deref for Object<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read_object(deserializer, |said| Ok(Self(said)))
    }
}

/// The bytes as a text, if they are one. All JSON is read from texts: readers for bytes beside those for texts would make the
/// engine larger that a page has to load.
///
/// # Errors
/// What of them is a text, and where that ends.
pub fn read_text(bytes: &[u8]) -> Result<&str, (&str, DocumentError)> {
    std::str::from_utf8(bytes).map_err(|error| {
        let start = bytes.get(..error.valid_up_to()).and_then(|start| std::str::from_utf8(start).ok());
        let start = start.unwrap_or_default();
        let last = start.rsplit('\n').next().unwrap_or_default();
        let fault = DocumentError {
            line: start.split('\n').count(),
            column: last.len() + 1,
            ..DocumentError::at("", "the text is not UTF-8")
        };
        (start, fault)
    })
}

impl Inventory {
    /// The inventory of these rows, put in key order.
    ///
    /// # Errors
    /// [`DocumentError`] if two rows have the same key.
    pub fn new(mut rows: Vec<Row>) -> Result<Self, DocumentError> {
        if !rows.is_sorted_by(|a, b| a.key < b.key) {
            rows.sort_unstable_by(|a, b| a.key.cmp(&b.key));
            if let Some(twice) = rows.windows(2).find_map(|pair| match pair {
                [a, b] if a.key == b.key => Some(&a.key),
                _ => None,
            }) {
                return Err(DocumentError::at(
                    "/items",
                    format!("the key `{twice}` is there twice; expected each once"),
                ));
            }
        }
        share_contexts(&mut rows);
        Ok(Self { rows })
    }

    /// Reads `{"version":1,"items":[...]}`.
    ///
    /// # Errors
    /// [`DocumentError`] with the first fault.
    pub fn from_json(bytes: &[u8]) -> Result<Self, DocumentError> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Document {
            version: u32,
            items: Vec<Row>,
        }
        let Object(Document { version, items }) = read_json(bytes)?;
        if version != 1 {
            return Err(DocumentError::at("/version", format!("version {version} is unknown; expected 1")));
        }
        Self::new(items)
    }

    /// The rows, in key order.
    #[must_use]
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The rows, in key order.
    #[must_use]
    pub fn into_rows(self) -> Vec<Row> {
        self.rows
    }
}

/// Neighbours of one context share its text.
fn share_contexts(rows: &mut [Row]) {
    let mut shared: Option<Context> = None;
    for row in rows {
        match &shared {
            Some(context) if *context == row.key.context => row.key.context = context.clone(),
            _ => shared = Some(row.key.context.clone()),
        }
    }
}

impl Serialize for Inventory {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("version", &1)?;
        map.serialize_entry("items", &self.rows)?;
        map.end()
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_cannot_be_read_is_said_with_its_object() {
        let fault = |json: &str| {
            let read = read_json::<Vec<std::collections::BTreeMap<String, u8>>>(json.as_bytes());
            read.map(drop).unwrap_err().pointer
        };
        assert_eq!(fault(r#"[{"a":1},{"\ud800":1}]"#), "/1");
        assert_eq!(fault(r#"[{"a":"1"}]"#), "/0/a");
    }

    #[test]
    fn what_is_not_utf_8_is_said_with_its_place() {
        let fault = |bytes: &[u8]| read_json::<Vec<Vec<String>>>(bytes).map(drop).unwrap_err();
        let inside = fault(b"[[\"a\"],\n[\"\xff\"]]");
        assert_eq!((inside.line, &*inside.pointer, &*inside.message), (2, "/1/0", "the text is not UTF-8"));
        let behind = fault(b"[]\n\xff");
        assert_eq!((behind.line, behind.column, &*behind.pointer), (2, 1, ""));
        assert_eq!(fault(b"[[1], [\"\xff\"]]").pointer, "/0/0");
    }
}
