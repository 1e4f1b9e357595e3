//! Readiness and the audits within the project: their gates, and what a step means for the dates.

use calendar::local_day;
use jiff::Timestamp;
use platform::fact::Fact;
use proto::refusal::{Violation, words};

use super::{
    AuditNo, Context, DateKind, PlannedDate, Project, ProjectEvent, Stage, StageState,
    audits::{AttemptId, AuditResult, MinorFinding, StartGate},
    checks::stage_locked,
    licence::HeldPass,
    model::Outcome,
    readiness::{Condition, DeclareGate, Proof},
};

impl AuditNo {
    /// The date agreed for the audit.
    pub fn date(self) -> DateKind {
        match self {
            Self::One => DateKind::Audit1,
            Self::Two => DateKind::Audit2,
        }
    }

    /// The audit's stage.
    pub fn stage(self) -> Stage {
        Stage::from(self.date())
    }
}

impl Project {
    /// The conditions that the chosen variant demands.
    pub fn demanded(&self, ctx: &Context) -> Vec<Condition> {
        Condition::demanded(ctx.variant.into_iter().flat_map(|variant| variant.purchases.iter().cloned()))
    }

    /// A contact confirms a readiness condition with a note or evidence.
    pub fn confirm_condition(
        &mut self,
        condition: Condition,
        proof: Proof,
        occurred_at: Option<Timestamp>,
        ctx: &Context,
    ) -> Outcome {
        self.change(ctx, |project, events| {
            let demanded = project.demanded(ctx);
            let gate = project.declare_gate(&demanded, &[]);
            let confirmed =
                project.readiness.confirm(condition, proof, &gate, occurred_at, ctx.actor, ctx.now)?;
            events.extend(confirmed.into_iter().map(ProjectEvent::from));
            Ok(())
        })
    }

    /// A contact takes a confirmation back before the declaration.
    pub fn retract_condition(&mut self, condition: &Condition, ctx: &Context) -> Outcome {
        self.change(ctx, |project, events| {
            let retracted = project.readiness.retract(condition, ctx.actor)?;
            events.extend(retracted.into_iter().map(ProjectEvent::from));
            Ok(())
        })
    }

    /// The company says: we are ready. Needs no date once contracting is done.
    pub fn declare_readiness(&mut self, occurred_at: Option<Timestamp>, ctx: &Context) -> Outcome {
        self.change(ctx, |project, events| {
            let (demanded, missing) = (project.demanded(ctx), project.licences_missing(ctx));
            let gate = project.declare_gate(&demanded, &missing);
            let declared = project.readiness.declare(&gate, occurred_at, ctx.actor, ctx.now)?;
            events.extend(declared.into_iter().map(ProjectEvent::from));
            project.use_date(DateKind::Readiness, ctx.now);
            Ok(())
        })
    }

    /// SOFTVIG corrects when readiness was declared; the dates that count from it are checked again.
    pub fn correct_readiness(&mut self, occurred_at: Timestamp, reason: &str, ctx: &Context) -> Outcome {
        self.step(ctx, |project| {
            let counting = project.audit_1.attempts().iter().filter(|attempt| !attempt.is_voided());
            let step_after = counting.map(|attempt| attempt.started.occurred_at).min();
            project.readiness.correct(occurred_at, step_after, reason, ctx.actor, ctx.now)
        })
    }

    /// SOFTVIG withdraws the declaration: audits that rest on it count no more. Refused where a changed
    /// variant would be: from the start of a run until it is rolled back, and once one is finished.
    pub fn withdraw_declaration(&mut self, reason: &str, ctx: &Context) -> Outcome {
        self.change(ctx, |project, events| {
            if project.migration.freezes_variant() {
                return Err(stage_locked(
                    Stage::Readiness,
                    words("once the run is rolled back", "gdy migracja będzie wycofana"),
                )
                .into());
            }
            let withdrawn = project.readiness.withdraw(reason, ctx.actor, ctx.now)?;
            events.extend(withdrawn.into_iter().map(ProjectEvent::from));
            project.void_audits(reason, ctx, events);
            Ok(())
        })
    }

