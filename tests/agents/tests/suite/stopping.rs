//! A gateway that is told to stop under load.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use keepset_agents::fleet;
use keepset_agents::inventory::Overwrite;

use crate::fleet::{member, tell};
use crate::gateway::{Gateway, Kind, Place, add_accounts, overwrite_flag};

crate::cases!(what_is_under_way_ends_and_so_does_the_process);

async fn what_is_under_way_ends_and_so_does_the_process(kind: Kind) {
    let place = Place::new(kind);
    let accounts: Vec<String> = (0..4).map(|number| format!("a{number}")).collect();
    add_accounts(&place, &accounts).await;
    let mut gateway = Gateway::start_with(&place, Overwrite::On);
    let members = accounts.iter().zip(0..);
    let mut members: Vec<_> = members
        .map(|(account, number)| member(number, gateway.target(account), Overwrite::On, 150))
        .collect();
    for _ in 0..3 {
        let stop = Arc::new(AtomicBool::new(false));
        let load = {
            let (members, stop) = (std::mem::take(&mut members), Arc::clone(&stop));
            tokio::spawn(async move { fleet::run_on(members, Duration::from_secs(60), &stop).await })
        };
        tokio::time::sleep(Duration::from_millis(800)).await;
        gateway.signal("TERM");
        let status = gateway.wait();
        stop.store(true, Ordering::Relaxed);
        assert_eq!(status.code(), Some(0), "{}", gateway.log());
        let (after, summary) = load.await.unwrap();
        members = after;
        tell("told to stop", kind, &summary);
        assert!(summary.reports > 0);
        for error in summary.errors.keys() {
            // Refused, or too late: nobody listens any more. What was begun is not cut off.
            let is_refused = error.starts_with("answered 503") || error.contains("Connection refused");
            assert!(is_refused, "{summary}");
        }
        gateway = gateway.start_again(&place, &[overwrite_flag(Overwrite::On)]);
        for (account, member) in accounts.iter().zip(&members) {
            let difference =
                gateway.inventory(account).await.difference_from(&member.memory.acknowledged(account));
            assert!(difference.is_empty(), "{account}: {difference}");
        }
    }
    drop(gateway);
    place.is_whole();
}
