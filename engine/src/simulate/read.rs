//! Files become a history: agents' reports, one or many in a file, fixtures, scenarios, lists of rows.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use keepset_types::{
    DocumentError, Error, InventoryType, ItemKind, Object, Observation, Timestamp, read_text,
};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::history::{Arrival, Builder, Facts, History, Note, Source};
use super::log::reports_in;
use super::scenario::Told;
use crate::bulk::{index, number};
use crate::{observe, observe::fault_of};

/// A file with something of a history in it.
#[derive(Clone, Copy, Debug)]
pub struct Text<'a> {
    /// What it is called in messages.
    pub name: &'a str,
    /// JSON, or JSON documents one behind the other, be it between the lines of an agent's log.
    pub bytes: &'a [u8],
}

/// Why files make no history, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// Stable.
    pub code: &'static str,
    /// Which file.
    pub file: String,
    /// Where in it, and what was expected.
    pub error: DocumentError,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.file, self.error)
    }
}

impl std::error::Error for Unreadable {}

/// Reads files into one history, one after the other. Each holds JSON documents, one behind the other, each of them
///
/// * an agent's report, which arrives at its own timestamp, or an array of reports;
/// * `{"now": ..., "report": {"kubernetes" or "ecs": ...}}`, a report that arrives at `now`;
/// * a fixture: its steps, its `prior` rows;
/// * a scenario: its history, without its faults;
/// * an inventory or an answer of `GET /v2/inventories`: rows, each seen once, at its `last_seen`.
#[derive(Debug, Default)]
pub struct Reader {
    builder: Builder,
    keeps_texts: bool,
}

impl Reader {
    /// One whose history is small beside the files: [`History::report`] puts reports together again.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// One whose history has the files in it: [`History::report`] has reports as they were sent.
    #[must_use]
    pub fn keeping_texts() -> Self {
        Self { keeps_texts: true, ..Self::default() }
    }

    /// Reads a file.
    ///
    /// # Errors
    /// [`Unreadable`] with its first fault; what came before it may have been taken in.
    pub fn read(&mut self, file: Text<'_>) -> Result<(), Unreadable> {
        let name = file.name;
        let text = read_text(file.bytes).map_err(|(_, error)| Unreadable {
            code: "invalid_document",
            file: name.to_owned(),
            error,
        })?;
        let (text, left_out) = reports_in(text);
        let kept = self.keeps_texts.then(|| self.builder.file(name, text.clone().into_owned()));
        let mut reader = FileReader { builder: &mut self.builder, kept, name, text: &text };
        if left_out > 0 {
            let message = format!("an agent's log; lines that are no part of a whole report: {left_out}");
            reader.note("log_lines_left_out", &message);
        }
        reader.read()
    }

    /// The history of all that was read.
    #[must_use]
    pub fn finish(self) -> History {
        self.builder.finish()
    }
}

/// A file that is being read.
struct FileReader<'b, 'a> {
    builder: &'b mut Builder,
    /// Its number among those that are kept.
    kept: Option<u32>,
    name: &'a str,
    text: &'a str,
}

/// What tells the documents apart.
#[derive(Deserialize)]
struct Shape<'a> {
    #[serde(borrow)]
    cluster_name: Option<&'a RawValue>,
    #[serde(borrow)]
    cluster_arn: Option<&'a RawValue>,
    #[serde(borrow)]
    report: Option<&'a RawValue>,
    now: Option<Timestamp>,
    #[serde(borrow)]
    steps: Option<Vec<Object<Step<'a>>>>,
    #[serde(borrow)]
    prior: Option<&'a RawValue>,
    #[serde(borrow)]
    items: Option<&'a RawValue>,
    #[serde(borrow)]
    history: Option<&'a RawValue>,
}

/// What happens in a fixture.
#[derive(Deserialize)]
struct Step<'a> {
    now: Timestamp,
    #[serde(borrow)]
    report: Option<&'a RawValue>,
    #[serde(borrow)]
    delete: Option<&'a RawValue>,
}

/// The report of a step.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reported<'a> {
    #[serde(borrow)]
    kubernetes: Option<&'a RawValue>,
    #[serde(borrow)]
    ecs: Option<&'a RawValue>,
}

/// An item of a list: its kind and its id.
type Entry = (ItemKind, String);

