//! Sweeps, deletions, what is read back, accounts, copies.

use std::fs::File;
use std::io::{BufReader, Cursor};

use keepset_store::{
    ApplyError, ImageFilter, Integration, LoggedRemoval, Page, RemovalFilter, Store, StoreError, User,
};
use keepset_types::{ErrorCode, InventoryType, ItemKind, RemovalReason, Row, Selector};
use serde_json::{Value, json};
use sqlx::Connection;

use crate::databases::{Database, Kind};
use crate::reports::{DAY, Pod, apply, at, config, delete, engine, kubernetes, rows, sweep};

crate::cases!(
    a_sweep_removes_what_is_past_its_ttl_and_looks_at_nothing_twice,
    a_parent_that_lost_its_child_goes_in_time,
    a_sweep_of_one_account_leaves_the_others,
    a_deletion_removes_what_was_decided_and_is_logged,
    a_cluster_goes_with_its_namespaces_and_nodes_and_nothing_else,
    images_are_ordered_filtered_and_come_in_pages,
    lists_have_pages_and_rows_are_found_by_their_uid,
    the_removal_log_has_pages_and_is_pruned,
    the_removal_log_is_filtered,
    users_and_accounts,
    agents_register_once_and_report_their_health,
    a_dump_can_be_read_into_either_database,
    a_backup_is_a_store,
    damage_is_found,
    tables_of_a_later_version_are_left_alone,
    what_cannot_be_opened_says_why,
);

