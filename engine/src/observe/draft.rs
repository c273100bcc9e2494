//! An observation in the making: rows in the report's order become rows in key order, each key once (rule N5).

use foldhash::fast::FixedState;
use hashbrown::HashMap;
use keepset_types::{Error, ErrorCode, InventoryType, ItemKind, Observation, SaidWarning, WarningCode};
use serde::Serialize;

/// A row that the report speaks of.
#[derive(Clone, Copy)]
pub(super) struct Entry<'a> {
    /// Which of the draft's contexts.
    pub(super) context: u32,
    pub(super) kind: ItemKind,
    pub(super) id: &'a str,
    /// As in [`keepset_types::Said::link`].
    pub(super) link: &'a str,
    pub(super) tag: &'a str,
    pub(super) digest: &'a str,
    /// Whether it has tags: such a service or task counts over one without (N5).
    pub(super) has_tags: bool,
}

pub(super) struct Draft<'a> {
    inventory_type: InventoryType,
    contexts: Vec<&'a str>,
    entries: Vec<(Entry<'a>, Span)>,
    /// The attributes of all entries, one behind the other.
    attributes: Vec<u8>,
    strings: Strings<'a>,
    warnings: Vec<SaidWarning>,
}

/// Where an entry's attributes are.
#[derive(Clone, Copy)]
struct Span {
    start: usize,
    end: usize,
}

impl<'a> Draft<'a> {
    /// A draft with these contexts; an entry names one by its place here.
    pub(super) fn new(inventory_type: InventoryType, contexts: Vec<&'a str>) -> Self {
        Self {
            inventory_type,
            contexts,
            entries: Vec::new(),
            attributes: Vec::new(),
            strings: Strings::default(),
            warnings: Vec::new(),
        }
    }

    /// Takes in an entry with what it carries.
    pub(super) fn push(
        &mut self,
        entry: Entry<'a>,
        attributes: Option<&impl Serialize>,
    ) -> Result<(), Error> {
        let start = self.attributes.len();
        if let Some(attributes) = attributes {
            serde_json::to_writer(&mut self.attributes, attributes)
                .map_err(|error| Error::new(ErrorCode::InvalidReport, error.to_string()))?;
        }
        if self.attributes.get(start..) == Some(b"{}") {
            self.attributes.truncate(start);
        }
        self.entries.push((entry, Span { start, end: self.attributes.len() }));
        Ok(())
    }

    pub(super) fn warn(&mut self, code: WarningCode, context: Option<u32>, id: &'a str, pointer: &str) {
        let context = context.and_then(|context| self.contexts.get(index(context)).copied());
        let warning = SaidWarning {
            code,
            context: self.strings.number(context.unwrap_or_default()),
            id: self.strings.number(id),
            pointer: self.strings.append(pointer),
        };
        self.warnings.push(warning);
    }

    /// N4: the entry at `pointer` has no usable key.
    pub(super) fn skip_invalid(&mut self, array: &str, place: usize) {
        self.warn(WarningCode::InvalidEntry, None, "", &format!("/{array}/{place}"));
    }

    /// The observation: rows in key order, each key once.
    pub(super) fn finish(mut self, observed_at: i64) -> Result<Observation, Error> {
        let mut entries = std::mem::take(&mut self.entries);
        let name = |context: u32| self.contexts.get(index(context)).copied().unwrap_or_default();
        // Stable: entries of one key stay in the report's order.
        entries.sort_by(|(a, _), (b, _)| {
            let contexts = if a.context == b.context {
                std::cmp::Ordering::Equal
            } else {
                name(a.context).cmp(name(b.context))
            };
            contexts.then(a.kind.cmp(&b.kind)).then_with(|| a.id.cmp(b.id))
        });
        let mut observation = Observation::empty(self.inventory_type, observed_at);
        let same_key = |(a, _): &(Entry<'_>, Span), (b, _): &(Entry<'_>, Span)| {
            a.context == b.context && a.kind == b.kind && a.id == b.id
        };
        for of_key in entries.chunk_by(same_key) {
            if let Some((entry, span)) = self.last_that_counts(of_key) {
                self.write(&mut observation, entry, span);
            }
        }
        if self.strings.text.len() > index(u32::MAX) {
            return Err(Error::new(ErrorCode::InvalidReport, "the report is larger than 4 GiB".to_owned()));
        }
        observation.text = self.strings.text;
        observation.ends = self.strings.ends;
        observation.warnings = self.warnings;
        Ok(observation)
    }

    /// N5.
    fn last_that_counts(&mut self, of_key: &[(Entry<'a>, Span)]) -> Option<(Entry<'a>, Span)> {
        // Only services and tasks of ECS have tags.
        let is_tagged = of_key.iter().any(|(entry, _)| entry.has_tags);
        let mut counting = of_key.iter().filter(|(entry, _)| entry.has_tags == is_tagged).copied();
        let first = counting.next()?;
        let (mut last, mut differs) = (first, false);
        for other in counting {
            differs |= self.attributes_at(other.1) != self.attributes_at(first.1);
            last = other;
        }
        if differs {
            self.warn(WarningCode::DuplicateEntry, Some(last.0.context), last.0.id, "");
        }
        Some(last)
    }

    fn attributes_at(&self, span: Span) -> &[u8] {
        self.attributes.get(span.start..span.end).unwrap_or_default()
    }

    fn write(&mut self, observation: &mut Observation, entry: Entry<'a>, span: Span) {
        let context = self.contexts.get(index(entry.context)).copied().unwrap_or_default();
        let context = self.strings.number(context);
        if observation.contexts.last() != Some(&context) {
            observation.contexts.push(context);
            observation.context_ends.push(0);
        }
        observation.kinds.push(entry.kind.code());
        observation.ids.push(self.strings.number(entry.id));
        observation.links.push(self.strings.number(entry.link));
        observation.tags.push(self.strings.number(entry.tag));
        observation.digests.push(self.strings.number(entry.digest));
        let attributes = self.attributes.get(span.start..span.end).unwrap_or_default();
        let attributes = std::str::from_utf8(attributes).unwrap_or_default();
        observation.attributes.push(self.strings.append(attributes));
        if let Some(end) = observation.context_ends.last_mut() {
            *end = u32::try_from(observation.kinds.len()).unwrap_or(u32::MAX);
        }
    }
}

/// The strings of the observation; 0 is the empty one.
#[derive(Default)]
struct Strings<'a> {
    text: String,
    ends: Vec<u32>,
    numbers: HashMap<&'a str, u32, FixedState>,
}

impl<'a> Strings<'a> {
    /// The number of a string that may have been said before.
    fn number(&mut self, string: &'a str) -> u32 {
        if string.is_empty() {
            return 0;
        }
        if let Some(number) = self.numbers.get(string) {
            return *number;
        }
        let number = self.append(string);
        self.numbers.insert(string, number);
        number
    }

    /// The number of a string that was hardly said before.
    fn append(&mut self, string: &str) -> u32 {
        if string.is_empty() {
            return 0;
        }
        self.text.push_str(string);
        self.ends.push(u32::try_from(self.text.len()).unwrap_or(u32::MAX));
        u32::try_from(self.ends.len()).unwrap_or(u32::MAX)
    }
}

fn index(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