    fn declare_gate<'a>(&self, demanded: &'a [Condition], licences_missing: &'a [String]) -> DeclareGate<'a> {
        DeclareGate { unlocked_at: self.contracting.done, demanded, licences_missing }
    }

    /// SOFTVIG starts an audit on its agreed day; the agreed date is used by it.
    pub fn start_audit(
        &mut self,
        no: AuditNo,
        attempt: AttemptId,
        occurred_at: Option<Timestamp>,
        ctx: &Context,
    ) -> Outcome {
        self.change(ctx, |project, events| {
            let buffers = project.buffers_running(no.date(), occurred_at.unwrap_or(ctx.now), ctx);
            let gate = StartGate {
                unlocked_at: project.unlocked_at(no.stage()),
                buffers: &buffers,
                agreed: project.dates.agreed(no.date()).map(|agreed| agreed.date),
            };
            let opened = project.audit_mut(no).start(attempt, &gate, occurred_at, ctx.actor, ctx.now)?;
            events.extend(opened.into_iter().map(|event| ProjectEvent::audit(no, event)));
            project.use_date(no.date(), ctx.now);
            Ok(())
        })
    }

    /// SOFTVIG voids the open attempt, so that a new date can be agreed.
    pub fn void_audit(&mut self, no: AuditNo, reason: &str, ctx: &Context) -> Outcome {
        self.change(ctx, |project, events| {
            let voided = project.audit_mut(no).void(reason, ctx.actor, ctx.now)?;
            events.extend(voided.into_iter().map(|event| ProjectEvent::audit(no, event)));
            if no == AuditNo::Two {
                project.licence.held = None;
            }
            Ok(())
        })
    }

    /// Takes the audit service's result: a fact, never refused. A pass of audit 2 waits for the licence.
    pub fn audit_concluded(
        &mut self,
        no: AuditNo,
        attempt: AttemptId,
        passed: bool,
        occurred_at: Timestamp,
        open_minor: Vec<MinorFinding>,
        ctx: &Context,
    ) -> Vec<ProjectEvent> {
        self.note(ctx, |project, events| {
            let concluded = Fact::new(ctx.actor, Some(occurred_at), ctx.now);
            let result = AuditResult { passed, concluded, open_minor };
            let missing = project.licences_missing(ctx);
            let open = project.audit(no).open().is_some_and(|open| open.id == attempt);
            if no == AuditNo::Two && open {
                project.licence.held = None;
                if passed && !missing.is_empty() {
                    project.licence.held = Some(HeldPass { attempt, result });
                    events.push(ProjectEvent::PassHeld { attempt, missing });
                    return;
                }
            }
            let later_begun = match no {
                AuditNo::One => project.audit_2.attempts().iter().any(|a| !a.is_voided()),
                AuditNo::Two => !project.migration.runs().is_empty(),
            };
            let recorded = project.audit_mut(no).record_result(attempt, result, later_begun);
            events.extend(recorded.into_iter().map(|event| ProjectEvent::audit(no, event)));
        })
    }

    /// The buffers and calendar rules that stand against beginning an unlocked stage at an instant: judged
    /// for the agreed date, or for that day where none or another one is agreed.
    pub(super) fn buffers_running(&self, kind: DateKind, at: Timestamp, ctx: &Context) -> Vec<Violation> {
        if self.stage_state(kind.stage()) != StageState::Unlocked {
            return Vec::new();
        }
        let (rows, inputs) = self.plan_with(ctx, |_| None);
        let judge = inputs.judge(self, ctx);
        let Some(row) = rows.iter().find(|row| row.kind == kind) else { return Vec::new() };
        let (agreed, terms) = match &row.entry {
            Some(entry) => (Some(entry.date), &entry.terms),
            None => (None, &inputs.terms),
        };
        // A window over midnight begins on the day for which it was judged, and so does its override.
        let in_time = agreed.filter(|date| date.span().contains(at));
        let date = in_time.unwrap_or_else(|| PlannedDate::Day(local_day(at)));
        let broken = judge.broken(kind, &date, terms, row.base, false);
        let allowed = judge.allowed(kind, row.base);
        broken.into_iter().map(|broken| broken.violation(kind, &date, &allowed)).collect()
    }
}
