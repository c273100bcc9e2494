//! A gateway that is killed under load: what it acknowledged is there, whole; what it did not is there whole or not at all.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use keepset_agents::fleet::{self, Settled};
use keepset_agents::inventory::Overwrite;
use keepset_agents::random::Random;

use crate::fleet::{member, tell};
use crate::gateway::{Gateway, Kind, Place, add_accounts, overwrite_flag};

crate::cases!(what_was_acknowledged_survives_kills_at_random_moments);

const ROUNDS: usize = 8;

async fn what_was_acknowledged_survives_kills_at_random_moments(kind: Kind) {
    let place = Place::new(kind);
    let accounts: Vec<String> = (0..4).map(|number| format!("a{number}")).collect();
    add_accounts(&place, &accounts).await;
    let mut gateway = Gateway::start_with(&place, Overwrite::On);
    let members = accounts.iter().zip(0..);
    let mut members: Vec<_> =
        members.map(|(account, number)| member(number, gateway.target(account), Overwrite::On, 80)).collect();
    let never = Arc::new(AtomicBool::new(false));
    let (mut random, mut doubtful, mut acknowledged) = (Random::new(2), 0, 0);
    for round in 0..ROUNDS {
        let stop = Arc::new(AtomicBool::new(false));
        let load = {
            let (members, stop) = (std::mem::take(&mut members), Arc::clone(&stop));
            tokio::spawn(async move { fleet::run_on(members, Duration::from_secs(60), &stop).await })
        };
        let moment = 300 + random.below(900);
        tokio::time::sleep(Duration::from_millis(u64::try_from(moment).unwrap())).await;
        gateway.kill();
        stop.store(true, Ordering::Relaxed);
        let (after, summary) = load.await.unwrap();
        members = after;
        tell(&format!("killed after {moment} ms"), kind, &summary);
        acknowledged += summary.reports;
        place.is_whole();
        gateway = gateway.start_again(&place, &[overwrite_flag(Overwrite::On)]);
        for (account, member) in accounts.iter().zip(&mut members) {
            match member.memory.settle(account, &gateway.inventory(account).await) {
                Ok(Settled::Acknowledged) => {}
                Ok(Settled::Doubtful) => doubtful += 1,
                Err(difference) => panic!("round {round}, {account}: {difference}"),
            }
        }
    }
    assert!(acknowledged > 0, "nothing was at stake");
    // And it goes on.
    let (members, summary) = fleet::run_on(members, Duration::from_secs(1), &never).await;
    assert_eq!(summary.errors(), 0, "{summary}\n{}", gateway.log());
    for (account, member) in accounts.iter().zip(&members) {
        let difference =
            gateway.inventory(account).await.difference_from(&member.memory.acknowledged(account));
        assert!(difference.is_empty(), "{difference}");
    }
    tell(&format!("{doubtful} reports were stored and not acknowledged"), kind, &summary);
}
