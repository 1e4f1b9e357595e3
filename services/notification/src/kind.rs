//! The kinds of message: each has a name and one text in each language.

/// Declares the kinds together with their texts in `data/templates`, so that neither can be without the other.
macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident => $name:literal,)*) => {
        /// What a message is about.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        pub enum Kind {
            $($(#[$doc])* #[serde(rename = $name)] $kind,)*
        }

        impl Kind {
            /// All kinds, in the order of the domain's table.
            pub const ALL: &[Self] = &[$(Self::$kind),*];

            /// The key that the API shows and the templates are named after.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$kind => $name,)*
                }
            }

            /// The kind of that name.
            pub fn from_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|kind| kind.name() == name)
            }
        }

        /// Template name and source.
        pub(crate) const TEMPLATES: &[(&str, &str)] = &[$(
            (concat!("pl/", $name, ".txt"), include_str!(concat!("../data/templates/pl/", $name, ".txt.j2"))),
            (concat!("en/", $name, ".txt"), include_str!(concat!("../data/templates/en/", $name, ".txt.j2"))),
        )*];
    };
}

kinds! {
    DatesProposed => "dates_proposed",
    DatesCountered => "dates_countered",
    /// Those who owe the answer are reminded.
    DatesUnanswered => "dates_unanswered",
    /// Everybody hears that the answer is missing.
    DatesStillUnanswered => "dates_still_unanswered",

    DateAgreed => "date_agreed",
    DateMoved => "date_moved",
    DateWithdrawn => "date_withdrawn",
    DateMissed => "date_missed",
    /// The readiness day passed; the date stays.
    ReadinessOverdue => "readiness_overdue",
    OverrideRecorded => "override_recorded",

    Reminder => "reminder",

    VariantHelpAsked => "variant_help_asked",
    VariantRecommended => "variant_recommended",
    VariantChosen => "variant_chosen",
    LicenceRecommended => "licence_recommended",
    LicenceChosen => "licence_chosen",
    LicenceChoiceEnded => "licence_choice_ended",
    LicenceChoiceOutdated => "licence_choice_outdated",
    ProofWithdrawn => "proof_withdrawn",

    ReadinessDeclared => "readiness_declared",
    ReadinessWithdrawn => "readiness_withdrawn",

    AuditPassed => "audit_passed",
    AuditFailed => "audit_failed",
    AuditPassHeld => "audit_pass_held",
    FindingAnswered => "finding_answered",
    FindingRejected => "finding_rejected",

    StageUnlocked => "stage_unlocked",

    RunPrepared => "run_prepared",
    RunStarted => "run_started",
    DatabasesRestored => "databases_restored",
    RunFinished => "run_finished",
    RunRolledBack => "run_rolled_back",
    ReserveReached => "reserve_reached",
    WindowOverrun => "window_overrun",

    IntegrationsAnnounced => "integrations_announced",
    /// On the morning of the announced day.
    IntegrationsToday => "integrations_today",
    IntegrationsCancelled => "integrations_cancelled",
    IntegrationRestored => "integration_restored",
    IntegrationDropAsked => "integration_drop_asked",
    IntegrationDropRefused => "integration_drop_refused",
    IntegrationDropped => "integration_dropped",
    IntegrationReopened => "integration_reopened",
    /// Every brand is restored or dropped.
    IntegrationsSummary => "integrations_summary",

    VerificationRequested => "verification_requested",
    ProblemReported => "problem_reported",
    ProblemAnswered => "problem_answered",
    Verified => "verified",
    StageReopened => "stage_reopened",

    ProtocolIssued => "protocol_issued",
    ProtocolDeclined => "protocol_declined",
    ProtocolSigned => "protocol_signed",
    ProjectCompleted => "project_completed",
    ProjectCancelled => "project_cancelled",

    ContactReplaced => "contact_replaced",
    ContactUndeliverable => "contact_undeliverable",
    /// A message to a contact is not tried any more.
    MessageGivenUp => "message_given_up",

    QuestionAsked => "question_asked",
    QuestionAnswered => "question_answered",
    QuestionUnanswered => "question_unanswered",

    /// An invitation for somebody who became a contact after the date was agreed.
    EntryAdded => "entry_added",
    /// Takes an entry out of the calendar of somebody who is no longer a contact.
    EntryRemoved => "entry_removed",

    /// Events are no longer sent to one of the places where they went.
    WebhookSwitchedOff => "webhook_switched_off",
}

impl Kind {
    /// What happens in the hours of a migration.
    pub const fn is_of_a_running_migration(self) -> bool {
        matches!(
            self,
            Self::RunPrepared
                | Self::RunStarted
                | Self::DatabasesRestored
                | Self::RunFinished
                | Self::RunRolledBack
                | Self::ReserveReached
                | Self::WindowOverrun
                // They come with the databases' restoration and with the way back.
                | Self::IntegrationsAnnounced
                | Self::IntegrationsCancelled
        )
    }
}
