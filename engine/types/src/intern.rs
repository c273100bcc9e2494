//! Equal strings, equal numbers.

use std::hash::{BuildHasher, Hasher};

use foldhash::fast::FixedState;
use hashbrown::HashTable;

use crate::key::{Image, InventoryType};

/// Gives each distinct string a number, counted from 1, in the order of their first mention; 0 is "none".
///
/// Ids, contexts and images are told apart by a byte that no UTF-8 text contains, so that a number stands for one thing.
/// The seed is fixed: the engine has no randomness, and numbers do not depend on it anyway.
#[derive(Clone, Debug, Default)]
pub struct Interner {
    table: HashTable<Entry>,
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    hash: u64,
    number: u32,
}

/// Between an image's tag and its digest.
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

    /// The number of an id, a uid or an ARN; 0 for the empty one.
    pub fn id(&mut self, text: &str) -> u32 {
        if text.is_empty() { 0 } else { self.number([text.as_bytes(), &[], &[]]) }
    }

    /// The number of a context.
    pub fn context(&mut self, inventory_type: InventoryType, text: &str) -> u32 {
        self.number([&[context_mark(inventory_type)], text.as_bytes(), &[]])
    }

    /// The number of an image.
    pub fn image(&mut self, tag: &str, digest: &str) -> u32 {
        self.number([tag.as_bytes(), &[IN_IMAGE], digest.as_bytes()])
    }

    /// The text of an id.
    #[must_use]
    pub fn id_text(&self, number: u32) -> Option<&str> {
        std::str::from_utf8(self.get(number)?).ok()
    }

    /// The context behind a number: its text and its type.
    #[must_use]
    pub fn context_of(&self, number: u32) -> Option<(&str, InventoryType)> {
        let (inventory_type, text) = match self.get(number)? {
            [KUBERNETES, text @ ..] => (InventoryType::Kubernetes, text),
            [ECS, text @ ..] => (InventoryType::Ecs, text),
            _ => return None,
        };
        Some((std::str::from_utf8(text).ok()?, inventory_type))
    }

    /// The image behind a number.
    #[must_use]
    pub fn image_of(&self, number: u32) -> Option<Image> {
        let bytes = self.get(number)?;
        let at = bytes.iter().position(|byte| *byte == IN_IMAGE)?;
        let text = |part: Option<&[u8]>| std::str::from_utf8(part?).ok().map(Box::from);
        Some(Image { tag: text(bytes.get(..at))?, digest: text(bytes.get(at + 1..))? })
    }

    fn get(&self, number: u32) -> Option<&[u8]> {
        slice(&self.bytes, &self.ends, number)
    }

    fn number(&mut self, parts: [&[u8]; 3]) -> u32 {
        let mut hasher = FixedState::with_seed(0x4b65_6570_7365_7421).build_hasher();
        for part in parts.iter().filter(|part| !part.is_empty()) {
            hasher.write(part);
        }
        let hash = hasher.finish();
        let (bytes, ends) = (&self.bytes, &self.ends);
        let known = self.table.find(hash, |entry| {
            entry.hash == hash
                && slice(bytes, ends, entry.number).is_some_and(|known| is_made_of(known, parts))
        });
        if let Some(entry) = known {
            return entry.number;
        }
        for part in parts {
            self.bytes.extend_from_slice(part);
        }
        self.ends.push(self.bytes.len());
        // Four thousand million strings would not fit into memory that a number of 32 bits can address.
        let number = u32::try_from(self.ends.len()).unwrap_or(u32::MAX);
        self.table.insert_unique(hash, Entry { hash, number }, |entry| entry.hash);
        number
    }
}

/// The bytes of the string with that number.
fn slice<'a>(bytes: &'a [u8], ends: &[usize], number: u32) -> Option<&'a [u8]> {
    let last = usize::try_from(number).ok()?.checked_sub(1)?;
    let start = match last.checked_sub(1) {
        Some(before) => *ends.get(before)?,
        None => 0,
    };
    bytes.get(start..*ends.get(last)?)
}

fn is_made_of(mut known: &[u8], parts: [&[u8]; 3]) -> bool {
    for part in parts {
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
        let a = interner.id("a");
        assert_eq!(interner.id("a"), a);
        assert_ne!(interner.id("b"), a);
        assert_eq!(interner.id(""), 0);
        let context = interner.context(InventoryType::Ecs, "a");
        assert_ne!(context, interner.context(InventoryType::Kubernetes, "a"));
        assert_ne!(interner.image("a", "b"), interner.image("ab", ""));
        assert_ne!(interner.image("", "ab"), interner.image("ab", ""));
        assert_eq!(interner.id_text(a), Some("a"));
        assert_eq!(interner.context_of(context), Some(("a", InventoryType::Ecs)));
        let image = interner.image("t", "d");
        assert_eq!(interner.image_of(image), Some(Image { tag: "t".into(), digest: "d".into() }));
        assert_eq!(interner.id_text(0), None);
        assert_eq!(interner.id_text(99), None);
    }
}
