//! What requests say, in the model's words.

use std::collections::BTreeMap;

use jiff::{Timestamp, civil::Date};
use platform::{Error, clock, etag};
use proto::{
    common::v1::{self as common, ErrorReason, planned_date},
    refusal::{Refusal, Violation, Words, words},
    scheduling::v1 as pb,
};
use uuid::Uuid;

use super::{
    AskedDate, AuditNo, DateKind, Stage,
    asked::{AskedTime, read_day},
    dates::DateSlot,
    overrides::Overridable,
    readiness::Condition,
    run::RunStep,
};

/// One of the four dates.
pub(super) fn date_kind(field: &str, kind: i32) -> Result<DateKind, Refusal> {
    match pb::DateKind::try_from(kind) {
        Ok(pb::DateKind::Readiness) => Ok(DateKind::Readiness),
        Ok(pb::DateKind::Audit1) => Ok(DateKind::Audit1),
        Ok(pb::DateKind::Audit2) => Ok(DateKind::Audit2),
        Ok(pb::DateKind::Migration) => Ok(DateKind::Migration),
        Ok(pb::DateKind::Unspecified) | Err(_) => {
            let allowed = "DATE_KIND_READINESS, DATE_KIND_AUDIT_1, DATE_KIND_AUDIT_2, DATE_KIND_MIGRATION";
            Err(invalid(field, kind, allowed))
        }
    }
}

/// The dates of a proposal as they were asked for; each kind at most once.
pub(super) fn proposed_dates(asked: &[pb::ProposedDate]) -> Result<BTreeMap<DateKind, AskedDate>, Refusal> {
    let mut dates = BTreeMap::new();
    let mut violations = Vec::new();
    for (index, proposed) in asked.iter().enumerate() {
        let kind = match date_kind(&format!("dates[{index}].kind"), proposed.kind) {
            Ok(kind) => kind,
            Err(refusal) => {
                violations.extend_from_slice(refusal.violations());
                continue;
            }
        };
        match asked_date(proposed.date.as_ref()) {
            None => violations.push(
                Violation::new(ErrorReason::DateInvalid)
                    .field(format!("dates[{index}].date"))
                    .asked(words("nothing", "nic"))
                    .allowed(words(
                        "a day, or a window with start and end",
                        "dzień albo okno z początkiem i końcem",
                    )),
            ),
            Some(date) => {
                if dates.insert(kind, date).is_some() {
                    violations.push(
                        Violation::new(ErrorReason::InvalidArgument)
                            .field(format!("dates[{index}].kind"))
                            .asked(words(format!("{kind} twice"), format!("{kind} dwa razy")))
                            .allowed(words("each date once", "każdy termin raz")),
                    );
                }
            }
        }
    }
    Refusal::unless_empty(violations)?;
    Ok(dates)
}

fn asked_date(date: Option<&common::PlannedDate>) -> Option<AskedDate> {
    match date?.date.as_ref()? {
        planned_date::Date::Day(day) => Some(AskedDate::Day(day.clone())),
        planned_date::Date::Window(window) => Some(AskedDate::Window {
            start: asked_time(window.start.as_ref()?),
            end: asked_time(window.end.as_ref()?),
        }),
    }
}

fn asked_time(time: &common::LocalDateTime) -> AskedTime {
    AskedTime { local: time.local.clone(), zone: time.zone.clone(), offset: time.offset.clone() }
}

/// A day, ISO 8601.
pub(super) fn day(field: &str, text: &str) -> Result<Date, Refusal> {
    read_day(text).map_err(|allowed| {
        Violation::new(ErrorReason::DateInvalid).field(field).asked(text).allowed(allowed).into()
    })
}

/// A day, or none where the field is empty.
pub(super) fn optional_day(field: &str, text: &str) -> Result<Option<Date>, Refusal> {
    if text.is_empty() { Ok(None) } else { day(field, text).map(Some) }
}

/// An id of the contract.
pub(super) fn id<T: From<Uuid>>(field: &str, text: &str) -> Result<T, Refusal> {
    text.parse::<Uuid>().map(T::from).map_err(|_| {
        invalid(
            field,
            text,
            words("an id that an answer has named, a UUID", "identyfikator z odpowiedzi, UUID"),
        )
    })
}

/// An id, or none where the field is empty.
pub(super) fn optional_id<T: From<Uuid>>(field: &str, text: &str) -> Result<Option<T>, Refusal> {
    if text.is_empty() { Ok(None) } else { id(field, text).map(Some) }
}

