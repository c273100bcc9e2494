//! What requests say: parameters of the query, and bodies.

use std::str::FromStr;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use bytes::Bytes;
use futures_util::StreamExt as _;
use keepset_store::Page;
use keepset_types::{Object, read_json};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::sync::OwnedSemaphorePermit;
use utoipa::{IntoParams, ToSchema};

use crate::error::ApiError;
use crate::gateway::Gateway;

/// The parameters of the query. Unknown ones are ignored, one given twice is refused (contract 5.3, 44).
#[derive(Debug)]
pub(crate) struct Params<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Sync> FromRequestParts<S> for Params<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        match Query::try_from_uri(&parts.uri) {
            Ok(Query(params)) => Ok(Self(params)),
            Err(rejection) => Err(refused(&rejection.body_text())),
        }
    }
}

/// The part of the path that names one thing. Nothing has a name that is not UTF-8.
#[derive(Debug)]
pub(crate) struct Segment(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for Segment {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Path(name) = Path::from_request_parts(parts, state)
            .await
            .map_err(|_| ApiError::not_found("The path is not UTF-8"))?;
        Ok(Self(name))
    }
}

/// What axum says of a query, in the API's words.
fn refused(text: &str) -> ApiError {
    let text = text.strip_prefix("Failed to deserialize query string: ").unwrap_or(text);
    let quoted = |after: &str| text.split_once(after)?.1.split_once('`').map(|(name, _)| name);
    if let Some(name) = quoted("missing field `") {
        return ApiError::bad_parameter(name, format!("Missing query parameter '{name}'"));
    }
    if let Some(name) = quoted("duplicate field `") {
        return ApiError::bad_parameter(
            name,
            format!("The query parameter '{name}' is given more than once"),
        );
    }
    match text.split_once(": ") {
        Some((name, fault)) => {
            ApiError::bad_parameter(name, format!("Wrong value of the query parameter '{name}': {fault}"))
        }
        None => ApiError::bad_request(format!("Wrong query: {text}")),
    }
}

/// A text that was given: an empty one is refused, never taken for "not given" (contract 5.3, 39).
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(try_from = "String")]
pub(crate) struct Given(String);

impl TryFrom<String> for Given {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        match text {
            text if text.is_empty() => Err("it is empty: expected a value, or no parameter at all"),
            text if text.contains('\0') => Err("it has a NUL character in it"),
            text => Ok(Self(text)),
        }
    }
}

impl Given {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn into_string(self) -> String {
        self.0
    }
}

/// `ecs` or `kubernetes`.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, ToSchema, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum InventoryType {
    Ecs,
    Kubernetes,
}

impl From<InventoryType> for keepset_types::InventoryType {
    fn from(name: InventoryType) -> Self {
        match name {
            InventoryType::Ecs => Self::Ecs,
            InventoryType::Kubernetes => Self::Kubernetes,
        }
    }
}

/// A whole number; what Rust says of a text that is none says nothing of what it should be.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Whole<T: FromStr>(pub(crate) T);

impl<T: FromStr> TryFrom<String> for Whole<T> {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse().map(Self).map_err(|_| "expected a whole number")
    }
}

/// Which part of a list.
#[derive(Clone, Copy, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Paging {
    /// Which page, counted from 1.
    #[param(value_type = i64, minimum = 1, maximum = 4294967295u32)]
    page: PageNumber,
    /// How many items a page has at most.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100000, default = 1000)]
    page_size: Option<PageSize>,
}

/// Counted from 1.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "String")]
struct PageNumber(u32);

impl TryFrom<String> for PageNumber {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let number = text.parse().ok().filter(|number| *number > 0);
        number.map(Self).ok_or("expected a whole number from 1 on")
    }
}

/// From 1 to 100 000: a page is held in memory.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct PageSize(u32);

impl TryFrom<String> for PageSize {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let size = text.parse().ok().filter(|size| (1..=100_000).contains(size));
        size.map(Self).ok_or("expected a whole number from 1 to 100000")
    }
}

impl PageSize {
    pub(crate) fn get(self) -> u32 {
        self.0
    }
}

