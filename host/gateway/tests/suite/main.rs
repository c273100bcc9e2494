//! The gateway over a real connection, with the plugin that is built in: each case on a file and on PostgreSQL.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod accounts;
mod agents;
mod clients;
#[expect(dead_code, reason = "the store needs more of it")]
#[path = "../../../store/tests/suite/databases.rs"]
mod databases;
mod documentation;
mod integrations;
mod isolation;
mod operations;
mod own;
mod served;

use std::pin::Pin;

use databases::{Database, Kind};
use libtest_mimic::{Arguments, Trial};

/// The time as the databases' own helper wants it.
mod reports {
    pub(crate) fn at(seconds: i64) -> keepset_types::Timestamp {
        keepset_types::Timestamp::from_unix(crate::served::NOON + seconds).unwrap()
    }
}

/// A case: what is done with an empty database.
pub(crate) type Case = (&'static str, fn(Database) -> Pin<Box<dyn Future<Output = ()>>>);

/// Cases by the names of their functions.
#[macro_export]
macro_rules! cases {
    ($($case:ident),* $(,)?) => {
        pub(crate) const CASES: &[$crate::Case] = &[$((stringify!($case), |database| Box::pin($case(database)))),*];
    };
}

fn main() {
    let arguments = Arguments::from_args();
    let mut trials = Vec::new();
    for kind in [Kind::Sqlite, Kind::Postgres] {
        for (file, cases) in [
            ("accounts", accounts::CASES),
            ("agents", agents::CASES),
            ("clients", clients::CASES),
            ("documentation", documentation::CASES),
            ("integrations", integrations::CASES),
            ("isolation", isolation::CASES),
            ("operations", operations::CASES),
            ("own", own::CASES),
        ] {
            for (name, case) in cases {
                trials.push(Trial::test(format!("{kind:?}::{file}::{name}").to_lowercase(), move || {
                    run(case(Database::new(kind)));
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
