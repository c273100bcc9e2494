//! `keepset serve`, started for real, under agents that behave and a world that does not. Builds the command first, or
//! takes `$KEEPSET_BIN`.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod clock;
mod fleet;
mod gateway;
mod kills;
mod malformed;
mod outage;
mod plugin;
mod releases;
mod silence;
mod size;
mod slow;
mod space;
mod state_machine;
mod stopping;
mod two;

use std::pin::Pin;

use gateway::Kind;
use libtest_mimic::{Arguments, Trial};

/// A case.
pub(crate) type Case = (&'static str, fn(Kind) -> Pin<Box<dyn Future<Output = ()>>>);

/// Cases by the names of their functions.
#[macro_export]
macro_rules! cases {
    ($($case:ident),* $(,)?) => {
        pub(crate) const CASES: &[$crate::Case] = &[$((stringify!($case), |kind| Box::pin($case(kind)))),*];
    };
}

const BOTH: &[Kind] = &[Kind::Sqlite, Kind::Postgres];

fn main() {
    let arguments = Arguments::from_args();
    let mut trials = Vec::new();
    for (file, kinds, cases) in [
        ("state_machine", &[Kind::Sqlite][..], state_machine::CASES),
        ("releases", BOTH, releases::CASES),
        ("fleet", BOTH, fleet::CASES),
        ("kills", BOTH, kills::CASES),
        ("malformed", BOTH, malformed::CASES),
        ("outage", &[Kind::Postgres], outage::CASES),
        ("silence", &[Kind::Postgres], silence::CASES),
        ("two", &[Kind::Postgres], two::CASES),
        ("space", &[Kind::Sqlite], space::CASES),
        ("clock", BOTH, clock::CASES),
        ("size", BOTH, size::CASES),
        ("slow", &[Kind::Sqlite], slow::CASES),
        ("plugin", BOTH, plugin::CASES),
        ("stopping", BOTH, stopping::CASES),
    ] {
        for kind in kinds {
            for (name, case) in cases {
                trials.push(Trial::test(format!("{kind:?}::{file}::{name}").to_lowercase(), move || {
                    run(case(*kind));
                    Ok(())
                }));
            }
        }
    }
    let conclusion = libtest_mimic::run(&arguments, trials);
    keepset_postgres::stop_shared();
    conclusion.exit();
}

fn run(future: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
        .block_on(future);
}
