//! A gateway whose clock goes back and leaps ahead. In this process: its clock can be set.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use keepset_agents::cluster::Cluster;
use keepset_agents::inventory::{Inventory, List, Overwrite, Truth};
use keepset_agents::kubernetes::{KubernetesAgent, Options};
use keepset_agents::release::Release;
use keepset_agents::session::Target;
use keepset_gateway::{Accounts, Clock, Gateway, Settings};
use keepset_host::{Engine, Plugin};
use keepset_store::Store;
use keepset_types::{Config, Timestamp};
use tokio::net::TcpListener;

use crate::gateway::{Kind, PASSWORD, Place, admin, patient};

crate::cases!(a_clock_that_goes_back_keeps_every_row);

const DAY: i64 = 86_400;

async fn a_clock_that_goes_back_keeps_every_row(kind: Kind) {
    let place = Place::new(kind);
    let store = Store::open(&place.url()).await.unwrap();
    let time = Arc::new(AtomicI64::new(keepset_agents::now().unix()));
    let read = Arc::clone(&time);
    let clock = Clock::new(move || Timestamp::from_unix(read.load(Ordering::Relaxed)).unwrap());
    drop(Accounts::new(store.clone()).bootstrap_admin(Some(PASSWORD), clock.now()).await.unwrap());
    let config = Config { image_ttl_days: 7, image_ingest_overwrite: true, ..Config::default() };
    let settings = Settings { clock: clock.clone(), config, ..Settings::default() };
    let plugin = Plugin::builtin(&Engine::new().unwrap()).unwrap();
    let gateway = Gateway::new(settings, store.clone(), plugin);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let serving = tokio::spawn({
        let gateway = gateway.clone();
        async move { gateway.serve(listener, std::future::pending()).await }
    });
    let listed = async || Inventory::read(&patient(), &url, &admin(), "admin").await.unwrap();

    let target = Target::new(&url, "admin", PASSWORD, "admin");
    let cluster = Cluster::new("c", 4, 5, 60);
    let mut agent = KubernetesAgent::new(Release::kubernetes(8), target, Options::default(), cluster, 5);
    agent.start().await.unwrap();
    let mut truth = Truth::new("admin", Overwrite::On);
    let now = clock.now();
    for sent in agent.poll_at(&now.to_string()).await {
        assert_eq!(sent.failure, None);
        truth.apply(&sent.report);
    }
    let start = now.unix();
    let same = async |what: &str| {
        let difference = listed().await.difference_from(&truth.inventory());
        assert!(difference.is_empty(), "{what}: {difference}");
    };
    // Back by ten days: nothing goes, neither by reading nor by sweeping, and an age is never negative.
    for back in [1, DAY, 10 * DAY, 20_000 * DAY] {
        time.store(start - back, Ordering::Relaxed);
        same(&format!("{back} s back")).await;
        assert_eq!(gateway.sweep_now().await.unwrap(), 0);
        same(&format!("{back} s back, swept")).await;
    }
    // Reports that come meanwhile are of the past: the gateway believes its clock, and does not take them for newer.
    time.store(start - DAY, Ordering::Relaxed);
    let before = truth.inventory();
    agent.cluster.churn(50);
    let sent = agent.poll_at(&clock.now().to_string()).await;
    assert!(sent.iter().all(|sent| sent.failure.is_none()));
    let nodes = before.count(List::Nodes);
    assert_eq!(listed().await.count(List::Nodes), nodes);
    same("an older report").await;
    // The clock is right again: the next report counts, and the TTL is that of the report, not of the detour.
    time.store(start + 60, Ordering::Relaxed);
    let mut truth = truth.clone();
    for sent in agent.poll_at(&clock.now().to_string()).await {
        assert_eq!(sent.failure, None);
        truth.apply(&sent.report);
    }
    let difference = listed().await.difference_from(&truth.inventory());
    assert!(difference.is_empty(), "{difference}");
    time.store(start + 60 + 7 * DAY, Ordering::Relaxed);
    assert_eq!(gateway.sweep_now().await.unwrap(), 0);
    time.store(start + 61 + 7 * DAY, Ordering::Relaxed);
    assert!(listed().await.is_empty());
    assert_eq!(store.check().await.unwrap(), Vec::<String>::new());
    serving.abort();
    let _ = serving.await;
    store.close().await;
}
