//! Equal strings, equal numbers.

use std::hash::{BuildHasher, Hasher};

use foldhash::fast::FixedState;
use hashbrown::{HashMap, HashTable};
use rustc_hash::FxBuildHasher;

use crate::key::{Image, InventoryType};

/// Gives each distinct string of a context a number, counted from 1, in the order of their first mention; 0 is "none".
///
/// Rules compare within a context only. So each context has a table of its own, small enough to stay near the processor;
/// the same string in two contexts has two numbers, and a number stands for one string of one context.
#[derive(Clone, Debug, Default)]
pub struct Interner {
    contexts: Table,
    /// By the number of their context.
    tables: HashMap<u32, Table, FxBuildHasher>,
    strings: Strings,
}

/// What of a row gets numbers.
#[derive(Clone, Copy, Debug, Default)]
pub struct Names<'a> {
    /// Its id; empty for an image.
    pub id: &'a str,
    /// The parent's id where it is not the root; of a namespace its uid; else empty.
    pub link: &'a str,
    /// A container's or an image's tag and digest.
    pub image: Option<(&'a str, &'a str)>,
}

/// The numbers of rows, a column for each of their names.
pub struct Numbers<'a> {
    /// Of the ids.
    pub keys: &'a mut Vec<u32>,
    /// Of the links.
    pub links: &'a mut Vec<u32>,
    /// Of the images.
    pub images: &'a mut Vec<u32>,
}

/// The strings of one context.
pub struct Scope<'a> {
    number: u32,
    table: &'a mut Table,
    strings: &'a mut Strings,
}

/// Between an image's tag and its digest: no UTF-8 text contains this byte.
const IN_IMAGE: u8 = 0xFF;
/// Before a context's text.
const KUBERNETES: u8 = 0xFE;
const ECS: u8 = 0xFD;

fn context_mark(inventory_type: InventoryType) -> u8 {
    match inventory_type {
        InventoryType::Kubernetes => KUBERNETES,
        InventoryType::Ecs => ECS,
    }
}

impl Interner {
    /// An interner that has seen nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Enters a context.
    pub fn context(&mut self, inventory_type: InventoryType, text: &str) -> Scope<'_> {
        let name = [&[context_mark(inventory_type)], text.as_bytes(), &[]];
        let number = self.contexts.number(&mut self.strings, name);
        Scope { number, table: self.tables.entry(number).or_default(), strings: &mut self.strings }
    }

    /// The text of an id.
    #[must_use]
    pub fn id_text(&self, number: u32) -> Option<&str> {
        std::str::from_utf8(self.strings.get(number)?).ok()
    }

    /// The context behind a number: its text and its type.
    #[must_use]
    pub fn context_of(&self, number: u32) -> Option<(&str, InventoryType)> {
        let (inventory_type, text) = match self.strings.get(number)? {
            [KUBERNETES, text @ ..] => (InventoryType::Kubernetes, text),
            [ECS, text @ ..] => (InventoryType::Ecs, text),
            _ => return None,
        };
        Some((std::str::from_utf8(text).ok()?, inventory_type))
    }

    /// The image behind a number.
    #[must_use]
    pub fn image_of(&self, number: u32) -> Option<Image> {
        let bytes = self.strings.get(number)?;
        let at = bytes.iter().position(|byte| *byte == IN_IMAGE)?;
        let text = |part: Option<&[u8]>| std::str::from_utf8(part?).ok().map(Box::from);
        Some(Image { tag: text(bytes.get(..at))?, digest: text(bytes.get(at + 1..))? })
    }
}

