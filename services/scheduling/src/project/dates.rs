//! The four agreed dates: agreed, moved, withdrawn, missed, used (`DATES_AGREED_JOINTLY`).

use jiff::{Timestamp, civil::Date};
use platform::text;
use proto::{
    common::v1::ErrorReason,
    refusal::{Refusal, Violation, words},
};
use serde::{Deserialize, Serialize};

use super::{
    Context, DateKind, PlannedDate, Project, ProjectEvent, ProposalId, Stage, StageState, Terms,
    buffers::Judge,
    checks::{denied, stage_locked},
    days::{Days, Progress},
    model::Outcome,
    plan::{Entry, Row, plan},
};
use crate::actor::Actor;

/// One agreement of one date. A proposal is accepted at most once, so the two name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct AgreementId {
    pub proposal: ProposalId,
    pub kind: DateKind,
}

impl std::fmt::Display for AgreementId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.proposal, self.kind)
    }
}

/// A date that both parties agreed on, with the numbers under which they did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agreed {
    pub id: AgreementId,
    pub date: PlannedDate,
    pub terms: Terms,
    pub agreed_at: Timestamp,
    pub accepted_by: Actor,
}

impl Agreed {
    /// From this instant on it is too late to begin.
    pub fn ends_at(&self) -> Timestamp {
        self.date.span().end
    }
}

/// Why an agreed date ended before its work began.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "cause", rename_all = "snake_case")]
pub enum WithdrawCause {
    /// It can no longer keep these rules; names as in refusals.
    Rules { rules: Vec<String> },
    /// Nothing began by its end (`DATE_MISSED`).
    Missed,
    /// A party withdrew it.
    Party { by: Actor, note: String },
    /// The project was cancelled.
    Cancelled,
}

/// An agreed date that ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Withdrawn {
    pub id: AgreementId,
    pub kind: DateKind,
    pub date: PlannedDate,
    pub cause: WithdrawCause,
    /// The earliest day that is possible again, where the rules leave one.
    pub earliest: Option<Date>,
    pub at: Timestamp,
}

/// The place of one of the four dates.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DateSlot {
    /// Rises with every change of this date or of the proposal for it: the etag.
    pub version: u64,
    pub agreed: Option<Agreed>,
    /// The agreed date on which the stage's work last began.
    pub used: Option<Agreed>,
    /// The last one that ended unused.
    pub withdrawn: Option<Withdrawn>,
    /// Whether it has been agreed at least once, as contracting asks.
    pub ever_agreed: bool,
    /// The agreed readiness day passed without a declaration.
    pub overdue: bool,
}

/// The four dates of a project.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dates {
    pub readiness: DateSlot,
    pub audit_1: DateSlot,
    pub audit_2: DateSlot,
    pub migration: DateSlot,
}

impl Dates {
    pub fn slot(&self, kind: DateKind) -> &DateSlot {
        match kind {
            DateKind::Readiness => &self.readiness,
            DateKind::Audit1 => &self.audit_1,
            DateKind::Audit2 => &self.audit_2,
            DateKind::Migration => &self.migration,
        }
    }

    pub fn slot_mut(&mut self, kind: DateKind) -> &mut DateSlot {
        match kind {
            DateKind::Readiness => &mut self.readiness,
            DateKind::Audit1 => &mut self.audit_1,
            DateKind::Audit2 => &mut self.audit_2,
            DateKind::Migration => &mut self.migration,
        }
    }

    /// The date that is agreed now.
    pub fn agreed(&self, kind: DateKind) -> Option<&Agreed> {
        self.slot(kind).agreed.as_ref()
    }

    /// Whether each of the four has been agreed once.
    pub fn all_agreed_once(&self) -> bool {
        DateKind::ALL.iter().all(|kind| self.slot(*kind).ever_agreed)
    }
}

impl Project {
    /// The plan over the agreed dates, with others laid over them.
    pub(super) fn plan_with(
        &self,
        ctx: &Context,
        proposed: impl Fn(DateKind) -> Option<PlannedDate>,
    ) -> (Vec<Row>, PlanInputs) {
        let inputs = PlanInputs { days: self.days(), terms: ctx.terms() };
        let rows = plan(&inputs.judge(self, ctx), |kind| match proposed(kind) {
            Some(date) => Some(Entry { date, terms: inputs.terms, proposed: true }),
            None => self.dates.agreed(kind).map(|agreed| Entry {
                date: agreed.date,
                terms: agreed.terms,
                proposed: false,
            }),
        });
        (rows, inputs)
    }

    /// Withdraws exactly those agreed dates that can no longer hold.
    pub(super) fn replan(&mut self, ctx: &Context, events: &mut Vec<ProjectEvent>) {
        self.end_repetitions(ctx, events);
        let (rows, inputs) = self.plan_with(ctx, |_| None);
        let broken: Vec<_> = rows
            .iter()
            .filter(|row| !row.broken.is_empty())
            .map(|row| {
                let rules = row.broken.iter().map(|b| b.reason.name().to_owned()).collect();
                let earliest = inputs.judge(self, ctx).earliest(row.kind, row.base).map(|date| date.day());
                (row.kind, WithdrawCause::Rules { rules }, earliest)
            })
            .collect();
        for (kind, cause, earliest) in broken {
            self.end_date(kind, cause, earliest, ctx.now, events);
        }
    }

