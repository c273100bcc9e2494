//! A database that goes away under load and comes back.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use keepset_agents::fleet;
use keepset_agents::http::Request;
use keepset_agents::inventory::Overwrite;
use keepset_postgres::Server;

use crate::fleet::{member, tell};
use crate::gateway::{Gateway, Kind, Place, add_accounts, patient};

crate::cases!(a_database_that_stops_in_order_is_waited_for, a_database_that_crashes_is_waited_for);

async fn a_database_that_stops_in_order_is_waited_for(kind: Kind) {
    outage(kind, "INT").await;
}

async fn a_database_that_crashes_is_waited_for(kind: Kind) {
    outage(kind, "QUIT").await;
}

pub(crate) async fn status(gateway: &Gateway, path: &str) -> u16 {
    let url = format!("{}{path}", gateway.url);
    patient().send(Request { url, body: None, credentials: None, account: None }).await.unwrap().status
}

async fn outage(kind: Kind, signal: &str) {
    let server = Server::new(&[]);
    let place = Place::of_url(&server.create());
    let accounts: Vec<String> = (0..4).map(|number| format!("a{number}")).collect();
    add_accounts(&place, &accounts).await;
    let mut gateway = Gateway::start_with(&place, Overwrite::On);
    let stop = Arc::new(AtomicBool::new(false));
    let members = accounts.iter().zip(0..);
    let members: Vec<_> =
        members.map(|(account, number)| member(number, gateway.target(account), Overwrite::On, 60)).collect();
    let load = {
        let stop = Arc::clone(&stop);
        tokio::spawn(async move { fleet::run_on(members, Duration::from_secs(120), &stop).await })
    };
    tokio::time::sleep(Duration::from_secs(1)).await;
    server.stop(signal);
    // Said at once, not when the agents have given up waiting.
    let begun = Instant::now();
    assert_eq!(status(&gateway, "/ready").await, 503);
    assert!(begun.elapsed() < Duration::from_secs(8), "it took {:?} to say so", begun.elapsed());
    assert_eq!(status(&gateway, "/health").await, 200);
    assert_eq!(status(&gateway, "/version").await, 200);
    tokio::time::sleep(Duration::from_secs(3)).await;
    server.start();
    let back = Instant::now();
    while status(&gateway, "/ready").await != 200 {
        assert!(back.elapsed() < Duration::from_secs(10), "it does not recover");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    stop.store(true, Ordering::Relaxed);
    let (mut members, summary) = load.await.unwrap();
    tell(&format!("stopped by {signal}"), kind, &summary);
    assert!(summary.reports > 0);
    assert!(summary.errors() > 0, "the outage was not noticed");
    for error in summary.errors.keys() {
        assert!(error.starts_with("answered 503"), "{summary}");
    }
    assert!(gateway.is_alive());
    // What was not acknowledged is not there, or whole.
    for (account, member) in accounts.iter().zip(&mut members) {
        let settled = member.memory.settle(account, &gateway.inventory(account).await);
        settled.unwrap_or_else(|difference| panic!("{account}: {difference}"));
    }
    let never = Arc::new(AtomicBool::new(false));
    let (_, summary) = fleet::run_on(members, Duration::from_secs(1), &never).await;
    assert_eq!(summary.errors(), 0, "{summary}");
    drop(gateway);
    place.is_whole();
}