/// A rule by its name; whether it can be overridden is the model's to judge.
pub(super) fn rule(field: &str, name: &str) -> Result<ErrorReason, Refusal> {
    ErrorReason::from_str_name(&format!("ERROR_REASON_{name}")).ok_or_else(|| {
        let known: Vec<_> = Overridable::ALL.iter().map(|rule| rule.reason().name()).collect();
        invalid(field, name, known.join(", "))
    })
}

/// A readiness condition by its key; whether the variant demands it is the model's to judge.
pub(super) fn condition(field: &str, key: &str) -> Result<Condition, Refusal> {
    let allowed = words(
        "it_environment, server_prepared, or purchase.<key> of the variant",
        "it_environment, server_prepared albo purchase.<klucz> z wariantu",
    );
    Condition::try_from(key.to_owned()).map_err(|_| invalid(field, key, allowed))
}

/// One of the two audits.
pub(super) fn audit(field: &str, number: i32) -> Result<AuditNo, Refusal> {
    match number {
        1 => Ok(AuditNo::One),
        2 => Ok(AuditNo::Two),
        other => Err(invalid(field, other, words("1 or 2", "1 lub 2"))),
    }
}

/// The number of a protocol.
pub(super) fn number(field: &str, number: i32) -> Result<u32, Refusal> {
    u32::try_from(number)
        .ok()
        .filter(|n| *n > 0)
        .ok_or_else(|| invalid(field, number, words("a protocol's number, from 1", "numer protokołu, od 1")))
}

/// A step of a run whose time can be corrected.
pub(super) fn run_step(field: &str, step: i32) -> Result<RunStep, Refusal> {
    match pb::RunStep::try_from(step) {
        Ok(pb::RunStep::Started) => Ok(RunStep::Started),
        Ok(pb::RunStep::DatabasesRestored) => Ok(RunStep::Restored),
        Ok(pb::RunStep::Finished) => Ok(RunStep::Finished),
        Ok(pb::RunStep::RolledBack) => Ok(RunStep::RolledBack),
        Ok(pb::RunStep::Unspecified) | Err(_) => {
            let allowed =
                "RUN_STEP_STARTED, RUN_STEP_DATABASES_RESTORED, RUN_STEP_FINISHED, RUN_STEP_ROLLED_BACK";
            Err(invalid(field, step, allowed))
        }
    }
}

/// When something that was recorded really happened.
pub(super) fn corrected_time(field: &str, at: Option<&pbjson_types::Timestamp>) -> Result<Timestamp, Error> {
    clock::from_request(field, at)?.ok_or_else(|| {
        Error::invalid(field, "", words("when it really happened", "kiedy to naprawdę nastąpiło"))
    })
}

/// The label by which lists filter; none for all.
pub(super) fn stage_label(field: &str, stage: i32) -> Result<Option<String>, Refusal> {
    let stage = match pb::Stage::try_from(stage) {
        Ok(pb::Stage::Unspecified) => return Ok(None),
        Ok(pb::Stage::Contracting) => Stage::Contracting,
        Ok(pb::Stage::Readiness) => Stage::Readiness,
        Ok(pb::Stage::Audit1) => Stage::Audit1,
        Ok(pb::Stage::Audit2) => Stage::Audit2,
        Ok(pb::Stage::Migration) => Stage::Migration,
        Ok(pb::Stage::Integrations) => Stage::Integrations,
        Ok(pb::Stage::Verification) => Stage::Verification,
        Ok(pb::Stage::Acceptance) => Stage::Acceptance,
        Ok(pb::Stage::Completed) => Stage::Completed,
        Err(_) => {
            return Err(invalid(
                field,
                stage,
                words("a stage of the contract", "etap z kontraktu interfejsu"),
            ));
        }
    };
    Ok(Some(stage.name().to_owned()))
}

/// The model names a date by its kind; the caller knows it by its place in the request.
pub(super) fn in_proposal(refusal: Refusal, asked: &[pb::ProposedDate]) -> Refusal {
    refusal.rename(|field| {
        let place =
            asked.iter().position(|date| date_kind("", date.kind).is_ok_and(|kind| kind.name() == field));
        place.map(|index| format!("dates[{index}].date"))
    })
}

/// Whether the caller saw the date as it now is; an etag that is not given compares nothing.
pub(super) fn check_date_etag(field: &str, seen: Option<&str>, slot: &DateSlot) -> Result<(), Refusal> {
    etag::check(seen, slot).map_err(|refusal| refusal.rename(|_| Some(field.to_owned())))
}

fn invalid(field: &str, asked: impl Into<Words>, allowed: impl Into<Words>) -> Refusal {
    Violation::new(ErrorReason::InvalidArgument).field(field).asked(asked).allowed(allowed).into()
}
