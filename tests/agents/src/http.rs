//! HTTP as Go's client speaks it when it is given a new `http.Transport` for each request, as both agents do.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderValue, USER_AGENT};

/// How many connections an agent leaves open behind itself. The real one never closes them; this one must not run out of
/// descriptors when it polls without a pause.
const KEPT: usize = 4;

/// A way to send requests, each over a connection of its own.
#[derive(Debug)]
pub struct Transport {
    timeout: Duration,
    kept: Mutex<VecDeque<reqwest::Client>>,
}

/// Who logs in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// Name.
    pub user: String,
    /// Password.
    pub password: String,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// All of it.
    pub body: Vec<u8>,
}

impl Reply {
    /// Whether an agent takes it for success: 2xx, and a body that is empty or JSON (else it is some login page).
    #[must_use]
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status) && (self.body.is_empty() || self.json().is_some())
    }

    /// The body, if it is JSON.
    #[must_use]
    pub fn json(&self) -> Option<serde_json::Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// The `message` of a refusal.
    #[must_use]
    pub fn message(&self) -> String {
        let message = self.json().and_then(|body| Some(body.get("message")?.as_str()?.to_owned()));
        message.unwrap_or_default()
    }
}

/// Why there is no answer.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum NoReply {
    /// Not within the time that the agent waits.
    #[error("no answer within {0:?}")]
    Timeout(Duration),
    /// Nobody listens, or the connection broke.
    #[error("no connection: {0}")]
    Connection(String),
}

/// What is asked.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// All of it, as the agent puts it together.
    pub url: String,
    /// GET without, POST with.
    pub body: Option<Vec<u8>>,
    /// None: `/version` is asked for without.
    pub credentials: Option<&'a Credentials>,
    /// `x-anchore-account`.
    pub account: Option<&'a str>,
}

impl Transport {
    /// One that waits that long for an answer.
    #[must_use]
    pub fn new(timeout: Duration) -> Self {
        Self { timeout, kept: Mutex::default() }
    }

    /// Sends a request over a new connection, which stays open afterwards.
    ///
    /// # Errors
    /// [`NoReply`].
    pub async fn send(&self, request: Request<'_>) -> Result<Reply, NoReply> {
        let failed = |error: reqwest::Error| {
            if error.is_timeout() {
                NoReply::Timeout(self.timeout)
            } else {
                NoReply::Connection(chain(&error))
            }
        };
        let mut headers = HeaderMap::new();
        headers.insert(USER_AGENT, HeaderValue::from_static("Go-http-client/1.1"));
        let client = reqwest::Client::builder()
            .http1_only()
            .http1_title_case_headers()
            .no_proxy()
            .default_headers(headers)
            .pool_idle_timeout(None)
            .timeout(self.timeout)
            .build()
            .map_err(failed)?;
        let method = if request.body.is_some() { Method::POST } else { Method::GET };
        let mut sent = client.request(method, request.url);
        if let Some(Credentials { user, password }) = request.credentials {
            sent = sent.basic_auth(user, Some(password));
        }
        if let Some(account) = request.account {
            sent = sent.header("x-anchore-account", account);
        }
        if let Some(body) = request.body {
            sent = sent.header("Content-Type", "application/json").body(body);
        }
        let answer = sent.send().await.map_err(failed)?;
        let status = answer.status().as_u16();
        let body = answer.bytes().await.map_err(failed)?.to_vec();
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.push_back(client);
        if kept.len() > KEPT {
            kept.pop_front();
        }
        Ok(Reply { status, body })
    }
}

/// An error with its causes: reqwest's own text leaves them out.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(&format!(": {error}"));
        cause = error.source();
    }
    text
}
