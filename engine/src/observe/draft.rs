//! An observation in the making: rows in the report's order become rows in key order, each key once (rule N5).

use foldhash::fast::FixedState;
use hashbrown::HashMap;
use keepset_types::{Error, ErrorCode, InventoryType, ItemKind, Observation, SaidWarning, WarningCode};

use super::wire::Object;

/// A row that the report speaks of. Its texts are numbers of the draft's strings.
#[derive(Clone, Copy)]
pub(super) struct Entry {
    /// Which of the draft's contexts.
    pub(super) context: u32,
    pub(super) kind: ItemKind,
    pub(super) id: u32,
    /// As in [`keepset_types::Said::link`].
    pub(super) link: u32,
    pub(super) tag: u32,
    pub(super) digest: u32,
    /// What it carries: a JSON object, or empty.
    pub(super) attributes: u32,
    /// Whether it has tags: such a service or task counts over one without (N5).
    pub(super) has_tags: bool,
}

pub(super) struct Draft<'a> {
    inventory_type: InventoryType,
    /// The contexts, as numbers of strings.
    contexts: Vec<u32>,
    entries: Vec<Entry>,
    pub(super) strings: Strings<'a>,
    warnings: Vec<SaidWarning>,
}

impl<'a> Draft<'a> {
    /// A draft with these contexts, where an entry names one by its place, and with room for that many entries and for a
    /// report of that many bytes.
    pub(super) fn new<'b>(
        inventory_type: InventoryType,
        contexts: impl IntoIterator<Item = &'b str>,
        entries: usize,
        bytes: usize,
    ) -> Self {
        let mut strings = Strings::with_capacity(entries, bytes);
        Self {
            inventory_type,
            contexts: contexts.into_iter().map(|context| strings.append(context)).collect(),
            entries: Vec::with_capacity(entries),
            strings,
            warnings: Vec::new(),
        }
    }

    /// Takes in an entry.
    pub(super) fn push(&mut self, entry: Entry) {
        self.entries.push(entry);
    }

    pub(super) fn warn(&mut self, code: WarningCode, id: &str, pointer: &str) {
        let (id, pointer) = (self.strings.append(id), self.strings.append(pointer));
        self.warnings.push(SaidWarning { code, context: 0, id, pointer });
    }

    /// N4: the entry at `pointer` has no usable key.
    pub(super) fn skip_invalid(&mut self, array: &str, place: usize) {
        self.warn(WarningCode::InvalidEntry, "", &format!("/{array}/{place}"));
    }

    /// The observation: rows in key order, each key once.
    pub(super) fn finish(mut self, observed_at: i64) -> Result<Observation, Error> {
        let mut observation = Observation::empty(self.inventory_type, observed_at);
        observation.reserve(self.entries.len());
        let entries = self.in_key_order();
        let same_key = |a: &Entry, b: &Entry| {
            a.context == b.context && a.kind == b.kind && self.strings.bytes(a.id) == self.strings.bytes(b.id)
        };
        for of_key in entries.chunk_by(same_key) {
            let Some((entry, is_doubtful)) = self.last_that_counts(of_key) else { continue };
            let context = self.context(entry);
            if is_doubtful {
                let code = WarningCode::DuplicateEntry;
                self.warnings.push(SaidWarning { code, context, id: entry.id, pointer: 0 });
            }
            write(&mut observation, context, entry);
        }
        (observation.text, observation.ends) = self.strings.finish()?;
        observation.warnings = self.warnings;
        Ok(observation)
    }

    fn context(&self, entry: Entry) -> u32 {
        self.contexts.get(index(entry.context)).copied().unwrap_or_default()
    }

    /// I1. Entries of one key stay in the report's order.
    fn in_key_order(&self) -> Vec<Entry> {
        let id = |entry: &Entry| self.strings.bytes(entry.id);
        let ranks = self.ranks();
        // Ids of one kind begin alike (`containerd://`, `arn:aws:ecs:`): what tells most of them apart comes behind that.
        let mut shared: [Option<&[u8]>; ItemKind::ALL.len()] = Default::default();
        for entry in &self.entries {
            let Some(shared) = shared.get_mut(usize::from(entry.kind.code())) else { continue };
            *shared = Some(shared.map_or(id(entry), |start| common_start(start, id(entry))));
        }
        let mut order: Vec<_> = (0..)
            .zip(&self.entries)
            .map(|(place, entry): (u32, _)| {
                let start = shared.get(usize::from(entry.kind.code())).copied().flatten().unwrap_or_default();
                let rank = ranks.get(index(entry.context)).copied().unwrap_or_default();
                (rank, entry.kind, first_eight(id(entry).get(start.len()..).unwrap_or_default()), place)
            })
            .collect();
        let entry = |place: u32| self.entries.get(index(place)).copied();
        order.sort_unstable_by(|a, b| {
            let ids = || entry(a.3).as_ref().map(id).cmp(&entry(b.3).as_ref().map(id));
            (a.0, a.1, a.2).cmp(&(b.0, b.1, b.2)).then_with(ids).then(a.3.cmp(&b.3))
        });
        order.into_iter().filter_map(|(.., place)| entry(place)).collect()
    }

    /// Each context's place among all, by name.
    fn ranks(&self) -> Vec<u32> {
        let mut places: Vec<(&[u8], usize)> =
            self.contexts.iter().map(|context| self.strings.bytes(*context)).zip(0..).collect();
        places.sort_unstable();
        let mut ranks = vec![0; places.len()];
        for ((_, place), rank) in places.into_iter().zip(0..) {
            if let Some(slot) = ranks.get_mut(place) {
                *slot = rank;
            }
        }
        ranks
    }

    /// N5: the entry that counts of those with one key, and whether another that could have counted says something else.
    fn last_that_counts(&self, of_key: &[Entry]) -> Option<(Entry, bool)> {
        if let [only] = of_key {
            return Some((*only, false));
        }
        // Only services and tasks of ECS have tags.
        let is_tagged = of_key.iter().any(|entry| entry.has_tags);
        let counting = || of_key.iter().filter(|entry| entry.has_tags == is_tagged);
        let attributes = |entry: &Entry| self.strings.bytes(entry.attributes);
        let first = counting().next()?;
        let differs = counting().any(|other| attributes(other) != attributes(first));
        Some((*counting().next_back()?, differs))
    }
}

