//! The reference against expectations that were worked out by hand from `docs/semantics.md`.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

use std::path::Path;

use keepset_conformance::reference::{Report, Settings, evaluate, purge, settings};
use serde_json::{Value, json};

const DAY: i64 = 86_400;
/// 2026-08-06T09:00:00Z
const NINE: i64 = 1_786_006_800;

fn with(ttl_days: u64, overwrite: bool) -> Settings {
    Settings { ttl_days, overwrite, truncation_guard: true }
}

fn time(seconds: i64) -> String {
    chrono::DateTime::from_timestamp(seconds, 0).unwrap().format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn kubernetes(prior: &[Value], body: &Value, settings: Settings, now: i64) -> Value {
    evaluate(prior, Some(Report::Kubernetes(&body.to_string())), &settings, now).unwrap()
}

fn ecs(prior: &[Value], body: &Value, settings: Settings, now: i64) -> Value {
    evaluate(prior, Some(Report::Ecs(&body.to_string())), &settings, now).unwrap()
}

fn sweep(prior: &[Value], settings: Settings, now: i64) -> Value {
    evaluate(prior, None, &settings, now).unwrap()
}

fn retained(outcome: &Value) -> Vec<Value> {
    outcome["retained"].as_array().unwrap().clone()
}

/// `kind id` of each row of a list; of an image `image tag digest`.
fn names(list: &Value) -> Vec<String> {
    let text = |row: &Value, field: &str| row[field].as_str().unwrap_or_default().to_owned();
    let name = |row: &Value| match row["kind"].as_str() {
        Some("image") => format!("image {} {}", text(row, "image_tag"), text(row, "image_digest")),
        _ => format!("{} {}", text(row, "kind"), text(row, "id")),
    };
    list.as_array().unwrap().iter().map(name).collect()
}

fn codes(outcome: &Value) -> Vec<&str> {
    outcome["warnings"].as_array().unwrap().iter().map(|warning| warning["code"].as_str().unwrap()).collect()
}

fn find<'a>(list: &'a Value, kind: &str, id: &str) -> &'a Value {
    let rows = list.as_array().unwrap();
    rows.iter().find(|row| row["kind"] == kind && (row["id"] == id || row["image_tag"] == id)).unwrap()
}

/// A row that was created, updated and seen at one time.
fn row(inventory_type: &str, context: &str, kind: &str, id: &str, seen: i64, attributes: Value) -> Value {
    json!({
        "inventory_type": inventory_type, "context": context, "kind": kind, "id": id,
        "created_at": time(seen), "last_updated": time(seen), "last_seen": time(seen), "attributes": attributes,
    })
}

/// One namespace `c1/ns` with uid `n`, one pod `p`, one container `k` of image `app:1`.
fn small(timestamp: i64) -> Value {
    json!({
        "cluster_name": "c1", "timestamp": time(timestamp),
        "namespaces": [{"uid": "n", "name": "ns"}],
        "pods": [{"uid": "p", "name": "pod", "namespace_uid": "n"}],
        "containers": [{"id": "k", "name": "main", "image_tag": "app:1", "image_digest": "sha256:a", "pod_uid": "p"}],
    })
}

fn sample(name: &str) -> (String, i64) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("reports").join(format!("{name}.json"));
    let body = std::fs::read_to_string(path).unwrap();
    let report: Value = serde_json::from_str(&body).unwrap();
    let timestamp = chrono::DateTime::parse_from_rfc3339(report["timestamp"].as_str().unwrap()).unwrap();
    (body, timestamp.timestamp())
}

fn count(inventory: &[Value], kind: &str) -> usize {
    inventory.iter().filter(|row| row["kind"] == kind).count()
}

