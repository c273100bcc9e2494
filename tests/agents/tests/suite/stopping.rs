//! A gateway that is told to stop under load.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use keepset_agents::cluster::{Cluster, Limits};
use keepset_agents::fleet::{self, Settled};
use keepset_agents::inventory::Overwrite;
use keepset_agents::release::Release;
use keepset_agents::wire::Report;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::fleet::{member, tell};
use crate::gateway::{BASIC, Gateway, Kind, Place, add_accounts, overwrite_flag};

crate::cases!(what_is_under_way_ends_and_so_does_the_process);

/// A report of which the second half is sent later.
struct UnderWay {
    stream: TcpStream,
    rest: Vec<u8>,
}

impl UnderWay {
    async fn begin(gateway: &Gateway, cluster: &str) -> Self {
        let timestamp = keepset_agents::now().to_string();
        let cluster = Cluster::new(cluster, 1, 3, 20);
        let report =
            cluster.reports(Release::kubernetes(8), &timestamp, Limits::default(), |_| true).remove(0);
        let body = Report::Kubernetes(report).body().unwrap();
        let (first, rest) = body.split_at(body.len() / 2);
        let head = format!(
            "POST /v2/kubernetes-inventory HTTP/1.1\r\nhost: x\r\nauthorization: {BASIC}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        let mut stream = TcpStream::connect(gateway.address()).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(first).await.unwrap();
        tokio::time::sleep(Duration::from_millis(500)).await;
        Self { stream, rest: rest.to_vec() }
    }

    async fn end(&mut self) -> String {
        self.stream.write_all(&self.rest).await.unwrap();
        let mut answer = String::new();
        self.stream.read_to_string(&mut answer).await.unwrap();
        answer
    }
}

async fn what_is_under_way_ends_and_so_does_the_process(kind: Kind) {
    let place = Place::new(kind);
    let accounts: Vec<String> = (0..4).map(|number| format!("a{number}")).collect();
    add_accounts(&place, &accounts).await;
    let mut gateway = Gateway::start_with(&place, Overwrite::On);
    let members = accounts.iter().zip(0..);
    let mut members: Vec<_> = members
        .map(|(account, number)| member(number, gateway.target(account), Overwrite::On, 150))
        .collect();
    for round in 0..3 {
        let stop = Arc::new(AtomicBool::new(false));
        let load = {
            let (members, stop) = (std::mem::take(&mut members), Arc::clone(&stop));
            tokio::spawn(async move { fleet::run_on(members, Duration::from_secs(60), &stop).await })
        };
        tokio::time::sleep(Duration::from_millis(800)).await;
        // One whose report is on its way when the signal comes.
        let mut under_way = UnderWay::begin(&gateway, &format!("under-way-{round}")).await;
        gateway.signal("TERM");
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert!(gateway.is_alive(), "what is under way is waited for");
        assert!(under_way.end().await.starts_with("HTTP/1.1 201"));
        let status = gateway.wait();
        stop.store(true, Ordering::Relaxed);
        assert_eq!(status.code(), Some(0), "{}", gateway.log());
        let (after, summary) = load.await.unwrap();
        members = after;
        tell("told to stop", kind, &summary);
        assert!(summary.reports > 0);
        // Nobody took what came later, or it was told 503.
        for error in summary.errors.keys() {
            assert!(error.starts_with("answered 503") || error.starts_with("no connection"), "{summary}");
        }
        gateway = gateway.start_again(&place, &[overwrite_flag(Overwrite::On)]);
        for (account, member) in accounts.iter().zip(&mut members) {
            // All that was stored was acknowledged too.
            let settled = member.memory.settle(account, &gateway.inventory(account).await);
            assert_eq!(settled, Ok(Settled::Acknowledged), "{account}: {summary}");
        }
    }
    drop(gateway);
    place.is_whole();
}
