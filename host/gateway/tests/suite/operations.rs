//! What must hold when things go wrong: a plugin that fails, too much at once, an end.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use keepset_gateway::Settings;
use keepset_host::Limits;
use keepset_store::RemovalFilter;
use reqwest::Method;
use rustls::pki_types::PrivateKeyDer;
use serde_json::{Value, json};
use sqlx::{Connection as _, Executor as _};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;

use crate::databases::{Database, Kind};
use crate::served::{DAY, Served, plugin, sample, send};

crate::cases!(
    a_plugin_that_hits_a_limit_is_503_and_changes_nothing,
    a_plugin_is_replaced_while_it_is_served,
    more_reports_than_the_queue_holds_are_503,
    a_body_that_never_ends_is_503,
    who_leaves_unanswered_is_counted,
    who_stops_answers_503_and_ends,
    what_is_due_goes_in_the_background,
    reports_at_once_are_all_stored,
    a_crash_of_the_database_is_503_and_never_500,
    with_a_certificate_it_speaks_tls,
);

/// A body that stays open until it is dropped.
fn endless() -> (mpsc::Sender<Result<Bytes, io::Error>>, reqwest::Body) {
    let (send, receive) = mpsc::channel(1);
    let body = stream::unfold(receive, |mut receive| async move {
        let piece: Result<Bytes, io::Error> = receive.recv().await?;
        Some((piece, receive))
    });
    (send, reqwest::Body::wrap_stream(body))
}

async fn a_plugin_that_hits_a_limit_is_503_and_changes_nothing(database: Database) {
    let served = Served::new(database).await;
    served.report("k8s-report").await;
    let before = served.images().await;
    for (limits, code) in [
        (Limits { memory: 1 << 16, ..Limits::default() }, "plugin_memory_limit"),
        (Limits { input: 100, ..Limits::default() }, "plugin_input_limit"),
        (Limits { result: 100, ..Limits::default() }, "plugin_result_limit"),
    ] {
        served.gateway.replace(plugin().with_limits(limits), served.gateway.config());
        let answer = served.post("agent", "/v2/kubernetes-inventory", sample("k8s-report-next-poll")).await;
        assert_eq!(answer.header("retry-after"), "5");
        let body = answer.is_refusal(503);
        assert_eq!(body["detail"]["error_codes"], json!([code]));
        let deletion = "/v2/inventories?inventory_type=kubernetes&context=prod-eu-1%2Fdefault";
        served.delete("alice", deletion).await.is_refusal(503);
        assert_eq!(served.images().await, before);
    }
    // What would have to be swept first is not shown unswept.
    served.gateway.replace(
        plugin().with_limits(Limits { memory: 1 << 16, ..Limits::default() }),
        served.gateway.config(),
    );
    served.set_time(121 * DAY);
    served.get("reader", "/v2/inventories").await.is_refusal(503);
    served.gateway.replace(plugin(), served.gateway.config());
    assert_eq!(served.images().await, Vec::<Value>::new());
}