/// Containers and images after some of the agents' reports, each applied a second after its timestamp.
#[test]
fn counts_of_the_sample_reports() {
    let table = [
        ("k8s-report", "", [6, 6], [6, 6]),
        ("k8s-report", "k8s-report-next-poll", [9, 8], [3, 3]),
        ("k8s-report", "k8s-report-empty-namespace", [6, 6], [3, 3]),
        ("k8s-report", "k8s-report-empty", [6, 6], [6, 6]),
        ("k8s-report", "k8s-report-namespace-recreated", [7, 7], [1, 1]),
        ("k8s-report-batch-1-of-2", "k8s-report-batch-2-of-2", [6, 6], [6, 6]),
        ("k8s-report", "k8s-report-batch-1-of-2", [6, 6], [6, 6]),
        ("k8s-report-duplicate-containers", "", [3, 3], [3, 3]),
        ("k8s-report-legacy-v1.0-unnormalized", "", [1, 1], [1, 1]),
    ];
    for (first, second, kept, overwritten) in table {
        for (overwrite, expected) in [(false, kept), (true, overwritten)] {
            let mut inventory = Vec::new();
            for name in [first, second].iter().filter(|name| !name.is_empty()) {
                let (body, timestamp) = sample(name);
                let report = Some(Report::Kubernetes(&body));
                let outcome = evaluate(&inventory, report, &with(120, overwrite), timestamp + 1).unwrap();
                inventory = retained(&outcome);
            }
            let counted = ["container", "image"].map(|kind| count(&inventory, kind));
            assert_eq!(counted, expected, "{first} {second}, overwrite {overwrite}");
        }
    }
}

/// The agents' other reports: what each makes of an empty inventory.
#[test]
fn rows_of_the_sample_reports() {
    let (body, timestamp) = sample("k8s-report-legacy-v1.0-unnormalized");
    let outcome = evaluate(&[], Some(Report::Kubernetes(&body)), &with(120, true), timestamp).unwrap();
    let dangling = "containerd://558d52ff127d9bf7e15bdf92753c51019b66c201aeeb03d5d09885422d742313";
    assert_eq!(
        outcome["warnings"],
        json!([
            {"code": "dangling_container", "id": dangling, "pointer": "/containers/2"},
            {"code": "invalid_entry", "pointer": "/containers/1"},
        ])
    );

    // The rows: containers, images, tasks, services.
    for (name, rows, warnings) in [
        ("ecs-report", [5, 4, 4, 2], vec![]),
        ("ecs-report-no-services", [2, 2, 2, 0], vec![]),
        ("ecs-report-created-references", [1, 1, 1, 0], vec![]),
        ("ecs-report-duplicate-services", [2, 1, 2, 11], vec![]),
        ("ecs-report-100-tasks-possibly-truncated", [100, 1, 100, 0], vec!["ecs_report_possibly_truncated"]),
    ] {
        let (body, timestamp) = sample(name);
        let outcome = evaluate(&[], Some(Report::Ecs(&body)), &with(120, false), timestamp).unwrap();
        let inventory = retained(&outcome);
        let counted = ["container", "image", "task", "service"].map(|kind| count(&inventory, kind));
        assert_eq!(counted, rows, "{name}");
        assert_eq!(codes(&outcome), warnings, "{name}");
        assert_eq!(count(&inventory, "cluster"), 1, "{name}");
    }
}

/// A4, I3, E1, E3
#[test]
fn a_first_report_in_full() {
    let now = NINE + 8;
    let outcome = kubernetes(&[], &small(NINE), with(1, false), now);
    let times = |row: Value| {
        let mut row = row;
        row["created_at"] = time(now).into();
        row["last_updated"] = time(now).into();
        row["last_seen"] = time(NINE).into();
        row["reason"] = "reported".into();
        row["expires_at"] = time(NINE + DAY + 1).into();
        row
    };
    let expected = json!({
        "version": 1,
        "retained": [
            times(json!({"inventory_type": "kubernetes", "context": "c1/ns", "kind": "container", "id": "k",
                "attributes": {"name": "main", "pod_uid": "p", "image_tag": "app:1", "image_digest": "sha256:a"}})),
            times(json!({"inventory_type": "kubernetes", "context": "c1/ns", "kind": "image",
                "image_tag": "app:1", "image_digest": "sha256:a"})),
            times(json!({"inventory_type": "kubernetes", "context": "c1/ns", "kind": "namespace", "id": "ns",
                "attributes": {"uid": "n"}})),
            times(json!({"inventory_type": "kubernetes", "context": "c1/ns", "kind": "pod", "id": "p",
                "attributes": {"name": "pod", "namespace_uid": "n"}})),
        ],
        "removed": [],
        "warnings": [],
        "next_expiry": time(NINE + DAY + 1),
    });
    assert_eq!(outcome, expected);
}

