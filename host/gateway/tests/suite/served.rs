//! A gateway that is served, and clients of it.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, OnceLock};

use keepset_gateway::{Accounts, Clock, Gateway, Role, Settings};
use keepset_host::{Engine, Plugin};
use keepset_store::{Store, User};
use keepset_types::Timestamp;
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::databases::Database;

/// 2026-08-06T09:00:08Z: a second after the sample reports.
pub(crate) const NOON: i64 = 1_786_006_808;

pub(crate) const DAY: i64 = 86_400;

/// Everybody's.
pub(crate) const PASSWORD: &str = "correct horse battery";

/// The users that there are: name, account, role.
pub(crate) const USERS: [(&str, &str, Role); 6] = [
    ("admin", "admin", Role::Admin),
    ("alice", "a", Role::ReadWrite),
    ("agent", "a", Role::InventoryAgent),
    ("reader", "a", Role::ReadOnly),
    ("bob", "b", Role::ReadWrite),
    ("bobs-agent", "b", Role::InventoryAgent),
];

/// A gateway on a port of its own. The clock stands still until it is set.
pub(crate) struct Served {
    pub(crate) url: String,
    pub(crate) gateway: Gateway,
    pub(crate) store: Store,
    time: Arc<AtomicI64>,
    stop: Option<oneshot::Sender<()>>,
    serving: JoinHandle<()>,
    client: reqwest::Client,
    /// Goes last: it is the database.
    #[expect(dead_code, reason = "held, not read")]
    database: Database,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The refusal's shape, the one that agents tell from a framework's (contract 1.6).
    #[track_caller]
    pub(crate) fn is_refusal(&self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{self:?}");
        assert_eq!(self.header("content-type"), "application/json");
        let body = self.json();
        assert_eq!((&body["code"], &body["httpcode"]), (&status.into(), &status.into()));
        assert!(body["detail"]["error_codes"].is_array(), "{body}");
        assert!(body["message"].as_str().is_some_and(|message| !message.is_empty()), "{body}");
        body
    }

    #[track_caller]
    pub(crate) fn is(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{self:?}");
        self
    }
}

/// Compiled once for all cases.
pub(crate) fn plugin() -> Plugin {
    static PLUGIN: OnceLock<Plugin> = OnceLock::new();
    PLUGIN.get_or_init(|| Plugin::builtin(&Engine::new().unwrap()).unwrap()).clone()
}

/// A report of `tests/reports`.
pub(crate) fn sample(name: &str) -> String {
    let path = format!("{}/../../tests/reports/{name}.json", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

impl Served {
    pub(crate) async fn new(database: Database) -> Self {
        Self::with(database, Settings::default()).await
    }

    pub(crate) async fn with(database: Database, settings: Settings) -> Self {
        let store = Store::open(&database.url).await.unwrap();
        let time = Arc::new(AtomicI64::new(NOON));
        let read = Arc::clone(&time);
        let clock = Clock::new(move || Timestamp::from_unix(read.load(Ordering::Relaxed)).unwrap());
        let settings = Settings { clock, ..settings };
        populate(&store, settings.clock.now()).await;
        let gateway = Gateway::new(settings, store.clone(), plugin());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (stop, stopped) = oneshot::channel::<()>();
        let served = gateway.clone();
        let serving = tokio::spawn(async move {
            let until = async { stopped.await.unwrap_or_default() };
            served.serve(listener, until).await.unwrap();
        });
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { url, gateway, store, time, stop: Some(stop), serving, client, database }
    }

    /// Sets the clock, in seconds after [`NOON`].
    pub(crate) fn set_time(&self, seconds: i64) {
        self.time.store(NOON + seconds, Ordering::Relaxed);
    }

    /// Asks it to stop; the answer comes when it has.
    pub(crate) fn stop(&mut self) -> JoinHandle<()> {
        self.stop.take().unwrap().send(()).unwrap();
        std::mem::replace(&mut self.serving, tokio::spawn(async {}))
    }

    pub(crate) fn anonymous(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.url))
    }

    pub(crate) fn request(&self, user: &str, method: Method, path: &str) -> RequestBuilder {
        self.anonymous(method, path).basic_auth(user, Some(PASSWORD))
    }

    pub(crate) async fn get(&self, user: &str, path: &str) -> Answer {
        send(self.request(user, Method::GET, path)).await
    }

    pub(crate) async fn delete(&self, user: &str, path: &str) -> Answer {
        send(self.request(user, Method::DELETE, path)).await
    }

    pub(crate) async fn post(&self, user: &str, path: &str, body: impl Into<String>) -> Answer {
        let request = self.request(user, Method::POST, path).header("content-type", "application/json");
        send(request.body(body.into())).await
    }

    /// Posts a report of `tests/reports` as the agent of account `a`.
    pub(crate) async fn report(&self, name: &str) -> Answer {
        let path = if name.starts_with("ecs") { "/v2/ecs-inventory" } else { "/v2/kubernetes-inventory" };
        let answer = self.post("agent", path, sample(name)).await;
        assert!(answer.status.is_success(), "{name}: {answer:?}");
        answer
    }

    /// The images of account `a`, as its reader sees them.
    pub(crate) async fn images(&self) -> Vec<Value> {
        let answer = self.get("reader", "/v2/inventories").await.is(200);
        answer.json()["items"].as_array().unwrap().clone()
    }

    pub(crate) async fn metrics(&self) -> String {
        send(self.anonymous(Method::GET, "/metrics")).await.is(200).text
    }

    /// The value of a metric, by its line's beginning.
    pub(crate) async fn metric(&self, line: &str) -> f64 {
        let text = self.metrics().await;
        let found = text.lines().find(|found| found.starts_with(line));
        found.map_or(0.0, |found| found.rsplit_once(' ').unwrap().1.parse().unwrap())
    }
}

pub(crate) async fn send(request: RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status(), response.headers().clone());
    Answer { status, headers, text: response.text().await.unwrap() }
}

/// The accounts and users. Their password is hashed once for all cases.
async fn populate(store: &Store, now: Timestamp) {
    static HASH: tokio::sync::OnceCell<String> = tokio::sync::OnceCell::const_new();
    let hash = HASH
        .get_or_init(|| async {
            let other = Store::open("sqlite::memory:").await.unwrap();
            Accounts::new(other.clone()).bootstrap_admin(Some(PASSWORD), now).await.unwrap();
            other.user("admin").await.unwrap().unwrap().password_hash
        })
        .await;
    for (name, account, role) in USERS {
        store.add_account(account, now).await.unwrap();
        let user = User {
            name: name.to_owned(),
            account: account.to_owned(),
            password_hash: hash.clone(),
            role: role.as_str().to_owned(),
            created_at: now,
        };
        assert!(store.add_user(&user).await.unwrap());
    }
}
