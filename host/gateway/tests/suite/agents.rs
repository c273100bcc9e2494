//! What unchanged agents need (contract 1.1 to 1.6): a case for each trap.

use std::time::Duration;

use keepset_gateway::Settings;
use keepset_types::{InventoryType, Timestamp};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::databases::Database;
use crate::served::{NOON, Served, sample, send};

crate::cases!(
    version_is_served_in_four_spellings_without_credentials_and_without_redirects,
    version_can_say_that_there_are_no_integrations,
    a_kubernetes_report_is_answered_201_without_a_body,
    an_ecs_report_is_answered_204_without_a_body,
    the_paths_of_the_first_version_are_the_same,
    unknown_paths_of_the_first_version_are_404_before_anybody_is_asked_who_they_are,
    the_probe_of_credentials_is_answered_and_stores_nothing,
    an_account_that_one_may_not_use_is_403,
    an_account_that_is_not_there_is_404_for_an_admin,
    an_empty_account_is_ones_own,
    a_user_who_may_not_post_is_never_told_403,
    unauthorized_is_a_plain_text_with_a_challenge,
    unknown_urls_and_methods_are_refused_as_frameworks_do,
    every_sample_report_is_taken,
    null_for_an_array_is_taken,
    a_fault_in_a_report_is_400_with_its_place,
    a_body_that_is_too_large_is_413,
    a_body_that_is_not_json_by_its_own_account_is_415,
    idle_connections_are_closed,
    a_header_that_never_ends_is_cut_off,
    the_request_id_comes_back,
    a_report_that_is_repeated_changes_nothing,
    what_is_said_again_in_any_order_is_not_read_again,
    a_namespace_that_is_listed_empty_is_emptied_with_overwrite,
    an_empty_report_removes_nothing,
);

async fn version_is_served_in_four_spellings_without_credentials_and_without_redirects(database: Database) {
    let served = Served::new(database).await;
    for path in ["/version", "/version/", "//version", "/v2/version"] {
        let answer = send(served.anonymous(Method::GET, path)).await.is(200);
        assert_eq!(answer.header("content-type"), "application/json");
        let version = answer.json();
        assert_eq!(version["api"]["version"], json!("2"), "{path}");
        assert_eq!(version["service"]["version"], "5.11.0");
        assert_eq!(version["db"]["schema_version"], "5110");
        assert!(version["service"]["implementation"].as_str().unwrap().starts_with("keepset "));
    }
}

async fn version_can_say_that_there_are_no_integrations(database: Database) {
    let settings = Settings { compat_service_version: "5.10.0".to_owned(), ..Settings::default() };
    let served = Served::with(database, settings).await;
    let version = send(served.anonymous(Method::GET, "/version")).await.json();
    assert_eq!(version["service"]["version"], "5.10.0");
}

async fn a_kubernetes_report_is_answered_201_without_a_body(database: Database) {
    let served = Served::new(database).await;
    let answer = served.report("k8s-report").await.is(201);
    assert_eq!(answer.text, "");
    assert_eq!(served.images().await.len(), 6);
}

async fn an_ecs_report_is_answered_204_without_a_body(database: Database) {
    let served = Served::new(database).await;
    let answer = served.report("ecs-report").await.is(204);
    assert_eq!(answer.text, "");
    assert!(!served.images().await.is_empty());
}

async fn the_paths_of_the_first_version_are_the_same(database: Database) {
    let served = Served::new(database).await;
    let path = "/v1/enterprise/kubernetes-inventory";
    assert_eq!(served.post("agent", path, sample("k8s-report")).await.is(201).text, "");
    served.post("agent", "/v1/enterprise/ecs-inventory", sample("ecs-report")).await.is(204);
    let images = served.images().await;
    assert!(images.iter().any(|image| image["inventory_type"] == "kubernetes"));
    assert!(images.iter().any(|image| image["inventory_type"] == "ecs"));
}

