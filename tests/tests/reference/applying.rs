//! Sections 3 and 6: what a step retains and removes.

use super::*;

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
        row("kubernetes", "c1/ns", "container", "k2", NINE, json!({"pod_uid": "p2"})),
        row("kubernetes", "c1/ns", "pod", "p2", old, json!({})),
    ];
    let outcome = sweep(&prior, with(7, false), NINE);
    assert_eq!(
        names(&outcome["retained"]),
        [
            "cluster arn",
            "container k",
            "image a ",
            "service s",
            "task t",
            "container k",
            "container k2",
            "namespace ns",
            "pod p2"
        ]
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

/// A4: an observation of the same second replaces what a container is, an earlier one does not.
#[test]
fn the_newer_observation_counts() {
    let prior = retained(&kubernetes(&[], &small(NINE), with(120, false), NINE));
    for (seconds, tag) in [(-1, "app:1"), (0, "app:2"), (1, "app:2")] {
        let mut report = small(NINE + seconds);
        report["containers"][0]["image_tag"] = "app:2".into();
        let outcome = kubernetes(&prior, &report, with(120, false), NINE + 60);
        assert_eq!(find(&outcome["retained"], "container", "k")["attributes"]["image_tag"], tag);
        assert_eq!(find(&outcome["retained"], "image", tag)["reason"], "reported");
        assert_eq!(names(&outcome["removed"]).is_empty(), tag == "app:1");
    }
}

/// A2: a namespace and an ECS cluster of one name, and a cluster called like it, are three contexts.
#[test]
fn contexts_of_one_name() {
    let prior = [
        row("ecs", "c1/ns", "cluster", "c1/ns", NINE + 1, json!({})),
        row("ecs", "c1/ns", "container", "k", NINE, json!({})),
        row("kubernetes", "c1/ns", "container", "k", NINE, json!({})),
        row("kubernetes", "c1/ns", "node", "o", NINE, json!({})),
    ];
    let mut report = small(NINE);
    report["containers"] = json!([]);
    let outcome = kubernetes(&prior, &report, with(120, true), NINE);
    assert_eq!(outcome["removed"].as_array().unwrap().len(), 1);
    assert_eq!(outcome["removed"][0]["inventory_type"], "kubernetes");
    assert_eq!(
        names(&outcome["retained"]),
        ["cluster c1/ns", "container k", "namespace ns", "node o", "pod p"]
    );
}
