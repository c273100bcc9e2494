//! Several stores over one database, and ends without a goodbye.

use std::process::{Command, Stdio};
use std::time::Duration;

use keepset_store::Store;
use keepset_types::ItemKind;
use sqlx::{Connection as _, Executor as _};

use crate::databases::{Database, Kind};
use crate::reports::{DAY, apply, at, config, engine, kubernetes, rows, sweep};

/// Tells this program to be the writer that is killed, and where to write.
pub(crate) const WRITER: &str = "KEEPSET_STORE_WRITER";

crate::cases!(
    several_open_a_new_database_at_once,
    what_another_gateway_wrote_is_seen,
    many_at_once_keep_order_and_lose_nothing,
    contexts_that_come_and_go_do_not_lock_anybody_out,
    a_sweep_does_not_wait_for_an_account_that_is_being_removed,
    a_killed_writer_leaves_whole_reports,
);

async fn several_open_a_new_database_at_once(database: Database) {
    let open = |number: i64| {
        let url = database.url.clone();
        tokio::spawn(async move {
            let store = Store::open(&url).await.unwrap();
            store.add_account(&format!("a{number}"), at(number)).await.unwrap();
        })
    };
    let openings: Vec<_> = (0..8).map(open).collect();
    for opening in openings {
        opening.await.unwrap();
    }
    assert_eq!(Store::open(&database.url).await.unwrap().accounts().await.unwrap().len(), 8);
}

async fn what_another_gateway_wrote_is_seen(database: Database) {
    let one = database.open().await;
    let two = Store::open(&database.url).await.unwrap();
    let config = config(1, true);
    let report = |id: &str, seconds| kubernetes("c", &[("n", &[("p", &[(id, "x")])])], seconds);
    for poll in 0..6 {
        let store = if poll % 2 == 0 { &one } else { &two };
        let applied = apply(store, "a", &report(&format!("c{poll}"), poll * 60), config, at(poll * 60)).await;
        let removed: Vec<_> = applied.removed.iter().map(|removed| removed.key.id.to_string()).collect();
        let before: Vec<_> = (poll > 0).then(|| format!("c{}", poll - 1)).into_iter().collect();
        assert_eq!(removed, before, "poll {poll}");
    }
    // Gone and made again: not the context that `two` remembers.
    assert_eq!(sweep(&one, config, at(3 * DAY)).await.len(), 5);
    assert_eq!(apply(&one, "a", &report("c9", 3 * DAY), config, at(3 * DAY)).await.added, 4);
    let applied = apply(&two, "a", &report("c9", 3 * DAY), config, at(3 * DAY + 60)).await;
    assert_eq!((applied.added, applied.touched, applied.rows_written.items), (0, 4, 0));
}

/// Each writer reports containers of its own to the same two contexts, the newest last; nothing may get lost, and a
/// report that comes too late must be known for it.
async fn many_at_once_keep_order_and_lose_nothing(database: Database) {
    let stores = [database.open().await, Store::open(&database.url).await.unwrap()];
    let mut writers = Vec::new();
    for writer in 0..6_i64 {
        let store = stores[usize::try_from(writer % 2).unwrap()].clone();
        writers.push(tokio::spawn(async move {
            for poll in 0..8_i64 {
                let (id, seconds) = (format!("w{writer}-{poll}"), poll * 60 + writer);
                // Not all name them in the same order; the reader puts them in order.
                let report = kubernetes(
                    "c",
                    &[("m", &[("q", &[(&id, "y")])]), ("n", &[("p", &[(&id, "x")])])],
                    seconds,
                );
                apply(&store, "a", &report, config(120, false), at(seconds)).await;
            }
        }));
    }
    for writer in writers {
        writer.await.unwrap();
    }
    let rows = rows(&stores[1], "a").await;
    let containers: Vec<_> = rows.iter().filter(|row| row.key.kind == ItemKind::Container).collect();
    assert_eq!(containers.len(), 2 * 6 * 8);
    for row in containers {
        let (writer, poll) = row.key.id.to_string()[1..]
            .split_once('-')
            .map(|(w, p)| (w.parse::<i64>().unwrap(), p.parse::<i64>().unwrap()))
            .unwrap();
        assert_eq!([row.last_seen, row.created_at], [at(poll * 60 + writer); 2], "{}", row.key);
    }
    let newest = rows.iter().filter(|row| matches!(row.key.kind, ItemKind::Pod | ItemKind::Namespace));
    assert!(newest.clone().count() == 4 && newest.clone().all(|row| row.last_seen == at(7 * 60 + 5)));
    assert_eq!(stores[0].check().await.unwrap(), Vec::<String>::new());
}

