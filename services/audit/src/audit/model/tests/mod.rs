//! The rules of the audits, by name. Audit 1 takes place on Thursday 14 January 2027.

mod conclude;
mod evidence;
mod findings;
mod lifecycle;
mod record;

use jiff::{SignedDuration, Timestamp, civil::date};
use platform::{
    actor::{Actor, Roles, SoftvigRole},
    id::{CompanyId, ContactId, ProjectId},
};
use proto::{common::v1::ErrorReason, refusal::Refusal};
use uuid::Uuid;

use super::{AttemptId, Dossier, Event, FindingId, Measurement, Opening, WaiverTerms};
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
        window_hours: 10,
        started_at,
    }
}

fn open(dossier: &mut Dossier, opening: Opening) -> Vec<Event> {
    let registry = Registry::load(None).expect("the built-in checklists are valid");
    let list = registry.get(opening.audit, "").expect("a built-in checklist").clone();
    dossier.open(opening, &list)
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

/// Everything that audit 1 asks of this variant, all of it good.
fn good_audit_1() -> Vec<Measurement> {
    vec![
        value("source.version", "2014"),
        value("source.edition", "standard"),
        value("source.collation", "Polish_CI_AS"),
        value("source.filestream_level", 1.0),
        value("source.database_gb", (120.0, "GB")),
        value("target.version", "2022"),
        value("target.edition", "standard"),
        value("target.auth_mode", "mixed"),
        value("os.version", "2022"),
        value("os.pending_restart", false),
        value("host.domain_controller", false),
        value("cpu.x64", true),
        value("cpu.ghz", (2.4, "GHz")),
        value("cpu.usable_cores", 6.0),
        value("ram.gb", (32.0, "GB")),
        value("power.plan", "high_performance"),
        value("av.exclusions", true),
        value("disk.system_free_gb", (80.0, "GB")),
        value("disk.free_pct", (45.0, "%")),
        value("disk.sector_bytes", "4096"),
        value("disk.alloc_unit_kb", (64.0, "KB")),
        value("disk.data_log_separate", true),
        value("disk.read_ms", (4.0, "ms")),
        value("disk.write_ms", (6.0, "ms")),
        value("sql.source_compat_min", 100.0),
        value("sql.locked_features", 0.0),
        value("db.checkdb_age_d", (2.0, "d")),
        value("db.suspect_pages", 0.0),
        value("db.orphaned_users", 0.0),
        value("obj.linked_servers", true),
        value("backup.full_age_d", (1.0, "d")),
        value("backup.restore_tested", true),
        value("backup.free_gb", (500.0, "GB")),
        value("link.sql_latency_ms", (12.0, "ms")),
        value("link.ping_ms", (3.0, "ms")),
        value("link.mbps", (200.0, "Mbit/s")),
        value("link.jitter_ms", (4.0, "ms")),
        value("link.loss_pct", (0.0, "%")),
        value("link.remote_access", true),
    ]
}

/// Everything that audit 2 installs, all of it good.
fn good_audit_2() -> Vec<Measurement> {
    vec![
        value("inst.installed", true),
        value("inst.edition_version", "standard 2022"),
        value("inst.build", true),
        value("inst.agent", true),
        value("inst.filestream_level", 1.0),
        value("inst.collation", "Polish_CI_AS"),
        value("inst.auth_mode", "mixed"),
        value("inst.port", 1433.0),
        value("inst.default_backup_compression", true),
        value("disk.default_path_not_c", true),
        value("sql.max_memory_mb", (28672.0, "MB")),
        value("sql.maxdop", 6.0),
        value("sql.cost_threshold", 50.0),
        value("tempdb.files", 6.0),
        value("tempdb.growth_fixed", true),
        value("sql.ifi", true),
        value("svc.not_local_admin", true),
        value("svc.auto_start", true),
        value("net.tls", true),
        value("inst.trial_restore_min", (90.0, "min")),
        value("inst.logins_jobs_links", true),
        value("lic.assigned", true),
        value("rollback.rehearsed", true),
    ]
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

fn waiver() -> WaiverTerms {
    WaiverTerms {
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
