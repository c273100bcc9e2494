//! Two gateways on one database, told of the same clusters at the same time.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use futures_util::future::join_all;
use keepset_agents::cluster::Cluster;
use keepset_agents::fleet;
use keepset_agents::http::{Request, Transport};
use keepset_agents::inventory::{Inventory, Overwrite, Truth};
use keepset_agents::release::Release;
use keepset_agents::wire::Report;
use keepset_types::Timestamp;

use crate::fleet::{member, tell};
use crate::gateway::{Gateway, Kind, Place, admin};

crate::cases!(
    reports_that_overtake_each_other_lose_nothing_and_keep_their_order,
    agents_that_change_gateways_find_what_they_left,
);

#[track_caller]
fn nothing_went_wrong(gateway: &Gateway) {
    let log = gateway.log();
    // On a slow machine one may wait too long for a connection.
    let is_error = |line: &str| line.contains("ERROR") && !line.contains("the database did not do it");
    assert!(!log.contains("deadlock") && !log.lines().any(is_error), "{log}");
}

/// Three clusters, each reported to both gateways at once; the reports of a cluster overtake each other on the way.
async fn reports_that_overtake_each_other_lose_nothing_and_keep_their_order(kind: Kind) {
    let place = Place::new(kind);
    let gateways = [Gateway::start_with(&place, Overwrite::On), Gateway::start_with(&place, Overwrite::On)];
    let first = keepset_agents::now().unix() - 3_600;
    let mut expected = Inventory::default();
    let mut posts = Vec::new();
    for seed in 0..3 {
        let mut cluster = Cluster::new(&format!("shared-{seed}"), seed, 4, 60);
        let mut truth = Truth::new("admin", Overwrite::On);
        for round in 0..30 {
            let timestamp = Timestamp::from_unix(first + round).unwrap().to_string();
            let reports = cluster.reports(Release::kubernetes(8), &timestamp, Default::default(), |_| true);
            let report = Report::Kubernetes(reports.into_iter().next().unwrap());
            truth.apply(&report);
            posts.push((round, report.body().unwrap()));
            cluster.churn(20);
        }
        expected.extend(truth.inventory());
    }
    posts.sort_by_key(|(round, _)| *round);
    // Twelve on their way at a time, of each cluster four, two by each gateway; and each report twice, once by each.
    let transport = Transport::new(Duration::from_secs(10));
    let credentials = admin();
    for window in posts.chunks(12) {
        let mut waiting: Vec<_> =
            window.iter().flat_map(|(_, body)| gateways.iter().map(move |gateway| (body, gateway))).collect();
        // A slow machine answers some with 503, which changes nothing: they are sent again.
        for _ in 0..20 {
            let sent = waiting.iter().map(|(body, gateway)| {
                let url = format!("{}/v2/kubernetes-inventory", gateway.url);
                let (body, credentials) = (Some((*body).clone()), Some(&credentials));
                transport.send(Request { url, body, credentials, account: None })
            });
            let statuses = join_all(sent).await.into_iter().map(|reply| reply.unwrap().status);
            let answered = std::mem::take(&mut waiting).into_iter().zip(statuses);
            waiting = answered
                .filter(|(_, status)| *status != 201)
                .map(|(post, status)| {
                    assert_eq!(status, 503);
                    post
                })
                .collect();
            if waiting.is_empty() {
                break;
            }
        }
        assert!(waiting.is_empty(), "{} reports are refused again and again", waiting.len());
    }
    for gateway in &gateways {
        let difference = gateway.inventory("admin").await.difference_from(&expected);
        assert!(difference.is_empty(), "{difference}");
        nothing_went_wrong(gateway);
    }
    drop(gateways);
    place.is_whole();
}

async fn agents_that_change_gateways_find_what_they_left(kind: Kind) {
    let place = Place::new(kind);
    let gateways = [Gateway::start_with(&place, Overwrite::On), Gateway::start_with(&place, Overwrite::On)];
    let mut members: Vec<_> =
        (0..6).map(|number| member(number, gateways[0].target("admin"), Overwrite::On, 60)).collect();
    let never = Arc::new(AtomicBool::new(false));
    for round in 0..5 {
        for (number, member) in members.iter_mut().enumerate() {
            member.agent.point_at(&gateways[(number + round) % 2].url);
        }
        let summary;
        (members, summary) = fleet::run_on(members, Duration::from_secs(1), &never).await;
        tell("two gateways", kind, &summary);
        assert_eq!(summary.errors(), 0, "{summary}");
    }
    let mut expected = Inventory::default();
    members.iter().for_each(|member| expected.extend(member.memory.acknowledged("admin")));
    for gateway in &gateways {
        let difference = gateway.inventory("admin").await.difference_from(&expected);
        assert!(difference.is_empty(), "{difference}");
        nothing_went_wrong(gateway);
    }
}
