//! What the published API does not have: explain, preview, removals, metrics.

use keepset_types::Config;
use serde_json::{Value, json};

use crate::databases::Database;
use crate::served::{DAY, Served, sample};
use keepset_gateway::Settings;

crate::cases!(
    a_row_is_explained,
    a_row_is_explained_under_another_ttl,
    a_question_that_matches_nothing_is_404,
    a_parent_is_kept_as_long_as_its_children,
    a_preview_of_a_report_says_what_it_would_remove_and_changes_nothing,
    a_preview_of_settings_says_what_they_would_remove_and_changes_nothing,
    a_preview_of_both_decides_the_report_by_those_settings,
    a_preview_of_a_deletion_says_what_it_would_remove_and_changes_nothing,
    a_preview_of_nonsense_is_400,
    removals_are_listed_newest_first_with_their_reasons,
    removals_are_filtered,
    what_happened_is_measured,
    a_shadow_is_compared_and_changes_nothing,
);

fn overwriting() -> Settings {
    let config = Config { image_ingest_overwrite: true, ..Config::default() };
    Settings { config, ..Settings::default() }
}

const EXPLAIN: &str = "/v2/keepset/explain?inventory_type=kubernetes&context=prod-eu-1%2Fdefault";

async fn a_row_is_explained(database: Database) {
    let served = Served::new(database).await;
    served.report("k8s-report").await;
    let all = served.get("reader", EXPLAIN).await.is(200).json();
    assert_eq!(
        all["config"],
        json!({"image_ttl_days": 120, "image_ingest_overwrite": false, "ecs_truncation_guard": true})
    );
    let items = all["items"].as_array().unwrap();
    assert!(items.iter().any(|item| item["kind"] == "namespace") && items.len() > 6);
    let digest = "sha256%3A9ce749261fdb85a206b911afad9e5de7c1e1107e725762f952830ff722a3c900";
    let image = served.get("reader", &format!("{EXPLAIN}&image_digest={digest}")).await.is(200).json();
    let expected = json!([{
        "inventory_type": "kubernetes",
        "context": "prod-eu-1/default",
        "kind": "image",
        "image_tag": "docker.io/library/nginx:1.29.1",
        "image_digest": "sha256:9ce749261fdb85a206b911afad9e5de7c1e1107e725762f952830ff722a3c900",
        "created_at": "2026-08-06T09:00:08Z",
        "last_updated": "2026-08-06T09:00:08Z",
        "last_seen": "2026-08-06T09:00:07Z",
        "reason": "within_ttl",
        "expires_at": "2026-12-04T09:00:08Z",
    }]);
    assert_eq!(image["items"], expected);
    let pods = served.get("reader", &format!("{EXPLAIN}&kind=pod")).await.is(200).json();
    assert!(pods["items"].as_array().unwrap().iter().all(|item| item["kind"] == "pod"));
    let id = pods["items"][0]["id"].as_str().unwrap();
    let pod = served.get("reader", &format!("{EXPLAIN}&id={id}")).await.is(200).json();
    assert_eq!(pod["items"], json!([pods["items"][0]]));
    served.gateway.replace(crate::served::plugin(), Config { image_ttl_days: 0, ..Config::default() });
    let kept = served.get("reader", EXPLAIN).await.is(200).json();
    assert!(
        kept["items"]
            .as_array()
            .unwrap()
            .iter()
            .all(|item| { item["reason"] == "ttl_disabled" && item.get("expires_at").is_none() })
    );
}

async fn a_row_is_explained_under_another_ttl(database: Database) {
    let served = Served::new(database).await;
    served.report("k8s-report").await;
    served.set_time(10 * DAY);
    let images = served.images().await;
    let under = async |days: &str| {
        let path = format!("{EXPLAIN}&kind=image&image_ttl_days={days}");
        served.get("reader", &path).await
    };
    let longer = under("30").await.is(200).json();
    assert_eq!((&longer["config"]["image_ttl_days"], &longer["removed"]), (&json!(30), &json!([])));
    assert!(
        longer["items"].as_array().unwrap().iter().all(|item| item["expires_at"] == "2026-09-05T09:00:08Z")
    );
    let shorter = under("7").await.is(200).json();
    assert_eq!(shorter["items"], json!([]));
    let removed = shorter["removed"].as_array().unwrap();
    assert_eq!(removed.len(), longer["items"].as_array().unwrap().len());
    assert!(removed.iter().all(|row| row["reason"] == "expired" && row["rule"] == "A6"), "{shorter}");
    assert_eq!(served.images().await, images, "nothing was changed");
    for junk in ["-1", "x", "", "36501", "7.5"] {
        let body = under(junk).await.is_refusal(400);
        assert_eq!(body["detail"]["parameter"], "image_ttl_days", "{junk}: {body}");
    }
}

