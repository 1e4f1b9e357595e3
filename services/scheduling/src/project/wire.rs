//! The model's words in the contract's, for views and events alike.

use platform::{actor::Party, clock};
use proto::{common::v1 as common, scheduling::v1 as pb};

use super::{AuditNo, DateKind, Moment, PlannedDate, Stage, StageState, Window, stops::StopItem};

pub(super) fn date_kind(kind: DateKind) -> pb::DateKind {
    match kind {
        DateKind::Readiness => pb::DateKind::Readiness,
        DateKind::Audit1 => pb::DateKind::Audit1,
        DateKind::Audit2 => pb::DateKind::Audit2,
        DateKind::Migration => pb::DateKind::Migration,
    }
}

pub(super) fn stage(stage: Stage) -> pb::Stage {
    match stage {
        Stage::Contracting => pb::Stage::Contracting,
        Stage::Readiness => pb::Stage::Readiness,
        Stage::Audit1 => pb::Stage::Audit1,
        Stage::Audit2 => pb::Stage::Audit2,
        Stage::Migration => pb::Stage::Migration,
        Stage::Integrations => pb::Stage::Integrations,
        Stage::Verification => pb::Stage::Verification,
        Stage::Acceptance => pb::Stage::Acceptance,
        Stage::Completed => pb::Stage::Completed,
    }
}

pub(super) fn stage_state(state: StageState) -> pb::StageState {
    match state {
        StageState::Locked => pb::StageState::Locked,
        StageState::Unlocked => pb::StageState::Unlocked,
        StageState::InProgress => pb::StageState::InProgress,
        StageState::Done => pb::StageState::Done,
        StageState::Skipped => pb::StageState::Skipped,
    }
}

pub(super) fn party(party: Party) -> pb::Party {
    match party {
        Party::Company => pb::Party::Company,
        Party::Softvig => pb::Party::Softvig,
    }
}

/// 1 or 2.
pub(super) fn audit(no: AuditNo) -> i32 {
    match no {
        AuditNo::One => 1,
        AuditNo::Two => 2,
    }
}

/// The date of a stage with the instants that it resolves to.
pub(super) fn stage_date(kind: DateKind, date: &PlannedDate) -> pb::StageDate {
    let span = date.span();
    pb::StageDate {
        kind: date_kind(kind).into(),
        date: Some(planned_date(date)),
        starts_at: Some(clock::to_wire(span.start)),
        ends_at: Some(clock::to_wire(span.end)),
    }
}

pub(super) fn planned_date(date: &PlannedDate) -> common::PlannedDate {
    let date = match date {
        PlannedDate::Day(day) => common::planned_date::Date::Day(day.to_string()),
        PlannedDate::Window(Window { start, end }) => common::planned_date::Date::Window(common::Window {
            start: Some(local_date_time(start)),
            end: Some(local_date_time(end)),
        }),
    };
    common::PlannedDate { date: Some(date) }
}

/// With its offset, so that an hour that happens twice reads back as the same instant.
fn local_date_time(moment: &Moment) -> common::LocalDateTime {
    let zoned = moment.at.to_zoned(calendar::warsaw());
    common::LocalDateTime {
        local: moment.local.strftime("%Y-%m-%dT%H:%M").to_string(),
        zone: "Europe/Warsaw".to_owned(),
        offset: zoned.strftime("%:z").to_string(),
    }
}

pub(super) fn system(item: &StopItem) -> pb::System {
    pb::System { key: item.key.clone(), name: item.name.clone(), owner: item.owner.clone() }
}
