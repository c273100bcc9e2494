//! Every release of both agents, from its first call on: what the gateway lists then is what runs.

use keepset_agents::cluster::{Cluster, Limits};
use keepset_agents::ecs::EcsAgent;
use keepset_agents::http::Request;
use keepset_agents::inventory::{Inventory, List, Overwrite, Truth};
use keepset_agents::kubernetes::{KubernetesAgent, Options, Route, Started};
use keepset_agents::region::Region;
use keepset_agents::release::{Kind as AgentKind, Release};
use keepset_agents::session::{Failure, Path, Sent, Target};

use crate::gateway::{Gateway, Kind, PASSWORD, Place, add_accounts, admin, patient};

crate::cases!(
    with_overwrite_the_inventory_is_what_runs,
    without_overwrite_the_inventory_is_what_ever_ran,
    namespaces_go_to_their_accounts_and_fall_back,
    batches_are_as_good_as_the_whole,
    a_large_ecs_cluster_loses_nothing_that_may_run,
    an_older_service_is_not_registered_with,
    an_agent_that_runs_in_no_pod_is_registered_too,
);

async fn with_overwrite_the_inventory_is_what_runs(kind: Kind) {
    every_release(kind, Overwrite::On).await;
}

async fn without_overwrite_the_inventory_is_what_ever_ran(kind: Kind) {
    every_release(kind, Overwrite::Off).await;
}

#[track_caller]
fn all_taken(sent: &[Sent], who: impl std::fmt::Display) {
    for sent in sent {
        assert!(sent.failure.is_none(), "{who}: {:?}", sent.failure);
    }
}

#[track_caller]
fn same(found: &Inventory, expected: &Inventory, who: impl std::fmt::Display) {
    let difference = found.difference_from(expected);
    assert!(difference.is_empty(), "{who}\n{difference}");
}

async fn every_release(kind: Kind, overwrite: Overwrite) {
    let place = Place::new(kind);
    let releases = Release::all();
    let accounts: Vec<String> =
        releases.iter().map(|release| release.to_string().replace([' ', '.'], "-")).collect();
    add_accounts(&place, &accounts).await;
    for account in &accounts {
        place.run(&[
            "user",
            "add",
            &format!("agent-{account}"),
            "--account",
            account,
            "--role",
            "inventory-agent",
        ]);
    }
    let gateway = Gateway::start_with(&place, overwrite);
    for (release, account) in releases.into_iter().zip(accounts) {
        let target = Target::new(&gateway.url, &format!("agent-{account}"), PASSWORD, &account);
        let mut truth = Truth::new(&account, overwrite);
        match release.kind {
            AgentKind::Kubernetes => {
                let options = Options::default();
                let cluster = Cluster::new("prod/eu", 11, 6, 60);
                let mut agent = KubernetesAgent::new(release, target, options, cluster, 5);
                let expected = if release.registers() { Started::Registered } else { Started::Reporting };
                assert_eq!(agent.start().await, Ok(expected), "{release}");
                for poll in 0..4 {
                    let sent = agent.poll().await;
                    all_taken(&sent, release);
                    sent.iter().for_each(|sent| truth.apply(&sent.report));
                    same(
                        &gateway.inventory(&account).await,
                        &truth.inventory(),
                        format!("{release}, poll {poll}"),
                    );
                    assert!(truth.inventory().count(List::Containers) >= agent.cluster.containers());
                    agent.cluster.churn(30);
                }
                assert_eq!(agent.path() == Path::V2, release.minor >= 1);
                agent.report_health().await.unwrap();
                assert_eq!(
                    integrations(&gateway, &account).await,
                    usize::from(release.registers()),
                    "{release}"
                );
            }
            AgentKind::Ecs => {
                let mut agent = EcsAgent::new(release, target, Region::new("main", 12, 3, 40));
                assert_eq!(agent.start().await.failure, None);
                assert!(gateway.inventory(&account).await.is_empty(), "{release}: the probe left something");
                for poll in 0..4 {
                    let sent = agent.poll().await;
                    all_taken(&sent, release);
                    sent.iter().for_each(|sent| truth.apply(&sent.report));
                    same(
                        &gateway.inventory(&account).await,
                        &truth.inventory(),
                        format!("{release}, poll {poll}"),
                    );
                    agent.region.churn(30);
                    if poll == 1 {
                        agent.region.drain();
                    }
                }
                assert_eq!(agent.path() == Path::V2, release.minor >= 2);
            }
        }
    }
    drop(gateway);
    place.is_whole();
}

/// How many agents are registered in an account, all of them healthy.
async fn integrations(gateway: &Gateway, account: &str) -> usize {
    let url = format!("{}/v2/system/integrations", gateway.url);
    let admin = admin();
    let request = Request { url, body: None, credentials: Some(&admin), account: Some(account) };
    let listed = patient().send(request).await.unwrap().json().unwrap();
    let items = listed["items"].as_array().unwrap();
    for item in items {
        assert_eq!(item["reported_status"]["state"], "healthy", "{item}");
        assert_eq!(item["integration_status"]["state"], "active", "{item}");
    }
    items.len()
}

