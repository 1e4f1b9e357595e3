//! What a contact may switch off.

use crate::kind::Kind;

impl Kind {
    /// Whether a contact can do without hearing of it: it asks for nothing, and tells no date, no result, and nothing
    /// of the migration and the end.
    pub const fn is_optional(self) -> bool {
        use Kind::*;
        match self {
            // The date itself is in the calendar.
            Reminder => true,
            // A copy of one's own words.
            QuestionAsked | VariantHelpAsked => true,
            VariantChosen | LicenceChosen | FindingAnswered | StageUnlocked | IntegrationRestored
            | ContactReplaced => true,

            DatesProposed | DatesCountered | DatesUnanswered | DatesStillUnanswered => false,
            DateAgreed | DateMoved | DateWithdrawn | DateMissed | ReadinessOverdue => false,
            // SOFTVIG may override a rule only if the contacts are told (OVERRIDE_NOT_ALLOWED).
            OverrideRecorded => false,
            VariantRecommended
            | LicenceRecommended
            | LicenceChoiceEnded
            | LicenceChoiceOutdated
            | ProofWithdrawn => false,
            ReadinessDeclared | ReadinessWithdrawn => false,
            AuditPassed | AuditFailed | AuditPassHeld | FindingRejected => false,
            RunPrepared | RunStarted | DatabasesRestored | RunFinished | RunRolledBack | ReserveReached
            | WindowOverrun => false,
            IntegrationsAnnounced
            | IntegrationsCancelled
            | IntegrationsToday
            | IntegrationsSummary
            | IntegrationDropAsked
            | IntegrationDropRefused
            | IntegrationDropped
            | IntegrationReopened => false,
            VerificationRequested | ProblemReported | ProblemAnswered | Verified | StageReopened => false,
            ProtocolIssued | ProtocolDeclined | ProtocolSigned | ProjectCompleted | ProjectCancelled => false,
            ContactUndeliverable | QuestionAnswered | EntryAdded | EntryRemoved => false,
            // Contacts do not hear of it.
            QuestionUnanswered | WebhookSwitchedOff | MessageGivenUp => false,
        }
    }

    /// All that may be switched off, in the order of the domain's table.
    pub fn optional() -> impl Iterator<Item = Self> {
        Self::ALL.iter().copied().filter(|kind| kind.is_optional())
    }
}
