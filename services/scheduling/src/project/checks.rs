//! Small checks that several models share, and how a refusal writes times.

use calendar::{Interval, local_time};
use proto::{
    common::v1::ErrorReason,
    refusal::{Refusal, Violation, Words, words},
};

use super::Stage;
use crate::actor::Actor;

/// From when until when, as an ISO 8601 interval in local time.
pub fn local_interval(interval: Interval) -> String {
    format!("{}/{}", local_time(interval.start), local_time(interval.end))
}

/// `PERMISSION_DENIED` unless SOFTVIG asks.
pub fn by_softvig(actor: &Actor) -> Option<Violation> {
    denied(actor.is_softvig(), "SOFTVIG")
}

/// `PERMISSION_DENIED` unless a contact asks, whatever the role.
pub fn by_company(actor: &Actor) -> Option<Violation> {
    denied(
        matches!(actor, Actor::Contact { .. }),
        words("a contact of the company", "osoba kontaktowa firmy"),
    )
}

/// `PERMISSION_DENIED` unless a decision contact asks.
pub fn by_decision(actor: &Actor) -> Option<Violation> {
    denied(actor.decides(), words("a decision contact", "osoba decyzyjna"))
}

/// `PERMISSION_DENIED` unless a technical contact or SOFTVIG asks.
pub fn by_technical_or_softvig(actor: &Actor) -> Option<Violation> {
    denied(
        actor.is_technical() || actor.is_softvig(),
        words("a technical contact or SOFTVIG", "osoba techniczna albo SOFTVIG"),
    )
}

/// `PERMISSION_DENIED` naming who may, unless `may`.
pub fn denied(may: bool, who: impl Into<Words>) -> Option<Violation> {
    (!may).then(|| Violation::new(ErrorReason::PermissionDenied).allowed(who))
}

/// Fit for one line of an e-mail: up to 200 characters and none that could end the line.
pub fn is_short_line(text: &str) -> bool {
    text.chars().count() <= 200 && !text.chars().any(char::is_control)
}

/// `LICENCE_REQUIRED` naming all that is missing; the only name for a missing licence.
pub fn licences_in_place(missing: &[String]) -> Option<Violation> {
    (!missing.is_empty()).then(|| {
        Violation::new(ErrorReason::LicenceRequired)
            .asked(keys("missing", "brakuje", &missing.join(", ")))
            .allowed(words(
                "once everything that the variant demands is recorded as in place",
                "gdy wszystko, czego wymaga wariant, będzie zapisane jako obecne",
            ))
    })
}

/// The keys at fault, behind what is wrong with them.
pub fn keys(en: &str, pl: &str, keys: &str) -> Words {
    words(format!("{en}: {keys}"), format!("{pl}: {keys}"))
}

/// `STAGE_LOCKED`: the command does not fit the stage as it is; `allowed` says what has to come first.
pub fn stage_locked(stage: Stage, allowed: impl Into<Words>) -> Violation {
    Violation::new(ErrorReason::StageLocked).asked(stage).allowed(allowed)
}

/// `NOT_FOUND` for a part of the project.
pub fn not_found(field: &str, asked: impl std::fmt::Display) -> Refusal {
    Violation::new(ErrorReason::NotFound).field(field).asked(asked).into()
}

/// A refusal with one violation more: for where the command cannot even be judged further.
pub fn refuse(mut violations: Vec<Violation>, last: Violation) -> Refusal {
    violations.push(last);
    Refusal::unless_empty(violations).expect_err("a violation was just pushed")
}