async fn unknown_paths_of_the_first_version_are_404_before_anybody_is_asked_who_they_are(database: Database) {
    let served = Served::new(database).await;
    for path in ["/v1/", "/v1/enterprise/inventories", "/v1/enterprise/ecs-inventory/", "/v1/x"] {
        for method in [Method::GET, Method::POST] {
            let answer = send(served.anonymous(method, path)).await.is(404);
            assert!(answer.json()["detail"].is_string());
        }
    }
}

async fn the_probe_of_credentials_is_answered_and_stores_nothing(database: Database) {
    let served = Served::new(database).await;
    served.report("ecs-report-validating-creds").await.is(204);
    assert_eq!(served.images().await, Vec::<Value>::new());
    assert!(served.store.contexts("a").await.unwrap().is_empty());
    let wrong = served
        .anonymous(Method::POST, "/v2/ecs-inventory")
        .basic_auth("agent", Some("wrong"))
        .body(sample("ecs-report-validating-creds"));
    send(wrong).await.is(401);
}

async fn an_account_that_one_may_not_use_is_403(database: Database) {
    let served = Served::new(database).await;
    for account in ["b", "there-is-none"] {
        let request = served.request("agent", Method::POST, "/v2/kubernetes-inventory");
        let request = request.header("x-anchore-account", account).body(sample("k8s-report"));
        let body = send(request.header("content-type", "application/json")).await.is_refusal(403);
        let message =
            format!("Not authorized. Requires permissions: domain={account} action=syncInventory target=");
        assert_eq!(body["message"], message);
    }
    assert!(served.store.contexts("b").await.unwrap().is_empty());
}

async fn an_account_that_is_not_there_is_404_for_an_admin(database: Database) {
    let served = Served::new(database).await;
    let request = served.request("admin", Method::POST, "/v2/kubernetes-inventory");
    let request = request.header("x-anchore-account", "payments-team").body(sample("k8s-report"));
    let body = send(request).await.is_refusal(404);
    assert_eq!(body["message"], "User account not found. Name=payments-team");
    // And one that is there is reported to.
    let request = served.request("admin", Method::POST, "/v2/kubernetes-inventory");
    send(request.header("x-anchore-account", "a").body(sample("k8s-report"))).await.is(201);
    assert_eq!(served.images().await.len(), 6);
}

async fn an_empty_account_is_ones_own(database: Database) {
    let served = Served::new(database).await;
    let request = served.request("agent", Method::POST, "/v2/kubernetes-inventory");
    send(request.header("x-anchore-account", "").body(sample("k8s-report"))).await.is(201);
    let request = served.request("agent", Method::POST, "/v2/kubernetes-inventory");
    send(request.header("x-anchore-account", "a").body(sample("k8s-report"))).await.is(201);
    assert_eq!(served.images().await.len(), 6);
}

async fn a_user_who_may_not_post_is_never_told_403(database: Database) {
    let served = Served::new(database).await;
    for path in ["/v2/kubernetes-inventory", "/v2/ecs-inventory", "/v1/enterprise/ecs-inventory"] {
        let body = served.post("reader", path, sample("k8s-report")).await.is_refusal(400);
        assert_eq!(body["detail"]["error_codes"], json!(["role_not_permitted"]));
    }
    assert!(served.store.contexts("a").await.unwrap().is_empty());
}