impl Scope<'_> {
    /// The number of the context itself.
    #[must_use]
    pub fn number(&self) -> u32 {
        self.number
    }

    /// The number of an id, a uid or an ARN; 0 for the empty one.
    pub fn id(&mut self, text: &str) -> u32 {
        id_parts(text).map_or(0, |parts| self.table.number(self.strings, parts))
    }

    /// The number of an image.
    pub fn image(&mut self, tag: &str, digest: &str) -> u32 {
        self.table.number(self.strings, image_parts((tag, digest)))
    }

    /// Appends the numbers of rows. Those of new ids rise: whoever decides need not look then whether one is there twice.
    pub fn rows<'r>(&mut self, rows: impl Iterator<Item = Names<'r>> + Clone, numbers: Numbers<'_>) {
        // About three strings for two rows.
        let more = rows.size_hint().0;
        self.table.0.reserve(more.saturating_add(more / 2), |entry| entry.hash);
        let (start, mut last) = (numbers.keys.len(), self.number);
        numbers.keys.extend(rows.clone().map(|row| {
            let key = self.beside(last, |expected| &mut expected.next, id_parts(row.id));
            last = if key > 0 { key } else { last };
            key
        }));
        let keys = numbers.keys.get(start..).unwrap_or_default();
        // What has no id of its own, an image, is looked for behind the one before.
        let mut last = self.number;
        for (key, row) in keys.iter().zip(rows) {
            numbers.links.push(self.beside(*key, |expected| &mut expected.link, id_parts(row.link)));
            let parts = row.image.map(image_parts);
            let other = if *key > 0 { *key } else { last };
            let image = self.beside(other, |expected| &mut expected.image, parts);
            last = if *key > 0 { last } else { image };
            numbers.images.push(image);
        }
    }

    /// The number of a string, looked for first where it was the last time: beside another one of this context. 0 for none.
    fn beside(
        &mut self,
        other: u32,
        which: fn(&mut Expected) -> &mut u32,
        string: Option<[&[u8]; 3]>,
    ) -> u32 {
        let Some(parts) = string else { return 0 };
        let expected = self.strings.expected(other).map_or(0, |expected| *which(expected));
        if self.strings.get(expected).is_some_and(|known| is_made_of(known, parts)) {
            return expected;
        }
        let number = self.table.number(self.strings, parts);
        if let Some(expected) = self.strings.expected(other) {
            *which(expected) = number;
        }
        number
    }
}

/// What an id is made of; none for the empty one.
fn id_parts(text: &str) -> Option<[&[u8]; 3]> {
    (!text.is_empty()).then_some([text.as_bytes(), &[], &[]])
}

/// What an image is made of.
fn image_parts<'a>((tag, digest): (&'a str, &'a str)) -> [&'a [u8]; 3] {
    [tag.as_bytes(), &[IN_IMAGE], digest.as_bytes()]
}

/// Which strings have which numbers.
#[derive(Clone, Debug, Default)]
struct Table(HashTable<Entry>);

#[derive(Clone, Copy, Debug)]
struct Entry {
    hash: u64,
    number: u32,
}

impl Table {
    fn number(&mut self, strings: &mut Strings, parts: [&[u8]; 3]) -> u32 {
        // Numbers do not depend on the seed, and the engine has no randomness.
        let mut hasher = FixedState::with_seed(0x4b65_6570_7365_7421).build_hasher();
        for part in parts.iter().filter(|part| !part.is_empty()) {
            hasher.write(part);
        }
        let hash = hasher.finish();
        let is_it = |entry: &Entry| {
            entry.hash == hash && strings.get(entry.number).is_some_and(|known| is_made_of(known, parts))
        };
        if let Some(known) = self.0.find(hash, is_it) {
            return known.number;
        }
        let number = strings.push(parts);
        self.0.insert_unique(hash, Entry { hash, number }, |entry| entry.hash);
        number
    }
}

/// All strings, one behind the other.
#[derive(Clone, Debug, Default)]
struct Strings {
    bytes: Vec<u8>,
    ends: Vec<usize>,
    expected: Vec<Expected>,
}

/// What came with a string when it was a row's id the last time: most of a report is as it was in the one before, so most
/// strings are found by one comparison.
#[derive(Clone, Copy, Debug, Default)]
struct Expected {
    /// The id of the row after it.
    next: u32,
    link: u32,
    /// Its image; of an image, or of the context, the one after it.
    image: u32,
}

