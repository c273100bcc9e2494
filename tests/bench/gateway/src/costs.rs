//! What a report of 10 000 containers costs, and what it writes, beside the peer.

use std::time::{Duration, Instant};

use keepset_bench_page::{Table, count};

use crate::load::{median, post, transport};
use crate::peer::Cost;
use crate::reports::{Churn, Polls};
use crate::server::{Contestant, Kind, OVERWRITE, World, metric};
use crate::{megabytes, milliseconds};

/// Measures reports that have the servers for themselves.
pub async fn measure(world: &World, reports: usize) -> String {
    let mut table = Table::new(&[
        "report",
        "database",
        "who",
        "all of it",
        "reading JSON",
        "deciding",
        "storing",
        "rows written",
        "log written",
    ]);
    let mut ratios = Table::new(&["report", "database", "the obvious way, all of it", "storing"]);
    let mut what = String::new();
    for churn in [Churn::Unchanged, Churn::FivePercent] {
        for kind in [Kind::Sqlite, Kind::Postgres] {
            let mut both = Vec::new();
            for contestant in [Contestant::Keepset, Contestant::Peer] {
                let database = world.database(kind);
                let server = world.start(contestant, &database, &[OVERWRITE]);
                let mut polls = Polls::new("prod", 1, 10_000);
                let transport = transport();
                // The first writes all; those after it find pages that a checkpoint has logged whole.
                for _ in 0..3 {
                    post(&transport, &server.url, polls.next(Churn::FivePercent)).await;
                }
                let mut columns: [Vec<f64>; 6] = Default::default();
                for _ in 0..reports {
                    world.empty_log(&database);
                    let before = (Spent::of(&server.url).await, world.log_bytes(&database));
                    let sent = Instant::now();
                    let reply = post(&transport, &server.url, polls.next(churn)).await;
                    let took = sent.elapsed();
                    let spent = match contestant {
                        Contestant::Keepset => Spent::of(&server.url).await.since(before.0),
                        Contestant::Peer => Spent::by(serde_json::from_slice(&reply.body).unwrap()),
                    };
                    let log = world.log_bytes(&database) - before.1;
                    let values = [
                        took.as_secs_f64(),
                        spent.reading,
                        spent.deciding,
                        spent.storing,
                        spent.rows,
                        log as f64,
                    ];
                    for (column, value) in columns.iter_mut().zip(values) {
                        column.push(value);
                    }
                }
                let [took, reading, deciding, storing, rows, log] =
                    columns.each_mut().map(|column| median(column));
                both.push((took, storing));
                let time = |seconds: f64| milliseconds(Duration::from_secs_f64(seconds));
                table.row([
                    churn.name().to_owned(),
                    kind.name().to_owned(),
                    contestant.name().to_owned(),
                    time(took),
                    time(reading),
                    if contestant == Contestant::Keepset { time(deciding) } else { String::new() },
                    time(storing),
                    count(rows as usize),
                    megabytes(log as u64),
                ]);
                what = format!(
                    "A report of {} containers, {} rows, {}.",
                    count(polls.containers),
                    count(polls.rows),
                    megabytes(polls.bytes() as u64)
                );
            }
            if let [(took, storing), (took_of_peer, storing_of_peer)] = both[..] {
                let ratio = |of: f64, to: f64| format!("{:.1} x", of / to);
                let (all, stored) = (ratio(took_of_peer, took), ratio(storing_of_peer, storing));
                ratios.row([churn.name().to_owned(), kind.name().to_owned(), all, stored]);
            }
        }
    }
    format!(
        "{what} {EXPLAINED} Medians of {reports} reports.\n\n{table}\nHow many times the gateway's time the obvious way takes:\n\n{ratios}"
    )
}

const EXPLAINED: &str = "Reading and deciding are calls of the plugin, in WebAssembly: of a report that says what an earlier one \
said the plugin reads no more than the time. Storing is the rest of the gateway's transaction. The rows are those of all tables, \
the gateway's removal log included; the log is SQLite's write-ahead log, or PostgreSQL's.";

/// Seconds, and rows written.
#[derive(Clone, Copy)]
struct Spent {
    reading: f64,
    deciding: f64,
    storing: f64,
    rows: f64,
}

impl Spent {
    /// What a gateway ever spent; nothing for a server that does not say so.
    async fn of(url: &str) -> Self {
        let sum = async |name: &str| metric(url, name).await.unwrap_or_default();
        let deciding = sum("keepset_plugin_duration_seconds_sum{call=\"decide\"}").await;
        Self {
            reading: sum("keepset_plugin_duration_seconds_sum{call=\"observe\"}").await,
            deciding,
            storing: sum("keepset_store_duration_seconds_sum{call=\"apply\"}").await - deciding,
            rows: sum("keepset_database_rows_written_total").await,
        }
    }

    fn by(cost: Cost) -> Self {
        Self {
            reading: cost.reading.as_secs_f64(),
            deciding: 0.0,
            storing: cost.storing.as_secs_f64(),
            rows: cost.rows as f64,
        }
    }

    fn since(self, before: Self) -> Self {
        Self {
            reading: self.reading - before.reading,
            deciding: self.deciding - before.deciding,
            storing: self.storing - before.storing,
            rows: self.rows - before.rows,
        }
    }
}