async fn unauthorized_is_a_plain_text_with_a_challenge(database: Database) {
    let served = Served::new(database).await;
    for request in [
        served.anonymous(Method::POST, "/v2/kubernetes-inventory").body("{}"),
        served.anonymous(Method::GET, "/v2/inventories"),
        served.anonymous(Method::GET, "/v2/inventories").basic_auth("nobody", Some("x")),
        served.anonymous(Method::GET, "/v2/inventories").basic_auth("alice", Some("x")),
        served.anonymous(Method::GET, "/v2/inventories").bearer_auth("x"),
        served.anonymous(Method::GET, "/v2/inventories").header("authorization", "Basic %%%"),
    ] {
        let answer = send(request).await.is(401);
        assert_eq!(answer.text, "Unauthorized");
        assert!(answer.header("content-type").starts_with("text/plain"));
        assert_eq!(answer.header("www-authenticate"), r#"basic realm="Authentication required""#);
    }
}

async fn unknown_urls_and_methods_are_refused_as_frameworks_do(database: Database) {
    let served = Served::new(database).await;
    for path in ["/v2/inventories/x", "/v2/kubernetes-clusters", "/nowhere", "/v3"] {
        let answer = send(served.anonymous(Method::GET, path)).await.is(404);
        assert_eq!(answer.header("content-type"), "application/json");
        let body = answer.json();
        assert_eq!((&body["type"], &body["title"]), (&json!("about:blank"), &json!("Not Found")));
        assert!(
            body["detail"].as_str().unwrap().starts_with("The requested URL was not found on the server.")
        );
        assert_eq!(body["status"], 404);
    }
    for (method, path) in [
        (Method::GET, "/v2/kubernetes-inventory"),
        (Method::POST, "/v2/inventories"),
        (Method::PUT, "/version"),
    ] {
        let answer = send(served.anonymous(method, path)).await.is(405);
        assert_eq!(answer.header("content-type"), "application/json");
        assert_eq!(answer.json()["detail"], "Method Not Allowed");
        assert_ne!(answer.header("allow"), "");
    }
}

async fn every_sample_report_is_taken(database: Database) {
    let served = Served::new(database).await;
    let folder = format!("{}/../../tests/reports", env!("CARGO_MANIFEST_DIR"));
    let mut taken = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let Some(name) = name.strip_suffix(".json") else { continue };
        if name.starts_with("ecs-") || name.starts_with("k8s-") {
            served.report(name).await;
            taken += 1;
        }
    }
    assert!(taken > 15, "{taken}");
}

async fn null_for_an_array_is_taken(database: Database) {
    let served = Served::new(database).await;
    let report = json!({
        "cluster_name": "c", "timestamp": "2026-08-06T09:00:00Z", "serverVersionMetadata": null,
        "namespaces": null, "nodes": null, "pods": null, "containers": null,
    });
    served.post("agent", "/v2/kubernetes-inventory", report.to_string()).await.is(201);
}

async fn a_fault_in_a_report_is_400_with_its_place(database: Database) {
    let served = Served::new(database).await;
    let no_time = json!({"cluster_name": "c"}).to_string();
    let blank = json!({
        "cluster_name": "c", "timestamp": "2026-08-06T09:00:00Z",
        "containers": [{"id": "x", "name": "x", "image_tag": " ", "pod_uid": "p"}],
    });
    for (report, pointer) in [
        (blank.to_string(), Some("/containers/0/image_tag")),
        (no_time, None),
        ("<html>".to_owned(), None),
        (String::new(), None),
        ("[]".to_owned(), None),
    ] {
        let body = served.post("agent", "/v2/kubernetes-inventory", report.clone()).await.is_refusal(400);
        assert_eq!(body["detail"]["error_codes"], json!(["invalid_report"]), "{report}: {body}");
        if let Some(pointer) = pointer {
            assert_eq!(body["detail"]["pointer"], pointer);
        }
    }
    let long = json!({
        "cluster_name": "c".repeat(3000), "timestamp": "2026-08-06T09:00:00Z",
        "namespaces": [{"uid": "u", "name": "n"}],
    });
    let body = served.post("agent", "/v2/kubernetes-inventory", long.to_string()).await.is_refusal(400);
    assert_eq!(body["detail"]["error_codes"], json!(["unstorable"]));
    assert!(served.store.contexts("a").await.unwrap().is_empty());
}

