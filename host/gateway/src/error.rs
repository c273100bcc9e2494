//! Refusals on the wire (contract 1.6).

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use keepset_host::PluginError;
use keepset_store::{ApplyError, StoreError};
use keepset_types::ErrorCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::roles::Action;

/// Why a request was refused or failed. Nothing was then changed.
#[derive(Debug)]
pub(crate) enum ApiError {
    /// No credentials, or wrong ones.
    Unauthorized,
    /// All else.
    Refused(Box<Refusal>),
}

/// A refusal by the service: what both generations of clients look for, in one object.
#[derive(Debug)]
pub(crate) struct Refusal {
    status: StatusCode,
    error_type: &'static str,
    message: String,
    detail: ErrorDetail,
    retry_after: Option<&'static str>,
}

/// What the log is told of a refusal: agents do not tell what they were answered. Goes with the response, inside the process.
#[derive(Clone, Debug)]
pub(crate) struct Why {
    pub(crate) message: String,
    pub(crate) pointer: Option<String>,
    pub(crate) parameter: Option<String>,
}

/// A refusal by the service.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApiErrorResponse)]
pub(crate) struct ErrorBody {
    /// The HTTP status.
    code: u16,
    /// A stable word for the kind of error.
    error_type: &'static str,
    /// For people.
    message: String,
    /// The HTTP status, once more: older clients look here.
    httpcode: u16,
    detail: ErrorDetail,
}

/// More about a refusal: always an object, by which agents tell it from a framework's.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub(crate) struct ErrorDetail {
    /// Stable codes.
    error_codes: Vec<&'static str>,
    /// Where in the body the fault is: a JSON pointer.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pointer: Option<String>,
    /// Which parameter is at fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    parameter: Option<String>,
}

/// What a web framework says of a URL or a method that it does not know: `detail` is a text, by which agents tell it from
/// a refusal by the service.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UnknownUrl {
    r#type: &'static str,
    title: &'static str,
    detail: &'static str,
    status: u16,
}

/// How long a message or a pointer may be, in bytes: some repeat what they do not like, and that may be a whole body.
const LONGEST: usize = 1000;

/// How long, in seconds, who is told 503 should wait.
const RETRY_AFTER: &str = "5";

impl ApiError {
    fn new(status: StatusCode, error_type: &'static str, message: impl Into<String>) -> Self {
        let detail = ErrorDetail::default();
        Self::Refused(Box::new(Refusal {
            status,
            error_type,
            message: shortened(message.into()),
            detail,
            retry_after: None,
        }))
    }

    fn with(mut self, change: impl FnOnce(&mut Refusal)) -> Self {
        if let Self::Refused(refusal) = &mut self {
            change(refusal);
        }
        self
    }

    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_request", message)
    }

    /// A parameter of the query, the path or the header is not what it should be.
    pub(crate) fn bad_parameter(parameter: &str, message: impl Into<String>) -> Self {
        let parameter = Some(parameter.to_owned());
        Self::bad_request(message).with(|refusal| refusal.detail.parameter = parameter)
    }

    /// The body is not what it should be, at a JSON pointer.
    pub(crate) fn bad_body(pointer: impl Into<String>, message: impl Into<String>) -> Self {
        let pointer = Some(shortened(pointer.into()));
        Self::bad_request(message).with(|refusal| refusal.detail.pointer = pointer)
    }

    /// This user may not do that in that account. Agents send a report that is refused so to their default account: it must
    /// mean nothing else (contract 1.3 (a)).
    pub(crate) fn forbidden(account: &str, action: Action) -> Self {
        let action = action.as_str();
        let message =
            format!("Not authorized. Requires permissions: domain={account} action={action} target=");
        Self::new(StatusCode::FORBIDDEN, "forbidden", message)
    }

    /// The text makes agents send their report to their default account (contract 1.3 (b)).
    pub(crate) fn account_not_found(account: &str) -> Self {
        Self::not_found(format!("User account not found. Name={account}"))
    }

    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", message)
    }

    /// The request is right, and its time is wrong.
    pub(crate) fn conflict(message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "conflict", message)
    }

    pub(crate) fn too_large(limit: usize) -> Self {
        let message = format!("The body is larger than the {limit} bytes that are accepted");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "payload_too_large", message)
    }

    pub(crate) fn unsupported_media_type() -> Self {
        let message = "The body must be sent as application/json";
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", message)
    }

    pub(crate) fn unsupported_encoding() -> Self {
        let message = "The body must be sent as it is: expected no Content-Encoding";
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", message)
    }

    pub(crate) fn too_many_failures() -> Self {
        let message = "Too many failed logins of this user from this address; try again in a minute";
        Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", message)
            .with(|refusal| refusal.retry_after = Some("60"))
    }

    /// Not now. Never 500 for what passes: an agent that starts would end itself (contract 1.2).
    pub(crate) fn unavailable(message: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "service_unavailable", message)
            .with(|refusal| refusal.retry_after = Some(RETRY_AFTER))
    }

    pub(crate) fn internal() -> Self {
        let message = "Internal error; the log has more under the request's id";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal_error", message)
    }

    /// Whether another request would have been answered better.
    pub(crate) fn is_fault_of_the_client(&self) -> bool {
        match self {
            Self::Unauthorized => true,
            Self::Refused(refusal) => refusal.status.is_client_error(),
        }
    }

    /// With its place in the body that the faulty part was taken from.
    pub(crate) fn below(self, prefix: &str) -> Self {
        self.with(|refusal| {
            if let Some(pointer) = &mut refusal.detail.pointer {
                pointer.insert_str(0, prefix);
            }
        })
    }

    /// With this message, if it says that nothing was found.
    pub(crate) fn or_not_found(self, message: &str) -> Self {
        self.with(|refusal| {
            if refusal.status == StatusCode::NOT_FOUND && refusal.detail.error_codes.contains(&"not_found") {
                message.clone_into(&mut refusal.message);
            }
        })
    }

    /// Adds a stable code.
    pub(crate) fn coded(self, code: &'static str) -> Self {
        self.with(|refusal| refusal.detail.error_codes.push(code))
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let Refusal { status, error_type, message, detail, retry_after } = match self {
            Self::Unauthorized => {
                let challenge = r#"basic realm="Authentication required""#;
                return (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, challenge)], "Unauthorized")
                    .into_response();
            }
            Self::Refused(refusal) => *refusal,
        };
        let (code, httpcode) = (status.as_u16(), status.as_u16());
        let ErrorDetail { pointer, parameter, .. } = detail.clone();
        let why = Why { message: message.clone(), pointer, parameter };
        let body = Json(ErrorBody { code, error_type, message, httpcode, detail });
        let mut response = (status, Extension(why), body).into_response();
        if let Some(seconds) = retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static(seconds));
        }
        response
    }
}