/// A5: strictly more than the TTL; E1's expires_at is the first second of it.
#[test]
fn the_last_second_of_the_ttl() {
    let prior = retained(&kubernetes(&[], &small(NINE), with(2, false), NINE));
    let kept = sweep(&prior, with(2, false), NINE + 2 * DAY);
    assert_eq!(names(&kept["retained"]).len(), 4);
    assert_eq!(kept["next_expiry"], time(NINE + 2 * DAY + 1));

    let gone = sweep(&prior, with(2, false), NINE + 2 * DAY + 1);
    assert_eq!(gone["retained"], json!([]));
    assert_eq!(gone["next_expiry"], Value::Null);
    let rules: Vec<_> =
        gone["removed"].as_array().unwrap().iter().map(|row| (&row["reason"], &row["rule"])).collect();
    let expired = |rule: &str| (json!("expired"), json!(rule));
    let expected = [expired("A5"), expired("A6"), expired("A5"), expired("A5")];
    assert_eq!(rules, expected.iter().map(|(reason, rule)| (reason, rule)).collect::<Vec<_>>());

    let for_ever = sweep(&prior, with(0, false), NINE + 40_000 * DAY);
    assert_eq!(names(&for_ever["retained"]).len(), 4);
    assert!(for_ever["retained"][0].get("expires_at").is_none());
    assert_eq!(for_ever["retained"][0]["reason"], "ttl_disabled");

    let clock_back = sweep(&prior, with(1, false), NINE - 10 * DAY);
    assert_eq!(names(&clock_back["retained"]).len(), 4);
}

/// A5: a parent stays while a child does; the root also for a child whose parent is missing; a node for nobody.
#[test]
fn a_child_keeps_its_ancestors() {
    let old = NINE - 10 * DAY;
    let prior = [
        row("ecs", "arn", "cluster", "arn", old, json!({})),
        row("ecs", "arn", "service", "s", old, json!({})),
        row("ecs", "arn", "service", "other", old, json!({})),
        row("ecs", "arn", "task", "t", old, json!({"service_arn": "s"})),
        row(
            "ecs",
            "arn",
            "container",
            "k",
            NINE,
            json!({"task_arn": "t", "image_tag": "a", "image_digest": ""}),
        ),
        row("kubernetes", "c1", "node", "o", old, json!({})),
        row("kubernetes", "c1/ns", "namespace", "ns", old, json!({})),
        row("kubernetes", "c1/ns", "pod", "p", old, json!({})),
        row("kubernetes", "c1/ns", "container", "k", NINE, json!({"pod_uid": "gone"})),
    ];
    let outcome = sweep(&prior, with(7, false), NINE);
    assert_eq!(
        names(&outcome["retained"]),
        ["cluster arn", "container k", "image a ", "service s", "task t", "container k", "namespace ns"]
    );
    assert_eq!(names(&outcome["removed"]), ["service other", "node o", "pod p"]);
    for row in outcome["retained"].as_array().unwrap() {
        assert_eq!(row["expires_at"], time(NINE + 7 * DAY + 1), "{row}");
    }
    assert_eq!(find(&outcome["retained"], "task", "t")["last_seen"], time(old));
}