async fn a_question_that_matches_nothing_is_404(database: Database) {
    let served = Served::new(database).await;
    served.report("k8s-report").await;
    served.get("reader", &format!("{EXPLAIN}&id=nothing")).await.is_refusal(404);
    served.get("reader", &EXPLAIN.replace("default", "nothing")).await.is_refusal(404);
    served.get("reader", "/v2/keepset/explain?context=x").await.is_refusal(400);
    served.get("reader", &format!("{EXPLAIN}&kind=planet")).await.is_refusal(400);
    served.get("agent", EXPLAIN).await.is_refusal(403);
}

async fn a_parent_is_kept_as_long_as_its_children(database: Database) {
    let served = Served::new(database).await;
    served.report("k8s-report").await;
    let explained = served.get("reader", EXPLAIN).await.is(200).json();
    let until = |kind: &str| -> Vec<&str> {
        let items = explained["items"].as_array().unwrap().iter().filter(|item| item["kind"] == kind);
        items.map(|item| item["expires_at"].as_str().unwrap()).collect()
    };
    assert!(until("namespace")[0] >= until("container").into_iter().max().unwrap());
}

async fn everything(served: &Served) -> Vec<Value> {
    let mut all = Vec::new();
    for path in [
        "/v2/inventories",
        "/v2/kubernetes-pods?page=1",
        "/v2/kubernetes-nodes?page=1",
        "/v2/keepset/removals",
    ] {
        all.push(served.get("reader", path).await.is(200).json());
    }
    all
}

async fn a_preview_of_a_report_says_what_it_would_remove_and_changes_nothing(database: Database) {
    let served = Served::with(database, overwriting()).await;
    served.report("k8s-report").await;
    served.set_time(600);
    let before = everything(&served).await;
    let preview =
        served.post("reader", "/v2/keepset/preview", sample("k8s-report-next-poll")).await.is(200).json();
    assert_eq!(everything(&served).await, before);
    served.report("k8s-report-next-poll").await;
    assert_eq!(served.images().await.len(), 3);
    let log = served.get("reader", "/v2/keepset/removals").await.json();
    let keys = |list: &Value| -> Vec<String> {
        let mut keys: Vec<String> = list
            .as_array()
            .unwrap()
            .iter()
            .map(|row| {
                format!(
                    "{} {} {} {} {}",
                    row["kind"], row["id"], row["image_tag"], row["context"], row["reason"]
                )
            })
            .collect();
        keys.sort();
        keys
    };
    assert!(!preview["removed"].as_array().unwrap().is_empty());
    assert_eq!(keys(&preview["removed"]), keys(&log["items"]), "what was foretold came true");
    served.post("reader", "/v2/keepset/preview", sample("ecs-report")).await.is(200);
    assert!(!served.images().await.iter().any(|image| image["inventory_type"] == "ecs"));
}

async fn a_preview_of_settings_says_what_they_would_remove_and_changes_nothing(database: Database) {
    let served = Served::new(database).await;
    served.report("k8s-report").await;
    served.set_time(10 * DAY);
    let before = everything(&served).await;
    let preview = async |config: Value| {
        let body = json!({"config": config}).to_string();
        served.post("reader", "/v2/keepset/preview", body).await.is(200).json()
    };
    let short = preview(json!({"image_ttl_days": 7})).await;
    let removed = short["removed"].as_array().unwrap();
    assert!(removed.len() > 12 && removed.iter().all(|row| row["reason"] == "expired"), "{short}");
    assert_eq!(short["config"]["image_ttl_days"], 7);
    let alias = preview(json!({"inventory_ttl_days": 7})).await;
    assert_eq!(short["removed"], alias["removed"]);
    let none = preview(json!({})).await;
    assert_eq!((&none["removed"], &none["config"]["image_ttl_days"]), (&json!([]), &json!(120)));
    assert!(none["next_expiry"].is_string());
    let warned = preview(json!({"image_ttl_days": 0, "image_ingest_overwrite": true})).await;
    assert_eq!(warned["warnings"][0]["code"], "overwrite_without_ttl");
    assert_eq!(everything(&served).await, before);
}