async fn contexts_that_come_and_go_do_not_lock_anybody_out(database: Database) {
    let stores = [database.open().await, Store::open(&database.url).await.unwrap()];
    let keep = config(1, true);
    let mut tasks = Vec::new();
    for task in 0..4_usize {
        let store = stores[task % 2].clone();
        tasks.push(tokio::spawn(async move {
            for round in 0..10 {
                let names = ["n1", "n2", "n3", "n4"];
                let some: Vec<_> = names.iter().skip(task % 3).map(|name| (*name, &[][..])).collect();
                apply(&store, "a", &kubernetes("c", &some, round), keep, at(round)).await;
                if task == 0 {
                    store.remove_cluster("a", Some("c"), at(round), "").await.unwrap();
                } else if task == 1 {
                    let late = at(9 * DAY);
                    store.sweep(None, &keep, late, 2, engine(keep, late)).await.unwrap();
                }
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(stores[0].check().await.unwrap(), Vec::<String>::new());
}

/// One that did would hold contexts that the removal is waiting for.
async fn a_sweep_does_not_wait_for_an_account_that_is_being_removed(database: Database) {
    if database.kind == Kind::Sqlite {
        // It has one writer at a time.
        return;
    }
    let store = database.open().await;
    let keep = config(1, false);
    for account in ["a", "b"] {
        apply(&store, account, &kubernetes("c", &[("n", &[])], 0), keep, at(0)).await;
    }
    let mut other = sqlx::AnyConnection::connect(&database.url).await.unwrap();
    other.execute("BEGIN").await.unwrap();
    other.execute("SELECT 1 FROM accounts WHERE name = 'b' FOR UPDATE").await.unwrap();
    let swept = sweep(&store, keep, at(3 * DAY)).await;
    assert_eq!(swept.len(), 2, "of `a` alone");
    other.execute("ROLLBACK").await.unwrap();
    assert_eq!(sweep(&store, keep, at(3 * DAY)).await.len(), 2);
}

/// What the writer that is killed does: reports of a hundred containers, each with ids of its own, one after the other;
/// each that is acknowledged is written to standard output.
pub(crate) async fn write_until_killed(url: &str) {
    let store = Store::open(url).await.unwrap();
    for poll in 0..10_000 {
        apply(&store, "a", &hundred(poll), config(120, true), at(poll)).await;
        println!("{poll}");
    }
}

fn hundred(poll: i64) -> keepset_types::Observation {
    let ids: Vec<String> = (0..100).map(|n| format!("c{poll}-{n}")).collect();
    let containers: Vec<(&str, &str)> = ids.iter().map(|id| (&**id, "x")).collect();
    kubernetes("c", &[("n", &[("p", &containers)])], poll)
}

async fn a_killed_writer_leaves_whole_reports(database: Database) {
    database.open().await.close().await;
    for kill_after in [400, 700, 1100] {
        let mut writer = Command::new(std::env::current_exe().unwrap())
            .env(WRITER, &database.url)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        tokio::time::sleep(Duration::from_millis(kill_after)).await;
        writer.kill().unwrap();
        let output = writer.wait_with_output().unwrap();
        let output = String::from_utf8(output.stdout).unwrap();
        // The last line may be cut off in the middle.
        let acknowledged: Option<i64> = output
            .split_inclusive('\n')
            .filter(|line| line.ends_with('\n'))
            .filter_map(|line| line.trim().parse().ok())
            .next_back();
        if database.kind == Kind::Postgres {
            // The server notices that its client is gone, and rolls back, in its own time.
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
        let store = Store::open(&database.url).await.unwrap();
        let rows = rows(&store, "a").await;
        let polls: Vec<i64> = rows
            .iter()
            .filter(|row| row.key.kind == ItemKind::Container)
            .map(|row| row.key.id.to_string()[1..].split_once('-').unwrap().0.parse().unwrap())
            .collect();
        if let Some(acknowledged) = acknowledged {
            assert_eq!(polls.len(), 100);
            assert!(
                polls.iter().all(|poll| *poll == polls[0]) && polls[0] >= acknowledged,
                "{polls:?} {acknowledged}"
            );
        }
        assert_eq!(store.check().await.unwrap(), Vec::<String>::new());
        // The next writer begins from the start: its clock went on.
        store.remove_cluster("a", None, at(0), "").await.unwrap();
        store.close().await;
    }
}

/// A server may run all of it on any thread.
#[expect(dead_code, reason = "it is enough that it compiles")]
fn futures_may_be_sent<'a>(store: &'a Store, filter: &'a keepset_store::ImageFilter) {
    fn is_send(_: impl Send) {}
    let (config, report) = (config(1, true), kubernetes("c", &[], 0));
    is_send(store.preview("a", Some(&report), &config, at(0), engine(config, at(0))));
    is_send(store.purge("a", report.inventory_type, "c", at(0), "", |_| Err(())));
    is_send(store.images("a", filter, None, 10));
    is_send(store.list(
        "a",
        report.inventory_type,
        ItemKind::Pod,
        keepset_store::Page { number: 1, size: 1 },
    ));
    is_send(store.get("a", report.inventory_type, ItemKind::Pod, "p"));
    is_send(store.context_rows("a", report.inventory_type, "c"));
    is_send(store.backup(std::path::Path::new("")));
    is_send(store.load_dump(&mut std::io::empty()));
    is_send(store.check());
}