/// A1: strictly later, and only with overwrite.
#[test]
fn a_stale_report() {
    let prior = retained(&kubernetes(&[], &small(NINE), with(120, true), NINE));
    let mut late = small(NINE - 1);
    late["pods"] = json!([{"uid": "q", "name": "pod", "namespace_uid": "n"}]);
    late["containers"] = Value::Null;
    late["nodes"] = json!([{"uid": "o", "name": "node"}]);

    let skipped = kubernetes(&prior, &late, with(120, true), NINE + 60);
    assert_eq!(
        names(&skipped["retained"]),
        ["node o", "container k", "image app:1 sha256:a", "namespace ns", "pod p"]
    );
    assert_eq!(skipped["warnings"], json!([{"code": "stale_report", "context": "c1/ns"}]));
    assert_eq!(find(&skipped["retained"], "namespace", "ns")["reason"], "within_ttl");
    assert_eq!(find(&skipped["retained"], "namespace", "ns")["last_updated"], time(NINE));
    assert_eq!(find(&skipped["retained"], "node", "o")["reason"], "reported");

    let merged = kubernetes(&prior, &late, with(120, false), NINE + 60);
    assert_eq!(names(&merged["retained"]).len(), 6);
    assert_eq!(codes(&merged), [""; 0]);
    let namespace = find(&merged["retained"], "namespace", "ns");
    assert_eq!(
        (&namespace["last_seen"], &namespace["last_updated"]),
        (&json!(time(NINE)), &json!(time(NINE + 60)))
    );

    late["timestamp"] = time(NINE).into();
    let same_second = kubernetes(&prior, &late, with(120, true), NINE + 60);
    assert_eq!(names(&same_second["retained"]), ["node o", "namespace ns", "pod q"]);
    assert_eq!(names(&same_second["removed"]), ["container k", "image app:1 sha256:a", "pod p"]);
}

/// A3: a hundred distinct tasks, UNKNOWN and nameless ones not counted; and no containers.
#[test]
fn guards_of_ecs() {
    let prior = [
        row("ecs", "arn", "cluster", "arn", NINE, json!({})),
        row("ecs", "arn", "service", "s", NINE, json!({})),
        row("ecs", "arn", "task", "gone", NINE, json!({})),
        row("ecs", "arn", "container", "gone", NINE, json!({"image_tag": "a", "image_digest": ""})),
    ];
    let report = |tasks: usize, containers: Value| {
        let mut tasks: Vec<_> = (0..tasks).map(|number| json!({"arn": format!("t{number}")})).collect();
        tasks.extend([json!({"arn": "t0"}), json!({"arn": "UNKNOWN"}), json!({"arn": ""})]);
        json!({"cluster_arn": "arn", "timestamp": time(NINE), "tasks": tasks, "containers": containers})
    };
    let one = json!([{"arn": "k", "image_tag": "a"}]);
    let removed = |outcome: &Value| names(&outcome["removed"]);
    let unguarded = Settings { truncation_guard: false, ..with(120, true) };
    let all = ["container gone", "task gone"];

    for (tasks, guarded) in [(99, false), (100, true), (101, false)] {
        let outcome = ecs(&prior, &report(tasks, one.clone()), with(120, true), NINE);
        assert_eq!(removed(&outcome).is_empty(), guarded, "{tasks}");
        assert_eq!(codes(&outcome).contains(&"ecs_report_possibly_truncated"), guarded, "{tasks}");
        let outcome = ecs(&prior, &report(tasks, one.clone()), with(120, false), NINE);
        assert_eq!(codes(&outcome).contains(&"ecs_report_possibly_truncated"), guarded, "{tasks}");
        let outcome = ecs(&prior, &report(tasks, one.clone()), unguarded, NINE);
        assert_eq!(
            (removed(&outcome), codes(&outcome)),
            (all.map(str::to_owned).to_vec(), vec!["invalid_entry"])
        );
    }
    for containers in [json!([]), Value::Null, json!([{"arn": "", "image_tag": "a"}])] {
        let outcome = ecs(&prior, &report(3, containers), unguarded, NINE);
        assert_eq!(removed(&outcome), [""; 0]);
        assert_eq!(find(&outcome["retained"], "task", "t2")["reason"], "reported");
    }
}

