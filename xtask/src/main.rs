//! Set-up, builds, demo, test, bench and generated files, behind one door: `cargo xtask <task>`.
//!
//! People and CI take the same tasks. Whatever a task needs that is not there yet, it sets up itself.
mod api;
mod bench;
mod debian;
mod demo;
mod failures;
mod generate;
mod guest;
mod playground;
mod postgres;
mod process;
mod prove;
mod reproduce;
mod test;
mod toolchain;
mod web;
mod wit;
mod workspace;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "The tasks of the Keepset workspace")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Find or install what compiles to WebAssembly (the other tasks do this themselves)
    Setup,
    /// Build target/keepset.wasm and target/release/keepset
    Build {
        /// Build target/keepset.wasm alone
        #[arg(long)]
        component_only: bool,
        /// Also build the component from a copy in another folder and compare the bytes
        #[arg(long)]
        check_reproducible: bool,
    },
    /// Build the plugins of the host's tests to target/plugins/
    Plugins,
    /// Build the playground's engine to target/web/
    Web,
    /// Build the playground to target/playground/ and serve it on 127.0.0.1
    Playground {
        /// Build it, and serve nothing
        #[arg(long)]
        build_only: bool,
        /// Where to listen
        #[arg(long, default_value_t = 4173)]
        port: u16,
    },
    /// Build everything and watch reports of three clusters being kept and forgotten
    Demo,
    /// Everything that CI checks
    Test,
    /// Run the benches of the engine, of the `gateway` or of the playground (`www`); what follows goes to them
    Bench {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Write the generated documentation
    Generate {
        /// Write nothing, fail where a file is out of date
        #[arg(long)]
        check: bool,
    },
    /// Check that a changed wit/ has a new version
    Wit {
        /// Only check, which is also the default
        #[arg(long, conflicts_with = "bless")]
        check: bool,
        /// Record the WIT text of a new version
        #[arg(long)]
        bless: bool,
    },
}

fn main() -> ExitCode {
    match perform(Arguments::parse().task) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn perform(task: Task) -> Result<()> {
    match task {
        Task::Setup => toolchain::find().map(drop),
        Task::Build { component_only, check_reproducible } => {
            let toolchain = toolchain::find()?;
            let component = guest::build_component(&toolchain)?;
            if check_reproducible {
                reproduce::check(&toolchain, &component)?;
            }
            if component_only {
                return Ok(());
            }
            guest::build_command(&toolchain).map(drop)
        }
        Task::Plugins => guest::build_plugins(&toolchain::find()?),
        Task::Web => web::build(&toolchain::find()?),
        Task::Playground { build_only, port } => {
            playground::build(&toolchain::find()?)?;
            if build_only {
                return Ok(());
            }
            playground::serve(port)
        }
        Task::Demo => demo::run(&toolchain::find()?),
        Task::Test => test::run(),
        Task::Bench { arguments } => bench::run(&toolchain::find()?, &arguments),
        Task::Generate { check: true } => generate::check(&toolchain::find()?),
        Task::Generate { check: false } => generate::write(&toolchain::find()?),
        Task::Wit { bless: true, .. } => wit::bless(),
        Task::Wit { bless: false, .. } => wit::check(),
    }
}
