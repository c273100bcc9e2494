//! What a gateway takes: `keepset serve` under agents, beside a peer that does the same job the obvious way, in one run.
//! `cargo xtask bench gateway` writes `docs/benchmarks/gateway.md` and its plots.

mod costs;
mod load;
mod memory;
mod peer;
mod rates;
mod reading;
mod reports;
mod server;

use std::fs;
use std::time::{Duration, Instant};

use clap::{Parser, Subcommand};
use keepset_bench_page::made_by;

use server::{World, root};

#[derive(Parser)]
struct Arguments {
    /// Fewer agents, less time, smaller inventories: two minutes
    #[arg(long)]
    quick: bool,
    /// Write no file
    #[arg(long)]
    print: bool,
    /// Only sections whose title has this word; writes no file
    #[arg(long, value_name = "WORD")]
    only: Option<String>,
    /// How long memory is watched under load
    #[arg(long, value_name = "N")]
    memory_minutes: Option<f64>,
    #[command(subcommand)]
    part: Option<Part>,
}

#[derive(Subcommand)]
enum Part {
    /// Serve the peer
    #[command(hide = true)]
    Peer { url: String },
}

/// How much is measured.
pub struct Scale {
    pub agents: &'static [usize],
    pub rounds: usize,
    pub turn: Duration,
    /// Reports whose cost is looked at.
    pub reports: usize,
    /// Images of the list.
    pub images: usize,
    /// Contexts of the inventory that is swept, of 100 rows each.
    pub contexts: usize,
    pub memory: Duration,
}

impl Scale {
    fn new(arguments: &Arguments) -> Self {
        let minutes =
            |default: f64| Duration::from_secs_f64(60.0 * arguments.memory_minutes.unwrap_or(default));
        match arguments.quick {
            true => Self {
                agents: &[1, 8],
                rounds: 1,
                turn: Duration::from_secs(1),
                reports: 5,
                images: 20_000,
                contexts: 1_000,
                memory: minutes(0.25),
            },
            false => Self {
                agents: &[1, 8, 64],
                rounds: 3,
                turn: Duration::from_secs(3),
                reports: 11,
                images: 100_000,
                contexts: 10_000,
                memory: minutes(10.0),
            },
        }
    }
}

fn main() {
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    match &arguments.part {
        Some(Part::Peer { url }) => runtime.block_on(peer::serve(url)),
        None => runtime.block_on(measure(&arguments)),
    }
}

async fn measure(arguments: &Arguments) {
    let begun = Instant::now();
    let scale = Scale::new(arguments);
    let world = World::new();
    let is_wanted = |title: &str| arguments.only.as_ref().is_none_or(|word| title.contains(word.as_str()));
    let command =
        if arguments.quick { "cargo xtask bench gateway --quick" } else { "cargo xtask bench gateway" };
    let mut page = format!("# What a gateway takes\n\n{}", made_by(command));
    let mut plots = Vec::new();
    print!("{page}");
    // Printed at once: a run takes its time, and what comes later may fail.
    let mut section = |title: &str, text: String| {
        let text = format!("\n## {title}\n\n{}\n", text.trim_end());
        print!("{text}");
        page.push_str(&text);
    };
    if is_wanted(RATES) {
        let rates = rates::measure(&world, &scale).await;
        section(RATES, rates.text);
        plots.extend(rates.plots);
    }
    if is_wanted(COSTS) {
        section(COSTS, costs::measure(&world, scale.reports).await);
    }
    if is_wanted(LIST) {
        section(LIST, reading::list(&world, scale.images).await);
    }
    if is_wanted(SWEEP) {
        section(SWEEP, reading::sweep(&world, scale.contexts).await);
    }
    if is_wanted(MEMORY) {
        let (text, plot) = memory::measure(&world, scale.memory).await;
        section(MEMORY, text);
        plots.push(plot);
    }
    eprintln!("it took {:.0} s", begun.elapsed().as_secs_f64());
    if arguments.only.is_none() && !arguments.print {
        let folder = root().join("docs/benchmarks");
        fs::write(folder.join("gateway.md"), format!("{}\n", page.trim_end())).unwrap();
        for (name, svg) in plots {
            fs::write(folder.join(name), svg).unwrap();
        }
    }
}

const RATES: &str = "Reports, beside the obvious way";
const COSTS: &str = "What a report costs";
const LIST: &str = "A long list of images";
const SWEEP: &str = "A large inventory: start and sweeps";
const MEMORY: &str = "Memory under load";

/// A time as the tables have it.
pub fn milliseconds(time: Duration) -> String {
    let milliseconds = time.as_secs_f64() * 1e3;
    match milliseconds {
        m if m < 10.0 => format!("{m:.1} ms"),
        m if m < 10_000.0 => format!("{m:.0} ms"),
        m => format!("{:.1} s", m / 1e3),
    }
}

/// Bytes as the tables have them.
pub fn megabytes(bytes: u64) -> String {
    match bytes {
        0..100_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        _ => format!("{:.1} MB", bytes as f64 / 1e6),
    }
}