async fn a_body_that_is_too_large_is_413(database: Database) {
    let served = Served::with(database, Settings { body_limit: 10_000, ..Settings::default() }).await;
    let large = format!("{}{}", sample("k8s-report"), " ".repeat(10_000));
    let body = served.post("agent", "/v2/kubernetes-inventory", large.clone()).await.is_refusal(413);
    assert_eq!(body["error_type"], "payload_too_large");
    // Without a length in its header, too.
    let chunks: Vec<Result<String, std::io::Error>> =
        large.as_bytes().chunks(1000).map(|chunk| Ok(String::from_utf8(chunk.to_vec()).unwrap())).collect();
    let body = reqwest::Body::wrap_stream(futures_util::stream::iter(chunks));
    let request = served.request("agent", Method::POST, "/v2/ecs-inventory").body(body);
    send(request).await.is_refusal(413);
}

async fn a_body_that_is_not_json_by_its_own_account_is_415(database: Database) {
    let served = Served::new(database).await;
    for path in ["/v2/kubernetes-inventory", "/v2/system/integrations/registration"] {
        let request = served.request("agent", Method::POST, path).header("content-type", "text/xml");
        send(request.body("{}")).await.is_refusal(415);
    }
    for path in ["/v2/kubernetes-inventory", "/v2/ecs-inventory"] {
        let request = served.request("agent", Method::POST, path).header("content-encoding", "gzip");
        let body = send(request.body("\u{1f}")).await.is_refusal(415);
        assert!(body["message"].as_str().unwrap().contains("Content-Encoding"), "{body}");
    }
    for media_type in ["application/json; charset=utf-8", "Application/JSON"] {
        let request = served.request("agent", Method::POST, "/v2/kubernetes-inventory");
        send(request.header("content-type", media_type).body(sample("k8s-report"))).await.is(201);
    }
}

/// Reads until the other side closes.
async fn closed_after(stream: &mut TcpStream) -> (String, Duration) {
    let started = std::time::Instant::now();
    let mut text = Vec::new();
    let reading = stream.read_to_end(&mut text);
    let read = tokio::time::timeout(Duration::from_secs(20), reading).await.expect("it stays open");
    read.unwrap();
    (String::from_utf8_lossy(&text).into_owned(), started.elapsed())
}