async fn a_sweep_removes_what_is_past_its_ttl_and_looks_at_nothing_twice(database: Database) {
    let store = database.open().await;
    let keep = config(1, false);
    let report = |pods: &[Pod<'_>], seconds| kubernetes("c", &[("n", pods)], seconds);
    apply(&store, "a", &report(&[("p", &[("c1", "x")])], 0), keep, at(0)).await;
    assert_eq!(store.next_expiry(&keep).await.unwrap(), Some(at(DAY + 1)));
    assert!(sweep(&store, keep, at(DAY)).await.is_empty(), "not yet: strictly more");
    // A container in the same pod; the first one then is past its TTL, the pod lives on.
    apply(&store, "a", &report(&[("p", &[("c2", "y")])], DAY), keep, at(DAY)).await;
    let removed = sweep(&store, keep, at(DAY + 1)).await;
    let removed: Vec<_> = removed.iter().map(|removed| removed.key.id.to_string()).collect();
    assert_eq!(removed, ["c1", "x@sha256:x"]);
    let next = store.next_expiry(&keep).await.unwrap();
    assert_eq!(next, Some(at(2 * DAY + 1)));
    let again = store.sweep(None, &keep, at(DAY + 1), 10, engine(keep, at(DAY + 1))).await.unwrap();
    assert_eq!(again.contexts, 0);
    assert_eq!(store.next_expiry(&config(0, false)).await.unwrap(), None);
    assert_eq!(sweep(&store, keep, at(2 * DAY + 1)).await.len(), 5);
    assert!(store.contexts("a").await.unwrap().is_empty());
    assert_eq!(store.next_expiry(&keep).await.unwrap(), None);
}

/// What the sweeper knows of when to look must not be taken from a time when the service still had its task.
async fn a_parent_that_lost_its_child_goes_in_time(database: Database) {
    let store = database.open().await;
    let report = |tasks: Value, services: Value, container: &str, seconds: i64| {
        let report = json!({"cluster_arn": "arn:c", "timestamp": at(seconds).to_string(), "tasks": tasks,
            "services": services, "containers": [{"arn": container, "image_tag": "x"}]});
        keepset_engine::observe(InventoryType::Ecs, report.to_string().as_bytes(), at(seconds)).unwrap()
    };
    let task = json!([{"arn": "t", "service_arn": "s"}]);
    let keep = config(1, true);
    let late = DAY - 100;
    apply(&store, "a", &report(task.clone(), json!([{"arn": "s"}]), "c1", 0), keep, at(0)).await;
    apply(&store, "a", &report(task, json!([]), "c1", late), keep, at(late)).await;
    assert_eq!(
        store.next_expiry(&keep).await.unwrap(),
        Some(at(late + DAY + 1)),
        "the service lives by its task"
    );
    let applied =
        apply(&store, "a", &report(json!([]), json!([]), "c2", late + 50), keep, at(late + 50)).await;
    assert_eq!(applied.removed.len(), 2);
    assert_eq!(store.next_expiry(&keep).await.unwrap(), Some(at(DAY + 1)));
    let removed = sweep(&store, keep, at(DAY + 1)).await;
    assert_eq!(removed.iter().map(|removed| removed.key.id.to_string()).collect::<Vec<_>>(), ["s"]);
}

async fn a_sweep_of_one_account_leaves_the_others(database: Database) {
    let store = database.open().await;
    let keep = config(1, false);
    let namespaces: &[(&str, &[Pod<'_>])] = &[("n1", &[]), ("n2", &[]), ("n3", &[])];
    for account in ["a", "b"] {
        apply(&store, account, &kubernetes("c", namespaces, 0), keep, at(0)).await;
    }
    let late = at(3 * DAY);
    let swept = store.sweep(Some("a"), &keep, late, 3, engine(keep, late)).await.unwrap();
    assert_eq!((swept.contexts, swept.more, swept.removed.len()), (3, true, 3));
    assert!(swept.removed.iter().all(|(account, _)| account == "a"));
    let failed = store.sweep(None, &keep, late, 3, |_, _| Err("no")).await;
    assert!(matches!(failed, Err(ApplyError::Decide("no"))));
    assert_eq!((rows(&store, "a").await.len(), rows(&store, "b").await.len()), (1, 4));
    assert_eq!(store.removals("a", &RemovalFilter::default(), None, 10).await.unwrap().len(), 3);
}

fn selector(context: &str, digest: Option<&str>) -> Selector {
    Selector {
        inventory_type: "kubernetes".to_owned(),
        context: context.to_owned(),
        image_digest: digest.map(str::to_owned),
    }
}

async fn a_deletion_removes_what_was_decided_and_is_logged(database: Database) {
    let store = database.open().await;
    let config = config(120, true);
    let report = kubernetes("c", &[("n", &[("p", &[("c1", "x"), ("c2", "y")])])], 0);
    apply(&store, "a", &report, config, at(0)).await;
    for (account, context) in [("b", "c/n"), ("a", "c"), ("a", "c/other")] {
        let refused = delete(&store, account, selector(context, None), at(1)).await;
        assert!(matches!(refused, Err(ApplyError::Decide(error)) if error.code == ErrorCode::NotFound));
    }
    let removed = delete(&store, "a", selector("c/n", Some("sha256:x")), at(1)).await.unwrap();
    assert_eq!(removed.len(), 2);
    assert_eq!(rows(&store, "a").await.len(), 5);
    assert_eq!(delete(&store, "a", selector("c/n", None), at(2)).await.unwrap().len(), 4);
    let left: Vec<_> = rows(&store, "a").await.iter().map(|row| row.key.kind).collect();
    assert_eq!(left, [ItemKind::Node]);
    let log = store.removals("a", &RemovalFilter::default(), None, 10).await.unwrap();
    assert!(log.iter().all(|removal| removal.report == "deletion 1"));
    let rules: Vec<String> = log.into_iter().map(|removal| removal.rule).collect();
    assert_eq!(rules, ["D1", "D1", "D1", "D1", "D2", "D2"]);
    // No tombstone (D4).
    assert_eq!(apply(&store, "a", &report, config, at(60)).await.added, 4);
    assert_eq!(store.check().await.unwrap(), Vec::<String>::new());
}

async fn a_cluster_goes_with_its_namespaces_and_nodes_and_nothing_else(database: Database) {
    let store = database.open().await;
    let config = config(120, true);
    // `a/b` is the nodes' context of a cluster, and a namespace of the cluster `a`.
    for cluster in ["a", "a/b", "ab"] {
        apply(&store, "a", &kubernetes(cluster, &[("b", &[("p", &[("c1", "x")])])], 0), config, at(0)).await;
    }
    assert_eq!(store.contexts_of_cluster("a", Some("a")).await.unwrap(), ["a", "a/b"]);
    assert_eq!(store.contexts_of_cluster("a", Some("a/b")).await.unwrap(), ["a/b", "a/b/b"]);
    assert_eq!(store.contexts_of_cluster("a", None).await.unwrap(), ["a", "a/b", "a/b/b", "ab", "ab/b"]);
    assert_eq!(store.remove_cluster("a", Some("a"), at(1), "").await.unwrap().len(), 5);
    let left: Vec<_> = rows(&store, "a").await.iter().map(|row| row.key.to_string()).collect();
    assert_eq!(left.len(), 10, "{left:?}");
    assert_eq!(left[0], "kubernetes a/b node node-1");
    assert!(store.remove_cluster("b", None, at(1), "").await.unwrap().is_empty());
    assert_eq!(store.remove_cluster("a", None, at(1), "").await.unwrap().len(), 10);
    assert!(store.contexts("a").await.unwrap().is_empty());
}

fn names(rows: &[Row]) -> Vec<String> {
    rows.iter().map(|row| format!("{} {}", row.key.context, row.key.id)).collect()
}

async fn images_are_ordered_filtered_and_come_in_pages(database: Database) {
    let store = database.open().await;
    let images: Vec<(String, String)> =
        (0..1500).map(|n| (format!("c{n}"), format!("{}{n}", ["a", "B", "é", "_"][n % 4]))).collect();
    let containers: Vec<(&str, &str)> = images.iter().map(|(id, image)| (&**id, &**image)).collect();
    let namespaces: &[(&str, &[Pod<'_>])] = &[("n", &[("p", &containers)]), ("B", &[("q", &[("d", "a1")])])];
    apply(&store, "a", &kubernetes("c", namespaces, 0), config(120, true), at(0)).await;
    let all = ImageFilter::default();
    let mut listed: Vec<Row> = Vec::new();
    for size in [1000, 501, 0] {
        let after = listed.last().map(|row| row.key.clone());
        let page = store.images("a", &all, after.as_ref(), 1000).await.unwrap();
        assert_eq!(page.len(), size);
        listed.extend(page);
    }
    assert!(listed.is_sorted_by(|a, b| a.key < b.key), "by bytes, whatever the database's language");
    let by_digest = ImageFilter { image_digest: Some("sha256:B1".to_owned()), ..ImageFilter::default() };
    let found = store.images("a", &by_digest, None, 10).await.unwrap();
    assert_eq!(names(&found), ["c/n B1@sha256:B1"]);
    let by_context = ImageFilter {
        inventory_type: Some(InventoryType::Kubernetes),
        context: Some("c/B".to_owned()),
        ..ImageFilter::default()
    };
    let found = store.images("a", &by_context, None, 10).await.unwrap();
    assert_eq!(names(&found), ["c/B a1@sha256:a1"]);
    let ecs = ImageFilter { inventory_type: Some(InventoryType::Ecs), ..by_context };
    assert!(store.images("a", &ecs, None, 10).await.unwrap().is_empty());
    assert!(store.images("b", &all, None, 10).await.unwrap().is_empty());
}

async fn lists_have_pages_and_rows_are_found_by_their_uid(database: Database) {
    let store = database.open().await;
    let namespaces: &[(&str, &[Pod<'_>])] =
        &[("n1", &[("p1", &[("c1", "x"), ("c2", "x")])]), ("n2", &[("p2", &[("c3", "x")])])];
    apply(&store, "a", &kubernetes("c", namespaces, 0), config(120, true), at(0)).await;
    let list = |kind, number, size| {
        let store = store.clone();
        async move {
            names(&store.list("a", InventoryType::Kubernetes, kind, Page { number, size }).await.unwrap())
        }
    };
    assert_eq!(list(ItemKind::Container, 1, 2).await, ["c/n1 c1", "c/n1 c2"]);
    assert_eq!(list(ItemKind::Container, 2, 2).await, ["c/n2 c3"]);
    assert!(list(ItemKind::Container, 3, 2).await.is_empty());
    assert_eq!(list(ItemKind::Namespace, 1, 10).await, ["c/n1 n1", "c/n2 n2"]);
    assert_eq!(list(ItemKind::Node, 1, 10).await, ["c node-1"]);
    let get = |kind, id| store.get("a", InventoryType::Kubernetes, kind, id);
    let namespace = get(ItemKind::Namespace, "uid-n2").await.unwrap().unwrap();
    assert_eq!((namespace.key.context.as_str(), namespace.last_seen), ("c/n2", at(0)));
    assert_eq!(get(ItemKind::Namespace, "n2").await.unwrap(), None);
    assert_eq!(get(ItemKind::Pod, "p1").await.unwrap().unwrap().key.context.as_str(), "c/n1");
    assert_eq!(get(ItemKind::Pod, "c1").await.unwrap(), None);
    let node = get(ItemKind::Node, "node-1").await.unwrap().unwrap();
    assert!(node.attributes().as_json().contains("zone"));
}

async fn the_removal_log_has_pages_and_is_pruned(database: Database) {
    let store = database.open().await;
    let config = config(120, true);
    for poll in 0..6 {
        let id = format!("c{poll}");
        let report = kubernetes("c", &[("n", &[("p", &[(&id, "x")])])], poll * 60);
        apply(&store, "a", &report, config, at(poll * 60)).await;
    }
    let first = store.removals("a", &RemovalFilter::default(), None, 2).await.unwrap();
    let second = store.removals("a", &RemovalFilter::default(), Some(first[1].id), 2).await.unwrap();
    let ids = first.iter().chain(&second).map(|removal| removal.key.id.to_string());
    assert_eq!(ids.collect::<Vec<_>>(), ["c4", "c3", "c2", "c1"]);
    assert_eq!(
        (first[0].reason.as_str(), first[0].last_seen, first[0].removed_at),
        ("overwritten", at(240), at(300))
    );
    assert_eq!(store.prune_removals(at(240)).await.unwrap(), 3);
    assert_eq!(store.removals("a", &RemovalFilter::default(), None, 10).await.unwrap().len(), 2);
}

async fn the_removal_log_is_filtered(database: Database) {
    type Matches = fn(&LoggedRemoval) -> bool;
    let store = database.open().await;
    let keep = config(1, true);
    for poll in 0..3 {
        let id = format!("c{poll}");
        let namespaces: &[(&str, &[Pod<'_>])] =
            &[("n", &[("p", &[(&id, "x")])]), ("m", &[("q", &[("d", "y")])])];
        apply(&store, "a", &kubernetes("c", namespaces, poll * 60), keep, at(poll * 60)).await;
    }
    delete(&store, "a", selector("c/m", None), at(200)).await.unwrap();
    sweep(&store, keep, at(9 * DAY)).await;
    let all = store.removals("a", &RemovalFilter::default(), None, 100).await.unwrap();
    let any = RemovalFilter::default();
    let like = async |filter: &RemovalFilter| store.removals("a", filter, None, 100).await.unwrap();
    assert_eq!(like(&any).await, all);
    let filters: [(RemovalFilter, Matches); 7] = [
        (RemovalFilter { inventory_type: Some(InventoryType::Kubernetes), ..any.clone() }, |_| true),
        (RemovalFilter { context: Some("c/m".to_owned()), ..any.clone() }, |row| {
            row.key.context.as_str() == "c/m"
        }),
        (RemovalFilter { kind: Some(ItemKind::Container), ..any.clone() }, |row| {
            row.key.kind == ItemKind::Container
        }),
        (RemovalFilter { reason: Some(RemovalReason::Deleted), ..any.clone() }, |row| {
            row.reason == "deleted"
        }),
        (RemovalFilter { since: Some(at(120)), ..any.clone() }, |row| row.removed_at >= at(120)),
        (RemovalFilter { until: Some(at(200)), ..any.clone() }, |row| row.removed_at < at(200)),
        (
            RemovalFilter {
                context: Some("c/n".to_owned()),
                kind: Some(ItemKind::Container),
                reason: Some(RemovalReason::Overwritten),
                since: Some(at(100)),
                ..any.clone()
            },
            |row| row.key.id.to_string() == "c1",
        ),
    ];
    for (filter, matches) in filters {
        let found = like(&filter).await;
        let expected: Vec<_> = all.iter().filter(|row| matches(row)).cloned().collect();
        assert_eq!(found, expected, "{filter:?}");
        assert!(!found.is_empty(), "{filter:?}");
        let page = store.removals("a", &filter, Some(found[0].id), 1).await.unwrap();
        assert_eq!(page, found[1..].iter().take(1).cloned().collect::<Vec<_>>());
    }
    let ecs = RemovalFilter { inventory_type: Some(InventoryType::Ecs), ..any };
    assert!(like(&ecs).await.is_empty());
}

fn user(name: &str, account: &str, role: &str) -> User {
    User {
        name: name.to_owned(),
        account: account.to_owned(),
        password_hash: "$argon2id$...".to_owned(),
        role: role.to_owned(),
        created_at: at(5),
    }
}

async fn users_and_accounts(database: Database) {
    let store = database.open().await;
    assert!(!store.add_account("a", at(1)).await.unwrap());
    let accounts: Vec<String> = store.accounts().await.unwrap().into_iter().map(|(name, _)| name).collect();
    assert_eq!(accounts, ["a", "b"]);
    assert!(store.add_user(&user("ann", "a", "admin")).await.unwrap());
    assert!(!store.add_user(&user("ann", "b", "admin")).await.unwrap(), "the name is another account's");
    assert!(store.set_role("ann", "read-only").await.unwrap());
    assert!(!store.set_role("bob", "read-only").await.unwrap());
    assert!(!store.set_password_hash("bob", "x").await.unwrap());
    assert_eq!(store.user("ann").await.unwrap(), Some(user("ann", "a", "read-only")));
    assert!(!format!("{:?}", store.user("ann").await.unwrap()).contains("argon2id"));
    assert!(store.users("b").await.unwrap().is_empty());
    let nobody = store.add_user(&user("bob", "nobody", "admin")).await;
    assert!(matches!(nobody, Err(StoreError::UnknownAccount(_))));
    assert!(!store.remove_user("b", "ann").await.unwrap());
    assert!(store.remove_account("a").await.unwrap());
    assert_eq!(store.user("ann").await.unwrap(), None);
}

fn agent(uuid: &str, account: &str) -> Integration {
    Integration {
        uuid: uuid.to_owned(),
        account: account.to_owned(),
        registration_id: "r".to_owned(),
        registration_instance_id: "i".to_owned(),
        username: "ann".to_owned(),
        document: r#"{"type":"k8s_inventory_agent"}"#.to_owned(),
        registered_at: at(0),
        last_seen: at(0),
        health_report: None,
    }
}

async fn agents_register_once_and_report_their_health(database: Database) {
    let store = database.open().await;
    assert_eq!(store.register(&agent("u1", "a")).await.unwrap(), (agent("u1", "a"), true));
    let again = Integration { last_seen: at(60), ..agent("u2", "a") };
    let (known, is_new) = store.register(&again).await.unwrap();
    assert_eq!((known.uuid.as_str(), known.last_seen, is_new), ("u1", at(60), false));
    assert!(store.register(&agent("u3", "b")).await.unwrap().1);
    for minute in 1..4 {
        let report = format!("{{\"n\":{minute}}}");
        assert!(store.add_health_report("a", "u1", at(minute * 60), &report).await.unwrap());
    }
    assert!(!store.add_health_report("a", "u3", at(0), "{}").await.unwrap(), "another account's");
    let known = store.integration("a", "u1").await.unwrap().unwrap();
    assert_eq!((known.last_seen, known.health_report.as_deref()), (at(180), Some("{\"n\":3}")));
    let reports = store.health_reports("a", "u1", 2).await.unwrap();
    assert_eq!(reports.iter().map(|report| report.received_at).collect::<Vec<_>>(), [at(180), at(120)]);
    assert_eq!(store.prune_health_reports(at(120)).await.unwrap(), 1);
    assert_eq!(store.integrations("a").await.unwrap().len(), 1);
    assert!(!store.remove_integration("b", "u1").await.unwrap());
    assert!(store.remove_integration("a", "u1").await.unwrap());
    assert_eq!(store.integration("a", "u1").await.unwrap(), None);
}

async fn fill(store: &Store) {
    store.add_user(&user("ann", "a", "admin")).await.unwrap();
    store.register(&agent("u1", "a")).await.unwrap();
    store.add_health_report("a", "u1", at(60), "{}").await.unwrap();
    for poll in 0..3 {
        let id = format!("c{poll}");
        let report = kubernetes("c", &[("n", &[("p", &[("c", "x"), (&id, "é")])])], poll * 60);
        apply(store, "a", &report, config(120, true), at(poll * 60)).await;
    }
}

async fn a_dump_can_be_read_into_either_database(database: Database) {
    let store = database.open().await;
    fill(&store).await;
    let mut dump = Vec::new();
    store.dump(&mut dump).await.unwrap();
    assert!(matches!(store.load_dump(&mut &*dump).await, Err(StoreError::NotEmpty)));
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let other = Database::new(kind);
        let copy = Store::open(&other.url).await.unwrap();
        let broken = [&*dump, b"[\"items\",1]\n"].concat();
        let refused = copy.load_dump(&mut Cursor::new(broken)).await;
        assert!(matches!(refused, Err(StoreError::Dump { .. })));
        for (end, _) in dump.iter().enumerate().filter(|(_, byte)| **byte == b'\n').rev().skip(1) {
            let refused = copy.load_dump(&mut Cursor::new(&dump[..=end])).await;
            assert!(matches!(refused, Err(StoreError::Dump { .. })), "cut off at {end}: {refused:?}");
        }
        copy.load_dump(&mut BufReader::new(&*dump)).await.unwrap();
        let mut again = Vec::new();
        copy.dump(&mut again).await.unwrap();
        assert_eq!(String::from_utf8(again).unwrap(), String::from_utf8(dump.clone()).unwrap());
        assert_eq!(rows(&copy, "a").await, rows(&store, "a").await);
        // It goes on: numbers that were given are not given again.
        let report = kubernetes("d", &[("n", &[("p", &[("c", "x")])])], 600);
        assert_eq!(apply(&copy, "a", &report, config(120, true), at(600)).await.added, 4);
        assert_eq!(copy.check().await.unwrap(), Vec::<String>::new());
    }
}

async fn a_backup_is_a_store(database: Database) {
    let store = database.open().await;
    fill(&store).await;
    let to = database.dir.path().join("backup");
    store.backup(&to).await.unwrap();
    assert!(matches!(store.backup(&to).await, Err(StoreError::File(_))));
    let other = Database::new(database.kind);
    let copy = match database.kind {
        Kind::Sqlite => Store::open(&format!("sqlite://{}", to.display())).await.unwrap(),
        Kind::Postgres => {
            let copy = Store::open(&other.url).await.unwrap();
            copy.load_dump(&mut BufReader::new(File::open(&to).unwrap())).await.unwrap();
            copy
        }
    };
    assert_eq!(rows(&copy, "a").await, rows(&store, "a").await);
    assert_eq!(copy.check().await.unwrap(), Vec::<String>::new());
}

async fn damage_is_found(database: Database) {
    let store = database.open().await;
    fill(&store).await;
    let mut connection = sqlx::AnyConnection::connect(&database.url).await.unwrap();
    for (damage, word) in [
        ("DELETE FROM items WHERE kind = 2 AND tag = 'x'", "not listed"),
        ("UPDATE contexts SET seen = NULL", "share times"),
        ("DELETE FROM items", "empty"),
    ] {
        sqlx::query(damage).execute(&mut connection).await.unwrap();
        let found = store.check().await.unwrap();
        assert!(found.iter().any(|fault| fault.contains(word)), "{damage}: {found:?}");
    }
}

async fn tables_of_a_later_version_are_left_alone(database: Database) {
    let store = database.open().await;
    let mut connection = sqlx::AnyConnection::connect(&database.url).await.unwrap();
    sqlx::query("UPDATE keepset_schema SET version = 99").execute(&mut connection).await.unwrap();
    store.close().await;
    let refused = Store::open(&database.url).await;
    assert!(matches!(refused, Err(StoreError::TooNew { found: 99, .. })));
}

async fn what_cannot_be_opened_says_why(database: Database) {
    let path = database.dir.path().join("other");
    let (url, why) = match database.kind {
        Kind::Sqlite => {
            std::fs::write(&path, "no database, and longer than the header of one would be".repeat(10))
                .unwrap();
            (format!("sqlite://{}", path.display()), "not a database")
        }
        Kind::Postgres => ("postgres://user:secret@127.0.0.1:1/inventory".to_owned(), "refused"),
    };
    let error = Store::open(&url).await.unwrap_err().to_string();
    assert!(error.contains(why) && !error.contains("secret"), "{error}");
    if database.kind == Kind::Sqlite {
        use std::os::unix::fs::PermissionsExt as _;
        let path = database.dir.path().join("new");
        Store::open(&format!("sqlite://{}", path.display())).await.unwrap();
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "others can read it: {mode:o}");
    }
}