impl From<Paging> for Page {
    fn from(paging: Paging) -> Self {
        Self { number: paging.page.0, size: paging.page_size.map_or(1000, PageSize::get) }
    }
}

/// The body of a report, and its place among those under way; it is taken before the body is read.
#[derive(Debug)]
pub(crate) struct ReportBody {
    pub(crate) json: Bytes,
    pub(crate) place: QueuePlace,
}

/// A place among the reports under way; given back when it is dropped.
#[derive(Debug)]
pub(crate) struct QueuePlace {
    #[expect(dead_code, reason = "held, not read")]
    permit: OwnedSemaphorePermit,
    gateway: Gateway,
}

impl Drop for QueuePlace {
    fn drop(&mut self) {
        self.gateway.metrics().queue.dec();
    }
}

impl FromRequest<Gateway> for ReportBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, gateway: &Gateway) -> Result<Self, ApiError> {
        let permit = gateway.queue().clone().try_acquire_owned();
        let permit =
            permit.map_err(|_| ApiError::unavailable("Too many reports at once").coded("queue_full"))?;
        gateway.metrics().queue.inc();
        let place = QueuePlace { permit, gateway: gateway.clone() };
        let (parts, body) = request.into_parts();
        let json = read(&parts.headers, body, gateway.settings().body_limit).await?;
        Ok(Self { json, place })
    }
}

/// The same where a body that says it is no JSON is refused (contract 1.4: 415).
#[derive(Debug)]
pub(crate) struct JsonReportBody(pub(crate) ReportBody);

impl FromRequest<Gateway> for JsonReportBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, gateway: &Gateway) -> Result<Self, ApiError> {
        must_be_json(request.headers())?;
        Ok(Self(ReportBody::from_request(request, gateway).await?))
    }
}

/// A document that is not a report, in JSON.
#[derive(Debug)]
pub(crate) struct Document<T> {
    pub(crate) value: T,
    pub(crate) text: Bytes,
}

/// How large such a document may be, in bytes.
const DOCUMENT_LIMIT: usize = 4 << 20;

impl<T: DeserializeOwned> FromRequest<Gateway> for Document<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, gateway: &Gateway) -> Result<Self, ApiError> {
        let (parts, body) = request.into_parts();
        must_be_json(&parts.headers)?;
        let limit = DOCUMENT_LIMIT.min(gateway.settings().body_limit);
        let text = read(&parts.headers, body, limit).await?;
        let Object(value) =
            read_json(&text).map_err(|error| ApiError::bad_body(error.pointer.clone(), error.to_string()))?;
        Ok(Self { value, text })
    }
}

/// Whether the body says that it is JSON, or does not say what it is; else 415.
fn must_be_json(headers: &HeaderMap) -> Result<(), ApiError> {
    let Some(media_type) = headers.get(header::CONTENT_TYPE) else { return Ok(()) };
    let essence = media_type.to_str().unwrap_or_default().split(';').next().unwrap_or_default().trim();
    let essence = essence.to_ascii_lowercase();
    let is_json =
        essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"));
    if is_json { Ok(()) } else { Err(ApiError::unsupported_media_type()) }
}

/// How long the rest of a body is listened to that is too large: agents wait ten seconds for an answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Who is still sending when the connection ends hears of that, and not of the answer.
async fn throw_away(body: Body) {
    let mut pieces = body.into_data_stream();
    while let Some(Ok(_)) = pieces.next().await {}
}

async fn read(headers: &HeaderMap, body: Body, limit: usize) -> Result<Bytes, ApiError> {
    if headers.get(header::CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity") {
        return Err(ApiError::unsupported_encoding());
    }
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    if announced.is_some_and(|length: usize| length > limit) {
        // Who asks first has not begun to send.
        if !headers.contains_key(header::EXPECT) {
            let _ = tokio::time::timeout(PATIENCE, throw_away(body)).await;
        }
        return Err(ApiError::too_large(limit));
    }
    to_bytes(body, limit).await.map_err(|error| {
        let too_large = std::error::Error::source(&error)
            .is_some_and(|cause| cause.to_string().contains("length limit exceeded"));
        if too_large {
            ApiError::too_large(limit)
        } else {
            ApiError::bad_request(format!("The body broke off: {error}"))
        }
    })
}
