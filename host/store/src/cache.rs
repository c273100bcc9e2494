//! What was loaded, within a bound of bytes.

use std::hash::BuildHasher;
use std::sync::Arc;

use foldhash::quality::RandomState;
use keepset_types::{Context, InventoryType};
use quick_cache::Weighter;
use quick_cache::sync;

use crate::context::{Head, Loaded};

/// Loaded contexts by their names, and the two seeds behind fingerprints.
///
/// What is here may be out of date: who takes it compares it with the database before anything comes of it.
pub(crate) struct Cache {
    contexts: sync::Cache<Name, Arc<Loaded>, Bytes>,
    seeds: [RandomState; 2],
}

/// The account, and the context in it.
type Name = (String, InventoryType, Context);

fn name(head: &Head) -> Name {
    (head.account.clone(), head.inventory_type, head.context.clone())
}

#[derive(Clone)]
struct Bytes;

impl Weighter<Name, Arc<Loaded>> for Bytes {
    fn weight(&self, _: &Name, loaded: &Arc<Loaded>) -> u64 {
        u64::try_from(loaded.bytes()).unwrap_or(u64::MAX)
    }
}

/// Stands for attributes: 128 bits from two seeds of this process, so that nobody can prepare two texts that look alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fingerprint([u64; 2]);

impl Cache {
    pub(crate) fn new(bytes: u64) -> Self {
        let contexts = sync::Cache::with_weighter(4096, bytes, Bytes);
        Self { contexts, seeds: [RandomState::default(), RandomState::default()] }
    }

    /// A context as it was loaded last.
    pub(crate) fn get(&self, account: &str, inventory_type: InventoryType, context: &str) -> Option<Loaded> {
        let name = (account.to_owned(), inventory_type, Context::new(context));
        Some(Loaded::clone(&*self.contexts.get(&name)?))
    }

    /// The same, if its items are those of this version.
    pub(crate) fn get_as_of(&self, head: &Head) -> Option<Loaded> {
        let loaded = self.contexts.get(&name(head))?;
        let is_of = (loaded.head.id, loaded.head.version) == (head.id, head.version);
        is_of.then(|| loaded.under(head.clone()))
    }

    /// To be called after the commit that made this version, never before.
    pub(crate) fn put(&self, loaded: Loaded) {
        self.contexts.insert(name(&loaded.head), Arc::new(loaded));
    }

    pub(crate) fn forget(&self, head: &Head) {
        self.contexts.remove(&name(head));
    }

    pub(crate) fn fingerprint(&self, text: &str) -> Fingerprint {
        Fingerprint(self.seeds.each_ref().map(|seed| seed.hash_one(text)))
    }
}

impl std::fmt::Debug for Cache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cache").field("bytes", &self.contexts.weight()).finish_non_exhaustive()
    }
}