/// The answer to a URL that is not served: before anybody is asked who they are, so that an agent that looks for another
/// version of the API comes back (contract 1.2).
pub(crate) async fn unknown_url() -> Response {
    let detail = "The requested URL was not found on the server. If you entered the URL manually please check your \
                  spelling and try again.";
    UnknownUrl::respond(StatusCode::NOT_FOUND, "Not Found", detail)
}

/// The answer to a method that the URL does not have.
pub(crate) async fn unknown_method() -> Response {
    UnknownUrl::respond(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed", "Method Not Allowed")
}

impl UnknownUrl {
    fn respond(status: StatusCode, title: &'static str, detail: &'static str) -> Response {
        let body = Self { r#type: "about:blank", title, detail, status: status.as_u16() };
        (status, Json(body)).into_response()
    }
}

/// What went wrong in a handler that crashed.
pub(crate) fn crashed(_: Box<dyn std::any::Any + Send>) -> Response {
    tracing::error!("a request's handler crashed");
    ApiError::internal().into_response()
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::UnknownAccount(account) => Self::account_not_found(&account),
            StoreError::Unstorable { .. } => Self::bad_request(sentence(&error)).coded("unstorable"),
            StoreError::Busy => Self::unavailable(sentence(&error)).coded("store_busy"),
            StoreError::Database(cause) => {
                tracing::error!(error = %cause, "the database did not do it");
                Self::unavailable("The database does not answer").coded("store_unavailable")
            }
            other => {
                tracing::error!(error = %other, "the store failed");
                Self::internal().coded("store")
            }
        }
    }
}

impl From<PluginError> for ApiError {
    fn from(error: PluginError) -> Self {
        let code = error.code();
        match error {
            PluginError::Refused(refusal) => match refusal.code {
                ErrorCode::InvalidReport | ErrorCode::InvalidConfig | ErrorCode::InvalidRequest => {
                    let message = sentence(&refusal.message);
                    match refusal.pointer {
                        Some(pointer) => Self::bad_body(pointer, message),
                        None => Self::bad_request(message),
                    }
                    .coded(code)
                }
                ErrorCode::NotFound => Self::not_found(sentence(&refusal.message)).coded(code),
                ErrorCode::InvalidInventory => {
                    tracing::error!(error = %refusal, "the plugin does not take the inventory");
                    Self::internal().coded(code)
                }
            },
            PluginError::MemoryLimit(_)
            | PluginError::TableLimit(_)
            | PluginError::InstanceLimit(_)
            | PluginError::TimeLimit(_)
            | PluginError::FuelLimit(_)
            | PluginError::StackLimit(_)
            | PluginError::ResultLimit(_)
            | PluginError::InputLimit { .. }
            | PluginError::Busy(_) => {
                tracing::error!(code, error = %error, "the plugin hit a limit");
                Self::unavailable(sentence(&error)).coded(code)
            }
            other => {
                tracing::error!(code, error = %other, "the plugin failed");
                Self::internal().coded(code)
            }
        }
    }
}

impl From<ApplyError<PluginError>> for ApiError {
    fn from(error: ApplyError<PluginError>) -> Self {
        match error {
            ApplyError::Store(error) => error.into(),
            ApplyError::Decide(error) => error.into(),
        }
    }
}

fn shortened(mut text: String) -> String {
    if text.len() > LONGEST {
        text.truncate(text.floor_char_boundary(LONGEST));
        text.push_str("...");
    }
    text
}

/// With a capital letter: so is the rest of the API.
fn sentence(text: &impl ToString) -> String {
    let text = text.to_string();
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => text,
    }
}

/// The header by which requests are found in logs.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("anchore-request-id");
