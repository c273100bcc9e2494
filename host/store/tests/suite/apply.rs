//! Reports, one after the other.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use keepset_store::{ApplyError, Arriving, RemovalFilter, Store, StoreError};
use keepset_types::columns::{ReportColumns, RowColumns};
use keepset_types::{InventoryType, ItemKind, Observation};
use sqlx::{Connection, Row};
use tokio::runtime::Handle;

use crate::databases::{Database, Kind};
use crate::reports::{DAY, apply, arriving, at, config, engine, kubernetes, large, read, rows};

crate::cases!(
    a_poll_that_changes_nothing_writes_contexts_and_no_items,
    what_is_said_again_need_not_be_read,
    beside_others_it_is_known_by_its_times,
    what_changes_while_it_is_decided_is_decided_again,
    only_what_changes_is_written,
    a_report_of_few_rows_leaves_the_others_with_their_times,
    an_older_report_changes_nothing_with_overwrite_and_merges_without,
    accounts_do_not_see_each_other,
    a_decision_that_fails_changes_nothing,
    what_no_database_could_hold_is_refused,
    a_report_without_rows_is_only_decided,
    a_preview_says_the_same_and_writes_nothing,
    what_was_stored_is_there_after_reopening,
    a_store_in_memory,
    a_large_report_again_costs_next_to_nothing,
);

