//! What a report of 10 000 containers writes, beside the peer.

use std::fmt::Write as _;

use keepset_bench_page::{Table, count};

use crate::load::{median, post, transport};
use crate::megabytes;
use crate::reports::{Churn, Polls};
use crate::server::{Contestant, Kind, World};

const REPORTS: usize = 5;

/// Rows and bytes of the log, each the median of a few reports.
pub async fn measure(world: &World) -> String {
    let mut table = Table::new(&["report", "database", "who", "rows written", "log written"]);
    let mut what = String::new();
    for churn in [Churn::Unchanged, Churn::FivePercent] {
        for kind in [Kind::Sqlite, Kind::Postgres] {
            for contestant in [Contestant::Keepset, Contestant::Peer] {
                let database = world.database(kind);
                let server = world.start(contestant, &database, &[]);
                let mut polls = Polls::new("prod", 1, 10_000);
                let transport = transport();
                // The first writes all; the second finds pages that a checkpoint made log whole.
                for _ in 0..2 {
                    post(&transport, &server.url, polls.next(Churn::FivePercent)).await;
                }
                let (mut rows, mut bytes) = (Vec::new(), Vec::new());
                for _ in 0..REPORTS {
                    world.log_bytes(&database);
                    let before = (written(&server.url).await, world.log_bytes(&database));
                    let reply = post(&transport, &server.url, polls.next(churn)).await;
                    rows.push(match contestant {
                        Contestant::Keepset => written(&server.url).await - before.0,
                        Contestant::Peer => String::from_utf8(reply.body).unwrap().parse().unwrap(),
                    });
                    let after = world.log_bytes(&database);
                    bytes.push((if kind == Kind::Sqlite { after } else { after - before.1 }) as f64);
                }
                let who = if contestant == Contestant::Keepset { "keepset serve" } else { "the obvious way" };
                table.row([
                    churn.name().to_owned(),
                    kind.name().to_owned(),
                    who.to_owned(),
                    count(median(&mut rows) as usize),
                    megabytes(median(&mut bytes) as u64),
                ]);
                what = format!(
                    "A report of {} containers, {} rows, {}.",
                    count(polls.containers),
                    count(polls.rows),
                    megabytes(polls.bytes() as u64)
                );
            }
        }
    }
    let mut text = String::new();
    writeln!(text, "{what} The log is SQLite's write-ahead log, or PostgreSQL's; rows of the gateway's are those of its tables, the removal log included. Medians of {REPORTS} reports.\n\n{table}").unwrap();
    text
}

/// The rows that a gateway ever wrote for reports; 0 of somebody who does not count them.
async fn written(url: &str) -> f64 {
    crate::server::metric(url, "keepset_database_rows_written_total").await.unwrap_or_default()
}