/// N7: the credential probe touches nothing, says nothing, and expires nothing.
#[test]
fn the_credential_probe() {
    let (body, timestamp) = sample("ecs-report-validating-creds");
    let old = timestamp - 10 * DAY;
    let prior = [row("ecs", "arn", "cluster", "arn", old, json!({}))];
    let outcome = evaluate(&prior, Some(Report::Ecs(&body)), &with(1, true), timestamp - 301).unwrap();
    assert_eq!(names(&outcome["retained"]), ["cluster arn"]);
    assert_eq!((&outcome["removed"], &outcome["warnings"]), (&json!([]), &json!([])));
    assert_eq!(outcome["retained"][0]["reason"], "within_ttl");
    assert_eq!(outcome["next_expiry"], time(old + DAY + 1));
    let outcome = evaluate(&prior, Some(Report::Ecs(&body)), &with(0, true), timestamp).unwrap();
    assert_eq!(codes(&outcome), [""; 0]);
    // The same text is a cluster of its own where it is only a part of the ARN.
    let other = json!({"cluster_arn": "validating-creds ", "timestamp": time(NINE)});
    assert_eq!(names(&ecs(&[], &other, with(0, false), NINE)["retained"]), ["cluster validating-creds "]);
}

/// N1
#[test]
fn timestamps() {
    for (timestamp, now, seen, warned) in [
        ("2026-08-06T09:00:00.999Z", NINE + 5, NINE, false),
        ("2026-08-06T11:00:00+02:00", NINE + 5, NINE, false),
        ("2026-08-06T09:00:00Z", NINE - 300, NINE - 300, false),
        ("2026-08-06T09:00:00Z", NINE - 301, NINE - 301, true),
    ] {
        let mut report = small(NINE);
        report["timestamp"] = timestamp.into();
        let outcome = kubernetes(&[], &report, with(120, false), now);
        assert_eq!(outcome["retained"][0]["last_seen"], time(seen), "{timestamp}");
        assert_eq!(codes(&outcome).contains(&"clock_ahead"), warned, "{timestamp}");
    }
}

/// N3 to N6: which owner counts, which of two entries, and what is warned of.
#[test]
fn owners_and_duplicates() {
    let report = json!({
        "cluster_name": "c1", "timestamp": time(NINE),
        "namespaces": [
            {"uid": "n1", "name": "a"},
            {"uid": "n2", "name": "a", "labels": {"x": "y"}},
            {"uid": "shared", "name": "b"},
            {"uid": "shared", "name": "c"},
            {"uid": "n3", "name": "with/slash"},
        ],
        "pods": [
            {"uid": "p1", "name": "", "namespace_uid": "n1", "labels": {}},
            {"uid": "p1", "name": "", "namespace_uid": "n1", "annotations": null},
            {"uid": "p2", "name": "", "namespace_uid": "shared"},
            {"uid": "p3", "name": "", "namespace_uid": "n3"},
            {"uid": "p1", "name": "", "namespace_uid": "nowhere"},
            {"uid": "", "name": "", "namespace_uid": "nowhere"},
        ],
        "containers": [
            {"id": "k1", "name": "", "image_tag": "first", "pod_uid": "p1"},
            {"id": "k1", "name": "", "image_tag": "last", "pod_uid": "p1", "image_digest": ""},
            {"id": "k2", "name": "", "image_tag": "z", "pod_uid": "p3"},
            {"id": "k3", "name": "", "image_tag": "z", "pod_uid": ""},
        ],
    });
    let outcome = kubernetes(&[], &report, with(120, false), NINE);
    let found: Vec<_> = retained(&outcome)
        .iter()
        .map(|row| format!("{} {}", row["context"].as_str().unwrap(), names(&json!([row]))[0]))
        .collect();
    let expected = [
        "c1/a container k1",
        "c1/a image last ",
        "c1/a namespace a",
        "c1/a pod p1",
        "c1/b namespace b",
        "c1/c namespace c",
        "c1/c pod p2",
    ];
    assert_eq!(found, expected);
    assert_eq!(find(&outcome["retained"], "namespace", "a")["attributes"]["uid"], "n2");
    assert_eq!(
        outcome["warnings"],
        json!([
            {"code": "dangling_container", "id": "k2", "pointer": "/containers/2"},
            {"code": "dangling_container", "id": "k3", "pointer": "/containers/3"},
            {"code": "dangling_pod", "id": "p1", "pointer": "/pods/4"},
            {"code": "dangling_pod", "id": "p3", "pointer": "/pods/3"},
            {"code": "duplicate_entry", "context": "c1/a", "id": "a"},
            {"code": "duplicate_entry", "context": "c1/a", "id": "k1"},
            {"code": "invalid_entry", "pointer": "/namespaces/4"},
            {"code": "invalid_entry", "pointer": "/pods/5"},
        ])
    );

    let stored = retained(&outcome);
    let mut recreated = small(NINE + 1);
    recreated["namespaces"] = json!([{"uid": "n9", "name": "a"}]);
    let warned = kubernetes(&stored, &recreated, with(120, false), NINE + 1);
    let changed = json!({"code": "namespace_uid_changed", "context": "c1/a", "id": "a"});
    assert!(warned["warnings"].as_array().unwrap().contains(&changed));
    recreated["timestamp"] = time(NINE - 1).into();
    let skipped = kubernetes(&stored, &recreated, with(120, true), NINE + 1);
    assert!(!codes(&skipped).contains(&"namespace_uid_changed"));
    let bare = [row("kubernetes", "c1/a", "namespace", "a", NINE - 5, json!({}))];
    assert!(!codes(&kubernetes(&bare, &recreated, with(120, true), NINE)).contains(&"namespace_uid_changed"));
}

