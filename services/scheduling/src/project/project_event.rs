//! What happened to a project, as the service keeps it: people by id only. `events.rs` of the service
//! turns these into the public contract.

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use super::{
    AuditNo, DateKind, Stage, VariantData,
    audits::{AttemptId, AuditEvent},
    dates::{Agreed, Withdrawn},
    integrations::IntegrationEvent,
    overrides::Override,
    proposals::{Proposal, ProposalId, ProposalOutcome},
    protocol::ProtocolEvent,
    readiness::ReadinessEvent,
    run::RunEvent,
    stops::StopEvent,
    verification::VerificationEvent,
};

/// One change of a project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data", rename_all = "snake_case")]
pub enum ProjectEvent {
    Opened,
    /// Recorded, or corrected and why.
    ContractRecorded {
        day: Date,
        reason: String,
    },
    VariantHelpAsked {
        note: String,
    },
    VariantRecommended {
        variant: String,
        note: String,
    },
    VariantChosen {
        variant: VariantData,
        previous: Option<String>,
        /// Why it is changed.
        reason: String,
    },
    /// Something demanded is missing after the declaration: SOFTVIG is told.
    LicenceMissing {
        missing: Vec<String>,
    },
    /// Audit 2 was passed while a licence is missing: the stage waits for the proof, SOFTVIG is told.
    PassHeld {
        attempt: AttemptId,
        missing: Vec<String>,
    },

    DatesProposed {
        proposal: Proposal,
        counters: Option<ProposalId>,
    },
    ProposalClosed {
        proposal: ProposalId,
        outcome: ProposalOutcome,
        /// What the party said that closed it.
        reason: String,
    },
    /// Agreed for the first time, or moved: then `replaces` is the date that was.
    DateAgreed {
        kind: DateKind,
        agreed: Agreed,
        replaces: Option<Agreed>,
    },
    DateWithdrawn(Withdrawn),
    OverrideRecorded(Override),
    ReadinessOverdue {
        day: Date,
    },

    StageUnlocked {
        stage: Stage,
        earliest_start: Option<Date>,
    },
    /// A stage that was done is open again; what followed is reset.
    StageReopened {
        stage: Stage,
        reason: String,
    },

    Readiness(ReadinessEvent),
    Audit {
        no: AuditNo,
        event: AuditEvent,
    },
    /// What must stand still in the agreed window is stated, for the first time or anew.
    RunPrepared {
        stop_at: Timestamp,
    },
    Stops(StopEvent),
    Run(RunEvent),
    Integrations(IntegrationEvent),
    Verification(VerificationEvent),
    Protocol(ProtocolEvent),

    Cancelled {
        reason: String,
    },
}

impl ProjectEvent {
    pub(super) fn audit(no: AuditNo, event: AuditEvent) -> Self {
        Self::Audit { no, event }
    }

    /// The name under which the history keeps it; the public event's, where there is one.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Opened => "project_opened",
            Self::ContractRecorded { .. } => "contract_recorded",
            Self::VariantHelpAsked { .. } => "variant_help_asked",
            Self::VariantRecommended { .. } => "variant_recommended",
            Self::VariantChosen { .. } => "variant_chosen",
            Self::LicenceMissing { .. } => "licence_missing",
            Self::PassHeld { .. } => "audit_pass_held",
            Self::DatesProposed { .. } => "dates_proposed",
            Self::ProposalClosed { .. } => "proposal_closed",
            Self::DateAgreed { .. } => "date_agreed",
            Self::DateWithdrawn(_) => "date_withdrawn",
            Self::OverrideRecorded(_) => "override_recorded",
            Self::ReadinessOverdue { .. } => "readiness_overdue",
            Self::StageUnlocked { .. } => "stage_unlocked",
            Self::StageReopened { .. } => "stage_reopened",
            Self::Readiness(event) => event.name(),
            Self::Audit { event, .. } => event.name(),
            Self::RunPrepared { .. } => "run_prepared",
            Self::Stops(event) => event.name(),
            Self::Run(event) => event.name(),
            Self::Integrations(event) => event.name(),
            Self::Verification(event) => event.name(),
            Self::Protocol(event) => event.name(),
            Self::Cancelled { .. } => "project_cancelled",
        }
    }
}

macro_rules! wrap {
    ($($event:ident => $variant:ident),* $(,)?) => {
        $(impl From<$event> for ProjectEvent {
            fn from(event: $event) -> Self {
                Self::$variant(event)
            }
        })*
    };
}

wrap! {
    ReadinessEvent => Readiness,
    StopEvent => Stops,
    RunEvent => Run,
    IntegrationEvent => Integrations,
    VerificationEvent => Verification,
    ProtocolEvent => Protocol,
}