async fn namespaces_go_to_their_accounts_and_fall_back(kind: Kind) {
    let place = Place::new(kind);
    add_accounts(&place, &["home".to_owned(), "pay".to_owned()]).await;
    place.run(&["user", "add", "agent", "--account", "home", "--role", "inventory-agent"]);
    let gateway = Gateway::start_with(&place, Overwrite::On);
    let route = |account: &str, namespace: &str| Route {
        account: account.to_owned(),
        namespaces: [namespace.to_owned()].into(),
        credentials: None,
    };
    // The admin may post anywhere, and is told 404 of an account that is not there; the agent may not, and is told 403.
    for (cluster, user, falls_back) in
        [("a", "admin", vec![None, Some(404), None]), ("b", "agent", vec![Some(403), Some(403)])]
    {
        let target = Target::new(&gateway.url, user, PASSWORD, "home");
        let mut routes = vec![route("pay", "payments"), route("missing", "shop")];
        routes.truncate(2);
        let options = Options { routes, ..Options::default() };
        let cluster = Cluster::new(cluster, 3, 6, 60);
        let mut agent = KubernetesAgent::new(Release::kubernetes(5), target, options, cluster, 5);
        agent.start().await.unwrap();
        let (mut home, mut pay) = (Truth::new("home", Overwrite::On), Truth::new("pay", Overwrite::On));
        for _ in 0..3 {
            let sent = agent.poll().await;
            let fell_back: Vec<_> = sent.iter().filter_map(|sent| sent.failure.as_ref()?.status()).collect();
            assert_eq!(fell_back, falls_back.iter().flatten().copied().collect::<Vec<_>>());
            assert!(sent.iter().all(|sent| matches!(sent.failure, None | Some(Failure::NoAccount(_)))));
            for sent in sent.iter().filter(|sent| sent.failure.is_none()) {
                let truth = if sent.account == "pay" { &mut pay } else { &mut home };
                truth.apply(&sent.report);
            }
            same(&gateway.inventory("home").await, &home.inventory(), user);
            same(&gateway.inventory("pay").await, &pay.inventory(), user);
            agent.cluster.churn(30);
        }
        for (account, truth) in [("home", home), ("pay", pay)] {
            assert_eq!(truth.inventory().is_empty(), account == "pay" && user == "agent");
            for cluster in ["a", "b"] {
                let url = format!("{}/v2/kubernetes-namespaces?cluster_name={cluster}", gateway.url);
                let client = reqwest::Client::new();
                let deleted = client
                    .delete(url)
                    .basic_auth("admin", Some(PASSWORD))
                    .header("x-anchore-account", account);
                assert_eq!(deleted.send().await.unwrap().status(), 204);
            }
            assert!(gateway.inventory(account).await.is_empty());
        }
    }
}

async fn batches_are_as_good_as_the_whole(kind: Kind) {
    let place = Place::new(kind);
    let gateway = Gateway::start_with(&place, Overwrite::On);
    for (name, limits) in [
        ("by-namespaces", Limits { namespaces: 2, ..Limits::default() }),
        ("by-bytes", Limits { payload_threshold_bytes: 10_000, ..Limits::default() }),
    ] {
        let options = Options { limits, ..Options::default() };
        let cluster = Cluster::new(name, 21, 7, 150);
        let mut agent =
            KubernetesAgent::new(Release::kubernetes(8), gateway.target("admin"), options, cluster, 5);
        agent.start().await.unwrap();
        let mut truth = Truth::new("admin", Overwrite::On);
        for _ in 0..4 {
            let sent = agent.poll().await;
            assert!(sent.len() > 2, "{name}: {}", sent.len());
            all_taken(&sent, name);
            sent.iter().for_each(|sent| truth.apply(&sent.report));
            same(&gateway.inventory("admin").await, &truth.inventory(), name);
            agent.cluster.churn(30);
        }
        agent.report_health().await.unwrap();
        let url = format!("{}/v2/kubernetes-namespaces", gateway.url);
        let deleted = reqwest::Client::new().delete(url).basic_auth("admin", Some(PASSWORD)).send();
        assert_eq!(deleted.await.unwrap().status(), 204);
    }
}

async fn a_large_ecs_cluster_loses_nothing_that_may_run(kind: Kind) {
    let place = Place::new(kind);
    let gateway = Gateway::start_with(&place, Overwrite::On);
    // More tasks than the agent ever reads, and more services.
    let region = Region::new("large", 8, 1, 260);
    let mut agent = EcsAgent::new(Release::ecs(4), gateway.target("admin"), region);
    let mut truth = Truth::new("admin", Overwrite::On);
    for _ in 0..4 {
        let sent = agent.poll().await;
        all_taken(&sent, "large");
        sent.iter().for_each(|sent| truth.apply(&sent.report));
        same(&gateway.inventory("admin").await, &truth.inventory(), "large");
        agent.region.churn(20);
    }
    assert!(truth.inventory().count(List::Tasks) > 100);
}

async fn an_older_service_is_not_registered_with(kind: Kind) {
    let place = Place::new(kind);
    let gateway = Gateway::start(&place, &["--compat-service-version", "5.10.0"]);
    let cluster = Cluster::new("c", 21, 3, 10);
    let mut agent =
        KubernetesAgent::new(Release::kubernetes(8), gateway.target("admin"), Options::default(), cluster, 5);
    assert_eq!(agent.start().await, Ok(Started::Reporting));
    all_taken(&agent.poll().await, "1.8");
    assert_eq!(integrations(&gateway, "admin").await, 0);
}

/// As from a container with a `kubeconfig`, beside the cluster: it has no pod to name.
async fn an_agent_that_runs_in_no_pod_is_registered_too(kind: Kind) {
    let place = Place::new(kind);
    let gateway = Gateway::start(&place, &[]);
    let options = Options { is_outside: true, ..Options::default() };
    let cluster = Cluster::new("c", 21, 3, 10);
    let mut agent =
        KubernetesAgent::new(Release::kubernetes(8), gateway.target("admin"), options, cluster, 5);
    assert_eq!(agent.start().await, Ok(Started::Registered));
    all_taken(&agent.poll().await, "1.8");
    assert_eq!(agent.report_health().await, Ok(()));
    assert_eq!(integrations(&gateway, "admin").await, 1);
}
