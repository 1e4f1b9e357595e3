//! The rules of the audits, by name. Audit 1 takes place on Thursday 14 January 2027.

mod assign;
mod attach;
mod compare;
mod conclude;
mod evidence;
mod findings;
mod import;
mod lifecycle;
mod limits;
mod record;
mod report;
mod set_back;

use jiff::{SignedDuration, Timestamp, civil::date};
use platform::{
    actor::{Actor, Roles, SoftvigRole},
    id::{CompanyId, ContactId, ProjectId},
};
use proto::{audit::v1 as pb, common::v1::ErrorReason, refusal::Refusal};
use uuid::Uuid;

use super::{
    AttemptId, Change, Collected, Dossier, Event, FindingId, ImportOutcome, Measurement, Opening, Origin,
    Terms,
};
use crate::audit::commands::measurements;
use crate::checklist::{AuditKind, Registry, Value};

const VARIANT: &str = "new_server";

/// A time of 2027-01-14 in UTC, `days` days later.
fn at(days: i64, hour: i64) -> Timestamp {
    let start: Timestamp = "2027-01-14T00:00:00Z".parse().expect("a fixed instant");
    start + SignedDuration::from_hours(24 * days + hour)
}

fn auditor() -> Actor {
    Actor::Softvig { subject: "auditor-1".into(), role: SoftvigRole::Auditor }
}

fn contact() -> Actor {
    Actor::Contact { id: ContactId(Uuid::from_u128(7)), roles: Roles { technical: true, decision: false } }
}

fn attempt(n: u128) -> AttemptId {
    AttemptId(Uuid::from_u128(n))
}

fn finding_id(n: u128) -> FindingId {
    FindingId(Uuid::from_u128(1000 + n))
}

fn dossier() -> Dossier {
    let mut dossier = Dossier::new(CompanyId(Uuid::from_u128(1)), ProjectId(Uuid::from_u128(2)));
    dossier.choose_variant(VARIANT, at(-60, 0));
    dossier
}

fn opening(audit: AuditKind, n: u128, number: u32, started_at: Timestamp) -> Opening {
    Opening {
        attempt: attempt(n),
        audit,
        number,
        variant: VARIANT.into(),
        data_crosses_link: false,
        window_minutes: 600,
        started_at,
    }
}

fn open(dossier: &mut Dossier, opening: Opening) -> Vec<Event> {
    let registry = Registry::load(None, &[]).expect("the built-in checklists are valid");
    let list = registry.get(opening.audit, "").expect("a built-in checklist").clone();
    dossier.open(opening, &list, &[])
}

/// Audit 1 as attempt 1, opened at 08:00.
fn audit_1() -> Dossier {
    let mut dossier = dossier();
    open(&mut dossier, opening(AuditKind::One, 1, 1, at(0, 8)));
    dossier
}

fn value(key: &str, value: impl Into<V>) -> Measurement {
    let (value, unit) = value.into().0;
    Measurement { key: key.into(), value, unit: unit.into(), note: "seen".into(), measured_at: None }
}

/// A value with its unit, so that tests read as tables.
struct V((Value, &'static str));

impl From<bool> for V {
    fn from(v: bool) -> Self {
        Self((Value::Bool(v), ""))
    }
}

impl From<&str> for V {
    fn from(v: &str) -> Self {
        Self((Value::Text(v.into()), ""))
    }
}

impl From<f64> for V {
    fn from(v: f64) -> Self {
        Self((Value::Number(v), ""))
    }
}

impl From<(f64, &'static str)> for V {
    fn from((v, unit): (f64, &'static str)) -> Self {
        Self((Value::Number(v), unit))
    }
}

fn good(values: &str) -> Vec<Measurement> {
    let values: Vec<pb::MeasuredValue> = serde_json::from_str(values).expect("values in the contract's JSON");
    measurements(&values).expect("values that can be read")
}

/// Everything that audit 1 asks of this variant, all of it good.
fn good_audit_1() -> Vec<Measurement> {
    good(include_str!("../../../../tests/data/good-audit-1.json"))
}

/// Everything that audit 2 installs, all of it good.
fn good_audit_2() -> Vec<Measurement> {
    good(include_str!("../../../../tests/data/good-audit-2.json"))
}

/// The good values with one replaced.
fn but(mut values: Vec<Measurement>, other: Measurement) -> Vec<Measurement> {
    values.retain(|v| v.key != other.key);
    values.push(other);
    values
}

fn record(dossier: &mut Dossier, n: u128, values: Vec<Measurement>, now: Timestamp) -> Vec<Event> {
    dossier.record(attempt(n), values, auditor(), now).expect("the values are in order")
}

fn conclude(dossier: &mut Dossier, n: u128, now: Timestamp) -> Result<Vec<Event>, Refusal> {
    let mut next = 100 * n;
    let mut new_id = || {
        next += 1;
        finding_id(next)
    };
    dossier.conclude(attempt(n), None, auditor(), now, &mut new_id)
}

fn passed(dossier: &Dossier, n: u128) -> bool {
    let attempt = dossier.attempt(attempt(n)).expect("it was opened");
    attempt.conclusion().expect("it was concluded").passed
}

/// Audit 1 with these values, concluded at 15:00.
fn audit_1_with(values: Vec<Measurement>) -> Dossier {
    let mut dossier = audit_1();
    record(&mut dossier, 1, values, at(0, 10));
    conclude(&mut dossier, 1, at(0, 15)).expect("it is complete");
    dossier
}

fn waiver() -> Terms {
    Terms {
        approver: "Anna Nowak".into(),
        reason: "the new host comes in March".into(),
        until: date(2027, 1, 31),
    }
}

/// The reasons and fields of a refusal; checks that nothing changed.
fn refused<T: std::fmt::Debug>(
    dossier: &mut Dossier,
    command: impl FnOnce(&mut Dossier) -> Result<T, Refusal>,
) -> Vec<(ErrorReason, String)> {
    let before = dossier.clone();
    let refusal = command(dossier).expect_err("it is refused");
    assert_eq!(*dossier, before, "a refusal changes nothing");
    refusal.violations().iter().map(|v| (v.reason, v.field.clone())).collect()
}