async fn idle_connections_are_closed(database: Database) {
    let settings = Settings { idle_timeout: Duration::from_millis(700), ..Settings::default() };
    let served = Served::with(database, settings).await;
    let address = served.url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    for _ in 0..2 {
        stream.write_all(b"GET /version HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let (text, after) = closed_after(&mut stream).await;
    assert_eq!(text.matches("HTTP/1.1 200 OK").count(), 2, "the connection was used twice");
    assert!(after > Duration::from_millis(300) && after < Duration::from_secs(10), "{after:?}");
    let mut silent = TcpStream::connect(address).await.unwrap();
    let (_, after) = closed_after(&mut silent).await;
    assert!(after < Duration::from_secs(10), "{after:?}");
}

async fn a_header_that_never_ends_is_cut_off(database: Database) {
    let settings = Settings { idle_timeout: Duration::from_millis(500), ..Settings::default() };
    let served = Served::with(database, settings).await;
    let mut stream = TcpStream::connect(served.url.strip_prefix("http://").unwrap()).await.unwrap();
    stream.write_all(b"GET /version HTTP/1.1\r\nhost:").await.unwrap();
    let (_, after) = closed_after(&mut stream).await;
    assert!(after < Duration::from_secs(10), "{after:?}");
}

async fn the_request_id_comes_back(database: Database) {
    let served = Served::new(database).await;
    let given = served.request("reader", Method::GET, "/v2/inventories");
    let answer = send(given.header("Anchore-Request-Id", "0a-b1")).await.is(200);
    assert_eq!(answer.header("anchore-request-id"), "0a-b1");
    for id in ["", "Upper", "with space", &"x".repeat(65)] {
        let given = served.anonymous(Method::GET, "/version").header("Anchore-Request-Id", id);
        let echoed = send(given).await;
        assert_eq!(echoed.header("anchore-request-id").len(), 36, "one of ours for {id:?}");
    }
}

async fn a_report_that_is_repeated_changes_nothing(database: Database) {
    let served = Served::new(database).await;
    served.report("k8s-report").await;
    let before = served.images().await;
    served.set_time(60);
    served.report("k8s-report").await;
    let after = served.images().await;
    let strip = |images: &[Value]| -> Vec<Value> {
        let mut images = images.to_vec();
        for image in &mut images {
            image.as_object_mut().unwrap().remove("last_updated");
        }
        images
    };
    assert_eq!(strip(&before), strip(&after));
    assert_eq!(after[0]["last_updated"], "2026-08-06T09:01:08Z");
}

async fn what_is_said_again_in_any_order_is_not_read_again(database: Database) {
    let served = Served::new(database).await;
    let report = async |seconds: i64, ahead: i64, pods: &[&str]| {
        served.set_time(seconds);
        let pod =
            |uid: &&str| json!({"uid": uid, "name": uid, "namespace_uid": "u", "labels": {"app": "web"}});
        let container =
            |uid: &&str| json!({"id": uid, "name": "main", "image_tag": "nginx:1", "pod_uid": uid});
        let body = json!({
            "cluster_name": "c",
            "containers": pods.iter().map(container).collect::<Vec<_>>(),
            "namespaces": [{"uid": "u", "name": "default"}],
            "nodes": [],
            "pods": pods.iter().rev().map(pod).collect::<Vec<_>>(),
            "timestamp": Timestamp::from_unix(NOON + seconds + ahead).unwrap().to_string(),
        });
        served.post("agent", "/v2/kubernetes-inventory", body.to_string()).await.is(201);
        served.metric("keepset_reports_again_total").await
    };
    // One brings the rows, and from then on it is known.
    assert_eq!(report(0, 0, &["p1", "p2", "p3"]).await, 0.0);
    assert_eq!(report(60, 0, &["p2", "p3", "p1"]).await, 1.0);
    assert_eq!(report(120, 0, &["p3", "p1", "p2"]).await, 2.0);
    let rows = served.store.context_rows("a", InventoryType::Kubernetes, "c/default").await.unwrap();
    assert_eq!(rows.len(), 8, "a namespace, three pods, their containers, an image");
    for row in rows {
        let times = [row.created_at, row.last_updated, row.last_seen].map(|time| time.unix() - NOON);
        assert_eq!(times, [0, 120, 120], "{}", row.key);
    }
    // A clock that is ahead is warned of, by whoever reads.
    assert_eq!(report(180, 900, &["p1", "p2", "p3"]).await, 2.0);
    assert_eq!(served.metric(r#"keepset_warnings_total{code="clock_ahead"}"#).await, 1.0);
    // Somebody deletes it: it comes back.
    served.delete("alice", "/v2/inventories?inventory_type=kubernetes&context=c/default").await.is(204);
    assert_eq!(report(240, 0, &["p1", "p2", "p3"]).await, 2.0);
    assert_eq!(served.images().await.len(), 1);
    // One more runs: that is another report, and so is the next one without it.
    assert_eq!(report(300, 0, &["p1", "p2", "p3", "p4"]).await, 2.0);
    assert_eq!(report(360, 0, &["p1", "p2", "p3"]).await, 2.0);
    assert_eq!(report(420, 0, &["p1", "p2", "p3"]).await, 3.0, "p4 stays, with times of its own");
}

async fn a_namespace_that_is_listed_empty_is_emptied_with_overwrite(database: Database) {
    let mut settings = Settings::default();
    settings.config.image_ingest_overwrite = true;
    let served = Served::with(database, settings).await;
    served.report("k8s-report").await;
    served.set_time(600);
    served.report("k8s-report-empty-namespace").await;
    assert_eq!(served.images().await.len(), 3, "payments is emptied, default is kept");
}

async fn an_empty_report_removes_nothing(database: Database) {
    let mut settings = Settings::default();
    settings.config.image_ingest_overwrite = true;
    let served = Served::with(database, settings).await;
    served.report("k8s-report").await;
    served.set_time(600);
    served.report("k8s-report-empty").await;
    assert_eq!(served.images().await.len(), 6);
}