/// N5: of services and tasks the one with tags counts.
#[test]
fn tags_count_over_no_tags() {
    let report =
        |services: Value| json!({"cluster_arn": "arn", "timestamp": time(NINE), "services": services});
    let (red, blue) = (json!({"arn": "s", "tags": {"a": "red"}}), json!({"arn": "s", "tags": {"a": "blue"}}));
    let bare = json!({"arn": "s", "tags": {}});
    for (services, tag, warned) in [
        (json!([red, bare]), "red", false),
        (json!([bare, red, bare]), "red", false),
        (json!([blue, bare, red]), "red", true),
        (json!([red, bare, red]), "red", false),
    ] {
        let outcome = ecs(&[], &report(services.clone()), with(0, false), NINE);
        assert_eq!(find(&outcome["retained"], "service", "s")["attributes"]["tags"]["a"], tag, "{services}");
        assert_eq!(codes(&outcome).contains(&"duplicate_entry"), warned, "{services}");
    }
}

/// A6: three reasons, in this order; a container that moved is no longer one of the old image.
#[test]
fn reasons_of_vanished_images() {
    let image = |tag: &str| {
        json!({"inventory_type": "kubernetes", "context": "c1/ns", "kind": "image", "image_tag": tag,
            "image_digest": "", "created_at": time(1), "last_updated": time(2), "last_seen": time(3)})
    };
    let container = |id: &str, seen: i64, tag: &str| {
        row("kubernetes", "c1/ns", "container", id, seen, json!({"image_tag": tag, "image_digest": ""}))
    };
    let old = NINE - 10 * DAY;
    let prior = [
        image("both"),
        image("expired"),
        image("moved"),
        image("nobody"),
        container("k1", NINE - 1, "both"),
        container("k2", old, "expired"),
        container("k3", old - 1, "moved"),
        container("k4", old, "both"),
        row("kubernetes", "c1/ns", "container", "k5", NINE - 1, json!({})),
    ];
    let mut report = small(old);
    report["containers"] = json!([
        {"id": "k2", "name": "", "image_tag": "expired", "pod_uid": "p"},
        {"id": "k3", "name": "", "image_tag": "elsewhere", "pod_uid": "p"},
        {"id": "k4", "name": "", "image_tag": "both", "pod_uid": "p"},
    ]);
    let outcome = kubernetes(&prior, &report, with(1, true), NINE);
    let reasons: Vec<_> = outcome["removed"]
        .as_array()
        .unwrap()
        .iter()
        .zip(names(&outcome["removed"]))
        .map(|(row, name)| {
            format!("{name}: {} {}", row["reason"].as_str().unwrap(), row["rule"].as_str().unwrap())
        })
        .collect();
    let expected = [
        "container k1: overwritten A2",
        "container k2: expired A5",
        "container k3: expired A5",
        "container k4: expired A5",
        "container k5: overwritten A2",
        "image both : overwritten A6",
        "image expired : expired A6",
        "image moved : superseded A6",
        "image nobody : superseded A6",
    ];
    assert_eq!(reasons, expected);
    assert_eq!(outcome["retained"], json!([])); // A7: the namespace and the pod were new and too old
    assert_eq!(find(&outcome["removed"], "container", "k3")["last_seen"], time(old));
    assert_eq!(find(&outcome["removed"], "image", "nobody")["last_seen"], time(3));
    assert_eq!(outcome["warnings"], json!([{"code": "report_older_than_ttl", "context": "c1/ns"}]));
}

