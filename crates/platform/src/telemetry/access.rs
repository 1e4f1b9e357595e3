//! Who saw and did what: a line at target `access` for each call that a token let in, and for each use of a link that
//! holds a secret. What was done is in the history, too; what was seen is told here alone.
//!
//! People are ids here, and what anybody wrote is left out.

use std::borrow::Cow;

use http::Method;
use proto::request::Request;
use tracing::info;
use uuid::Uuid;

use crate::{auth::Principal, error::Error};

/// To be kept, or filtered, apart from other lines.
const TARGET: &str = "access";
/// Longer than any name of the contract.
const LONGEST: usize = 256;

/// A call that is on its way. Its line is written at its end, also where the caller does not wait for that.
pub(crate) struct Access {
    /// Of a link verb and path, without the secret.
    method: Cow<'static, str>,
    caller: Option<Caller>,
    /// As it was asked for.
    resource: Option<String>,
    request_id: Option<String>,
    validate_only: bool,
    outcome: &'static str,
}

struct Caller {
    issuer: String,
    roles: String,
    /// Of SOFTVIG's people; a contact is known by its id, whatever its issuer makes of the subject.
    subject: Option<String>,
    contact: Option<String>,
}

impl Caller {
    fn of(principal: &Principal) -> Self {
        let contact = principal.company.zip(principal.contact);
        let contact = contact.map(|(company, contact)| format!("companies/{company}/contacts/{contact}"));
        Self {
            issuer: principal.issuer.clone(),
            roles: principal.roles.iter().map(|role| role.name()).collect::<Vec<_>>().join(","),
            subject: contact.is_none().then(|| principal.subject.clone()),
            contact,
        }
    }
}

impl Access {
    // Whether anybody wants the line is not asked: tracing's `enabled!` disturbs the filters of other layers.
    pub fn begin<R: Request>(principal: &Principal, request: &R, request_id: Option<&str>) -> Self {
        Self {
            method: R::METHOD.into(),
            caller: Some(Caller::of(principal)),
            resource: Some(request.resource().to_owned()).filter(|name| !name.is_empty()),
            // Whoever makes ids of another kind might put anything there.
            request_id: request_id.filter(|id| Uuid::parse_str(id).is_ok()).map(str::to_owned),
            validate_only: request.validate_only(),
            outcome: "CANCELLED",
        }
    }

    /// The use of a link, whose holder is not known; `resource` is what it leads to.
    pub fn by_link<T>(verb: &Method, path: &str, resource: Option<&str>, outcome: &Result<Option<T>, Error>) {
        let outcome = match outcome {
            Ok(None) => "NOT_FOUND",
            Ok(Some(_)) => "OK",
            Err(error) => error.reason().name(),
        };
        drop(Self {
            method: format!("{verb} {path}").into(),
            caller: None,
            resource: resource.map(str::to_owned),
            request_id: None,
            validate_only: false,
            outcome,
        });
    }

    pub fn ended<T>(mut self, outcome: &Result<T, Error>) {
        self.outcome = outcome.as_ref().map_or_else(|error| error.reason().name(), |_| "OK");
    }
}

impl Drop for Access {
    fn drop(&mut self) {
        let caller = self.caller.as_ref();
        let done = self.outcome == "OK";
        info!(
            target: TARGET,
            method = self.method.as_ref(),
            issuer = caller.map(|caller| caller.issuer.as_str()),
            roles = caller.map(|caller| caller.roles.as_str()),
            subject = caller.and_then(|caller| caller.subject.as_deref()),
            contact = caller.and_then(|caller| caller.contact.as_deref()),
            resource = self.resource.as_deref().map(|name| told(name, done)),
            request_id = self.request_id.as_deref(),
            validate_only = self.validate_only.then_some(true),
            outcome = self.outcome,
            "call"
        );
    }
}

/// The name of something that is there; of any other only words and ids of the form that the contract has, since a
/// caller can write what it likes.
fn told(name: &str, is_there: bool) -> String {
    if is_there {
        return name.chars().take(LONGEST).collect();
    }
    let is_told = |(i, part): (usize, &str)| {
        let is_word = i % 2 == 0 && part.len() <= 32 && part.bytes().all(|b| b.is_ascii_alphabetic());
        is_word || part == "-" || Uuid::parse_str(part).is_ok()
    };
    let parts = name.split('/').take(8).enumerate();
    parts.map(|(i, part)| if is_told((i, part)) { part } else { "*" }).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_what_is_not_there_only_the_form_is_told() {
        let id = Uuid::from_u128(7);
        for (name, is_there, line) in [
            (format!("companies/{id}/projects/-"), false, format!("companies/{id}/projects/-")),
            ("companies/Jan Nowak/projects/1".to_owned(), false, "companies/*/projects/*".to_owned()),
            ("checklists/audit-1".to_owned(), true, "checklists/audit-1".to_owned()),
            ("jan@auto-dom.example".to_owned(), false, "*".to_owned()),
            (String::new(), false, String::new()),
        ] {
            assert_eq!(told(&name, is_there), line);
        }
        assert!(told(&"ż/".repeat(9999), false).len() < 32);
        assert_eq!(told(&"ż".repeat(9999), true).chars().count(), LONGEST);
    }
}