fn write(observation: &mut Observation, context: u32, entry: Entry) {
    if observation.contexts.last() != Some(&context) {
        observation.contexts.push(context);
        observation.context_ends.push(0);
    }
    observation.kinds.push(entry.kind.code());
    observation.ids.push(entry.id);
    observation.links.push(entry.link);
    observation.tags.push(entry.tag);
    observation.digests.push(entry.digest);
    observation.attributes.push(entry.attributes);
    if let Some(end) = observation.context_ends.last_mut() {
        *end = u32::try_from(observation.kinds.len()).unwrap_or(u32::MAX);
    }
}

/// What both begin with.
fn common_start<'a>(a: &'a [u8], b: &[u8]) -> &'a [u8] {
    if b.starts_with(a) {
        return a;
    }
    let len = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    a.get(..len).unwrap_or_default()
}

/// The first eight bytes as a number that sorts as they do; a shorter text counts as if zeros followed.
fn first_eight(bytes: &[u8]) -> u64 {
    let mut first = [0; 8];
    for (to, from) in first.iter_mut().zip(bytes) {
        *to = *from;
    }
    u64::from_be_bytes(first)
}

/// The strings of the observation; 0 is the empty one.
pub(super) struct Strings<'a> {
    text: String,
    ends: Vec<u32>,
    numbers: HashMap<&'a str, u32, FixedState>,
}

impl<'a> Strings<'a> {
    fn with_capacity(entries: usize, bytes: usize) -> Self {
        Self {
            text: String::with_capacity(bytes),
            // An id and attributes each, and what they share.
            ends: Vec::with_capacity(entries.saturating_mul(3)),
            numbers: HashMap::default(),
        }
    }

    /// The number of a string that may have been said before.
    pub(super) fn number(&mut self, string: &'a str) -> u32 {
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
    pub(super) fn append(&mut self, string: &str) -> u32 {
        if string.is_empty() {
            return 0;
        }
        self.text.push_str(string);
        self.end()
    }

    /// The number of an entry's attributes, as JSON; without any that of the empty string.
    pub(super) fn append_attributes(&mut self, of: Object<'_, '_>) -> u32 {
        let start = self.text.len();
        of.write(&mut self.text);
        if self.text.len() == start { 0 } else { self.end() }
    }

    /// Ends the last string.
    fn end(&mut self) -> u32 {
        self.ends.push(u32::try_from(self.text.len()).unwrap_or(u32::MAX));
        u32::try_from(self.ends.len()).unwrap_or(u32::MAX)
    }

    fn bytes(&self, number: u32) -> &[u8] {
        let Some(last) = index(number).checked_sub(1) else { return &[] };
        let end = |place: usize| self.ends.get(place).copied().map_or(0, index);
        let start = last.checked_sub(1).map_or(0, end);
        self.text.as_bytes().get(start..end(last)).unwrap_or_default()
    }

    fn finish(self) -> Result<(String, Vec<u32>), Error> {
        if self.text.len() > index(u32::MAX) {
            return Err(Error::new(ErrorCode::InvalidReport, "the report is larger than 4 GiB"));
        }
        Ok((self.text, self.ends))
    }
}

fn index(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_that_differ_at_once_have_no_start_in_common() {
        assert_eq!(common_start(b"containerd://a1", b"containerd://a2"), b"containerd://a");
        assert_eq!(common_start(b"a", b"ab"), b"a");
        assert_eq!(common_start(b"ab", b"a"), b"a");
        assert_eq!(common_start(b"a2", b"b1"), b"");
    }

    #[test]
    fn eight_bytes_sort_as_texts_do() {
        let texts: [&[u8]; 6] = [b"", b"a", b"a2", b"a20000000", b"ab", b"b"];
        assert!(texts.is_sorted_by_key(|text| first_eight(text)));
        assert!(first_eight(b"a") < first_eight(b"b"));
    }
}
