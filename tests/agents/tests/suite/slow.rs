//! Clients that take their time: others do not wait for them.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use keepset_agents::fleet;
use keepset_agents::inventory::Overwrite;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

use crate::fleet::{member, tell};
use crate::gateway::{BASIC, Gateway, Kind, Place};

crate::cases!(slow_clients_keep_nobody_waiting);

/// A byte of a header that never ends, again and again, until it is cut off.
async fn slow_header(address: String) -> bool {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"POST /v2/kubernetes-inventory HTTP/1.1\r\nhost: x\r\nx-slow: ").await.unwrap();
    loop {
        if stream.write_all(b"x").await.is_err() {
            return true;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

/// A body of which a byte comes now and then.
async fn slow_body(address: String, authorization: &'static str) -> bool {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!(
        "POST /v2/kubernetes-inventory HTTP/1.1\r\nhost: x\r\nauthorization: {authorization}\r\n\
         content-type: application/json\r\ncontent-length: 1000000\r\n\r\n{{"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    loop {
        if stream.write_all(b" ").await.is_err() {
            return true;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

/// A long list that is read a few bytes at a time.
async fn slow_reader(address: String) -> bool {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!(
        "GET /v2/kubernetes-pods?page=1&page_size=100000 HTTP/1.1\r\nhost: x\r\nauthorization: {BASIC}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut bytes = [0; 64];
    while let Ok(1..) = stream.read(&mut bytes).await {
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    true
}

async fn slow_clients_keep_nobody_waiting(kind: Kind) {
    let place = Place::new(kind);
    let arguments = ["--image-ingest-overwrite=true", "--idle-timeout=3", "--request-timeout=15"];
    let mut gateway = Gateway::start(&place, &arguments);
    let members: Vec<_> = (0..4).map(|n| member(n, gateway.target("admin"), Overwrite::On, 200)).collect();
    let never = Arc::new(AtomicBool::new(false));
    let (members, alone) = fleet::run(members, Duration::from_secs(2), &never).await;
    tell("alone", kind, &alone);
    assert_eq!(alone.errors(), 0, "{alone}");

    let address = gateway.address().to_owned();
    let mut slow: Vec<JoinHandle<bool>> = Vec::new();
    slow.extend((0..200).map(|_| tokio::spawn(slow_header(address.clone()))));
    // Strangers do not get as far as a place among the reports.
    slow.extend((0..100).map(|_| tokio::spawn(slow_body(address.clone(), "Basic eDp4"))));
    slow.extend((0..40).map(|_| tokio::spawn(slow_body(address.clone(), BASIC))));
    let readers: Vec<_> = (0..30).map(|_| tokio::spawn(slow_reader(address.clone()))).collect();
    tokio::time::sleep(Duration::from_millis(500)).await;
    let (members, beside) = fleet::run_on(members, Duration::from_secs(4), &never).await;
    tell("beside slow clients", kind, &beside);
    assert_eq!(beside.errors(), 0, "{beside}");
    // Who sends too slowly is cut off in the end.
    for cut_off in slow {
        assert!(
            tokio::time::timeout(Duration::from_secs(60), cut_off)
                .await
                .expect("it may go on for ever")
                .unwrap()
        );
    }
    readers.iter().for_each(JoinHandle::abort);
    let (_, after) = fleet::run_on(members, Duration::from_secs(1), &never).await;
    assert_eq!(after.errors(), 0, "{after}");
    assert!(gateway.is_alive());
}
