//! Section 2: what a report says.

use super::*;

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
        ("2026-08-05T23:59:60Z", NINE + 5, NINE - 9 * 3600 - 1, false),
        ("2026-08-06T09:00:00Z", NINE - 300, NINE - 300, false),
        ("2026-08-06T09:00:00Z", NINE - 301, NINE - 301, true),
    ] {
        let mut report = small(NINE);
        report["timestamp"] = timestamp.into();
        let outcome = kubernetes(&[], &report, with(120, false), now);
        assert_eq!(outcome["retained"][0]["last_seen"], time(seen), "{timestamp}");
        assert_eq!(codes(&outcome).contains(&"clock_ahead"), warned, "{timestamp}");
    }
    for timestamp in ["2026-08-06T09:00:00\u{2212}01:00", "2026-08-06T08:59:60Z", "0000-01-01T00:00:00+00:01"]
    {
        let mut report = small(NINE);
        report["timestamp"] = timestamp.into();
        let report = report.to_string();
        let refused = evaluate(&[], Some(Report::Kubernetes(&report)), &with(120, false), NINE);
        assert_eq!(refused, Err("invalid_report"), "{timestamp}");
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

/// N7: UNKNOWN makes no service and no task, but a container; its task is missing, and it stays.
#[test]
fn placeholders_of_ecs() {
    let report = json!({
        "cluster_arn": "arn", "timestamp": time(NINE),
        "containers": [{"arn": "UNKNOWN", "image_tag": "a:UNKNOWN", "task_arn": "UNKNOWN"}],
        "tasks": [{"arn": "UNKNOWN"}, {"arn": "t", "service_arn": "UNKNOWN"}],
        "services": [{"arn": "UNKNOWN", "tags": {"a": "b"}}],
    });
    let outcome = ecs(&[], &report, with(120, false), NINE);
    let expected = ["cluster arn", "container UNKNOWN", "image a:UNKNOWN ", "task t"];
    assert_eq!(names(&outcome["retained"]), expected);
    assert_eq!(find(&outcome["retained"], "task", "t")["attributes"], json!({"service_arn": "UNKNOWN"}));
    assert_eq!(codes(&outcome), [""; 0]);
}
