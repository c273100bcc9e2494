//! The keepset command.
//!
//! It decides nothing about retention: it loads data, asks the plugin, and applies or shows its answer. `simulate` asks the
//! engine itself, as the playground does, unless it is given a plugin.

mod clock;
mod command;
mod engine;
mod exit;
mod failure;
mod output;
mod remote;
mod report;
mod serving;
mod settings;
mod state;
mod storage;
mod table;

use std::process::ExitCode;

/// A gateway's memory stays what it is under load: glibc's allocator keeps ever more holes that rows left behind.
#[cfg(not(target_env = "msvc"))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    let keepset = command::Keepset::typed();
    let format = keepset.command.format();
    match keepset.command.run() {
        Ok(exit) => exit.into(),
        // Whoever read the results has seen enough.
        Err(failure) if failure.is_closed_output() => exit::Exit::Success.into(),
        Err(failure) => {
            output::complain(format, &failure);
            failure.exit().into()
        }
    }
}