/// I3: times of an image, and its created_at from the prior one.
#[test]
fn times_of_images() {
    let prior = retained(&kubernetes(&[], &small(NINE), with(120, false), NINE + 1));
    let mut report = small(NINE + 60);
    report["containers"][0]["id"] = "k2".into();
    let outcome = kubernetes(&prior, &report, with(120, false), NINE + 61);
    let image = find(&outcome["retained"], "image", "app:1");
    let times = [&image["created_at"], &image["last_updated"], &image["last_seen"]];
    assert_eq!(times, [&json!(time(NINE + 1)), &json!(time(NINE + 61)), &json!(time(NINE + 60))]);
    assert_eq!(image["reason"], "reported");
    assert_eq!(find(&outcome["retained"], "container", "k")["reason"], "within_ttl");
}

/// N8
#[test]
fn no_report() {
    let change = |path: &str, value: Option<Value>| {
        let mut report = small(NINE);
        report["nodes"] = json!([{"uid": "o", "name": "node", "arch": "arm64", "labels": {"a": "b"}}]);
        let (parent, name) = path.rsplit_once('/').unwrap();
        let parent = report.pointer_mut(parent).unwrap().as_object_mut().unwrap();
        match value {
            None => parent.remove(name),
            Some(value) => parent.insert(name.to_owned(), value),
        };
        let body = report.to_string();
        evaluate(&[], Some(Report::Kubernetes(&body)), &with(120, false), NINE).err()
    };
    let invalid = Some("invalid_report");
    let required = ["cluster_name", "timestamp", "namespaces/0/uid", "namespaces/0/name", "nodes/0/uid"];
    let more = ["nodes/0/name", "pods/0/uid", "pods/0/name", "pods/0/namespace_uid", "containers/0/pod_uid"];
    let last = ["containers/0/id", "containers/0/name", "containers/0/image_tag"];
    for path in required.iter().chain(&more).chain(&last).map(|path| format!("/{path}")) {
        assert_eq!(change(&path, None), invalid, "{path}");
        assert_eq!(change(&path, Some(Value::Null)), invalid, "{path}");
        assert_eq!(change(&path, Some(json!(1))), invalid, "{path}");
    }
    for path in ["/containers/0/image_digest", "/pods/0/node_uid", "/nodes/0/arch"] {
        assert_eq!(change(path, None), None, "{path}");
        assert_eq!(change(path, Some(Value::Null)), invalid, "{path}");
    }
    for path in ["/namespaces", "/nodes", "/pods", "/containers", "/nodes/0/labels", "/pods/0/annotations"] {
        assert_eq!(change(path, None), None, "{path}");
        assert_eq!(change(path, Some(Value::Null)), None, "{path}");
        assert_eq!(change(path, Some(json!("text"))), invalid, "{path}");
    }
    assert_eq!(change("/nodes/0/labels", Some(json!({"a": null}))), invalid);
    assert_eq!(change("/pods", Some(json!([null]))), invalid);
    for path in ["/cluster_name", "/containers/0/image_tag", "/timestamp"] {
        assert_eq!(change(path, Some(json!(""))), invalid, "{path}");
        assert_eq!(change(path, Some(json!(" \t"))), invalid, "{path}");
    }
    assert_eq!(change("/timestamp", Some(json!("2026-08-06 at nine"))), invalid);
    assert_eq!(change("/unknown", Some(json!([1, null]))), None);
    assert_eq!(change("/containers/0/unknown", Some(Value::Null)), None);
    for body in ["", "{", "[]", "null", "\"text\""] {
        for report in [Report::Kubernetes(body), Report::Ecs(body)] {
            assert_eq!(evaluate(&[], Some(report), &with(120, false), NINE).err(), invalid, "{body}");
        }
    }
    let probe = json!({"cluster_arn": "validating-creds"}).to_string();
    assert_eq!(evaluate(&[], Some(Report::Ecs(&probe)), &with(120, false), NINE).err(), invalid);
}