/// A row of a list.
#[derive(Deserialize)]
struct Listed<'a> {
    inventory_type: InventoryType,
    #[serde(borrow)]
    context: Cow<'a, str>,
    kind: Option<ItemKind>,
    #[serde(borrow)]
    id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    image_tag: Option<Cow<'a, str>>,
    #[serde(borrow)]
    image_digest: Option<Cow<'a, str>>,
    last_seen: Timestamp,
}

impl<'a> FileReader<'_, 'a> {
    fn read(mut self) -> Result<(), Unreadable> {
        let text = self.text;
        let documents = serde_json::Deserializer::from_str(text).into_iter::<&'a RawValue>();
        let mut is_empty = true;
        for document in documents {
            is_empty = false;
            let document = document
                .map_err(|error| self.refusal("invalid_document", DocumentError::of(text, &error)))?;
            self.documents(document)?;
        }
        if is_empty {
            let message = "the file is empty; expected reports, a fixture, a scenario or an inventory";
            return Err(self.refusal("invalid_document", DocumentError::at("", message)));
        }
        Ok(())
    }

    /// A document, or a list of them.
    fn documents(&mut self, document: &'a RawValue) -> Result<(), Unreadable> {
        if !document.get().starts_with('[') {
            return self.document(document, "");
        }
        let elements: Vec<&'a RawValue> = self.parse(document, "")?;
        elements
            .into_iter()
            .enumerate()
            .try_for_each(|(place, element)| self.document(element, &format!("/{place}")))
    }

    fn document(&mut self, document: &'a RawValue, pointer: &str) -> Result<(), Unreadable> {
        let Object(shape): Object<Shape<'a>> = self.parse(document, pointer)?;
        match shape {
            Shape { report: Some(report), now, .. } => self.reported(report, now, pointer),
            Shape { steps: Some(steps), prior, .. } => self.fixture(steps, prior, pointer),
            Shape { history: Some(history), .. } => {
                let Object(told): Object<Told<'a>> = self.parse(history, &format!("{pointer}/history"))?;
                self.told(told, &format!("{pointer}/history"))
            }
            Shape { items: Some(items), .. } => self.list(items, &format!("{pointer}/items")),
            Shape { cluster_name: Some(_), .. } => {
                self.report(InventoryType::Kubernetes, document.get().as_bytes(), None, pointer)
            }
            Shape { cluster_arn: Some(_), .. } => {
                self.report(InventoryType::Ecs, document.get().as_bytes(), None, pointer)
            }
            _ => {
                let message = "not a known document; expected a report (`cluster_name` or `cluster_arn`), `steps`, \
                    `history` or `items`";
                Err(self.refusal_in(document, "invalid_document", DocumentError::at(pointer, message)))
            }
        }
    }

    /// The history of a scenario.
    pub(super) fn told(&mut self, told: Told<'a>, pointer: &str) -> Result<(), Unreadable> {
        if let Some(fleet) = &told.generate {
            fleet.generate(self.builder).map_err(|error| {
                let place = error.pointer.as_deref().unwrap_or_default();
                self.refusal(
                    "invalid_document",
                    DocumentError::at(format!("{pointer}/generate{place}"), error.message.clone()),
                )
            })?;
        }
        for (place, report) in told.reports.into_iter().enumerate() {
            self.document(report, &format!("{pointer}/reports/{place}"))?;
        }
        if let Some(until) = told.until {
            self.builder.end_at(until.unix());
        }
        Ok(())
    }

    fn fixture(
        &mut self,
        steps: Vec<Object<Step<'a>>>,
        prior: Option<&'a RawValue>,
        pointer: &str,
    ) -> Result<(), Unreadable> {
        if let Some(prior) = prior.filter(|prior| prior.get().starts_with('[')) {
            self.list(prior, &format!("{pointer}/prior"))?;
        }
        let end = steps.iter().map(|step| step.now.unix()).max();
        for (place, step) in steps.into_iter().enumerate() {
            let at = format!("{pointer}/steps/{place}");
            if step.delete.is_some() {
                self.note("deletion_left_out", "a history has no deletions by hand; this step was left out");
            }
            if let Some(report) = step.report {
                self.reported(report, Some(step.now), &at)?;
            }
        }
        if let Some(end) = end {
            self.builder.end_at(end);
        }
        Ok(())
    }

    /// `{"kubernetes": report}` or `{"ecs": report}`; the report may also be the text of a body.
    fn reported(
        &mut self,
        report: &'a RawValue,
        now: Option<Timestamp>,
        pointer: &str,
    ) -> Result<(), Unreadable> {
        let pointer = format!("{pointer}/report");
        let (inventory_type, body) = match self.parse(report, &pointer)? {
            Object(Reported { kubernetes: Some(body), ecs: None }) => (InventoryType::Kubernetes, body),
            Object(Reported { kubernetes: None, ecs: Some(body) }) => (InventoryType::Ecs, body),
            _ => {
                let message = "`report` has one key, `kubernetes` or `ecs`";
                return Err(self.refusal_in(report, "invalid_document", DocumentError::at(pointer, message)));
            }
        };
        let pointer = format!("{pointer}/{inventory_type}");
        if body.get().starts_with('"') {
            let text: String = self.parse(body, &pointer)?;
            return self.report(inventory_type, text.as_bytes(), now, &pointer);
        }
        self.report(inventory_type, body.get().as_bytes(), now, &pointer)
    }

    fn report(
        &mut self,
        inventory_type: InventoryType,
        json: &[u8],
        now: Option<Timestamp>,
        pointer: &str,
    ) -> Result<(), Unreadable> {
        // Read as if it had come at the end of time: then its own time is not cut off (N1).
        let observation = observe(inventory_type, json, Timestamp::MAX)
            .map_err(|error| self.invalid_report(inventory_type, json, pointer, &error))?;
        if observation.credential_probe {
            self.note(
                "credential_probe",
                "the agent only tried its credentials (N7); the report was left out",
            );
            return Ok(());
        }
        for warning in observation.warnings() {
            self.note(warning.code.as_str(), &warning.to_string());
        }
        let cluster = self.cluster(json);
        let at = now.map_or(observation.observed_at, Timestamp::unix);
        let place = self.kept.zip(self.place_of(json));
        let source = place.map(|(file, (start, end))| Source { file, start, end });
        self.builder.report(Arrival {
            at,
            timestamp: observation.observed_at,
            observed: observation.observed_at.min(at),
            cluster,
            inventory_type,
            covers_end: 0,
            is_lost: false,
            source,
        });
        self.cover(&observation);
        Ok(())
    }

    fn cover(&mut self, observation: &Observation) {
        let columns = observation.columns(self.builder.texts());
        let mut start = 0;
        let mut rows = Vec::new();
        for (place, end) in columns.ends.iter().enumerate() {
            let range = start..index(*end);
            start = index(*end);
            let kinds = columns.kinds.get(range.clone()).unwrap_or_default();
            let kinds = || kinds.iter().filter_map(|kind| ItemKind::from_code(*kind));
            let text = observation.contexts.get(place).and_then(|text| observation.string(*text));
            let is_covered = kinds().any(|kind| kind.is_root());
            let Some(text) = text.filter(|_| is_covered) else { continue }; // N2: the context of nodes is not covered
            let context = self.builder.context(observation.inventory_type, text);
            rows.clear();
            for (kind, row) in kinds().zip(range) {
                let at = |column: &[u32]| column.get(row).copied().unwrap_or(0);
                if kind.runs() {
                    let facts = Facts { link: at(&columns.links), image: at(&columns.images) };
                    rows.push((self.builder.item_of_key(context, kind, at(&columns.keys), facts), facts));
                }
            }
            self.builder.cover(context, false, &rows);
        }
    }

    fn cluster(&mut self, json: &[u8]) -> u32 {
        #[derive(Deserialize)]
        struct Named<'a> {
            #[serde(borrow, alias = "cluster_arn")]
            cluster_name: Cow<'a, str>,
        }
        let named: Option<Named<'_>> = read_text(json).ok().and_then(|json| serde_json::from_str(json).ok());
        self.builder.cluster(named.as_ref().map_or("", |named| &named.cluster_name))
    }

    /// Rows, each seen once. They tell nothing of what is not among them.
    fn list(&mut self, items: &'a RawValue, pointer: &str) -> Result<(), Unreadable> {
        let rows: Vec<Object<Listed<'a>>> = self.parse(items, pointer)?;
        let runs = |kind: Option<ItemKind>| kind.is_some_and(ItemKind::runs);
        let has_items = rows.iter().any(|row| runs(row.kind));
        if !has_items && !rows.is_empty() {
            self.note(
                "images_only",
                "the list has images and no containers; each image counts as a container",
            );
        }
        let mut by_time: BTreeMap<(i64, InventoryType, &str), Vec<Entry>> = BTreeMap::new();
        for row in &rows {
            let entry = match (has_items, row.kind) {
                (true, Some(kind)) if runs(row.kind) => {
                    (kind, row.id.as_deref().unwrap_or_default().to_owned())
                }
                (false, None | Some(ItemKind::Image)) => {
                    let (tag, digest) = (row.image_tag.as_deref(), row.image_digest.as_deref());
                    let digest =
                        digest.filter(|digest| !digest.is_empty()).map(|digest| format!("@{digest}"));
                    (
                        ItemKind::Container,
                        format!("{}{}", tag.unwrap_or_default(), digest.unwrap_or_default()),
                    )
                }
                _ => continue,
            };
            by_time.entry((row.last_seen.unix(), row.inventory_type, &row.context)).or_default().push(entry);
        }
        for ((at, inventory_type, text), entries) in by_time {
            let cluster = match (inventory_type, text.rsplit_once('/')) {
                (InventoryType::Kubernetes, Some((cluster, _))) => cluster,
                _ => text,
            };
            let cluster = self.builder.cluster(cluster);
            let context = self.builder.context(inventory_type, text);
            let facts = Facts::default();
            let items = entries.iter().map(|(kind, id)| self.builder.item(context, *kind, id, facts));
            let mut items: Vec<u32> = items.collect();
            items.sort_unstable();
            items.dedup();
            let rows: Vec<_> = items.into_iter().map(|item| (item, facts)).collect();
            self.builder.report(Arrival {
                at,
                timestamp: at,
                observed: at,
                cluster,
                inventory_type,
                covers_end: 0,
                is_lost: false,
                source: None,
            });
            self.builder.cover(context, true, &rows);
        }
        Ok(())
    }

    fn note(&mut self, code: &str, message: &str) {
        let note =
            Note { code: code.to_owned(), message: message.to_owned(), file: Some(self.name.to_owned()) };
        self.builder.note(note);
    }

    fn parse<T: Deserialize<'a>>(&self, value: &'a RawValue, pointer: &str) -> Result<T, Unreadable> {
        serde_json::from_str(value.get()).map_err(|error| {
            let fault = DocumentError::of(value.get(), &error).within(pointer);
            self.refusal_in(value, "invalid_document", fault)
        })
    }

    fn invalid_report(
        &self,
        inventory_type: InventoryType,
        json: &[u8],
        pointer: &str,
        error: &Error,
    ) -> Unreadable {
        let fault = fault_of(inventory_type, json);
        let fault = fault.unwrap_or_else(|| DocumentError::at("", error.message.clone())).within(pointer);
        self.refusal_at(self.place_of(json).map(|(start, _)| start), error.code.as_str(), fault)
    }

    fn refusal(&self, code: &'static str, error: DocumentError) -> Unreadable {
        Unreadable { code, file: self.name.to_owned(), error }
    }

    fn refusal_in(&self, value: &RawValue, code: &'static str, error: DocumentError) -> Unreadable {
        self.refusal_at(self.place_of(value.get().as_bytes()).map(|(start, _)| start), code, error)
    }

    /// An error in a document that begins at that byte of the file: its line and column become those of the file.
    fn refusal_at(&self, start: Option<u32>, code: &'static str, mut error: DocumentError) -> Unreadable {
        let before = start.and_then(|start| self.text.as_bytes().get(..index(start)));
        if let (Some(before), true) = (before, error.line > 0) {
            let last_line = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
            if error.line == 1 {
                error.column += before.len() - last_line;
            }
            error.line += before.iter().filter(|byte| **byte == b'\n').count();
        }
        self.refusal(code, error)
    }

    /// Where in the file these bytes are, if they are its own.
    fn place_of(&self, bytes: &[u8]) -> Option<(u32, u32)> {
        let start = (bytes.as_ptr() as usize).checked_sub(self.text.as_ptr() as usize)?;
        let end = start.checked_add(bytes.len()).filter(|end| *end <= self.text.len())?;
        Some((number(start), number(end)))
    }
}
