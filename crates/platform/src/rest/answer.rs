//! Answers: JSON with its etag and lane position, or a problem.

use axum::{
    Json,
    extract::Request,
    response::{IntoResponse as _, Response},
};
use http::{
    HeaderName, HeaderValue, StatusCode,
    header::{
        CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_SECURITY_POLICY, ETAG, REFERRER_POLICY,
        STRICT_TRANSPORT_SECURITY, WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS,
    },
};
use proto::{common::v1::ErrorReason, refusal::words};
use serde_json::Value;

use super::headers::prefers_polish;
use crate::{
    edge::{Done, POSITION},
    error::{Error, Problem},
};

pub(super) fn success(done: Done<Value>) -> Response {
    let etag = done.response.get("etag").and_then(Value::as_str).map(|etag| format!("\"{etag}\""));
    let mut response = Json(done.response).into_response();
    let headers = response.headers_mut();
    // Answers hold personal data and change under the reader.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(etag) = etag.and_then(|etag| HeaderValue::try_from(etag).ok()) {
        headers.insert(ETAG, etag);
    }
    if let Some(position) = done.position.and_then(|p| HeaderValue::try_from(p.to_string()).ok()) {
        headers.insert(POSITION, position);
    }
    response
}

pub(super) fn failure(error: &Error, instance: &str, polish: bool) -> Response {
    let mut response = in_language(error.to_problem(instance), polish);
    if let Error::TooMany(too_many) = error {
        too_many.put_headers(response.headers_mut());
    }
    if error.reason() == ErrorReason::Unauthenticated {
        let challenge = HeaderValue::from_static("Bearer realm=\"przesiadka\"");
        response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
    }
    response
}

fn in_language(problem: Problem, polish: bool) -> Response {
    let (problem, language) = if polish { (problem.in_polish(), "pl") } else { (problem, "en") };
    let mut response = problem.into_response();
    response.headers_mut().insert(CONTENT_LANGUAGE, HeaderValue::from_static(language));
    response
}

pub(super) async fn no_such_path(request: Request) -> Response {
    let path = request.uri().path();
    failure(&Error::not_found(path), path, prefers_polish(request.headers()))
}

/// The router adds Allow.
pub(super) async fn no_such_method(request: Request) -> Response {
    let path = request.uri().path();
    let allowed = words("what the header Allow lists", "metody z nagłówka Allow");
    let error = Error::invalid("method", request.method(), allowed);
    let mut problem = error.to_problem(path);
    problem.status = StatusCode::METHOD_NOT_ALLOWED.as_u16();
    in_language(problem, prefers_polish(request.headers()))
}

/// What every answer of the port says, unless it says otherwise itself.
pub(crate) fn secured(mut response: Response, tls: bool) -> Response {
    const HEADERS: [(HeaderName, &str); 5] = [
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
        (REFERRER_POLICY, "no-referrer"),
        (CACHE_CONTROL, "no-store"),
        (STRICT_TRANSPORT_SECURITY, "max-age=31536000"),
    ];
    for (name, value) in HEADERS.into_iter().take(if tls { 5 } else { 4 }) {
        response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}
