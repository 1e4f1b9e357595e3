//! The one error of the platform and of the services' commands.
//!
//! A refusal is a judgement and goes to the caller in full. Anything else is a fault: the caller
//! learns its code, the log keeps the cause, once, at the boundary.

mod problem;
mod status;
mod too_many;

use std::slice;

use proto::{
    common::v1::ErrorReason,
    reason::Spec,
    refusal::{Refusal, Violation, Words, words},
};
use sea_orm::DbErr;

use crate::{db, telemetry::serving};

pub use problem::{Problem, ProblemViolation};
pub use too_many::TooMany;

/// The domain in `google.rpc.ErrorInfo`.
pub const DOMAIN: &str = "przesiadka.softvig.pl";

#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The command was judged and not carried out.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The database failed; whether it is away is read from the error.
    #[error(transparent)]
    Db(#[from] DbErr),
    /// Something that is needed is away for the moment.
    #[error("{0:#}")]
    Unavailable(anyhow::Error),
    /// The caller asks more than its share.
    #[error("too much of one caller: {}", .0.violation.allowed)]
    TooMany(Box<TooMany>),
    /// A fault of this software.
    #[error("{0:#}")]
    Internal(#[from] anyhow::Error),
}

impl From<TooMany> for Error {
    fn from(too_many: TooMany) -> Self {
        Self::TooMany(Box::new(too_many))
    }
}

impl From<Violation> for Error {
    fn from(violation: Violation) -> Self {
        Self::Refused(violation.into())
    }
}

impl Error {
    /// No such thing, or another company's; `name` is the resource name that was asked for.
    pub fn not_found(name: impl std::fmt::Display) -> Self {
        Violation::new(ErrorReason::NotFound).asked(name).into()
    }

    /// The caller's role does not allow it; `allowed` says whose would.
    pub fn permission_denied(allowed: impl Into<Words>) -> Self {
        Violation::new(ErrorReason::PermissionDenied).allowed(allowed).into()
    }

    /// A field of the request is missing or malformed.
    pub fn invalid(field: impl Into<String>, asked: impl Into<Words>, allowed: impl Into<Words>) -> Self {
        Violation::new(ErrorReason::InvalidArgument).field(field).asked(asked).allowed(allowed).into()
    }

    /// A list is to be filtered by a number that is no state of the contract.
    pub fn unknown_state(number: i32) -> Self {
        Self::invalid("state", number, words("a state of the contract", "stan z kontraktu"))
    }

    /// Somebody else changed the same thing in between.
    pub fn lost_race() -> Self {
        Violation::new(ErrorReason::Conflict).into()
    }

    /// Whether the same command may succeed when it is run again at once: a lost race or a database conflict.
    pub fn is_conflict(&self) -> bool {
        match self {
            Self::Db(e) => db::is_conflict(e),
            Self::Refused(refusal) => refusal.reason() == ErrorReason::Conflict,
            _ => false,
        }
    }

    /// Whether waiting helps: retried for ever by consumers and timers, never parked.
    pub fn is_transient(&self) -> bool {
        self.is_conflict() || self.reason() == ErrorReason::Unavailable
    }

    /// The reason that decides every code.
    pub fn reason(&self) -> ErrorReason {
        match self {
            Self::Refused(refusal) => refusal.reason(),
            Self::Db(e) if db::is_unavailable(e) || db::is_conflict(e) => ErrorReason::Unavailable,
            Self::Unavailable(_) => ErrorReason::Unavailable,
            Self::TooMany(_) => ErrorReason::RateLimited,
            Self::Db(_) | Self::Internal(_) => ErrorReason::Internal,
        }
    }

    pub fn spec(&self) -> Spec {
        self.reason().spec()
    }

    /// What was refused; empty for faults.
    pub fn violations(&self) -> &[Violation] {
        match self {
            Self::Refused(refusal) => refusal.violations(),
            Self::TooMany(too_many) => slice::from_ref(&too_many.violation),
            _ => &[],
        }
    }

    /// Writes a fault into the log, and counts it as a refusal is counted. Only the two adapters call it, so that is
    /// done once.
    pub fn log(&self, method: &str) {
        serving::failed(method, self);
        match (self, self.reason()) {
            (Self::Refused(refusal), _) => tracing::debug!(method, %refusal, "refused"),
            (Self::TooMany(_), _) => tracing::debug!(method, refusal = %self, "refused"),
            (_, ErrorReason::Unavailable) => tracing::warn!(method, error = %self, "unavailable"),
            _ => tracing::error!(method, error = ?self, "failed"),
        }
    }
}

/// The sentence a person reads: the rule, then what was asked and what would be allowed.
fn sentence(text: &str, parts: [(&str, &str); 2]) -> String {
    let mut out = text.to_owned();
    for (label, value) in parts {
        if !value.is_empty() {
            out.push_str(&format!(" {label}: {value}."));
        }
    }
    out
}

fn english(v: &Violation) -> String {
    sentence(v.reason.spec().en, [("Asked", &v.asked), ("Allowed", &v.allowed)])
}

fn polish(v: &Violation) -> String {
    let asked = v.asked_pl.as_deref().unwrap_or(&v.asked);
    let allowed = v.allowed_pl.as_deref().unwrap_or(&v.allowed);
    sentence(v.reason.spec().pl, [("Podano", asked), ("Dozwolone", allowed)])
}

/// `dates[0].window_start` → `dates[0].windowStart`.
fn lower_camel(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    let mut upper = false;
    for c in path.chars() {
        match c {
            '_' => upper = true,
            c if upper => {
                out.extend(c.to_uppercase());
                upper = false;
            }
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests;