async fn a_preview_of_both_decides_the_report_by_those_settings(database: Database) {
    let served = Served::new(database).await;
    served.report("k8s-report").await;
    served.set_time(600);
    let before = everything(&served).await;
    let mut report: Value = serde_json::from_str(&sample("k8s-report-next-poll")).unwrap();
    let removed = async |report: &Value| {
        let preview = served.post("reader", "/v2/keepset/preview", report.to_string()).await.is(200).json();
        preview["removed"].as_array().unwrap().len()
    };
    assert_eq!(removed(&report).await, 0);
    report["config"] = json!({"image_ingest_overwrite": true});
    assert!(removed(&report).await > 5);
    assert_eq!(everything(&served).await, before);
}

async fn a_preview_of_a_deletion_says_what_it_would_remove_and_changes_nothing(database: Database) {
    let served = Served::new(database).await;
    served.report("k8s-report").await;
    served.set_time(600);
    let before = everything(&served).await;
    let preview = async |context: &str, digest: Option<&str>| {
        let mut deletion = json!({"inventory_type": "kubernetes", "context": context});
        if let Some(digest) = digest {
            deletion["image_digest"] = json!(digest);
        }
        served.post("reader", "/v2/keepset/preview", json!({"delete": deletion}).to_string()).await
    };
    let image = preview("prod-eu-1/payments", Some("unknown")).await.is(200).json();
    assert!(image["removed"].as_array().unwrap().iter().all(|row| row["rule"] == "D2"), "{image}");
    let context = preview("prod-eu-1/default", None).await.is(200).json();
    preview("prod-eu-1", None).await.is_refusal(404); // nodes are not deleted so (D1)
    let body = preview("prod-eu-1/default", Some("sha256:0")).await.is_refusal(404);
    assert_eq!(body["message"], "Inventory not found");
    assert_eq!(everything(&served).await, before);
    served
        .delete("alice", "/v2/inventories?inventory_type=kubernetes&context=prod-eu-1%2Fdefault")
        .await
        .is(204);
    let log = served.get("reader", "/v2/keepset/removals").await.json();
    let keys = |list: &Value| -> Vec<String> {
        let rows = list.as_array().unwrap().iter();
        let mut keys: Vec<String> = rows
            .map(|row| format!("{} {} {} {}", row["kind"], row["id"], row["image_tag"], row["rule"]))
            .collect();
        keys.sort();
        keys
    };
    assert_eq!(keys(&context["removed"]), keys(&log["items"]), "what was foretold came true");
    served.set_time(121 * DAY);
    preview("prod-eu-1/payments", None).await.is_refusal(404);
}

async fn a_preview_of_nonsense_is_400(database: Database) {
    let served = Served::new(database).await;
    for (body, pointer) in [
        (json!({"config": {"image_ttl_days": -1}}), "/config/image_ttl_days"),
        (json!({"config": {"image_ttl_day": 1}}), "/config/image_ttl_day"),
        (json!({"cluster_name": "c"}), ""),
        (json!({}), ""),
        (json!({"cluster_name": "c", "config": {"image_ttl_days": "x"}}), "/config/image_ttl_days"),
        (json!([]), ""),
        (json!({"report": {"cluster_name": "c"}}), "/report"),
        (json!({"report": {"cluster_name": "c"}, "config": {"image_ttl_days": 7}}), "/report"),
        (json!({"config": {}, "a/b": 1}), "/a~1b"),
        (json!({"delete": {"inventory_type": "ecs", "context": "c"}, "config": {}}), "/delete"),
        (json!({"delete": {"inventory_type": "ecs", "context": "c"}, "cluster_name": "c"}), "/delete"),
        (json!({"delete": {"inventory_type": "ecs", "context": "c", "image": "x"}}), "/delete/image"),
        (json!({"delete": {"inventory_type": "ecs", "context": ""}}), "/delete/context"),
        (json!({"delete": {"inventory_type": "ECS", "context": "c"}}), "/delete/inventory_type"),
    ] {
        let body = served.post("reader", "/v2/keepset/preview", body.to_string()).await.is_refusal(400);
        assert_eq!(body["detail"]["pointer"].as_str().unwrap_or_default(), pointer, "{body}");
    }
    served.post("reader", "/v2/keepset/preview", "no").await.is_refusal(400);
}

