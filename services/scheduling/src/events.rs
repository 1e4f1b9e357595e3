//! What happened goes two ways: a line of the history, people by id only, and the public events of
//! the contract. `company/events.rs` and `project/events.rs` say which internal event becomes which.

use jiff::Timestamp;
use platform::{
    Error,
    actor::{self, Actor},
    clock,
    id::{CompanyId, ProjectId},
    name::ProjectName,
    unit::{NewEvent, NewHistory, Unit},
};
use prost::Message as _;
use proto::scheduling::v1::{SchedulingEvent, scheduling_event::Event as Public};
use serde::Serialize;
use uuid::Uuid;

/// Whose events these are, and who brought them about.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    pub company: CompanyId,
    /// None for events of the company.
    pub project: Option<ProjectId>,
    pub actor: &'a Actor,
}

impl Source<'_> {
    fn project_name(&self) -> Option<String> {
        self.project.map(|project| ProjectName { company: self.company, project }.to_string())
    }

    /// Puts a public event on the lane.
    pub fn tell(&self, unit: &mut Unit, event: Public, occurred_at: Timestamp) {
        let (event_id, kind) = (Uuid::now_v7(), kind(&event));
        let project = self.project_name();
        let message = SchedulingEvent {
            event_id: event_id.to_string(),
            company: format!("companies/{}", self.company),
            project: project.clone().unwrap_or_default(),
            occurred_at: Some(clock::to_wire(occurred_at)),
            recorded_at: Some(clock::to_wire(unit.now())),
            actor: actor::to_proto(self.actor, self.company),
            event: Some(event),
        };
        unit.emit(NewEvent { event_id, kind, project, payload: message.encode_to_vec() });
    }

    /// Puts an internal event into the history, under a name that says what happened.
    pub fn record(&self, unit: &mut Unit, kind: &str, event: &impl Serialize) -> Result<(), Error> {
        let body = serde_json::to_value(event).map_err(anyhow::Error::from)?;
        unit.record(NewHistory {
            kind: kind.to_owned(),
            project: self.project_name(),
            actor: self.actor.in_history(self.company),
            body,
        });
        Ok(())
    }
}

/// The name of the event's field in the contract: the last token of its subject.
fn kind(event: &Public) -> &'static str {
    match event {
        Public::CompanyChanged(_) => "company_changed",
        Public::ContactCard(_) => "contact_card",
        Public::ContactReplaced(_) => "contact_replaced",
        Public::ContactAnonymised(_) => "contact_anonymised",
        Public::AddressCleared(_) => "address_cleared",
        Public::ProjectOpened(_) => "project_opened",
        Public::ContractRecorded(_) => "contract_recorded",
        Public::VariantHelpAsked(_) => "variant_help_asked",
        Public::VariantRecommended(_) => "variant_recommended",
        Public::VariantChosen(_) => "variant_chosen",
        Public::ProjectCancelled(_) => "project_cancelled",
        Public::DatesProposed(_) => "dates_proposed",
        Public::ProposalClosed(_) => "proposal_closed",
        Public::DateAgreed(_) => "date_agreed",
        Public::DateWithdrawn(_) => "date_withdrawn",
        Public::OverrideRecorded(_) => "override_recorded",
        Public::ReadinessOverdue(_) => "readiness_overdue",
        Public::StageUnlocked(_) => "stage_unlocked",
        Public::ReadinessDeclared(_) => "readiness_declared",
        Public::ReadinessWithdrawn(_) => "readiness_withdrawn",
        Public::AuditAttemptOpened(_) => "audit_attempt_opened",
        Public::AuditAttemptVoided(_) => "audit_attempt_voided",
        Public::LicenceMissing(_) => "licence_missing",
        Public::AuditPassHeld(_) => "audit_pass_held",
        Public::RunPrepared(_) => "run_prepared",
        Public::RunStarted(_) => "run_started",
        Public::DatabasesRestored(_) => "databases_restored",
        Public::RunFinished(_) => "run_finished",
        Public::RunRolledBack(_) => "run_rolled_back",
        Public::ReserveReached(_) => "reserve_reached",
        Public::WindowOverrun(_) => "window_overrun",
        Public::IntegrationsAnnounced(_) => "integrations_announced",
        Public::IntegrationsCancelled(_) => "integrations_cancelled",
        Public::IntegrationRestored(_) => "integration_restored",
        Public::IntegrationDropped(_) => "integration_dropped",
        Public::IntegrationReopened(_) => "integration_reopened",
        Public::IntegrationDropAsked(_) => "integration_drop_asked",
        Public::IntegrationDropRefused(_) => "integration_drop_refused",
        Public::VerificationRequested(_) => "verification_requested",
        Public::ProblemReported(_) => "problem_reported",
        Public::ProblemAnswered(_) => "problem_answered",
        Public::Verified(_) => "verified",
        Public::StageReopened(_) => "stage_reopened",
        Public::ProtocolIssued(_) => "protocol_issued",
        Public::ProtocolSigned(_) => "protocol_signed",
        Public::ProtocolDeclined(_) => "protocol_declined",
        Public::ProtocolVoided(_) => "protocol_voided",
        Public::Snapshot(_) => "snapshot",
        Public::ProjectCompleted(_) => "project_completed",
    }
}
