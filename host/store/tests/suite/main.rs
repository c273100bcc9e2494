//! One suite over both databases: each case on a file and on PostgreSQL.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]
#![expect(clippy::print_stdout, reason = "measurements are for whoever runs the test")]

mod apply;
mod databases;
mod differential;
mod others;
mod reports;
mod sharing;

use std::future::Future;
use std::pin::Pin;

use databases::{Database, Kind};
use libtest_mimic::{Arguments, Trial};

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
    if let Some(url) = std::env::var_os(sharing::WRITER) {
        return run(sharing::write_until_killed(url.to_str().unwrap()));
    }
    let arguments = Arguments::from_args();
    let mut trials = Vec::new();
    for kind in [Kind::Sqlite, Kind::Postgres] {
        for (name, case) in [apply::CASES, differential::CASES, others::CASES, sharing::CASES].concat() {
            trials.push(Trial::test(format!("{kind:?}::{name}").to_lowercase(), move || {
                run(case(Database::new(kind)));
                Ok(())
            }));
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
