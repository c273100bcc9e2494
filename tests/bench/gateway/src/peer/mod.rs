//! The same job done the obvious way, as well as that can be done: a table with a row for all that runs, of which every
//! report writes each row that it names, and deletes those that it names no more.
//!
//! It is served by the same HTTP server and keeps what it acknowledges as durably. It is given what it can do without: it
//! has no accounts, no removal log and no rows of images, it does not read anything but what it needs, it answers no
//! questions, and a password costs it no look into the database.

mod postgres;
mod report;
mod sqlite;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::routing::post;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tokio::net::TcpListener;

use crate::server::{PASSWORD, USER};

/// Days after which a row goes that no report names.
const TTL_DAYS: i64 = 120;

#[derive(Clone)]
enum Store {
    Sqlite(sqlite::Store),
    Postgres(postgres::Store),
}

#[derive(Clone)]
struct Peer {
    store: Store,
    /// Of the user's password.
    digest: Arc<[u8]>,
}

/// Serves on a free port, until it is killed.
pub async fn serve(url: &str) {
    let store = match url.strip_prefix("sqlite://") {
        Some(path) => Store::Sqlite(sqlite::Store::open(path)),
        None => Store::Postgres(postgres::Store::open(url).await),
    };
    let peer = Peer { store, digest: Sha256::digest(PASSWORD).as_slice().into() };
    let router = Router::new()
        .route("/v2/kubernetes-inventory", post(take))
        .layer(DefaultBodyLimit::max(64 << 20))
        .with_state(peer);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    eprintln!("listening on http://{} ", listener.local_addr().unwrap());
    axum::serve(listener, router).await.unwrap();
}

/// What a report cost.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub struct Cost {
    /// Rows of the database that were written.
    pub rows: u64,
    /// For the JSON.
    pub reading: Duration,
    /// For the database, without the time that others had it.
    pub storing: Duration,
}

/// Answers what it cost.
async fn take(State(peer): State<Peer>, headers: HeaderMap, body: Bytes) -> (StatusCode, String) {
    if !peer.knows(&headers) {
        return (StatusCode::UNAUTHORIZED, String::new());
    }
    let cost = match peer.store {
        Store::Sqlite(store) => tokio::task::spawn_blocking(move || store.apply(&body)).await.unwrap(),
        Store::Postgres(store) => store.apply(body).await,
    };
    (StatusCode::CREATED, serde_json::to_string(&cost).unwrap())
}

impl Peer {
    fn knows(&self, headers: &HeaderMap) -> bool {
        let encoded =
            headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Basic "));
        let decoded = encoded.and_then(|encoded| STANDARD.decode(encoded).ok()).unwrap_or_default();
        let given = decoded.iter().position(|byte| *byte == b':').map(|colon| decoded.split_at(colon));
        given.is_some_and(|(user, password)| {
            user == USER.as_bytes() && *Sha256::digest(&password[1..]) == *self.digest
        })
    }
}
