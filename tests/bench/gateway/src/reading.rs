//! Inventories that are large: listed, started on, swept.

use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use keepset_agents::now;
use keepset_bench_page::{Table, count};

use crate::load::{post, transport};
use crate::reports::plain;
use crate::server::{Contestant, Kind, PASSWORD, Running, USER, World, metric};
use crate::{megabytes, milliseconds};

/// `GET /v2/inventories` over so many images.
pub async fn list(world: &World, images: usize) -> String {
    let mut table = Table::new(&[
        "database",
        "images",
        "answer",
        "first byte",
        "all of it",
        "memory before",
        "most during",
    ]);
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let database = world.database(kind);
        let server = world.start(Contestant::Keepset, &database, &[]);
        let transport = transport();
        for first in (0..images / 1_000).step_by(10) {
            let namespaces = first..(first + 10).min(images / 1_000);
            post(&transport, &server.url, plain(namespaces, 0..1_000, 1_000, now().unix())).await;
        }
        // Of a gateway that has not just taken all that in.
        drop(server);
        let server = world.start(Contestant::Keepset, &database, &[]);
        read(&server, 1).await;
        let mut read_all = Vec::new();
        for _ in 0..5 {
            read_all.push(read(&server, images).await);
        }
        read_all.sort_unstable_by_key(|read| read.all);
        let read = &read_all[read_all.len() / 2];
        table.row([
            kind.name().to_owned(),
            count(images),
            megabytes(read.bytes),
            milliseconds(read.first),
            milliseconds(read.all),
            megabytes(read.before),
            megabytes(read_all.iter().map(|read| read.peak).max().unwrap_or_default()),
        ]);
    }
    format!(
        "`GET /v2/inventories`, every image of a context of its own thousand. Medians of five; memory is the gateway's `VmRSS`, and its `VmHWM` while it answers.\n\n{table}"
    )
}

struct Read {
    first: Duration,
    all: Duration,
    bytes: u64,
    before: u64,
    peak: u64,
}

async fn read(server: &Running, images: usize) -> Read {
    server.forget_peak();
    let before = server.memory();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let begun = Instant::now();
    let request = client.get(format!("{}/v2/inventories", server.url)).basic_auth(USER, Some(PASSWORD));
    let mut pieces = request.send().await.unwrap().error_for_status().unwrap().bytes_stream();
    let (mut first, mut bytes, mut tags) = (None, 0, 0);
    while let Some(piece) = pieces.next().await {
        let piece = piece.unwrap();
        first.get_or_insert_with(|| begun.elapsed());
        bytes += piece.len() as u64;
        tags += piece.iter().filter(|byte| **byte == b'{').count();
    }
    let all = begun.elapsed();
    assert!(tags > images, "{tags} of {images} images were listed");
    Read { first: first.unwrap(), all, bytes, before, peak: server.peak() }
}

/// Fills so many contexts with 100 rows each, then starts a gateway on them, has it sweep a tenth, and then all.
pub async fn sweep(world: &World, contexts: usize) -> String {
    const DAY: i64 = 86_400;
    let mut table = Table::new(&["database", "what", "contexts", "rows gone", "time", "most memory"]);
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let database = world.database(kind);
        // 5 pods with their containers, last seen three days ago; 40 seen a day and a half ago; 9 images, a namespace.
        let begun = Instant::now();
        let server = world.start(Contestant::Keepset, &database, &[]);
        let transport = transport();
        for first in (0..contexts).step_by(100) {
            for (pods, seen) in [(0..5, now().unix() - 3 * DAY), (5..45, now().unix() - DAY * 3 / 2)] {
                let namespaces = first..(first + 100).min(contexts);
                post(&transport, &server.url, plain(namespaces, pods, 9, seen)).await;
            }
        }
        let rows = contexts * 100;
        let row = |what: &str, rows: f64, time: Duration, server: &Running| {
            [
                kind.name().to_owned(),
                what.to_owned(),
                count(contexts),
                count(rows as usize),
                milliseconds(time),
                megabytes(server.peak()),
            ]
        };
        table.row(row(&format!("{} rows are reported", count(rows)), 0.0, begun.elapsed(), &server));
        drop(server);
        let server = world.start(Contestant::Keepset, &database, &[]);
        table.row(row("start", 0.0, server.started_in, &server));
        drop(server);
        for (what, ttl) in [("a tenth of the containers and pods expires", 2), ("all the others expire", 1)] {
            let ttl = format!("--image-ttl-days={ttl}");
            let begun = Instant::now();
            let server = world.start(Contestant::Keepset, &database, &[&ttl]);
            while metric(&server.url, "keepset_last_sweep_timestamp_seconds").await.unwrap_or_default() == 0.0
            {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            let time = begun.elapsed();
            let gone = removed(&server.url).await;
            assert!(gone > 0.0, "nothing expired: {}", server.log());
            table.row(row(what, gone, time, &server));
        }
    }
    format!(
        "The time of a sweep is that from the start of a gateway whose TTL lets them expire. Memory is `VmHWM`.\n\n{table}"
    )
}

async fn removed(url: &str) -> f64 {
    crate::server::metrics(url)
        .await
        .lines()
        .filter(|line| line.starts_with("keepset_rows_removed_total{"))
        .map(|line| line.rsplit(' ').next().unwrap().parse::<f64>().unwrap())
        .sum()
}