/// D1 to D3
#[test]
fn deleting_by_hand() {
    let mut report = small(NINE);
    report["nodes"] = json!([{"uid": "o", "name": "node"}]);
    let second = json!({"id": "k2", "name": "", "image_tag": "app:2", "pod_uid": "p"});
    report["containers"].as_array_mut().unwrap().push(second);
    let prior = retained(&kubernetes(&[], &report, with(120, false), NINE));
    let select = |context: &str, digest: Option<&str>| {
        let mut selector = json!({"inventory_type": "kubernetes", "context": context});
        if let Some(digest) = digest {
            selector["image_digest"] = digest.into();
        }
        purge(&prior, &selector)
    };

    let whole = select("c1/ns", None).unwrap();
    assert_eq!(names(&whole["retained"]), ["node o"]);
    assert!(whole["retained"][0].get("reason").is_none());
    assert_eq!(find(&whole["removed"], "image", "app:2")["rule"], "D1");
    assert_eq!(whole["removed"].as_array().unwrap().len(), 6);

    let digest = select("c1/ns", Some("sha256:a")).unwrap();
    assert_eq!(names(&digest["removed"]), ["container k", "image app:1 sha256:a"]);
    assert_eq!(
        (&digest["removed"][1]["reason"], &digest["removed"][1]["rule"]),
        (&json!("deleted"), &json!("D2"))
    );
    let unknown = select("c1/ns", Some("unknown")).unwrap();
    assert_eq!(names(&unknown["removed"]), ["container k2", "image app:2 "]);

    for context in ["c1", "c1/n", "c1/*", "C1/ns"] {
        assert_eq!(select(context, None), Err("not_found"), "{context}");
    }
    assert_eq!(select("c1/ns", Some("sha256:b")), Err("not_found"));
    assert_eq!(select("c1/ns", Some("")), Err("invalid_request"));
    assert_eq!(select("", None), Err("invalid_request"));
    for inventory_type in ["", "k8s", "Kubernetes"] {
        let selector = json!({"inventory_type": inventory_type, "context": "c1/ns"});
        assert_eq!(purge(&prior, &selector), Err("invalid_request"), "{inventory_type}");
    }
}

/// C1 to C5
#[test]
fn configuration() {
    let default = Settings { ttl_days: 120, overwrite: false, truncation_guard: true };
    assert_eq!(settings(&Value::Null), Ok(default));
    assert_eq!(settings(&json!({})), Ok(default));
    let all = json!({"image_ttl_days": 7, "inventory_ttl_days": 7, "inventory_ingest_overwrite": true,
        "ecs_truncation_guard": false});
    assert_eq!(settings(&all), Ok(Settings { ttl_days: 7, overwrite: true, truncation_guard: false }));
    for days in [0, 36_500] {
        assert_eq!(settings(&json!({"image_ttl_days": days})), Ok(Settings { ttl_days: days, ..default }));
    }
    for config in [
        json!({"image_ttl_days": -1}),
        json!({"image_ttl_days": 36_501}),
        json!({"image_ttl_days": 1.5}),
        json!({"image_ttl_days": "120"}),
        json!({"image_ttl_days": null}),
        json!({"image_ttl_days": 1, "inventory_ttl_days": 2}),
        json!({"image_ingest_overwrite": true, "inventory_ingest_overwrite": false}),
        json!({"image_ingest_overwrite": "true"}),
        json!({"ecs_truncation_guard": 1}),
        json!({"image_ttl_day": 1}),
    ] {
        assert_eq!(settings(&config), Err("invalid_config"), "{config}");
    }
    assert_eq!(codes(&sweep(&[], with(0, true), NINE)), ["overwrite_without_ttl"]);
    assert_eq!(codes(&kubernetes(&[], &small(NINE), with(0, true), NINE)), ["overwrite_without_ttl"]);
    assert_eq!(codes(&sweep(&[], with(1, true), NINE)), [""; 0]);
}
