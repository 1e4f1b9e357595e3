//! An error as a gRPC status with the standard details.

use std::{collections::HashMap, time::Duration};

use tonic::{Code, Status};
use tonic_types::{
    BadRequest, ErrorDetail, ErrorInfo, FieldViolation, LocalizedMessage, PreconditionFailure,
    PreconditionViolation, RetryInfo, StatusExt as _,
};

use super::{DOMAIN, Error, english, polish};

/// How long a caller is asked to wait before it tries again.
pub(super) const RETRY_AFTER: Duration = Duration::from_secs(1);

impl Error {
    /// ErrorInfo always; BadRequest for fields, PreconditionFailure for rules (each lists all that
    /// were broken), LocalizedMessage in both languages, RetryInfo where trying again helps.
    pub fn to_status(&self) -> Status {
        let spec = self.spec();
        let mut metadata = HashMap::new();
        let mut message = (spec.en.to_owned(), spec.pl.to_owned());
        if let Some(first) = self.violations().first() {
            message = (english(first), polish(first));
            let values = [
                ("field", Some(first.field.as_str())),
                ("asked", Some(first.asked.as_str())),
                ("askedPl", first.asked_pl.as_deref()),
                ("allowed", Some(first.allowed.as_str())),
                ("allowedPl", first.allowed_pl.as_deref()),
            ];
            for (key, value) in values {
                if let Some(value) = value.filter(|value| !value.is_empty()) {
                    metadata.insert(key.to_owned(), value.to_owned());
                }
            }
        }

        let mut details =
            vec![ErrorDetail::ErrorInfo(ErrorInfo::new(self.reason().name(), DOMAIN, metadata))];
        let mut fields = Vec::new();
        let mut rules = Vec::new();
        for v in self.violations() {
            match v.reason.spec().grpc {
                Code::FailedPrecondition => {
                    rules.push(PreconditionViolation::new(v.reason.name(), &v.field, english(v)));
                }
                Code::InvalidArgument => {
                    let mut field = FieldViolation::new(&v.field, english(v));
                    field.reason = v.reason.name().to_owned();
                    fields.push(field);
                }
                _ => {}
            }
        }
        if !rules.is_empty() {
            details.push(ErrorDetail::PreconditionFailure(PreconditionFailure::new(rules)));
        }
        if !fields.is_empty() {
            details.push(ErrorDetail::BadRequest(BadRequest::new(fields)));
        }
        details.push(ErrorDetail::LocalizedMessage(LocalizedMessage::new("en", &message.0)));
        details.push(ErrorDetail::LocalizedMessage(LocalizedMessage::new("pl", message.1)));
        if spec.retry {
            details.push(ErrorDetail::RetryInfo(RetryInfo::new(Some(RETRY_AFTER))));
        }
        Status::with_error_details_vec(spec.grpc, message.0, details)
    }
}

impl From<Error> for Status {
    fn from(error: Error) -> Self {
        error.to_status()
    }
}