async fn a_plugin_is_replaced_while_it_is_served(database: Database) {
    let served = Served::new(database).await;
    served.report("k8s-report").await;
    served.gateway.replace(
        plugin().with_limits(Limits { memory: 1 << 16, ..Limits::default() }),
        served.gateway.config(),
    );
    served.post("agent", "/v2/kubernetes-inventory", sample("k8s-report")).await.is(503);
    assert!(
        served
            .metrics()
            .await
            .contains(r#"keepset_plugin_failures_total{call="observe",code="plugin_memory_limit"} 1"#)
    );
    served.gateway.replace(plugin(), served.gateway.config());
    served.report("k8s-report").await;
    let digest = served.gateway.plugin().digest;
    let text = served.metrics().await;
    assert_eq!(text.matches(r#"role="live""#).count(), 1, "{text}");
    assert!(text.contains(&digest));
}

async fn more_reports_than_the_queue_holds_are_503(database: Database) {
    let served = Served::with(database, Settings { queue_depth: 1, ..Settings::default() }).await;
    let (open, body) = endless();
    let slow = served.request("agent", Method::POST, "/v2/kubernetes-inventory").body(body);
    let slow = tokio::spawn(send(slow));
    open.send(Ok(Bytes::from_static(b"{"))).await.unwrap();
    while served.metric("keepset_reports_running").await < 1.0 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let answer = served.post("agent", "/v2/kubernetes-inventory", sample("k8s-report")).await;
    assert_eq!(answer.header("retry-after"), "5");
    assert_eq!(answer.is_refusal(503)["detail"]["error_codes"], json!(["queue_full"]));
    served.get("reader", "/v2/inventories").await.is(200);
    drop(open);
    slow.await.unwrap().is_refusal(400);
    served.report("k8s-report").await;
}

async fn a_body_that_never_ends_is_503(database: Database) {
    let settings = Settings { request_timeout: Duration::from_millis(500), ..Settings::default() };
    let served = Served::with(database, settings).await;
    served.get("agent", "/v2/user").await;
    let (open, body) = endless();
    let request = served.request("agent", Method::POST, "/v2/kubernetes-inventory").body(body);
    let answer = tokio::spawn(send(request));
    open.send(Ok(Bytes::from_static(b"{"))).await.unwrap();
    let body = answer.await.unwrap().is_refusal(503);
    assert_eq!(body["detail"]["error_codes"], json!(["request_timeout"]));
}

async fn who_leaves_unanswered_is_counted(database: Database) {
    let lock = match database.kind {
        Kind::Sqlite => "BEGIN IMMEDIATE",
        Kind::Postgres => "BEGIN; LOCK TABLE contexts IN EXCLUSIVE MODE",
    };
    let url = database.url.clone();
    let served = Served::new(database).await;
    served.report("k8s-report").await;
    // The report waits for somebody else; who sent it does not.
    let mut other = sqlx::AnyConnection::connect(&url).await.unwrap();
    other.execute(lock).await.unwrap();
    let waiting = served.request("agent", Method::POST, "/v2/kubernetes-inventory");
    let waiting = tokio::spawn(send(waiting.body(sample("k8s-report"))));
    let becomes = async |metric: &str, value: u8| {
        let line = format!("{metric} {value}");
        for _ in 0..500 {
            if served.metrics().await.lines().any(|found| found == line) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("it never comes: {line}");
    };
    becomes("keepset_reports_running", 1).await;
    // It is under way from before its body is read, and waits when that is over.
    tokio::time::sleep(Duration::from_millis(500)).await;
    waiting.abort();
    let path = "{route=\"/v2/kubernetes-inventory\",method=\"POST\",status=\"499\"}";
    becomes(&format!("keepset_requests_total{path}"), 1).await;
    becomes("keepset_requests_running", 1).await; // the one that asks
    becomes("keepset_reports_running", 0).await;
    other.execute("ROLLBACK").await.unwrap();
    served.report("k8s-report").await;
}

async fn who_stops_answers_503_and_ends(database: Database) {
    let mut served = Served::new(database).await;
    let (open, body) = endless();
    let under_way = served.request("agent", Method::POST, "/v2/kubernetes-inventory").body(body);
    let under_way = tokio::spawn(send(under_way));
    open.send(Ok(Bytes::from(sample("k8s-report")))).await.unwrap();
    while served.metric("keepset_reports_running").await < 1.0 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let serving = served.stop();
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(!serving.is_finished(), "what is under way is waited for");
    drop(open);
    under_way.await.unwrap().is(201);
    tokio::time::timeout(Duration::from_secs(10), serving).await.expect("it does not end").unwrap();
    assert_eq!(served.store.contexts("a").await.unwrap().len(), 3);
    assert!(served.anonymous(Method::GET, "/version").send().await.is_err(), "nobody listens");
}

async fn what_is_due_goes_in_the_background(database: Database) {
    let served = Served::new(database).await;
    served.report("k8s-report").await;
    assert_eq!(served.gateway.sweep_now().await, Ok(0));
    served.set_time(121 * DAY);
    assert!(served.gateway.sweep_now().await.unwrap() > 15);
    assert!(served.store.contexts("a").await.unwrap().is_empty());
    let log = served.store.removals("a", &RemovalFilter::default(), None, 100).await.unwrap();
    assert!(log.iter().all(|removal| removal.reason == "expired" && removal.report.is_empty()));
    // And by itself, when something wakes it.
    served.report("ecs-report").await;
    let settings = keepset_types::Config { image_ttl_days: 1, ..served.gateway.config() };
    served.set_time(130 * DAY);
    served.gateway.replace(plugin(), settings);
    for _ in 0..100 {
        if served.store.contexts("a").await.unwrap().is_empty() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("it is still there");
}

async fn reports_at_once_are_all_stored(database: Database) {
    let served = Served::new(database).await;
    let reports = (0..24).map(|n| {
        let report = sample("k8s-report").replace("prod-eu-1", &format!("cluster-{}", n % 8));
        let request = served.request("agent", Method::POST, "/v2/kubernetes-inventory").body(report);
        tokio::spawn(send(request))
    });
    for report in reports.collect::<Vec<_>>() {
        report.await.unwrap().is(201);
    }
    assert_eq!(served.images().await.len(), 8 * 6);
    assert_eq!(served.store.check().await.unwrap(), Vec::<String>::new());
}

async fn a_crash_of_the_database_is_503_and_never_500(database: Database) {
    let served = Served::new(database).await;
    served.store.close().await;
    for path in ["/v2/inventories", "/v2/system/integrations", "/ready"] {
        served.get("alice", path).await.is_refusal(503);
    }
    served.post("agent", "/v2/system/integrations/registration", "{}").await.is_refusal(503);
    for path in ["/version", "/health"] {
        served.get("alice", path).await.is(200);
    }
    let status = served.get("alice", "/v2/status").await.is(200).json();
    assert_eq!(status["available"], false);
}

async fn with_a_certificate_it_speaks_tls(database: Database) {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let rcgen::CertifiedKey { cert, signing_key } =
        rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
    let tls = rustls::ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .unwrap();
    let served = Served::with(database, Settings { tls: Some(Arc::new(tls)), ..Settings::default() }).await;

    let mut trusted = rustls::RootCertStore::empty();
    trusted.add(cert.der().clone()).unwrap();
    let client = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(trusted)
        .with_no_client_auth();
    let address = served.url.strip_prefix("http://").unwrap();
    let stream = TcpStream::connect(address).await.unwrap();
    let connector = tokio_rustls::TlsConnector::from(Arc::new(client));
    let mut stream = connector.connect("localhost".try_into().unwrap(), stream).await.unwrap();
    stream.write_all(b"GET /version HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    assert!(text.starts_with("HTTP/1.1 200 OK") && text.contains(r#""version":"2""#), "{text}");
    assert!(served.anonymous(Method::GET, "/version").send().await.is_err(), "and nothing else");
}
