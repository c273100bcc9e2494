//! Reports about as large as they may be.

use std::time::{Duration, Instant};

use keepset_agents::cluster::Cluster;
use keepset_agents::http::{Reply, Request, Transport};
use keepset_agents::inventory::{Overwrite, Truth};
use keepset_agents::release::Release;
use keepset_agents::wire::Report;

use crate::gateway::{Gateway, Kind, Place, admin};

crate::cases!(a_report_may_have_64_mib_and_not_one_byte_more);

const LIMIT: usize = 64 << 20;

/// A report of that many bytes: of a cluster in which people like annotations, of at most 256 KiB to a pod.
fn report_of(bytes: usize) -> Report {
    let cluster = Cluster::new("large", 6, 8, 2_000);
    let timestamp = keepset_agents::now().to_string();
    let mut reports = cluster.reports(Release::kubernetes(8), &timestamp, Default::default(), |_| true);
    let mut report = reports.remove(0);
    let most = 256 << 10;
    for pod in &mut report.pods {
        pod.annotations.insert("x".to_owned(), String::new());
    }
    let mut missing = bytes - Report::Kubernetes(report.clone()).body().unwrap().len();
    for pod in &mut report.pods {
        let piece = missing.min(most);
        pod.annotations.insert("x".to_owned(), "x".repeat(piece));
        missing -= piece;
    }
    assert_eq!(missing, 0);
    Report::Kubernetes(report)
}

async fn post(gateway: &Gateway, body: Vec<u8>) -> Reply {
    let url = format!("{}/v2/kubernetes-inventory", gateway.url);
    let admin = admin();
    let request = Request { url, body: Some(body), credentials: Some(&admin), account: None };
    Transport::new(Duration::from_secs(60)).send(request).await.unwrap()
}

async fn a_report_may_have_64_mib_and_not_one_byte_more(kind: Kind) {
    let place = Place::new(kind);
    let gateway = Gateway::start_with(&place, Overwrite::On);
    let mut truth = Truth::new("admin", Overwrite::On);
    let report = report_of(LIMIT);
    let body = report.body().unwrap();
    assert_eq!(body.len(), LIMIT);
    let begun = Instant::now();
    assert_eq!(post(&gateway, body.clone()).await.status, 201);
    let first = begun.elapsed();
    truth.apply(&report);
    // Refused in words, though the agent is still sending.
    let mut larger = body.clone();
    larger.push(b'\n');
    for _ in 0..5 {
        let reply = post(&gateway, larger.clone()).await;
        assert_eq!(reply.status, 413);
        assert!(reply.message().contains("67108864 bytes"), "{}", reply.message());
    }
    let difference = gateway.inventory("admin").await.difference_from(&truth.inventory());
    assert!(difference.is_empty(), "{difference}");
    let begun = Instant::now();
    assert_eq!(post(&gateway, body).await.status, 201);
    use std::io::Write as _;
    let (again, stderr) = (begun.elapsed(), &mut std::io::stderr());
    let _ = writeln!(stderr, "64 MiB, {kind:?}: {first:.1?}, again {again:.1?}");
}