    /// A failed result that is corrected to a pass leaves nothing to repeat on the day agreed for it.
    fn end_repetitions(&mut self, ctx: &Context, events: &mut Vec<ProjectEvent>) {
        let days = self.days();
        for kind in DateKind::ALL.into_iter().filter(|kind| days.progress(*kind) == Progress::Over) {
            let rules = vec![ErrorReason::AuditLocked.name().to_owned()];
            self.end_date(kind, WithdrawCause::Rules { rules }, None, ctx.now, events);
        }
    }

    /// An agreed date ends before its work began.
    pub(super) fn end_date(
        &mut self,
        kind: DateKind,
        cause: WithdrawCause,
        earliest: Option<Date>,
        now: Timestamp,
        events: &mut Vec<ProjectEvent>,
    ) {
        let slot = self.dates.slot_mut(kind);
        let Some(agreed) = slot.agreed.take() else { return };
        let withdrawn = Withdrawn { id: agreed.id, kind, date: agreed.date, cause, earliest, at: now };
        slot.version += 1;
        slot.overdue = false;
        slot.withdrawn = Some(withdrawn.clone());
        self.end_overrides(kind, agreed.date.day(), now);
        events.push(ProjectEvent::DateWithdrawn(withdrawn));
    }

    /// The work for which a date was agreed begins: the date is used and a next try needs a new one.
    pub(super) fn use_date(&mut self, kind: DateKind, now: Timestamp) {
        let slot = self.dates.slot_mut(kind);
        let Some(agreed) = slot.agreed.take() else { return };
        slot.version += 1;
        slot.overdue = false;
        slot.used = Some(agreed.clone());
        self.end_overrides(kind, agreed.date.day(), now);
    }

    /// Either party withdraws an agreed date of a stage that has not begun. `company`: any contact who
    /// decides; `softvig`: anybody.
    pub fn withdraw_date(&mut self, kind: DateKind, note: &str, ctx: &Context) -> Outcome {
        self.change(ctx, |project, events| {
            let may = ctx.actor.decides() || ctx.actor.is_softvig();
            let mut violations = Vec::from_iter(denied(
                may,
                words("a decision contact or SOFTVIG", "osoba decyzyjna albo SOFTVIG"),
            ));
            violations.extend(text::note("reason", note));
            violations.extend(project.begun(kind));
            if project.dates.agreed(kind).is_none() {
                violations.push(
                    Violation::new(ErrorReason::DatesAgreedJointly)
                        .field(kind.name())
                        .asked(words(
                            "withdraw a date that is not agreed",
                            "wycofanie terminu, który nie jest ustalony",
                        ))
                        .allowed(words("an agreed date", "ustalony termin")),
                );
            }
            Refusal::unless_empty(violations)?;
            let cause = WithdrawCause::Party { by: ctx.actor.clone(), note: note.trim().to_owned() };
            let earliest = project.earliest_day(kind, ctx);
            project.end_date(kind, cause, earliest, ctx.now, events);
            Ok(())
        })
    }

    /// `STAGE_LOCKED` where the date's stage is under way or over.
    pub(super) fn not_ahead(&self, kind: DateKind) -> Option<Violation> {
        let allowed = match self.days().progress(kind) {
            Progress::Ahead => return None,
            Progress::InProgress => {
                words("once the work under way has ended", "gdy trwające prace się zakończą")
            }
            Progress::Over => words("no more: the stage is over", "już nie: etap się zakończył"),
        };
        Some(stage_locked(Stage::from(kind), allowed).field(kind.name()))
    }

    /// `STAGE_LOCKED` where the date's stage is in progress or over. Readiness begins with its first
    /// condition: from then on its day is moved by both and not withdrawn by one.
    fn begun(&self, kind: DateKind) -> Option<Violation> {
        let moved = || words("another day that both agree on", "inny dzień, na który zgodzą się obie strony");
        self.not_ahead(kind).or_else(|| {
            let in_progress = self.stage_state(kind.stage()) == StageState::InProgress;
            in_progress.then(|| stage_locked(kind.stage(), moved()).field(kind.name()))
        })
    }

    /// The earliest day that a date could be agreed for now.
    pub fn earliest_day(&self, kind: DateKind, ctx: &Context) -> Option<Date> {
        let (rows, inputs) = self.plan_with(ctx, |_| None);
        let row = rows.iter().find(|row| row.kind == kind)?;
        inputs.judge(self, ctx).earliest(kind, row.base).map(|date| date.day())
    }
}

/// What a plan was made from.
pub(super) struct PlanInputs {
    pub days: Days,
    pub terms: Terms,
}

impl PlanInputs {
    pub fn judge<'a>(&'a self, project: &'a Project, ctx: &'a Context<'a>) -> Judge<'a> {
        Judge { ctx, days: &self.days, overrides: &project.overrides, terms: &self.terms }
    }
}
