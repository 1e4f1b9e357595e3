//! The project: its parts, and the one way in which any of them changes.

use calendar::local_day;
use jiff::Timestamp;
use platform::{
    fact::Fact,
    id::{CompanyId, ProjectId},
};
use proto::{
    common::v1::ErrorReason,
    refusal::{Refusal, Violation, words},
};
use serde::{Deserialize, Serialize};

use super::{
    Context, Stage,
    audits::Audit,
    contracting::Contracting,
    dates::Dates,
    days::{AuditDays, Days, Progress},
    evidence::Evidence,
    integrations::Integrations,
    licence::Licence,
    overrides::Override,
    project_event::ProjectEvent,
    proposals::Proposal,
    protocol::Protocol,
    readiness::Readiness,
    run::Migration,
    stops::Stops,
    variant_choice::VariantChoice,
    verification::Verification,
};
use crate::actor::Actor;

/// What a command brings about, or every reason why not.
pub type Outcome = Result<Vec<ProjectEvent>, Refusal>;

/// Whether a project still moves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum Status {
    Open,
    /// Signed by both.
    Completed {
        at: Timestamp,
    },
    Cancelled {
        cancelled: Fact,
        reason: String,
    },
}

/// One company's way to the new MS SQL.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Project {
    pub id: ProjectId,
    pub company: CompanyId,
    pub opened: Fact,
    pub status: Status,
    pub contracting: Contracting,
    pub variant: VariantChoice,
    pub licence: Licence,
    pub dates: Dates,
    /// Open ones only: at most one for each date.
    pub proposals: Vec<Proposal>,
    pub overrides: Vec<Override>,
    pub readiness: Readiness,
    pub audit_1: Audit,
    pub audit_2: Audit,
    pub evidence: Evidence,
    pub stops: Stops,
    pub migration: Migration,
    pub integrations: Integrations,
    pub verification: Verification,
    pub protocol: Protocol,
    /// The stages that people were told are unlocked.
    pub(super) told_unlocked: Vec<Stage>,
}

/// One of the two audits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuditNo {
    One,
    Two,
}

impl AuditNo {
    pub const ALL: [Self; 2] = [Self::One, Self::Two];
}

impl Project {
    /// A new project. That the company has no other open one is the service's to check.
    pub fn open(id: ProjectId, company: CompanyId, by: &Actor, now: Timestamp) -> (Self, Vec<ProjectEvent>) {
        let project = Self {
            id,
            company,
            opened: Fact::new(by, None, now),
            status: Status::Open,
            contracting: Contracting::default(),
            variant: VariantChoice::default(),
            licence: Licence::default(),
            dates: Dates::default(),
            proposals: Vec::new(),
            overrides: Vec::new(),
            readiness: Readiness::default(),
            audit_1: Audit::default(),
            audit_2: Audit::default(),
            evidence: Evidence::default(),
            stops: Stops::default(),
            migration: Migration::default(),
            integrations: Integrations::default(),
            verification: Verification::default(),
            protocol: Protocol::default(),
            told_unlocked: vec![Stage::Contracting],
        };
        (project, vec![ProjectEvent::Opened])
    }

    pub fn is_open(&self) -> bool {
        self.status == Status::Open
    }

    /// One of the two audits.
    pub fn audit(&self, no: AuditNo) -> &Audit {
        match no {
            AuditNo::One => &self.audit_1,
            AuditNo::Two => &self.audit_2,
        }
    }

    pub(super) fn audit_mut(&mut self, no: AuditNo) -> &mut Audit {
        match no {
            AuditNo::One => &mut self.audit_1,
            AuditNo::Two => &mut self.audit_2,
        }
    }

    /// The days that the plan counts from.
    pub fn days(&self) -> Days {
        let audit = |audit: &Audit| AuditDays {
            passed: audit.passed().map(|result| result.concluded.local_day()),
            failed: audit.failed().map(|result| result.concluded.local_day()),
            in_progress: audit.open().is_some(),
        };
        let migration = if self.migration.finished().is_some() {
            Progress::Over
        } else if self.migration.in_progress().is_some() {
            Progress::InProgress
        } else {
            Progress::Ahead
        };
        Days {
            contract_day: self.contracting.day(),
            contracted: self.contracting.done.is_some(),
            declared: self.readiness.declared().map(|fact| local_day(fact.occurred_at)),
            audit_1: audit(&self.audit_1),
            audit_2: audit(&self.audit_2),
            migration,
        }
    }

    /// Every command goes through here: it works on a copy, so that a refusal changes nothing, and what
    /// follows from it by rule is worked out before the copy takes the project's place.
    pub(super) fn change(
        &mut self,
        ctx: &Context,
        command: impl FnOnce(&mut Self, &mut Vec<ProjectEvent>) -> Result<(), Refusal>,
    ) -> Outcome {
        if !self.is_open() {
            let violation = Violation::new(ErrorReason::ProjectClosed);
            return Err(violation
                .asked(self.id)
                .allowed(words("a command for an open project", "polecenie dla otwartego projektu"))
                .into());
        }
        let mut next = self.clone();
        let mut events = Vec::new();
        command(&mut next, &mut events)?;
        next.settle(ctx, &mut events);
        *self = next;
        Ok(events)
    }

    /// The same for what cannot be refused: time, and facts of other services.
    pub(super) fn note(
        &mut self,
        ctx: &Context,
        fact: impl FnOnce(&mut Self, &mut Vec<ProjectEvent>),
    ) -> Vec<ProjectEvent> {
        let mut events = Vec::new();
        fact(self, &mut events);
        if self.is_open() {
            self.settle(ctx, &mut events);
        }
        events
    }

    /// Something underneath changed: the company's hours, contacts, ops' holidays. Dates are checked again.
    pub fn recheck(&mut self, ctx: &Context) -> Vec<ProjectEvent> {
        self.note(ctx, |_, _| ())
    }

    /// What follows by rule from any change.
    fn settle(&mut self, ctx: &Context, events: &mut Vec<ProjectEvent>) {
        if self.contracting.done.is_none() && self.contracting_complete(ctx) {
            self.contracting.done = Some(ctx.now);
        }
        if self.protocol.is_signed() {
            self.status = Status::Completed { at: ctx.now };
        }
        self.miss_dates(ctx, events);
        self.replan(ctx, events);
        self.count_from_restoration(ctx, events);
        self.close_moot_proposals(events);
        self.tell_unlocked(ctx, events);
    }
}
