//! The playground, at `/`.

use axum::http::{HeaderName, header};
use axum::response::{Html, IntoResponse, Response};

use super::service;

/// One HTML file with all that it needs; empty where this was built without it.
const PLAYGROUND: &str = include_str!(env!("KEEPSET_PLAYGROUND_FILE"));

/// Its own policy stands in the page, but for what only a header can say.
const HEADERS: [(HeaderName, &str); 4] = [
    (header::CONTENT_SECURITY_POLICY, "frame-ancestors 'none'"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CACHE_CONTROL, "no-cache"),
];

/// The playground, or the answer to a ping.
pub(super) async fn playground() -> Response {
    if PLAYGROUND.is_empty() {
        return service::ping().await.into_response();
    }
    (HEADERS, Html(PLAYGROUND)).into_response()
}
