//! Memory of a gateway over minutes of load.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use keepset_bench_page::{Line, Table, count, lines};

use crate::load::{post, transport};
use crate::megabytes;
use crate::reports::Living;
use crate::server::{Contestant, Kind, OVERWRITE, Running, World};

const AGENTS: usize = 8;

/// Has both databases' gateways loaded at once: nothing is timed here.
pub async fn measure(world: &World, time: Duration) -> (String, (String, String)) {
    let watched = [Kind::Sqlite, Kind::Postgres].map(|kind| async move {
        let database = world.database(kind);
        let server = world.start(Contestant::Keepset, &database, &[OVERWRITE]);
        let (reports, memory) = watch(&server, time).await;
        (kind, reports, memory)
    });
    let mut table = Table::new(&[
        "database",
        "reports",
        "after a tenth",
        "half way",
        "at the end",
        "second half, per minute",
    ]);
    let mut plotted = Vec::new();
    for (kind, reports, memory) in join_all(watched).await {
        let at = |share: usize| megabytes(memory[(memory.len() - 1) * share / 10].1);
        table.row([
            kind.name().to_owned(),
            count(reports),
            at(1),
            at(5),
            at(10),
            format!("{:+.2} MB", slope(&memory[memory.len() / 2..]) * 60.0 / 1e6),
        ]);
        let points =
            memory.iter().map(|(at, bytes)| (at.as_secs_f64() / 60.0, *bytes as f64 / 1e6)).collect();
        plotted.push(Line { name: kind.name().to_owned(), points });
    }
    let text = format!(
        "{AGENTS} agents post reports of 1 000 containers for {:.1} minutes, and 5 % of the pods are other ones each time. Memory is `VmRSS`; its slope is that of the line through the second half.\n\n{table}\n![Memory under load](gateway-memory.svg)\n",
        time.as_secs_f64() / 60.0
    );
    let plot = lines("Memory of a gateway under load", "minutes", "MB", &plotted);
    (text, ("gateway-memory.svg".to_owned(), plot))
}

async fn watch(server: &Running, time: Duration) -> (usize, Vec<(Duration, u64)>) {
    let begun = Instant::now();
    let agent = async |number: usize| {
        let mut cluster = Living::new(&format!("prod-{number}"), number as u64, 1_000);
        let transport = transport();
        let mut reports = 0;
        while begun.elapsed() < time {
            post(&transport, &server.url, cluster.next()).await;
            reports += 1;
        }
        reports
    };
    let watching = async {
        let mut memory = Vec::new();
        while begun.elapsed() < time {
            memory.push((begun.elapsed(), server.memory()));
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
        memory
    };
    let (reports, memory) = futures_util::join!(join_all((0..AGENTS).map(agent)), watching);
    (reports.into_iter().sum(), memory)
}

/// Bytes per second, by least squares.
fn slope(memory: &[(Duration, u64)]) -> f64 {
    let points: Vec<(f64, f64)> =
        memory.iter().map(|(at, bytes)| (at.as_secs_f64(), *bytes as f64)).collect();
    let mean = |value: fn(&(f64, f64)) -> f64| points.iter().map(value).sum::<f64>() / points.len() as f64;
    let (x, y) = (mean(|point| point.0), mean(|point| point.1));
    let covariance: f64 = points.iter().map(|point| (point.0 - x) * (point.1 - y)).sum();
    covariance / points.iter().map(|point| (point.0 - x).powi(2)).sum::<f64>()
}
