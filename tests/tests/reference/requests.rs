//! Sections 4 and 5: deletions and configuration.

use super::*;

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
