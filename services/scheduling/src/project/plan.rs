//! The plan: what every date counts from, and which dates can no longer hold. One rule for all.

use jiff::civil::Date;

use super::{
    DateKind, PlannedDate, Terms,
    buffers::{Base, Broken, Judge, first_day},
    days::Progress,
};

/// A date that the plan judges.
#[derive(Clone, Debug)]
pub struct Entry {
    pub date: PlannedDate,
    pub terms: Terms,
    /// Asked for now, not agreed before.
    pub proposed: bool,
}

/// One of the four dates in the plan.
#[derive(Clone, Debug)]
pub struct Row {
    pub kind: DateKind,
    pub entry: Option<Entry>,
    /// What the date counts from; none where that is not known yet.
    pub base: Option<Base>,
    /// The rules that the date breaks; always empty where the stage is under way or over.
    pub broken: Vec<Broken>,
}

/// Judges all dates in stage order. Each counts from the earliest day that the stage before can still
/// have: the real day, else the later of its date and today. A date that breaks a rule is no base for
/// the next one: that counts from the earliest possible day instead, so that whoever takes every
/// allowed date of a refusal is not refused again.
pub fn plan(judge: &Judge, entry: impl Fn(DateKind) -> Option<Entry>) -> Vec<Row> {
    let mut base = judge.days.contract_day.map(Base::Real);
    let mut rows = Vec::with_capacity(DateKind::ALL.len());
    for kind in DateKind::ALL {
        let ahead = judge.days.progress(kind) == Progress::Ahead;
        let entry = entry(kind);
        let broken = match &entry {
            Some(e) if ahead => judge.broken(kind, &e.date, &e.terms, base, e.proposed),
            _ => Vec::new(),
        };
        let row = Row { kind, entry, base, broken };
        base = own_day(judge, &row);
        rows.push(row);
    }
    rows
}

/// The day that the next date counts from.
pub(super) fn own_day(judge: &Judge, row: &Row) -> Option<Base> {
    let today = judge.ctx.today();
    let real = match row.kind {
        DateKind::Readiness => judge.days.declared,
        DateKind::Audit1 => judge.days.audit_1.passed,
        DateKind::Audit2 => judge.days.audit_2.passed,
        DateKind::Migration => None,
    };
    if let Some(day) = real {
        return Some(Base::Real(day));
    }
    if judge.days.progress(row.kind) == Progress::InProgress {
        return Some(Base::Planned(today));
    }
    match &row.entry {
        Some(entry) if row.broken.is_empty() => Some(Base::Planned(entry.date.day().max(today))),
        Some(entry) if entry.proposed => row.base.map(|base| open_day(judge, row.kind, base, today)),
        // Once contracting is done, readiness can be declared without a date.
        _ if row.kind == DateKind::Readiness && judge.days.contracted => Some(Base::Open(today)),
        _ => row.base.map(|base| open_day(judge, row.kind, base, today)),
    }
}

/// The earliest day; where the rules leave none, an override would have to allow one of the next.
fn open_day(judge: &Judge, kind: DateKind, base: Base, today: Date) -> Base {
    let earliest = judge.earliest(kind, Some(base)).map(|date| date.day());
    Base::Open(earliest.unwrap_or_else(|| first_day(kind, judge.terms, base).max(today)))
}
