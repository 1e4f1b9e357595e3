//! What a request came to, if not to an answer.

use proto::common::v1::ErrorReason;
use serde_json::Value;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The service answered, and said no.
    #[error("{0}")]
    Refused(Refused),
    /// Nobody answered, or not now: the same request id may be sent again.
    #[error("no answer: {0}")]
    Away(String),
    /// The process has no such service, or what stands before it does not lead there.
    #[error("this process does not have it")]
    Absent,
    /// An answer that is not in the contract.
    #[error("not understood: {0}")]
    Unreadable(String),
}

/// A refusal by the contract, the same over gRPC and REST.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    pub reason: ErrorReason,
    /// In English.
    pub message: String,
    /// What would be allowed: for a date the earliest possible one. Empty if nothing is.
    pub allowed: String,
    /// Every rule that was broken, in order.
    pub rules: Vec<Rule>,
}

/// One broken rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    pub name: String,
    pub message: String,
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.reason.name(), self.message)
    }
}

impl Error {
    /// The refusal, if it was one.
    pub fn refused(self) -> Option<Refused> {
        match self {
            Self::Refused(refused) => Some(refused),
            Self::Away(_) | Self::Absent | Self::Unreadable(_) => None,
        }
    }

    /// The innermost cause says what is the matter, the outer ones that something is.
    pub(crate) fn away(error: impl std::error::Error + 'static) -> Self {
        Self::Away(innermost(&error))
    }

    /// From a gRPC status with google.rpc's details.
    pub(crate) fn from_status(status: &Status) -> Self {
        let details = status.get_error_details();
        let reason = details.error_info().and_then(|info| ErrorReason::from_name(&info.reason));
        let Some(reason) = reason else { return Self::without_reason(status) };
        if reason.spec().grpc == Code::Unavailable {
            return Self::Away(format!("{}: {}", reason.name(), status.message()));
        }
        let allowed = details.error_info().and_then(|info| info.metadata.get("allowed").cloned());
        let of_rules = details.precondition_failure().into_iter().flat_map(|all| &all.violations);
        let of_fields = details.bad_request().into_iter().flat_map(|all| &all.field_violations);
        let rules = of_rules
            .map(|rule| Rule { name: rule.r#type.clone(), message: rule.description.clone() })
            .chain(of_fields.map(|f| Rule { name: f.reason.clone(), message: f.description.clone() }))
            .collect();
        let message = status.message().to_owned();
        Self::Refused(Refused { reason, message, allowed: allowed.unwrap_or_default(), rules })
    }

    /// From a body of `application/problem+json`.
    pub(crate) fn from_problem(status: u16, body: &[u8]) -> Self {
        let problem: Value = serde_json::from_slice(body).unwrap_or_default();
        let text = |value: &Value, key: &str| value[key].as_str().unwrap_or_default().to_owned();
        let Some(reason) = ErrorReason::from_name(&text(&problem, "reason")) else {
            let body = String::from_utf8_lossy(body);
            return if status >= 500 {
                Self::Away(format!("{status} {body}"))
            } else {
                Self::Unreadable(format!("{status} {body}"))
            };
        };
        if reason.spec().grpc == Code::Unavailable {
            return Self::Away(format!("{}: {}", reason.name(), text(&problem, "detail")));
        }
        let violations = problem["violations"].as_array().cloned().unwrap_or_default();
        Self::Refused(Refused {
            reason,
            message: text(&problem, "detail"),
            allowed: violations.first().map(|first| text(first, "allowed")).unwrap_or_default(),
            rules: violations
                .iter()
                .map(|v| Rule { name: text(v, "reason"), message: text(v, "detail") })
                .collect(),
        })
    }

    /// Of a broken connection, or of something between the client and the service.
    fn without_reason(status: &Status) -> Self {
        match status.code() {
            Code::Unavailable | Code::Unknown | Code::Cancelled | Code::DeadlineExceeded | Code::Internal => {
                let cause = std::error::Error::source(status);
                let why = cause.map_or_else(|| status.message().to_owned(), innermost);
                Self::Away(format!("{:?}: {why}", status.code()))
            }
            Code::Unimplemented => Self::Absent,
            code => Self::Unreadable(format!("{code}: {}", status.message())),
        }
    }
}

fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}
