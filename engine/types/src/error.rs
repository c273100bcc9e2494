//! Refusals: a stable code, what was expected, and where.

use std::borrow::Cow;
use std::fmt;

use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};

/// Why the engine refused. Nothing was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// The body is not a report (N8).
    InvalidReport,
    /// A setting is unknown, out of range or contradicts another (C1-C4).
    InvalidConfig,
    /// A deletion names nothing, or an unknown inventory type (D3).
    InvalidRequest,
    /// A deletion matches nothing (D3).
    NotFound,
    /// The inventory handed in contradicts itself: a key twice, columns of different lengths, an unknown kind.
    InvalidInventory,
}

impl ErrorCode {
    /// The stable text of the code.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvalidReport => "invalid_report",
            Self::InvalidConfig => "invalid_config",
            Self::InvalidRequest => "invalid_request",
            Self::NotFound => "not_found",
            Self::InvalidInventory => "invalid_inventory",
        }
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// What kind of refusal.
    pub code: ErrorCode,
    /// What was found and what was expected, in a sentence without its full stop.
    pub message: String,
    /// Where: a JSON pointer into the report or the configuration, where there is one.
    pub pointer: Option<String>,
}

/// A name as a line of text may show it: names are what a report says, and a control character among them could end the line
/// or speak to the terminal. They are written as `\u{1b}`.
#[must_use]
pub fn printable(name: &str) -> Cow<'_, str> {
    if !name.contains(char::is_control) {
        return Cow::Borrowed(name);
    }
    let mut shown = String::with_capacity(name.len() + 8);
    for letter in name.chars() {
        match letter.is_control() {
            true => shown.extend(letter.escape_default()),
            false => shown.push(letter),
        }
    }
    Cow::Owned(shown)
}

/// How long a message may be, in bytes: some repeat what they do not like, and that may be a whole report.
const LONGEST: usize = 1000;

/// The message, cut where it is too long for anybody to read.
pub(crate) fn shortened(mut message: String) -> String {
    if message.len() > LONGEST {
        message.truncate(message.floor_char_boundary(LONGEST));
        message.push_str("...");
    }
    message
}

impl Error {
    /// A refusal without a place.
    #[must_use]
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: shortened(message.into()), pointer: None }
    }

    /// The same, at `pointer`.
    #[must_use]
    pub fn at(self, pointer: impl Into<String>) -> Self {
        Self { pointer: Some(pointer.into()), ..self }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.code)?;
        if let Some(pointer) = &self.pointer {
            write!(f, "at {}: ", if pointer.is_empty() { "the top level" } else { pointer })?;
        }
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

/// `{"code": ..., "message": ..., "pointer": ...}`.
impl Serialize for Error {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("code", &self.code)?;
        map.serialize_entry("message", &self.message)?;
        if let Some(pointer) = &self.pointer {
            map.serialize_entry("pointer", pointer)?;
        }
        map.end()
    }
}