async fn a_poll_that_changes_nothing_writes_contexts_and_no_items(database: Database) {
    let store = database.open().await;
    let config = config(120, true);
    let report = |seconds| {
        let pods: &[crate::reports::Pod<'_>] =
            &[("p1", &[("c1", "nginx"), ("c2", "redis")]), ("p2", &[("c3", "nginx")])];
        kubernetes("c", &[("default", pods), ("empty", &[])], seconds)
    };
    let first = apply(&store, "a", &report(0), config, at(1)).await;
    assert_eq!((first.added, first.touched, first.contexts), (8, 0, 3));
    assert_eq!(first.rows_written.items, 10, "eight rows and two images");
    for poll in 1..4 {
        let again = apply(&store, "a", &report(poll * 60), config, at(poll * 60 + 1)).await;
        assert_eq!((again.added, again.touched), (0, 8));
        assert_eq!((again.rows_written.contexts, again.rows_written.total()), (3, 3));
    }
    let rows = rows(&store, "a").await;
    assert_eq!(rows.len(), 10);
    for row in rows {
        assert_eq!(
            [row.created_at, row.last_updated, row.last_seen],
            [at(1), at(181), at(180)],
            "{}",
            row.key
        );
    }
}

async fn what_is_said_again_need_not_be_read(database: Database) {
    let store = database.open().await;
    let config = config(30, true);
    let pods: &[crate::reports::Pod<'_>] = &[("p1", &[("c1", "nginx"), ("c2", "redis")])];
    let report = |seconds| kubernetes("c", &[("default", pods), ("empty", &[])], seconds);
    let known = |now| Arriving { content: Some(7), ..arriving("a", &config, now) };
    let again = async |seconds: i64, is_known: bool| {
        let now = at(seconds);
        assert_eq!(store.is_known(&known(now), InventoryType::Kubernetes), is_known);
        let asked = engine(config, now);
        store.apply_again(&known(now), InventoryType::Kubernetes, now, asked).await.unwrap()
    };
    let read = async |seconds: i64| {
        let now = at(seconds);
        store.apply(&known(now), &report(seconds), engine(config, now)).await.unwrap()
    };
    assert_eq!(again(0, false).await, None);
    read(0).await;
    for seconds in [60, 120] {
        let applied = again(seconds, true).await.unwrap();
        assert_eq!((applied.added, applied.touched, applied.rows_written.total()), (0, 6, 3));
        assert_eq!(applied.next_expiry, Some(at(seconds + 30 * DAY + 1)));
        for row in rows(&store, "a").await {
            assert_eq!([row.created_at, row.last_updated, row.last_seen], [at(0), at(seconds), at(seconds)]);
        }
    }
    // Another account knows nothing of it, nor does another agent.
    let of_b = Arriving { account: "b", ..known(at(180)) };
    assert!(!store.is_known(&of_b, InventoryType::Kubernetes));
    assert!(!store.is_known(&known(at(180)), InventoryType::Ecs));
    // An older one is warned of, and of one that would find something else nothing is known.
    assert_eq!(again(60, true).await, None);
    apply(&store, "a", &kubernetes("c", &[("default", &[("p1", &[("c1", "nginx")])])], 180), config, at(180))
        .await;
    assert_eq!(again(240, false).await, None);
    assert_eq!(read(240).await.added, 1);
    assert!(again(300, true).await.is_some());
    assert_eq!(store.check().await.unwrap(), Vec::<String>::new());
}

async fn beside_others_it_is_known_by_its_times(database: Database) {
    let store = database.open().await;
    let config = config(30, false);
    let of = |pod, container, seconds| kubernetes("c", &[("n", &[(pod, &[(container, "nginx")])])], seconds);
    let known = |seconds| Arriving { content: Some(7), ..arriving("a", &config, at(seconds)) };
    let read = async |seconds| {
        let asked = engine(config, at(seconds));
        store.apply(&known(seconds), &of("p1", "c1", seconds), asked).await.unwrap()
    };
    let again = async |seconds| {
        let (now, asked) = (at(seconds), engine(config, at(seconds)));
        store.apply_again(&known(seconds), InventoryType::Kubernetes, now, asked).await.unwrap()
    };
    // Which of the rows of that second were in which report?
    apply(&store, "a", &of("p2", "c2", 0), config, at(0)).await;
    read(0).await;
    assert_eq!(again(60).await, None);
    read(120).await;
    let applied = again(180).await.unwrap();
    assert_eq!((applied.added, applied.touched, applied.removed.len()), (0, 4, 0));
    let rows = rows(&store, "a").await;
    let seen = |id: &str| rows.iter().find(|row| row.key.id.to_string() == id).unwrap().last_seen;
    assert_eq!(["n", "p1", "c1", "p2", "c2"].map(seen), [at(180), at(180), at(180), at(0), at(0)]);
    assert_eq!(store.check().await.unwrap(), Vec::<String>::new());
}

async fn what_changes_while_it_is_decided_is_decided_again(database: Database) {
    let store = database.open().await;
    let config = config(120, true);
    let report =
        |containers: &[(&str, &str)], seconds| kubernetes("c", &[("n", &[("p", containers)])], seconds);
    // The engine, but that another report comes while it is asked for the first time.
    let interrupted = |now, by: Observation, at_by| {
        let (store, runtime, asked) = (store.clone(), Handle::current(), AtomicUsize::new(0));
        move |rows: &RowColumns, report: Option<&ReportColumns>| {
            if asked.fetch_add(1, Ordering::Relaxed) == 0 {
                runtime.block_on(apply(&store, "a", &by, config, at_by));
            }
            engine(config, now)(rows, report)
        }
    };
    apply(&store, "a", &report(&[("c1", "x")], 0), config, at(0)).await;
    let both = report(&[("c1", "x"), ("c2", "y")], 60);
    let decided = interrupted(at(120), both, at(60));
    let applied =
        store.apply(&arriving("a", &config, at(120)), &report(&[("c2", "y")], 120), decided).await.unwrap();
    assert_eq!((applied.added, applied.touched), (0, 4), "c2 came with the other one");
    assert_eq!(applied.removed.len(), 2, "c1, which both have seen, and its image");

    let known = |now| Arriving { content: Some(7), ..arriving("a", &config, now) };
    store.apply(&known(at(180)), &report(&[("c2", "y")], 180), engine(config, at(180))).await.unwrap();
    let decided = interrupted(at(300), report(&[("c3", "y")], 240), at(240));
    let again =
        store.apply_again(&known(at(300)), InventoryType::Kubernetes, at(300), decided).await.unwrap();
    assert_eq!(again, None, "c2 is gone");
    let ids: Vec<_> = rows(&store, "a").await.iter().map(|row| row.key.id.to_string()).collect();
    assert_eq!(ids, ["node-1", "c3", "y@sha256:y", "n", "p"]);
    assert_eq!(store.check().await.unwrap(), Vec::<String>::new());
}

async fn only_what_changes_is_written(database: Database) {
    let store = database.open().await;
    let config = config(120, true);
    let first = kubernetes("c", &[("n", &[("p", &[("c1", "x"), ("c2", "y"), ("c3", "z")])])], 0);
    apply(&store, "a", &first, config, at(0)).await;
    // c1 stays, c2 gets another image, c3 goes, c4 comes.
    let second = kubernetes("c", &[("n", &[("p", &[("c1", "x"), ("c2", "x"), ("c4", "x")])])], 60);
    let applied = apply(&store, "a", &second, config, at(60)).await;
    let removed: Vec<_> =
        applied.removed.iter().map(|removed| (removed.key.kind, removed.reason.as_str())).collect();
    let container = (ItemKind::Container, "overwritten");
    assert_eq!(removed, [container, (ItemKind::Image, "superseded"), (ItemKind::Image, "overwritten")]);
    // c2, c3, c4 and the two images.
    assert_eq!((applied.rows_written.items, applied.rows_written.removals), (5, 3));
    let log = store.removals("a", &RemovalFilter::default(), None, 10).await.unwrap();
    assert_eq!(log.len(), 3);
    assert!(log.iter().all(|removal| removal.report == "report-1" && removal.removed_at == at(60)));
    assert_eq!(store.check().await.unwrap(), Vec::<String>::new());
}

async fn a_report_of_few_rows_leaves_the_others_with_their_times(database: Database) {
    let store = database.open().await;
    let config = config(120, false);
    let containers: Vec<(String, String)> = (0..40).map(|n| (format!("c{n}"), "x".to_owned())).collect();
    let containers: Vec<(&str, &str)> = containers.iter().map(|(id, image)| (&**id, &**image)).collect();
    apply(&store, "a", &kubernetes("c", &[("n", &[("p", &containers)])], 0), config, at(0)).await;
    let few = kubernetes("c", &[("n", &[("p", &containers[..1])])], 60);
    let applied = apply(&store, "a", &few, config, at(60)).await;
    // The namespace, the pod, the container and its image; not the 39 others.
    assert_eq!(applied.rows_written.items, 4);
    let rows = rows(&store, "a").await;
    let old = rows.iter().filter(|row| row.last_seen == at(0)).count();
    assert_eq!((rows.len(), old), (44, 39));
    // All of them again: the context's times move.
    let all = kubernetes("c", &[("n", &[("p", &containers)])], 120);
    assert_eq!(apply(&store, "a", &all, config, at(120)).await.rows_written.items, 4);
    assert_eq!(apply(&store, "a", &all, config, at(180)).await.rows_written.items, 0);
    assert_eq!(store.check().await.unwrap(), Vec::<String>::new());
}

async fn an_older_report_changes_nothing_with_overwrite_and_merges_without(database: Database) {
    let store = database.open().await;
    let new = kubernetes("c", &[("n", &[("p", &[("c1", "x")])])], 600);
    let old = kubernetes("c", &[("n", &[("p", &[("c2", "y")])])], 0);
    apply(&store, "a", &new, config(120, true), at(600)).await;
    let before = rows(&store, "a").await;
    let stale = apply(&store, "a", &old, config(120, true), at(660)).await;
    assert!(stale.warnings.iter().any(|warning| warning.code.as_str() == "stale_report"));
    let is_node = |row: &keepset_types::Row| row.key.kind == ItemKind::Node;
    let after = rows(&store, "a").await;
    assert!(after.iter().filter(|row| !is_node(row)).eq(before.iter().filter(|row| !is_node(row))));
    apply(&store, "a", &old, config(120, false), at(720)).await;
    let merged = rows(&store, "a").await;
    let seen = |id: &str| merged.iter().find(|row| row.key.id.to_string() == id).unwrap().last_seen;
    assert_eq!((seen("c1"), seen("c2"), seen("p"), seen("y@sha256:y")), (at(600), at(0), at(600), at(0)));
}

async fn accounts_do_not_see_each_other(database: Database) {
    let store = database.open().await;
    let report = kubernetes("c", &[("n", &[("p", &[("c1", "x")])])], 0);
    apply(&store, "a", &report, config(120, true), at(0)).await;
    assert!(rows(&store, "b").await.is_empty());
    let uid = store.get("b", InventoryType::Kubernetes, ItemKind::Namespace, "uid-n").await.unwrap();
    assert_eq!(uid, None);
    apply(&store, "b", &kubernetes("c", &[("n", &[])], 60), config(120, true), at(60)).await;
    assert_eq!(rows(&store, "a").await.len(), 5);
    assert_eq!(rows(&store, "b").await.len(), 2);
    assert!(store.removals("b", &RemovalFilter::default(), None, 10).await.unwrap().is_empty());
    let nobody =
        store.apply(&arriving("c", &config(1, true), at(0)), &report, engine(config(1, true), at(0))).await;
    assert!(matches!(nobody, Err(ApplyError::Store(StoreError::UnknownAccount(name))) if name == "c"));
    assert!(store.remove_account("a").await.unwrap());
    assert!(rows(&store, "a").await.is_empty());
}

async fn a_decision_that_fails_changes_nothing(database: Database) {
    let store = database.open().await;
    let config = config(120, true);
    let report = kubernetes("c", &[("n", &[("p", &[("c1", "x")])])], 0);
    let failed = store.apply(&arriving("a", &config, at(0)), &report, |_, _| Err("no")).await;
    assert!(matches!(failed, Err(ApplyError::Decide("no"))));
    assert!(store.contexts("a").await.unwrap().is_empty());
    apply(&store, "a", &report, config, at(0)).await;
    let before = rows(&store, "a").await;
    let next = kubernetes("c", &[("n", &[("p", &[("c2", "x")])])], 60);
    let failed = store.apply(&arriving("a", &config, at(60)), &next, |_, _| Err("no")).await;
    assert!(matches!(failed, Err(ApplyError::Decide("no"))));
    // Verdicts that name what is not there.
    let arriving = arriving("a", &config, at(60));
    let wrong = store.apply(&arriving, &next, move |rows, report| {
        let mut verdicts = engine(config, at(60))(rows, report)?;
        verdicts.added.push(99);
        Ok::<_, keepset_types::Error>(verdicts)
    });
    assert!(matches!(wrong.await, Err(ApplyError::Store(StoreError::Misfit(_)))));
    assert_eq!(rows(&store, "a").await, before);
    let applied = apply(&store, "a", &next, config, at(60)).await;
    assert_eq!((applied.added, applied.removed.len()), (1, 1));
}

async fn what_no_database_could_hold_is_refused(database: Database) {
    let store = database.open().await;
    let long = "i".repeat(2000);
    for id in ["with\0nul", &long] {
        let report = kubernetes("c", &[("n", &[("p", &[(id, "x")])])], 0);
        let refused = store
            .apply(&arriving("a", &config(1, true), at(0)), &report, engine(config(1, true), at(0)))
            .await;
        assert!(matches!(refused, Err(ApplyError::Store(StoreError::Unstorable { what: "an id" }))));
    }
    let escaped = serde_json::json!({"cluster_name": "c", "timestamp": at(0).to_string(),
        "namespaces": [{"uid": "u", "name": "n", "labels": {"nul": "a\0b", "snow": "☃"}}]});
    apply(&store, "a", &read(&escaped, at(0)), config(1, true), at(0)).await;
    assert!(rows(&store, "a").await[0].attributes().as_json().contains("\\u0000"));
}

async fn a_report_without_rows_is_only_decided(database: Database) {
    let store = database.open().await;
    let nothing = serde_json::json!({"cluster_name": "c", "timestamp": at(900).to_string()});
    let applied = apply(&store, "a", &read(&nothing, at(0)), config(0, true), at(0)).await;
    let codes: Vec<_> = applied.warnings.iter().map(|warning| warning.code.as_str()).collect();
    assert_eq!(codes, ["clock_ahead", "overwrite_without_ttl"]);
    assert_eq!((applied.contexts, applied.rows_written.total()), (0, 0));
}

async fn a_preview_says_the_same_and_writes_nothing(database: Database) {
    let store = database.open().await;
    let config = config(1, true);
    let first = kubernetes("c", &[("n", &[("p", &[("c1", "x"), ("c2", "y")])])], 0);
    let shown = store.preview("a", Some(&first), &config, at(0), engine(config, at(0))).await.unwrap();
    assert_eq!((shown.added, shown.contexts), (5, 2));
    assert!(store.contexts("a").await.unwrap().is_empty());
    apply(&store, "a", &first, config, at(0)).await;
    let before = rows(&store, "a").await;
    let next = kubernetes("c", &[("n", &[("p", &[("c1", "x")])]), ("new", &[])], 60);
    let shown = store.preview("a", Some(&next), &config, at(60), engine(config, at(60))).await.unwrap();
    let later = at(2 * DAY);
    let swept = store.preview("a", None, &config, later, engine(config, later)).await.unwrap();
    assert_eq!(swept.removed.len(), before.len());
    assert_eq!(rows(&store, "a").await, before);
    let applied = apply(&store, "a", &next, config, at(60)).await;
    assert_eq!(
        (shown.removed, shown.added, shown.next_expiry),
        (applied.removed, applied.added, applied.next_expiry)
    );
}

async fn what_was_stored_is_there_after_reopening(database: Database) {
    let store = database.open().await;
    let report = kubernetes("c", &[("n", &[("p", &[("c1", "x")])])], 0);
    apply(&store, "a", &report, config(120, true), at(0)).await;
    let before = rows(&store, "a").await;
    store.close().await;
    let store = Store::open(&database.url).await.unwrap();
    assert_eq!(rows(&store, "a").await, before);
    assert_eq!(apply(&store, "a", &report, config(120, true), at(60)).await.rows_written.items, 0);
}

async fn a_store_in_memory(_: Database) {
    let store = Store::open("sqlite::memory:").await.unwrap();
    store.add_account("a", at(0)).await.unwrap();
    let report = kubernetes("c", &[("n", &[("p", &[("c1", "x")])])], 0);
    apply(&store, "a", &report, config(1, true), at(0)).await;
    assert_eq!(rows(&store, "a").await.len(), 5);
    for url in ["mysql://ann:secret@host/x", "/tmp/x"] {
        let refused = Store::open(url).await.unwrap_err();
        assert!(
            matches!(&refused, StoreError::Url(_)) && !refused.to_string().contains("secret"),
            "{refused}"
        );
    }
}

async fn a_large_report_again_costs_next_to_nothing(database: Database) {
    let database = Database::alone(database.kind);
    let store = database.open().await;
    let config = config(120, true);
    let start = Instant::now();
    let first = apply(&store, "a", &large(10_000, 0), config, at(0)).await;
    assert_eq!(first.rows_written.items, 11_051);
    let cold = start.elapsed();
    apply(&store, "a", &large(10_000, 60), config, at(60)).await;
    let end = log_end(&database).await;
    let report = large(10_000, 120);
    let start = Instant::now();
    let again = apply(&store, "a", &report, config, at(120)).await;
    let warm = start.elapsed();
    assert_eq!((again.touched, again.rows_written.total()), (11_001, 1));
    let bytes = logged_since(&database, end).await;
    // Without the cache.
    let other = Store::open_with(&database.url, 0).await.unwrap();
    let start = Instant::now();
    assert_eq!(apply(&other, "a", &large(10_000, 180), config, at(180)).await.rows_written.total(), 1);
    println!(
        "{:?}: first {cold:?}, again {warm:?} and {bytes} bytes of log, cold {:?}",
        database.kind,
        start.elapsed()
    );
    assert!(bytes < 100_000, "{bytes} bytes of log for a poll that changes nothing");
}

/// Where the write-ahead log ends. SQLite's is emptied first: it would be written from its start again.
async fn log_end(database: &Database) -> i64 {
    let mut connection = sqlx::AnyConnection::connect(&database.url).await.unwrap();
    match database.kind {
        Kind::Sqlite => {
            sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut connection).await.unwrap();
            0
        }
        Kind::Postgres => {
            let row = sqlx::query("SELECT CAST(pg_current_wal_lsn() - '0/0' AS BIGINT)");
            row.fetch_one(&mut connection).await.unwrap().get(0)
        }
    }
}

/// How much went into the log since then.
async fn logged_since(database: &Database, end: i64) -> i64 {
    match database.kind {
        Kind::Sqlite => {
            let log = database.dir.path().join("keepset.db-wal");
            i64::try_from(std::fs::metadata(log).unwrap().len()).unwrap()
        }
        Kind::Postgres => log_end(database).await - end,
    }
}