async fn removals_are_listed_newest_first_with_their_reasons(database: Database) {
    let served = Served::with(database, overwriting()).await;
    served.report("k8s-report").await;
    served.set_time(600);
    let id = served.report("k8s-report-next-poll").await.header("anchore-request-id").to_owned();
    let log = served.get("reader", "/v2/keepset/removals").await.is(200).json();
    let overwritten = log["items"].as_array().unwrap().clone();
    assert!(
        overwritten
            .iter()
            .all(|row| row["report"] == json!(id) && row["removed_at"] == "2026-08-06T09:10:08Z")
    );
    assert!(overwritten.iter().any(|row| row["reason"] == "overwritten" && row["rule"] == "A2"));
    served.set_time(600 + DAY);
    let deleted = served
        .delete("alice", "/v2/inventories?inventory_type=kubernetes&context=prod-eu-1%2Fdefault")
        .await
        .is(204);
    let log = served.get("reader", "/v2/keepset/removals").await.json();
    let first = &log["items"][0];
    assert_eq!((&first["reason"], &first["rule"]), (&json!("deleted"), &json!("D1")));
    assert_eq!(first["report"], deleted.header("anchore-request-id"));
    let all = log["items"].as_array().unwrap();
    assert!(all.is_sorted_by(|a, b| a["number"].as_i64() > b["number"].as_i64()));
    assert!(log.get("next").is_none());
    let (mut paged, mut before) = (Vec::new(), String::new());
    loop {
        let path = format!("/v2/keepset/removals?page_size=2{before}");
        let page = served.get("reader", &path).await.is(200).json();
        paged.extend(page["items"].as_array().unwrap().clone());
        let Some(next) = page["next"].as_i64() else { break };
        before = format!("&before={next}");
    }
    assert_eq!(&paged, all);
    assert_eq!(served.get("bob", "/v2/keepset/removals").await.is(200).json()["items"], json!([]));
    served.get("reader", "/v2/keepset/removals?before=x").await.is_refusal(400);
    let deleted = served.delete("alice", "/v2/kubernetes-namespaces?cluster_name=prod-eu-1").await.is(204);
    let log = served.get("reader", "/v2/keepset/removals?page_size=1").await.json();
    assert_eq!(log["items"][0]["report"], deleted.header("anchore-request-id"));
}

async fn removals_are_filtered(database: Database) {
    type Matches = fn(&Value) -> bool;
    let served = Served::with(database, overwriting()).await;
    served.report("k8s-report").await;
    served.set_time(600);
    served.report("k8s-report-next-poll").await;
    served.set_time(1200);
    served
        .delete("alice", "/v2/inventories?inventory_type=kubernetes&context=prod-eu-1%2Fdefault")
        .await
        .is(204);
    let get = async |query: &str| {
        let path = format!("/v2/keepset/removals?{query}");
        served.get("reader", &path).await.is(200).json()["items"].as_array().unwrap().clone()
    };
    let all = get("").await;
    let filters: [(&str, Matches); 6] = [
        ("inventory_type=kubernetes", |_| true),
        ("context=prod-eu-1%2Fdefault", |row| row["context"] == "prod-eu-1/default"),
        ("kind=pod", |row| row["kind"] == "pod"),
        ("reason=deleted", |row| row["reason"] == "deleted"),
        ("since=2026-08-06T09:20:00Z", |row| row["removed_at"] == "2026-08-06T09:20:08Z"),
        ("until=2026-08-06T11:20:08%2B02:00&reason=overwritten", |row| row["reason"] == "overwritten"),
    ];
    for (query, matches) in filters {
        let found = get(query).await;
        let expected: Vec<Value> = all.iter().filter(|row| matches(row)).cloned().collect();
        assert_eq!(found, expected, "{query}");
        assert!(!found.is_empty(), "{query}");
    }
    assert!(get("inventory_type=ecs").await.is_empty());
    for (query, parameter) in [
        ("inventory_type=k8s", "inventory_type"),
        ("context=", "context"),
        ("kind=planet", "kind"),
        ("reason=none", "reason"),
        ("since=yesterday", "since"),
        ("until=", "until"),
    ] {
        let body = served.get("reader", &format!("/v2/keepset/removals?{query}")).await.is_refusal(400);
        assert_eq!(body["detail"]["parameter"], parameter, "{query}: {body}");
    }
}

