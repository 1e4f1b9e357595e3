//! An error as a gRPC status with the standard details.

use std::{collections::HashMap, time::Duration};

use tonic::{Code, Status};
use tonic_types::{
    BadRequest, ErrorDetail, ErrorInfo, FieldViolation, LocalizedMessage, PreconditionFailure,
    PreconditionViolation, RetryInfo, StatusExt as _,
};

use proto::refusal::Violation;

use super::{DOMAIN, Error, english, polish};

/// Bytes of text in the lists of violations, and in a message of one language. gRPC's own clients take
/// 8 KiB of trailers, others 16, and see a broken stream and no reason when there is more; an audit may
/// lack 40 values.
const DESCRIPTIONS: usize = 2000;
const LINES: usize = 700;
/// Violations that are listed; bytes of what was asked, and of what would be allowed.
const LISTED: usize = 60;
const ASKED: usize = 400;
const ALLOWED: usize = 1200;

/// How long a caller is asked to wait before it tries again.
pub(super) const RETRY_AFTER: Duration = Duration::from_secs(1);

impl Error {
    /// ErrorInfo always; BadRequest for fields, PreconditionFailure for rules (each lists all that
    /// were broken), LocalizedMessage in both languages with a line for each, RetryInfo where trying
    /// again helps. Of very many violations the later ones have no text, only their names, and those after
    /// the 60th are not listed; long texts are cut. REST has all of it.
    pub fn to_status(&self) -> Status {
        let spec = self.spec();
        let mut metadata = HashMap::new();
        let first = self.violations().first();
        if let Some(first) = first {
            let values = [
                ("field", Some(first.field.as_str()), ASKED),
                ("asked", Some(first.asked.as_str()), ASKED),
                ("askedPl", first.asked_pl.as_deref(), ASKED),
                ("allowed", Some(first.allowed.as_str()), ALLOWED),
                ("allowedPl", first.allowed_pl.as_deref(), ALLOWED),
            ];
            for (key, value, most) in values {
                if let Some(value) = value.filter(|value| !value.is_empty()) {
                    metadata.insert(key.to_owned(), clipped(value, most));
                }
            }
        }

        let mut details =
            vec![ErrorDetail::ErrorInfo(ErrorInfo::new(self.reason().name(), DOMAIN, metadata))];
        let mut fields = Vec::new();
        let mut rules = Vec::new();
        let mut left = DESCRIPTIONS;
        let mut description = |violation| {
            let text = english(violation);
            left = left.saturating_sub(text.len());
            if left > 0 { text } else { String::new() }
        };
        for v in self.violations().iter().take(LISTED) {
            match v.reason.spec().grpc {
                Code::FailedPrecondition => {
                    rules.push(PreconditionViolation::new(v.reason.name(), &v.field, description(v)));
                }
                Code::InvalidArgument => {
                    let mut field = FieldViolation::new(&v.field, description(v));
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
        for (locale, all) in [("en", self.lines(spec.en, english)), ("pl", self.lines(spec.pl, polish))] {
            details.push(ErrorDetail::LocalizedMessage(LocalizedMessage::new(locale, all)));
        }
        if spec.retry {
            details.push(ErrorDetail::RetryInfo(RetryInfo::new(Some(self.wait()))));
        }
        let message = first.map_or_else(|| spec.en.to_owned(), |first| clipped(&english(first), LINES));
        Status::with_error_details_vec(spec.grpc, message, details)
    }

    fn wait(&self) -> Duration {
        if let Self::TooMany(too_many) = self { too_many.wait } else { RETRY_AFTER }
    }

    /// What was wrong, a line for each violation as far as there is room.
    fn lines(&self, general: &str, text: impl Fn(&Violation) -> String) -> String {
        let mut lines = self.violations().iter().map(|violation| clipped(&text(violation), LINES));
        let mut all = lines.next().unwrap_or_else(|| general.to_owned());
        for line in lines {
            if all.len() + line.len() > LINES {
                all.push_str("\n…");
                break;
            }
            all.push('\n');
            all.push_str(&line);
        }
        all
    }
}

/// The beginning of a text that has more than so many bytes.
fn clipped(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    format!("{}…", &text[..text.floor_char_boundary(most)])
}

impl From<Error> for Status {
    fn from(error: Error) -> Self {
        error.to_status()
    }
}
