//! An error as problem details (RFC 9457), the body of every REST answer that is not a success.

use axum::response::{IntoResponse, Response};
use http::{
    HeaderValue, StatusCode,
    header::{CONTENT_TYPE, RETRY_AFTER},
};
use proto::{common::v1::ErrorReason, refusal::Violation};
use serde::{Deserialize, Serialize};

use super::{Error, english, lower_camel, polish};

/// `application/problem+json`. `title` is the same for every problem of a reason; `detail` is about
/// this one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Problem {
    /// A tag URI (RFC 4151) that ends in the reason; it names and is not fetched.
    pub r#type: String,
    pub title: String,
    pub status: u16,
    pub detail: String,
    pub detail_pl: String,
    /// The reason's name, as in gRPC's ErrorInfo.
    pub reason: String,
    /// Path of the request.
    pub instance: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub violations: Vec<ProblemViolation>,
}

/// One broken rule or bad field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProblemViolation {
    pub reason: String,
    /// Path in the request's JSON, or a header's name; empty where no single field is at fault.
    pub field: String,
    pub asked: String,
    /// Only where it differs, as is `allowedPl`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_pl: Option<String>,
    pub allowed: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed_pl: Option<String>,
    pub detail: String,
    pub detail_pl: String,
}

impl From<&Violation> for ProblemViolation {
    fn from(v: &Violation) -> Self {
        Self {
            reason: v.reason.name().to_owned(),
            field: field(&v.field),
            asked: v.asked.clone(),
            asked_pl: v.asked_pl.as_deref().map(str::to_owned),
            allowed: v.allowed.clone(),
            allowed_pl: v.allowed_pl.as_deref().map(str::to_owned),
            detail: english(v),
            detail_pl: polish(v),
        }
    }
}

impl Problem {
    fn of_reason(reason: ErrorReason, instance: &str) -> Self {
        let spec = reason.spec();
        Self {
            r#type: format!("tag:{},2026:{}", super::DOMAIN, reason.name()),
            title: spec.en.to_owned(),
            status: spec.http,
            detail: spec.en.to_owned(),
            detail_pl: spec.pl.to_owned(),
            reason: reason.name().to_owned(),
            instance: instance.to_owned(),
            violations: Vec::new(),
        }
    }
}

impl Problem {
    /// The same with title and detail in Polish.
    #[must_use]
    pub fn in_polish(mut self) -> Self {
        if let Some(reason) = ErrorReason::from_name(&self.reason) {
            reason.spec().pl.clone_into(&mut self.title);
        }
        self.detail.clone_from(&self.detail_pl);
        self
    }
}

/// As the caller wrote it: two fields travel as headers.
fn field(name: &str) -> String {
    match name {
        "request_id" => "idempotency-key".to_owned(),
        "etag" => "if-match".to_owned(),
        other => lower_camel(other),
    }
}

impl Error {
    /// `instance` is the path that was asked for.
    pub fn to_problem(&self, instance: &str) -> Problem {
        let mut problem = Problem::of_reason(self.reason(), instance);
        problem.violations = self.violations().iter().map(ProblemViolation::from).collect();
        if let Some(first) = problem.violations.first() {
            problem.detail = first.detail.clone();
            problem.detail_pl = first.detail_pl.clone();
        }
        problem
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, axum::Json(&self)).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if ErrorReason::from_name(&self.reason).is_some_and(|reason| reason.spec().retry) {
            headers.insert(RETRY_AFTER, HeaderValue::from(super::status::RETRY_AFTER.as_secs()));
        }
        response
    }
}
