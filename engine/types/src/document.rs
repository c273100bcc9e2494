//! Inventory documents: `{"version":1,"items":[row, ...]}`.

use std::fmt;

use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};

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
        Self { line: 0, column: 0, pointer: pointer.into(), message: message.into() }
    }
}

/// Reads a JSON document. A text that is none is read a second time to say where it is not: the first time is fast.
///
/// # Errors
/// [`DocumentError`] with the first fault.
pub fn read_json<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, DocumentError> {
    if let Ok(value) = serde_json::from_slice(bytes) {
        return Ok(value);
    }
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let error = match serde_path_to_error::deserialize::<_, T>(&mut deserializer) {
        Ok(value) => match deserializer.end() {
            Ok(()) => return Ok(value),
            Err(error) => return Err(fault(String::new(), &error)),
        },
        Err(error) => error,
    };
    Err(fault(json_pointer(error.path()), error.inner()))
}

fn fault(pointer: String, error: &serde_json::Error) -> DocumentError {
    let message = error.to_string();
    let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(message, _)| message);
    DocumentError { line: error.line(), column: error.column(), pointer, message: message.to_owned() }
}

/// RFC 6901.
fn json_pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let mut pointer = String::new();
    for segment in path {
        pointer.push('/');
        match segment {
            Segment::Seq { index } => pointer.push_str(&index.to_string()),
            Segment::Map { key } | Segment::Enum { variant: key } => {
                pointer.push_str(&key.replace('~', "~0").replace('/', "~1"));
            }
            Segment::Unknown => pointer.push('?'),
        }
    }
    pointer
}

impl Inventory {
    /// The inventory of these rows, put in key order.
    ///
    /// # Errors
    /// [`DocumentError`] if two rows have the same key.
    pub fn new(mut rows: Vec<Row>) -> Result<Self, DocumentError> {
        if !rows.is_sorted_by(|a, b| a.key < b.key) {
            rows.sort_by(|a, b| a.key.cmp(&b.key));
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
