//! What templates are checked and shown with: of each kind one notice or more, of a dealership that there is not.

mod dates;
mod dealership;
mod integrations;
mod work;

use platform::actor::Party;
use proto::scheduling::v1::Stage;
use uuid::Uuid;

use super::{Fact, Facts, Notice};
use crate::kind::Kind;
use crate::project::stage_key;

pub use dealership::{directory, now};

/// A notice as one that comes of real events, with the same facts.
#[derive(Clone, Debug)]
pub struct Sample {
    /// Tells it from the others of its kind.
    pub name: &'static str,
    pub notice: Notice,
}

/// The samples of a kind, the most usual first. Together they have every fact that can be missing both ways, so that
/// they take every branch of the shipped templates.
pub fn samples(kind: Kind) -> Vec<Sample> {
    use Kind::*;
    let new = || notice(kind);
    let stage = |stage| new().word("stage", "stage", stage_key(stage));
    let number = || new().fact("number", Fact::Number(12));
    match kind {
        DatesProposed | DatesCountered => dates::proposals(new()),
        DatesUnanswered | DatesStillUnanswered => dates::unanswered(new()),
        DateAgreed | DateMoved => dates::agreed(new()),
        DateWithdrawn | DateMissed => dates::ended(new()),
        ReadinessOverdue => vec![usual(new().fact("day", Fact::Day(dealership::READINESS)))],
        OverrideRecorded => vec![usual(dates::override_of_a_buffer(new()))],
        Reminder => dates::reminders(new()),
        EntryAdded | EntryRemoved => dates::entries(new()),

        VariantHelpAsked => {
            with_and_without_note(new(), "Serwer ma sześć lat i nie wiem, czy wytrzyma. Co Państwo radzą?")
        }
        VariantRecommended => with_and_without_note(
            new().word("variant", "variant", "new_server"),
            "Obecny serwer ma za mało pamięci.",
        ),
        VariantChosen => vec![usual(new().word("variant", "variant", "new_server"))],
        LicenceRecommended | LicenceChosen | LicenceChoiceEnded | LicenceChoiceOutdated => {
            work::licences(new())
        }
        ProofWithdrawn => with_and_without_note(
            new().word("demand", "demand", "sql_server"),
            "Faktura dotyczy innej wersji.",
        ),

        ReadinessDeclared => with_and_without(new(), "earliest", Fact::Day(dealership::AUDIT_1)),
        ReadinessWithdrawn => with_and_without_note(new(), "Serwer nie został jeszcze dostarczony."),

        AuditPassed | AuditFailed => work::audits(new()),
        AuditPassHeld => vec![usual(new())],
        FindingAnswered => with_and_without_note(work::finding(new()), "Dołożyliśmy pamięć, jest 32 GB."),
        FindingRejected => with_and_without_note(work::finding(new()), "Zmierzyliśmy nadal 8 GB."),

        StageUnlocked => with_and_without(stage(Stage::Audit1), "earliest", Fact::Day(dealership::AUDIT_1)),
        StageReopened => with_and_without_note(stage(Stage::Migration), "Raporty nie liczą się poprawnie."),

        RunPrepared => work::prepared(new()),
        RunStarted => work::attempts(new())
            .into_iter()
            .map(|sample| sample.with("ends_at", Fact::Instant(dealership::migration().ends_at)))
            .collect(),
        DatabasesRestored | RunFinished | ReserveReached | WindowOverrun => work::attempts(new()),
        RunRolledBack => work::attempts(new().text("note", "Zabrakło prądu w serwerowni.")),

        IntegrationsAnnounced => integrations::announced(new()),
        IntegrationsCancelled => integrations::cancelled(new()),
        IntegrationsToday => integrations::today(new()),
        IntegrationRestored
        | IntegrationDropAsked
        | IntegrationDropRefused
        | IntegrationDropped
        | IntegrationReopened => integrations::of_a_brand(new()),
        IntegrationsSummary => integrations::summary(new()),

        VerificationRequested | Verified | ProjectCompleted => vec![usual(new())],
        ProblemReported => vec![usual(new().text("note", "Nie drukują się faktury zaliczkowe."))],
        ProblemAnswered => {
            vec![usual(new().text("note", "Poprawiliśmy ustawienia wydruku faktur."))]
        }

        ProtocolIssued => vec![usual(number())],
        ProtocolSigned => vec![
            Sample { name: "by_company", notice: number().word("signed", "signed", "company") },
            Sample { name: "by_softvig", notice: number().word("signed", "signed", "softvig") },
        ],
        ProtocolDeclined => ["company", "softvig"]
            .map(|party| Sample {
                name: if party == "company" { "by_company" } else { "by_softvig" },
                notice: number().word("declined", "declined", party).text("note", "Brakuje jednego sprzęgu."),
            })
            .into(),
        ProjectCancelled => vec![usual(new().text("note", "Firma zmienia właściciela."))],

        ContactReplaced => vec![
            usual(new().text("contact", "Jan Wiśniewski").text("successor", "Anna Kowalczyk")),
            Sample { name: "forgotten", notice: new().text("contact", "").text("successor", "") },
        ],
        ContactUndeliverable => {
            let answer = "550 5.1.1 The mailbox does not exist";
            vec![usual(new().text("contact", "Jan Wiśniewski").text("answer", answer))]
        }
        MessageGivenUp => vec![usual(
            new()
                .text("contact", "Jan Wiśniewski")
                .text("subject", "Termin uzgodniony: migracja")
                .text("message", "companies/01a2b3c4-0000-7000-8000-000000000001/messages/01a2b3c4-0000-7000-8000-000000000002")
                .text("answer", "554 5.7.1 Message rejected as spam"),
        )],

        QuestionAsked => vec![usual(work::question(new()))],
        QuestionUnanswered => {
            let raised = |asker: &str| {
                let since = dealership::at(dealership::READINESS.at(10, 0, 0, 0));
                work::question(new()).text("asker", asker).fact("since", Fact::Instant(since))
            };
            vec![usual(raised("Anna Kowalczyk")), Sample { name: "forgotten", notice: raised("") }]
        }
        QuestionAnswered => vec![usual(work::question(new()).text(
            "answer",
            "Tak. Sprzęgi wrócą następnego dnia roboczego po odtworzeniu baz, czyli w poniedziałek.",
        ))],

        WebhookSwitchedOff => work::webhooks(new()),
    }
}

/// A notice that the company is asked with and that is about its contact, so that somebody hears it whatever its kind.
fn notice(kind: Kind) -> Notice {
    Notice {
        asked: Some(Party::Company),
        about: Some(dealership::CONTACT),
        ..Notice::new(kind, Uuid::from_u128(0x5A04), Some(dealership::PROJECT), now())
    }
}

fn usual(notice: Notice) -> Sample {
    Sample { name: "usual", notice }
}

fn with_and_without_note(notice: Notice, note: &str) -> Vec<Sample> {
    with_and_without(notice, "note", Fact::text(note))
}

/// What is missing is an empty text.
fn with_and_without(notice: Notice, name: &'static str, fact: Fact) -> Vec<Sample> {
    let without = notice.clone().text(name, "");
    vec![usual(notice.fact(name, fact)), Sample { name: "bare", notice: without }]
}

impl Sample {
    fn with(self, name: &'static str, fact: Fact) -> Self {
        Self { notice: self.notice.fact(name, fact), ..self }
    }
}

/// One fact made of others.
fn group<const N: usize>(facts: [(&'static str, Fact); N]) -> Fact {
    Fact::Group(Facts::from(facts))
}
