//! Scenarios: a history, what goes wrong in it, two configurations, and what must come of it.

use keepset_types::{Config, DocumentError, Layer, Object, Origin, Timestamp, read_text};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::Unreadable;
use super::fault::Fault;
use super::generate::Fleet;
use super::history::History;
use super::read::{Reader, Text};
use crate::configure;

/// A history, the faults in it, and one or two configurations that are to be compared.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// What it is called: the name of its file.
    pub name: String,
    /// The same, for people.
    pub title: String,
    /// What it shows, in a sentence or two.
    pub about: String,
    /// The rules that it is about.
    pub rules: Vec<String>,
    /// What goes wrong, in this order.
    pub faults: Vec<Fault>,
    /// The first configuration.
    pub a: Config,
    /// The second one.
    pub b: Option<Config>,
    /// What must come of it; the runner of conformance looks at it.
    pub expect: Map<String, Value>,
    /// The history without the faults.
    pub history: History,
}

/// The document.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document<'a> {
    name: String,
    title: String,
    #[serde(default)]
    about: String,
    #[serde(default)]
    rules: Vec<String>,
    #[serde(borrow)]
    #[expect(dead_code, reason = "it is read as a history, with everything else that is one")]
    history: &'a RawValue,
    #[serde(default)]
    faults: Vec<Fault>,
    a: Map<String, Value>,
    b: Option<Map<String, Value>>,
    #[serde(default)]
    expect: Map<String, Value>,
}

/// The history of a scenario: reports as they are, or made.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Told<'a> {
    /// The last second that is replayed; left out: when the last report arrives.
    pub(super) until: Option<Timestamp>,
    pub(super) generate: Option<Object<Fleet>>,
    #[serde(borrow, default)]
    pub(super) reports: Vec<&'a RawValue>,
}

impl Scenario {
    /// The scenario in a JSON document.
    ///
    /// # Errors
    /// [`Unreadable`] with the first fault.
    pub fn read(file: Text<'_>) -> Result<Self, Unreadable> {
        let refuse = |error| Unreadable { code: "invalid_document", file: file.name.to_owned(), error };
        let text = read_text(file.bytes).map_err(|(_, fault)| refuse(fault))?;
        let Object(document): Object<Document<'_>> =
            serde_json::from_str(text).map_err(|error| refuse(DocumentError::of(text, &error)))?;
        let config = |name: &str, settings: Map<String, Value>| {
            let layer = Layer { origin: Origin::File, settings: Value::Object(settings).to_string() };
            configure(&[layer]).map_err(|error| Unreadable {
                code: error.code.as_str(),
                file: file.name.to_owned(),
                error: DocumentError::at(
                    format!("/{name}{}", error.pointer.unwrap_or_default()),
                    error.message,
                ),
            })
        };
        let a = config("a", document.a)?;
        let b = document.b.map(|settings| config("b", settings)).transpose()?;
        let mut history = Reader::keeping_texts();
        history.read(file)?;
        Ok(Self {
            a,
            b,
            history: history.finish(),
            name: document.name,
            title: document.title,
            about: document.about,
            rules: document.rules,
            faults: document.faults,
            expect: document.expect,
        })
    }
}
