//! What is done around every request: its id, its time, its span, its deadline, its measure.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use axum::extract::{ConnectInfo, FromRequestParts, MatchedPath, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use keepset_types::Timestamp;
use opentelemetry::global::get_text_map_propagator;
use opentelemetry_http::HeaderExtractor;
use tracing::field::Empty;
use tracing::{Instrument as _, Span};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use crate::error::{ApiError, REQUEST_ID, Why};
use crate::gateway::Gateway;
use crate::metrics::{Metrics, Served};

/// When a request came, and what it is called.
#[derive(Clone, Debug)]
pub(crate) struct Arrival {
    pub(crate) now: Timestamp,
    pub(crate) id: String,
}

impl FromRequestParts<Gateway> for Arrival {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &Gateway) -> Result<Self, ApiError> {
        parts.extensions.get::<Self>().cloned().ok_or_else(ApiError::internal)
    }
}

/// The id that the client gave, if it is one (`^[a-z0-9-]{1,64}$`: contract 1.4).
fn given_id(headers: &HeaderMap) -> Option<&str> {
    let id = headers.get(REQUEST_ID)?.to_str().ok()?;
    let is_id = (1..=64).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    is_id.then_some(id)
}

/// Around everything.
pub(crate) async fn arrive(State(gateway): State<Gateway>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = given_id(request.headers()).map_or_else(|| uuid::Uuid::new_v4().to_string(), str::to_owned);
    let arrival = Arrival { now: gateway.settings().clock.now(), id: id.clone() };
    request.extensions_mut().insert(arrival);
    let matched = request.extensions().get::<MatchedPath>();
    let route = matched.map_or("unknown", MatchedPath::as_str).to_owned();
    let method = request.method().as_str().to_owned();
    let span = tracing::info_span!(
        "request",
        id,
        method,
        route,
        address = Empty,
        user = Empty,
        account = Empty,
        cluster = Empty
    );
    if let Some(ConnectInfo(address)) = request.extensions().get::<ConnectInfo<SocketAddr>>() {
        span.record("address", address.ip().to_string());
    }
    let caller = get_text_map_propagator(|known| known.extract(&HeaderExtractor(request.headers())));
    let _ = span.set_parent(caller); // nobody collects traces: then there is nothing to continue

    let metrics = gateway.metrics();
    // Methods that HTTP does not know come from outside, and would be labels without end.
    let method = if route == "unknown" { "other".into() } else { method };
    let served = Served { route, method, status: ABANDONED };
    let running = Running::new(metrics, span.clone(), started, served);
    let mut response = async {
        if gateway.is_stopping() {
            return ApiError::unavailable("The gateway is stopping").into_response();
        }
        match tokio::time::timeout(gateway.settings().request_timeout, next.run(request)).await {
            Ok(response) => response,
            Err(_) => {
                ApiError::unavailable("The request took too long").coded("request_timeout").into_response()
            }
        }
    }
    .instrument(span.clone())
    .await;

    if gateway.is_stopping() {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    let (status, took) = (response.status().as_u16(), started.elapsed());
    let milliseconds = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    span.in_scope(|| match response.extensions_mut().remove::<Why>() {
        None => tracing::info!(status, milliseconds, "answered"),
        Some(Why { message, pointer, parameter }) => {
            tracing::warn!(status, milliseconds, pointer, parameter, "refused: {message}");
        }
    });
    running.answered(status, took);
    response
}

/// What stands for the status of a request whose client left before it was answered; others count it so too.
const ABANDONED: u16 = 499;

/// A request under way. If it is dropped, its client has left: agents do so after ten seconds.
struct Running<'a> {
    metrics: &'a Metrics,
    span: Span,
    started: Instant,
    served: Option<Served>,
}

impl<'a> Running<'a> {
    fn new(metrics: &'a Metrics, span: Span, started: Instant, served: Served) -> Self {
        metrics.requests_running.inc();
        Self { metrics, span, started, served: Some(served) }
    }

    fn answered(mut self, status: u16, took: Duration) {
        if let Some(served) = self.served.take() {
            let method = if status == 405 { "other".into() } else { served.method };
            self.metrics.served(Served { method, status, ..served }, took);
        }
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.metrics.requests_running.dec();
        if let Some(served) = self.served.take() {
            let took = self.started.elapsed();
            let milliseconds = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
            self.span.in_scope(|| {
                tracing::warn!(milliseconds, "abandoned: the client left before it was answered")
            });
            self.metrics.served(served, took);
        }
    }
}
