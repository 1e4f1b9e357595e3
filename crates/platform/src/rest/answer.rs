//! Answers: JSON with its etag and lane position, or a problem.

use axum::{
    Json,
    extract::Request,
    response::{IntoResponse as _, Response},
};
use http::{
    HeaderValue, StatusCode,
    header::{CACHE_CONTROL, CONTENT_LANGUAGE, ETAG, WWW_AUTHENTICATE},
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