async fn what_happened_is_measured(database: Database) {
    let served = Served::with(database, overwriting()).await;
    // What alerts look at begins at 0.
    for line in [
        r#"keepset_reports_total{inventory_type="ecs",result="failed"} 0"#,
        r#"keepset_plugin_failures_total{call="decide",code="plugin_time_limit"} 0"#,
        r#"keepset_warnings_total{code="namespace_uid_changed"} 0"#,
    ] {
        assert!(served.metrics().await.contains(line), "{line}");
    }
    served.report("k8s-report").await;
    served.report("k8s-report-duplicate-containers").await;
    served.set_time(600);
    served.report("k8s-report-next-poll").await;
    served.post("agent", "/v2/kubernetes-inventory", "no").await.is(400);
    served.get("nobody", "/v2/inventories").await.is(401);
    let digest = served.gateway.plugin().digest;
    for (line, least) in [
        (r#"keepset_requests_total{route="/v2/kubernetes-inventory",method="POST",status="201"}"#, 3.0),
        (r#"keepset_requests_total{route="/v2/kubernetes-inventory",method="POST",status="400"}"#, 1.0),
        (r#"keepset_reports_total{inventory_type="kubernetes",result="stored"}"#, 3.0),
        (r#"keepset_reports_total{inventory_type="kubernetes",result="refused"}"#, 1.0),
        (r#"keepset_rows_added_total"#, 10.0),
        (r#"keepset_rows_touched_total"#, 1.0),
        (r#"keepset_rows_removed_total{reason="overwritten",rule="A2"}"#, 1.0),
        (r#"keepset_plugin_duration_seconds_count{call="observe"}"#, 4.0),
        (r#"keepset_plugin_duration_seconds_count{call="decide"}"#, 3.0),
        (r#"keepset_store_duration_seconds_count{call="apply"}"#, 3.0),
        (r#"keepset_logins_refused_total{reason="wrong_credentials"}"#, 1.0),
        (&*format!(r#"keepset_plugin_info{{role="live",digest="{digest}""#), 1.0),
        ("keepset_request_duration_seconds_bucket", 0.0),
        ("keepset_sweeps_total", 0.0),
    ] {
        let text = served.metrics().await;
        assert!(text.contains(line), "{line} is not in\n{text}");
        assert!(served.metric(line).await >= least, "{line} in\n{text}");
    }
    assert!(served.metrics().await.ends_with("# EOF\n"));
}

async fn a_shadow_is_compared_and_changes_nothing(database: Database) {
    let served = Served::new(database).await;
    served.gateway.set_shadow(Some((None, Config { image_ingest_overwrite: true, ..Config::default() })));
    served.report("k8s-report").await;
    served.set_time(600);
    served.report("k8s-report-next-poll").await;
    assert_eq!(served.images().await.len(), 8, "the shadow would have left 3");
    let different = r#"keepset_shadow_reports_total{inventory_type="kubernetes",result="different"}"#;
    for _ in 0..100 {
        if served.metric(different).await >= 1.0 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let text = served.metrics().await;
    assert!(text.contains(different), "{text}");
    assert!(served.metric(r#"keepset_shadow_rows_total{side="only_shadow_removes"}"#).await > 3.0);
    assert!(text.contains(r#"keepset_plugin_info{role="shadow""#));
    served.gateway.set_shadow(None);
    assert!(!served.metrics().await.contains(r#"role="shadow""#));
}
