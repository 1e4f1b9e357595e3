//! The envelope of a public event, the same for what happens to a company and to a project.

use jiff::Timestamp;
use platform::{
    actor::{self, Actor},
    clock,
    id::CompanyId,
    name::ProjectName,
    unit::NewEvent,
};
use prost::Message as _;
use proto::scheduling::v1::{SchedulingEvent, scheduling_event::Event};
use uuid::Uuid;

/// What every event says besides what happened.
pub(crate) struct Envelope<'a> {
    pub company: CompanyId,
    /// None for events of the company.
    pub project: Option<ProjectName>,
    pub actor: &'a Actor,
    pub occurred_at: Timestamp,
    pub recorded_at: Timestamp,
}

impl Envelope<'_> {
    /// The outbox's row for an event.
    pub(crate) fn seal(&self, event: Event) -> NewEvent {
        let event_id = Uuid::now_v7();
        let kind = kind(&event);
        let project = self.project.map(|name| name.to_string());
        let message = SchedulingEvent {
            event_id: event_id.to_string(),
            company: format!("companies/{}", self.company),
            project: project.clone().unwrap_or_default(),
            occurred_at: Some(clock::to_wire(self.occurred_at)),
            recorded_at: Some(clock::to_wire(self.recorded_at)),
            actor: actor::to_proto(self.actor, self.company),
            event: Some(event),
        };
        NewEvent { event_id, kind, project, payload: message.encode_to_vec() }
    }
}

/// The name of the event's field in the contract: the last token of its subject.
pub(crate) fn kind(event: &Event) -> &'static str {
    match event {
        Event::CompanyChanged(_) => "company_changed",
        Event::ContactCard(_) => "contact_card",
        Event::ContactReplaced(_) => "contact_replaced",
        Event::ContactAnonymised(_) => "contact_anonymised",
        Event::AddressCleared(_) => "address_cleared",
        Event::ProjectOpened(_) => "project_opened",
        Event::ContractRecorded(_) => "contract_recorded",
        Event::VariantHelpAsked(_) => "variant_help_asked",
        Event::VariantRecommended(_) => "variant_recommended",
        Event::VariantChosen(_) => "variant_chosen",
        Event::ProjectCancelled(_) => "project_cancelled",
        Event::DatesProposed(_) => "dates_proposed",
        Event::ProposalClosed(_) => "proposal_closed",
        Event::DateAgreed(_) => "date_agreed",
        Event::DateWithdrawn(_) => "date_withdrawn",
        Event::OverrideRecorded(_) => "override_recorded",
        Event::ReadinessOverdue(_) => "readiness_overdue",
        Event::StageUnlocked(_) => "stage_unlocked",
        Event::ReadinessDeclared(_) => "readiness_declared",
        Event::ReadinessWithdrawn(_) => "readiness_withdrawn",
        Event::AuditAttemptOpened(_) => "audit_attempt_opened",
        Event::AuditAttemptVoided(_) => "audit_attempt_voided",
        Event::RunPrepared(_) => "run_prepared",
        Event::RunStarted(_) => "run_started",
        Event::DatabasesRestored(_) => "databases_restored",
        Event::RunFinished(_) => "run_finished",
        Event::RunRolledBack(_) => "run_rolled_back",
        Event::ReserveReached(_) => "reserve_reached",
        Event::WindowOverrun(_) => "window_overrun",
        Event::IntegrationsAnnounced(_) => "integrations_announced",
        Event::IntegrationsCancelled(_) => "integrations_cancelled",
        Event::IntegrationRestored(_) => "integration_restored",
        Event::IntegrationDropped(_) => "integration_dropped",
        Event::IntegrationReopened(_) => "integration_reopened",
        Event::VerificationRequested(_) => "verification_requested",
        Event::ProblemReported(_) => "problem_reported",
        Event::ProblemAnswered(_) => "problem_answered",
        Event::Verified(_) => "verified",
        Event::StageReopened(_) => "stage_reopened",
        Event::ProtocolIssued(_) => "protocol_issued",
        Event::ProtocolSigned(_) => "protocol_signed",
        Event::ProtocolDeclined(_) => "protocol_declined",
        Event::ProtocolVoided(_) => "protocol_voided",
        Event::ProjectCompleted(_) => "project_completed",
    }
}
