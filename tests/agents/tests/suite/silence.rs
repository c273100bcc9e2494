//! A network that drops connections without a word to either end, as one does whose table of connections was lost.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use keepset_agents::http::Request;
use keepset_postgres::Server;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::gateway::{Gateway, Kind, Place, add_accounts, admin, patient};
use crate::outage::status;

crate::cases!(connections_that_fall_silent_are_given_up);

/// Stands before a database, and can let what is connected through it wait for ever.
struct Network {
    address: SocketAddr,
    /// How often it fell silent: a connection lives as long as that is what it was at its beginning.
    silences: watch::Sender<u32>,
}

impl Network {
    async fn before(database: SocketAddr) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (silences, silent) = watch::channel(0);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(database).await.unwrap();
                let mut silent = silent.clone();
                silent.mark_unchanged();
                tokio::spawn(async move {
                    let (mut client, mut server) = (client, server);
                    tokio::select! {
                        _ = tokio::io::copy_bidirectional(&mut client, &mut server) => {}
                        // Both stay open, and nothing comes through.
                        _ = silent.changed() => std::future::pending::<()>().await,
                    }
                });
            }
        });
        Self { address, silences }
    }

    fn fall_silent(&self) {
        self.silences.send_modify(|times| *times += 1);
    }
}

async fn report(gateway: &Gateway, account: &str, second: u32) -> u16 {
    let body = format!(
        r#"{{"cluster_name":"c","timestamp":"2026-08-06T09:00:{second:02}Z","namespaces":[{{"name":"n","uid":"n"}}]}}"#
    );
    let request = Request {
        url: format!("{}/v2/kubernetes-inventory", gateway.url),
        body: Some(body.into_bytes()),
        credentials: Some(&admin()),
        account: Some(account),
    };
    patient().send(request).await.unwrap().status
}

/// Every connection is in the middle of a statement when the network falls silent.
async fn connections_that_fall_silent_are_given_up(_: Kind) {
    let server = Server::new(&[]);
    let database = server.create();
    let network = Network::before(server.address()).await;
    let through = database.replace(&server.address().to_string(), &network.address.to_string());
    // More than there are connections.
    let accounts: Vec<String> = (0..20).map(|number| format!("a{number}")).collect();
    add_accounts(&Place::of_url(&database), &accounts).await;
    let place = Place::of_url(&through);
    let tuning = ["--plugin-places", "20", "--request-timeout", "3", "--shutdown-grace", "2"];
    let mut gateway = Gateway::start(&place, &tuning);
    let lock = server.lock(&database, "contexts");
    let waiting = join_all(accounts.iter().map(|account| report(&gateway, account, 0)));
    let silence = async {
        tokio::time::sleep(Duration::from_secs(2)).await;
        network.fall_silent();
        drop(lock);
    };
    let (answers, ()) = tokio::join!(waiting, silence);
    assert!(answers.iter().all(|status| *status == 503), "{answers:?}");
    let begun = Instant::now();
    while status(&gateway, "/ready").await != 200 {
        assert!(begun.elapsed() < Duration::from_secs(20), "it does not recover: {}", gateway.log());
    }
    assert_eq!(report(&gateway, "a0", 1).await, 201);
    // Nor does it wait for them at its end.
    network.fall_silent();
    let begun = Instant::now();
    gateway.signal("TERM");
    assert!(gateway.wait().success());
    assert!(begun.elapsed() < Duration::from_secs(20), "it took {:?} to end", begun.elapsed());
    Place::of_url(&database).is_whole();
}
