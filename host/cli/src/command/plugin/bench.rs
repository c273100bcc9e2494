use std::io::Write as _;
use std::time::{Duration, Instant};

use clap::Args;
use keepset_host::{Config, Detail, Plugin, PluginError, ReportColumns, RowColumns, Timestamp};
use keepset_host::{InventoryType, ItemKind};
use serde::Serialize;

use super::Subject;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Format, Results};
use crate::table::Table;

/// Time the decisions of a plugin, beside the built-in one
///
/// Made-up inventories, and a report of a tenth of their contexts. Each time is the median of
/// several runs, each in a fresh instance as in use; the ratio is what to compare, on a machine
/// that does nothing else.
#[derive(Args, Debug)]
#[command(
    verbatim_doc_comment,
    after_help = "\
Examples:
  keepset plugin bench mine.wasm"
)]
pub(crate) struct Bench {
    #[command(flatten)]
    pub(super) subject: Subject,
}

#[derive(Serialize)]
struct Timing {
    rows: usize,
    microseconds: u128,
    builtin_microseconds: u128,
    percent_of_builtin: u128,
}

impl Bench {
    pub(super) fn run(&self) -> Result<Exit, Failure> {
        let plugin = self.subject.load()?;
        let builtin = self.subject.engine.load(None)?;
        let mut timings = Vec::new();
        for rows in [1_000, 10_000, 100_000] {
            let task = Task::of(rows);
            // By turns, so that both meet the same weather.
            let (mut own, mut other) = (Vec::new(), Vec::new());
            for _ in 0..11 {
                own.push(task.time(&plugin)?);
                other.push(task.time(&builtin)?);
            }
            let (own, other) = (median(own).as_micros(), median(other).as_micros());
            timings.push(Timing {
                rows,
                microseconds: own,
                builtin_microseconds: other,
                percent_of_builtin: own * 100 / other.max(1),
            });
        }
        let mut results = Results::new();
        match self.subject.output {
            Format::Json => results.json(&timings)?,
            Format::Text => {
                let mut table = Table::new(["ROWS", "PLUGIN", "BUILTIN", "PLUGIN / BUILTIN"]);
                for timing in &timings {
                    table.push([
                        timing.rows.to_string(),
                        format!("{} us", timing.microseconds),
                        format!("{} us", timing.builtin_microseconds),
                        format!("{} %", timing.percent_of_builtin),
                    ]);
                }
                table.write(&mut results)?;
                results.flush()?;
            }
        }
        results.finish()?;
        Ok(Exit::Success)
    }
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// An inventory and a report, as columns.
struct Task {
    inventory: RowColumns,
    report: ReportColumns,
}

/// When the made-up rows were seen.
const SEEN: i64 = 1_786_000_000;
/// Rows of a made-up context: its namespace, 16 pods, a container in each, and an image of each.
const PODS: u32 = 16;

impl Task {
    fn of(rows: usize) -> Self {
        let mut inventory = RowColumns::default();
        let mut report = ReportColumns {
            inventory_type: InventoryType::Kubernetes,
            credential_probe: false,
            observed_at: SEEN + 300,
            contexts: Vec::new(),
            ends: Vec::new(),
            kinds: Vec::new(),
            keys: Vec::new(),
            links: Vec::new(),
            images: Vec::new(),
        };
        let mut numbers = 1..;
        let mut next = move || numbers.next().unwrap_or_default();
        while inventory.kinds.len() < rows {
            let context = next();
            let pods: Vec<u32> = (0..PODS).map(|_| next()).collect();
            let images: Vec<u32> = (0..PODS).map(|_| next()).collect();
            let containers: Vec<u32> = (0..PODS).map(|_| next()).collect();
            let namespace = (ItemKind::Namespace, next(), next(), 0);
            let in_pods = containers.iter().zip(&pods).zip(&images);
            let containers = in_pods.map(|((key, pod), image)| (ItemKind::Container, *key, *pod, *image));
            let of_images = images.iter().map(|image| (ItemKind::Image, 0, 0, *image));
            let pods = pods.iter().map(|pod| (ItemKind::Pod, *pod, 0, 0));
            let is_reported = inventory.contexts.len() % 10 == 0;
            for (kind, key, link, image) in
                containers.chain(of_images).chain(std::iter::once(namespace)).chain(pods)
            {
                inventory.kinds.push(kind.code());
                inventory.keys.push(key);
                inventory.links.push(link);
                inventory.images.push(image);
                inventory.last_updated.push(SEEN);
                inventory.last_seen.push(SEEN);
                if is_reported && kind != ItemKind::Image {
                    report.kinds.push(kind.code());
                    report.keys.push(key);
                    report.links.push(link);
                    report.images.push(image);
                }
            }
            inventory.contexts.push(context);
            inventory.ends.push(u32::try_from(inventory.kinds.len()).unwrap_or(u32::MAX));
            if is_reported {
                report.contexts.push(context);
                report.ends.push(u32::try_from(report.kinds.len()).unwrap_or(u32::MAX));
            }
        }
        Self { inventory, report }
    }

    fn time(&self, plugin: &Plugin) -> Result<Duration, PluginError> {
        let config = Config { image_ingest_overwrite: true, ..Config::default() };
        let now = Timestamp::from_unix(SEEN + 301).unwrap_or(Timestamp::MAX);
        let start = Instant::now();
        plugin.decide(&self.inventory, Some(&self.report), &config, now, Detail::Verdicts)?;
        Ok(start.elapsed())
    }
}
