//! Inventory agents, simulated: what `anchore-k8s-inventory` and `anchore-ecs-inventory` do, as far as a gateway can tell.
//!
//! Each release follows the real one's own state machine: what it asks first, when it registers, what it takes for success,
//! what it does about a 404, when it falls back on its default account, when it ends itself. It tries nothing twice within
//! a poll, waits ten seconds for an answer, and opens a connection for each request. What it reports is made up from a
//! seed ([`cluster::Cluster`], [`region::Region`]) and is to the byte what Go would write ([`wire`]).
//!
//! [`fleet`] runs many of them; each remembers which reports were acknowledged, and [`inventory::Truth`] says what a
//! gateway has to list because of them. The tests of this crate start `keepset serve` and put faults in its way.
//!
//! ```sh
//! cargo run --release -p keepset-agents -- --url http://127.0.0.1:8228 --user admin --password ... \
//!     --agents 8 --containers 500 --churn 5 --duration 60
//! cargo test -p keepset-agents                       # builds keepset first, or takes $KEEPSET_BIN
//! cargo test -p keepset-agents --test suite kills    # tests whose name contains a word
//! ```
//!
//! Left out: agents before 1.0, which report images only; label routing, which is account routes under another name; and
//! the later look at `/version` of an agent that came up without integrations.

pub mod cluster;
pub mod ecs;
pub mod fleet;
pub mod http;
pub mod inventory;
pub mod kubernetes;
pub mod random;
pub mod region;
pub mod release;
pub mod session;
pub mod wire;

use std::time::{SystemTime, UNIX_EPOCH};

use keepset_types::Timestamp;

/// The time as agents write it: whole seconds.
#[must_use]
pub fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).ok().and_then(Timestamp::from_unix).unwrap_or(Timestamp::MAX)
}
