//! Agents of every kind at once, as fast as they can.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use keepset_agents::cluster::Cluster;
use keepset_agents::ecs::EcsAgent;
use keepset_agents::fleet::{self, Agent, Member};
use keepset_agents::inventory::{Inventory, Overwrite};
use keepset_agents::kubernetes::{KubernetesAgent, Options};
use keepset_agents::region::Region;
use keepset_agents::release::Release;
use keepset_agents::session::Target;

use crate::gateway::{Gateway, Kind, Place};

crate::cases!(eight_agents_report_without_one_error);

/// An agent with a cluster of its own: every fourth one of ECS.
pub(crate) fn member(number: u64, target: Target, overwrite: Overwrite, containers: usize) -> Member {
    let name = format!("fleet-{number}");
    let minor = u32::try_from(number % 9).unwrap();
    let agent = if number % 4 == 3 {
        let region = Region::new(&name, number, 1, containers);
        Agent::Ecs(Box::new(EcsAgent::new(Release::ecs(4), target, region)))
    } else {
        let cluster = Cluster::new(&name, number, 5, containers);
        let options = Options { patience: Duration::from_secs(20), ..Options::default() };
        let agent = KubernetesAgent::new(Release::kubernetes(minor), target, options, cluster, number);
        Agent::Kubernetes(Box::new(agent))
    };
    Member::new(agent, overwrite, 10)
}

/// Says on standard error how it went.
pub(crate) fn tell(what: &str, kind: Kind, summary: &fleet::Summary) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stderr(), "{what}, {kind:?}: {summary}");
}

async fn eight_agents_report_without_one_error(kind: Kind) {
    let place = Place::new(kind);
    let gateway = Gateway::start_with(&place, Overwrite::On);
    let members: Vec<_> = (0..8)
        .map(|number| {
            let mut member = member(number, gateway.target("admin"), Overwrite::On, 100);
            member.health_interval = Duration::from_secs(5);
            member
        })
        .collect();
    let never = Arc::new(AtomicBool::new(false));
    let (members, summary) = fleet::run(members, Duration::from_secs(20), &never).await;
    tell("eight agents", kind, &summary);
    assert_eq!(summary.errors(), 0, "{summary}\n{}", gateway.log());
    assert!(summary.reports > 100, "{summary}");
    let mut expected = Inventory::default();
    members.iter().for_each(|member| expected.extend(member.memory.acknowledged("admin")));
    let difference = gateway.inventory("admin").await.difference_from(&expected);
    assert!(difference.is_empty(), "{difference}");
    drop(gateway);
    place.is_whole();
}
