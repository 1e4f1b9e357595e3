//! The end of a project: verification, the protocol, and cancelling.

use jiff::Timestamp;
use platform::{fact::Fact, text};
use proto::{
    common::v1::ErrorReason,
    refusal::{Refusal, Violation, words},
};

use super::{
    AuditNo, Context, DateKind, Project, ProjectEvent, Stage,
    checks::by_softvig,
    dates::WithdrawCause,
    integrations::BrandState,
    model::{Outcome, Status},
    proposals::ProposalOutcome,
    verification::{ProblemId, Reopen},
};

impl Project {
    /// A contact reports a problem; a protocol that is not signed by both is void.
    pub fn report_problem(
        &mut self,
        id: ProblemId,
        description: &str,
        occurred_at: Option<Timestamp>,
        ctx: &Context,
    ) -> Outcome {
        self.change(ctx, |project, events| {
            let unlocked = project.verifiable_since();
            let reported = project.verification.report_problem(
                id,
                description,
                unlocked,
                occurred_at,
                ctx.actor,
                ctx.now,
            )?;
            events.extend(reported.into_iter().map(ProjectEvent::from));
            project.verify_again("a problem was reported", ctx, events);
            Ok(())
        })
    }

    /// SOFTVIG answers a problem, and may open one brand or migration again.
    pub fn answer_problem(
        &mut self,
        id: ProblemId,
        answer: &str,
        reopen: Option<Reopen>,
        ctx: &Context,
    ) -> Outcome {
        self.change(ctx, |project, events| {
            let answered =
                project.verification.answer_problem(id, answer, reopen.clone(), ctx.actor, ctx.now)?;
            events.extend(answered.into_iter().map(ProjectEvent::from));
            let stage = match reopen {
                None => return Ok(()),
                Some(Reopen::Brand(brand)) => {
                    let opened = project.integrations.reopen(&brand, answer, ctx.actor, ctx.now)?;
                    events.extend(opened.into_iter().map(ProjectEvent::from));
                    Stage::Integrations
                }
                Some(Reopen::Migration) => {
                    let opened = project.migration.reopen(answer, ctx.actor, ctx.now)?;
                    events.extend(opened.into_iter().map(ProjectEvent::from));
                    events.extend(project.integrations.reset().into_iter().map(ProjectEvent::from));
                    Stage::Migration
                }
            };
            events.push(ProjectEvent::StageReopened { stage, reason: answer.trim().to_owned() });
            project.verify_again(answer, ctx, events);
            Ok(())
        })
    }

    /// The decision contact says that it works: the protocol is issued, with what audit 2 left open.
    pub fn confirm_works(&mut self, occurred_at: Option<Timestamp>, ctx: &Context) -> Outcome {
        self.change(ctx, |project, events| {
            let unlocked = project.verifiable_since();
            let verified = project.verification.confirm(unlocked, occurred_at, ctx.actor, ctx.now)?;
            events.extend(verified.into_iter().map(ProjectEvent::from));
            let open_minor =
                project.audit_2.passed().map(|result| result.open_minor.clone()).unwrap_or_default();
            let issued = project.protocol.issue(&open_minor, ctx.now);
            events.extend(issued.into_iter().map(ProjectEvent::from));
            Ok(())
        })
    }

    /// A decision contact or SOFTVIG signs; with both signatures the project is completed.
    pub fn sign_protocol(&mut self, number: u32, occurred_at: Option<Timestamp>, ctx: &Context) -> Outcome {
        self.step(ctx, |project| project.protocol.sign(number, occurred_at, ctx.actor, ctx.now))
    }

    /// A party that may sign declines instead: back to verification.
    pub fn decline_protocol(&mut self, number: u32, reason: &str, ctx: &Context) -> Outcome {
        self.change(ctx, |project, events| {
            let declined = project.protocol.decline(number, reason, ctx.actor, ctx.now)?;
            events.extend(declined.into_iter().map(ProjectEvent::from));
            project.verify_again(reason, ctx, events);
            Ok(())
        })
    }

    /// What was verified holds no more, and neither does a protocol that both have not signed.
    pub(super) fn verify_again(&mut self, reason: &str, ctx: &Context, events: &mut Vec<ProjectEvent>) {
        if self.verification.verified().is_some() {
            let reason = reason.trim().to_owned();
            events.push(ProjectEvent::StageReopened { stage: Stage::Verification, reason });
        }
        self.verification.reopen();
        let voided = self.protocol.void(reason, ctx.actor, ctx.now);
        events.extend(voided.into_iter().map(ProjectEvent::from));
    }

    /// When the last brand was back or dropped, or without brands when the run was finished.
    fn verifiable_since(&self) -> Option<Timestamp> {
        let (_, _, finished) = self.migration.finished()?;
        if !self.integrations.is_over() {
            return None;
        }
        let brands = self.integrations.brands()?.values();
        let over = brands.filter_map(|brand| match &brand.state {
            BrandState::Restored(fact) => Some(fact.occurred_at),
            BrandState::Dropped { consented, .. } => Some(consented.occurred_at),
            BrandState::Open | BrandState::DropProposed { .. } => None,
        });
        over.chain([finished.occurred_at]).max()
    }

    /// SOFTVIG cancels the project: all dates, proposals and open attempts end.
    pub fn cancel(&mut self, reason: &str, ctx: &Context) -> Outcome {
        self.change(ctx, |project, events| {
            let mut violations = Vec::from_iter(by_softvig(ctx.actor));
            violations.extend(text::note("reason", reason));
            if let Some(run) = project.migration.in_progress() {
                violations.push(
                    Violation::new(ErrorReason::CancelDuringRun)
                        .asked(words(
                            format!("cancel during run {}", run.number),
                            format!("anulowanie w trakcie migracji {}", run.number),
                        ))
                        .allowed(words(
                            "once the run is finished or rolled back",
                            "gdy migracja będzie zakończona lub wycofana",
                        )),
                );
            }
            Refusal::unless_empty(violations)?;
            let reason = reason.trim().to_owned();
            for kind in DateKind::ALL {
                project.end_date(kind, WithdrawCause::Cancelled, None, ctx.now, events);
            }
            for id in project.proposals.iter().map(|p| p.id).collect::<Vec<_>>() {
                project.close_proposal(id, ProposalOutcome::Invalid, &reason, events);
            }
            for no in AuditNo::ALL {
                let voided = project.audit_mut(no).void_open(&reason, ctx.actor, ctx.now);
                events.extend(voided.into_iter().map(|event| ProjectEvent::audit(no, event)));
            }
            project.licence.held = None;
            events.extend(project.integrations.called_off().into_iter().map(ProjectEvent::from));
            events.extend(
                project.protocol.void(&reason, ctx.actor, ctx.now).into_iter().map(ProjectEvent::from),
            );
            let cancelled = Fact::new(ctx.actor, None, ctx.now);
            project.status = Status::Cancelled { cancelled, reason: reason.clone() };
            events.push(ProjectEvent::Cancelled { reason });
            Ok(())
        })
    }
}
