//! `/openapi.json`, and `/docs`: a page of our own that loads nothing from elsewhere.

use std::sync::Arc;

use axum::{
    Router,
    response::{IntoResponse as _, Redirect, Response},
    routing::get,
};
use http::{
    HeaderName, HeaderValue,
    header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE},
};
use serde_json::Value;

/// Nothing but our own files, and calls to our own API.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Both, without a token: they say nothing of any company.
pub fn router(document: &Value) -> Router {
    let json: Arc<str> = document.to_string().into();
    Router::new()
        .route("/openapi.json", get(async move || file("application/json", json.to_string())))
        .route("/docs/", get(async || Redirect::permanent("/docs")))
        .route("/docs", get(async || file("text/html; charset=utf-8", include_str!("page/docs.html"))))
        .route(
            "/docs/docs.js",
            get(async || file("text/javascript; charset=utf-8", include_str!("page/docs.js"))),
        )
        .route("/docs/docs.css", get(async || file("text/css; charset=utf-8", include_str!("page/docs.css"))))
}

fn file(kind: &'static str, body: impl Into<String>) -> Response {
    const HEADERS: [(HeaderName, HeaderValue); 2] = [
        (CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        (CACHE_CONTROL, HeaderValue::from_static("no-cache")),
    ];
    ([(CONTENT_TYPE, kind)], HEADERS, body.into()).into_response()
}