impl Strings {
    fn push(&mut self, parts: [&[u8]; 3]) -> u32 {
        for part in parts {
            self.bytes.extend_from_slice(part);
        }
        self.ends.push(self.bytes.len());
        self.expected.push(Expected::default());
        // Four thousand million strings would not fit into memory that a number of 32 bits can address.
        u32::try_from(self.ends.len()).unwrap_or(u32::MAX)
    }

    /// What is expected beside the string with that number.
    fn expected(&mut self, number: u32) -> Option<&mut Expected> {
        self.expected.get_mut(usize::try_from(number).ok()?.checked_sub(1)?)
    }

    /// The bytes of the string with that number.
    fn get(&self, number: u32) -> Option<&[u8]> {
        let last = usize::try_from(number).ok()?.checked_sub(1)?;
        let start = match last.checked_sub(1) {
            Some(before) => *self.ends.get(before)?,
            None => 0,
        };
        self.bytes.get(start..*self.ends.get(last)?)
    }
}

fn is_made_of(mut known: &[u8], parts: [&[u8]; 3]) -> bool {
    // An empty slice is nowhere in particular, and to compare what is nowhere can be slow.
    for part in parts.into_iter().filter(|part| !part.is_empty()) {
        match known.strip_prefix(part) {
            Some(rest) => known = rest,
            None => return false,
        }
    }
    known.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_strings_get_equal_numbers_and_others_do_not() {
        let mut interner = Interner::new();
        let mut here = interner.context(InventoryType::Kubernetes, "here");
        let a = here.id("a");
        assert_eq!(here.id("a"), a);
        assert_ne!(here.id("b"), a);
        assert_eq!(here.id(""), 0);
        assert_ne!(here.image("a", "b"), here.image("ab", ""));
        assert_ne!(here.image("", "ab"), here.image("ab", ""));
        let (image, context) = (here.image("t", "d"), here.number());
        assert_eq!(interner.id_text(a), Some("a"));
        assert_eq!(interner.context_of(context), Some(("here", InventoryType::Kubernetes)));
        assert_eq!(interner.image_of(image), Some(Image { tag: "t".into(), digest: "d".into() }));
        let there = interner.context(InventoryType::Ecs, "here").number();
        assert_ne!(there, context);
        assert_eq!(interner.context(InventoryType::Kubernetes, "here").id("a"), a);
        assert_eq!(interner.id_text(0), None);
        assert_eq!(interner.id_text(99), None);
    }

    /// Expected or not, a string has the number that it had.
    #[test]
    fn rows_have_the_numbers_of_their_strings_whatever_came_before() {
        let image = Some(("t", "d"));
        let [a, b] = ["a", "b"].map(|id| Names { id, link: "p", image });
        let other = Names { link: "q", image: Some(("t", "e")), ..a };
        let (bare, alone) = (Names { id: "b", ..Names::default() }, Names { id: "", link: "", image });
        let mut interner = Interner::new();
        let lists: [&[Names<'_>]; 6] = [&[a, b], &[a, b], &[other, b], &[b, other], &[bare, alone], &[]];
        for context in ["here", "there", "here", "there"] {
            for rows in lists {
                let mut scope = interner.context(InventoryType::Kubernetes, context);
                let (mut keys, mut links, mut images) = (vec![7], vec![7], vec![7]);
                let numbers = Numbers { keys: &mut keys, links: &mut links, images: &mut images };
                scope.rows(rows.iter().copied(), numbers);
                let all = |number: &mut dyn FnMut(&Names<'_>) -> u32| -> Vec<u32> {
                    std::iter::once(7).chain(rows.iter().map(number)).collect()
                };
                assert_eq!(keys, all(&mut |row| scope.id(row.id)));
                assert_eq!(links, all(&mut |row| scope.id(row.link)));
                assert_eq!(
                    images,
                    all(&mut |row| row.image.map_or(0, |(tag, digest)| scope.image(tag, digest)))
                );
            }
        }
    }
}
