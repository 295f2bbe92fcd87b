use axum::{
    Json,
    body::Body,
    http::{HeaderValue, Response, StatusCode, header},
    response::IntoResponse,
};
use serde_json::json;

/// What can go wrong for a caller; the only place that maps errors to answers (RFC 9457).
///
/// No variant holds narrative text.
#[derive(Debug)]
pub(super) enum ApiError {
    /// The request is not what the route takes; the sentence says what it takes.
    Bad(String),
    /// The body is larger than a narrative can be.
    TooLarge(String),
    /// The service reads as much as it can.
    Overloaded,
    /// Our fault.
    Internal,
    NotFound,
    MethodNotAllowed,
}

impl IntoResponse for ApiError {
    fn into_response(self) -> axum::response::Response {
        let (status, title, detail) = match self {
            Self::Bad(detail) => (StatusCode::BAD_REQUEST, "the request cannot be read", detail),
            Self::TooLarge(detail) => (StatusCode::PAYLOAD_TOO_LARGE, "the narrative is too long", detail),
            Self::Overloaded => (StatusCode::TOO_MANY_REQUESTS, "the service is busy", "send the request again after a second".to_owned()),
            Self::Internal => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "the service failed",
                "send the request again; tell the operator if it fails again".to_owned(),
            ),
            Self::NotFound => (
                StatusCode::NOT_FOUND,
                "there is nothing here",
                "the routes are POST /v1/analyses, /health/live, /health/ready, /version and /".to_owned(),
            ),
            Self::MethodNotAllowed => {
                (StatusCode::METHOD_NOT_ALLOWED, "the route does not take this method", "see the Allow header".to_owned())
            }
        };
        let body = json!({"type": "about:blank", "title": title, "status": status.as_u16(), "detail": detail});
        let mut response = (status, Json(body)).into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if status == StatusCode::TOO_MANY_REQUESTS {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}

impl From<crate::types::NarrativeError> for ApiError {
    fn from(error: crate::types::NarrativeError) -> Self {
        match error {
            crate::types::NarrativeError::TooLong { .. } => Self::TooLarge(error.to_string()),
            other => Self::Bad(other.to_string()),
        }
    }
}

pub(super) async fn not_found() -> ApiError {
    ApiError::NotFound
}

pub(super) async fn method_not_allowed() -> ApiError {
    ApiError::MethodNotAllowed
}

/// A panic is our fault; what it said may hold text and is not passed on.
pub(super) fn panicked(_: Box<dyn std::any::Any + Send + 'static>) -> Response<Body> {
    ApiError::Internal.into_response()
}
