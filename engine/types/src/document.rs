//! Inventory documents: `{"version":1,"items":[row, ...]}`.

use std::fmt;

use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};

use crate::error::shortened;
use crate::key::Context;
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

    /// What a reader of JSON says of the text, its line and column among it.
    #[must_use]
    pub fn of(pointer: impl Into<String>, error: &serde_json::Error) -> Self {
        let said = error.to_string();
        let message = said.rsplit_once(" at line ").map_or(said.as_str(), |(message, _)| message);
        Self { line: error.line(), column: error.column(), ..Self::at(pointer, message) }
    }
}

/// Reads a JSON document. A text that is none is read a second time to say where it is not: the first time is fast.
///
/// # Errors
/// [`DocumentError`] with the first fault.
pub fn read_json<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, DocumentError> {
    let text = read_text(bytes).map_err(|(start, fault)| not_utf_8::<T>(start, fault))?;
    serde_json::from_str(text).or_else(|_| read_with_path(text).map_err(|(fault, _)| fault))
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

/// Reads a document, or says where its fault is, and whether that is where the text ends.
fn read_with_path<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, (DocumentError, bool)> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let fault = |pointer, error: &serde_json::Error| (DocumentError::of(pointer, error), error.is_eof());
    let value = serde_path_to_error::deserialize(&mut deserializer)
        .map_err(|error| fault(json_pointer(error.path()), error.inner()))?;
    deserializer.end().map_err(|error| fault(String::new(), &error))?;
    Ok(value)
}

/// The first fault of a document of which only this start is UTF-8: where a reader of the start comes to its end.
fn not_utf_8<'a, T: Deserialize<'a>>(start: &'a str, end: DocumentError) -> DocumentError {
    match read_with_path::<T>(start) {
        Err((fault, false)) => fault,
        Err((fault, true)) => DocumentError { message: end.message, ..fault },
        Ok(_) => end,
    }
}

/// The JSON pointer of a path. Ends at the object where a key of it cannot be read.
#[must_use]
pub fn json_pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let mut pointer = String::new();
    for segment in path {
        let token = match segment {
            Segment::Seq { index } => index.to_string(),
            Segment::Map { key } | Segment::Enum { variant: key } => pointer_token(key),
            Segment::Unknown => break,
        };
        pointer.push('/');
        pointer.push_str(&token);
    }
    pointer
}

/// A key as it stands in a JSON pointer (RFC 6901).
#[must_use]
pub fn pointer_token(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
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
        let Document { version, items } = read_json(bytes)?;
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
