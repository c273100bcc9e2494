//! What was loaded, within a bound of bytes.

use std::hash::BuildHasher;
use std::sync::Arc;

use foldhash::quality::RandomState;
use quick_cache::Weighter;
use quick_cache::sync;

use crate::context::Loaded;

/// Loaded contexts by their number in the database, and the two seeds behind fingerprints.
///
/// What is here may be out of date: who takes it compares its version with the database's.
pub(crate) struct Cache {
    contexts: sync::Cache<i64, Arc<Loaded>, Bytes>,
    seeds: [RandomState; 2],
}

#[derive(Clone)]
struct Bytes;

impl Weighter<i64, Arc<Loaded>> for Bytes {
    fn weight(&self, _: &i64, loaded: &Arc<Loaded>) -> u64 {
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

    /// What is known of a context, if it is of that version.
    pub(crate) fn get(&self, id: i64, version: i64) -> Option<Arc<Loaded>> {
        self.contexts.get(&id).filter(|loaded| loaded.head.version == version)
    }

    /// To be called after the commit that made this version, never before.
    pub(crate) fn put(&self, loaded: Loaded) {
        self.contexts.insert(loaded.head.id, Arc::new(loaded));
    }

    pub(crate) fn forget(&self, id: i64) {
        self.contexts.remove(&id);
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
