//! What a stage waits for: whose turn it is, and for what. The rules' refusals say the same when somebody
//! tries; this says it before.

use calendar::local_time;
use jiff::Timestamp;
use platform::text::Text;
use proto::common::v1::ErrorReason;

use super::{
    AuditNo, ContactFact, Context, DateKind, Project, Stage,
    integrations::BrandState,
    licence::LICENCE_KIND,
    protocol::{Issue, ProtocolState},
    run::RunState,
    stops::StopList,
};
use crate::actor::Party;

/// Something that somebody has to do before a stage is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaitingFor {
    /// Whose turn it is; none where either party can do it.
    pub party: Option<Party>,
    /// The RPC that does it.
    pub rpc: &'static str,
    /// The rule that holds the stage until then.
    pub rule: Option<ErrorReason>,
    /// What it is about, as the RPC takes it; may be empty.
    pub subject: String,
    pub text: Text,
}

fn waiting(
    party: impl Into<Option<Party>>,
    rpc: &'static str,
    rule: impl Into<Option<ErrorReason>>,
    subject: impl Into<String>,
    (en, pl): (impl Into<String>, impl Into<String>),
) -> WaitingFor {
    let text = Text { pl: pl.into(), en: en.into() };
    WaitingFor { party: party.into(), rpc, rule: rule.into(), subject: subject.into(), text }
}

use ErrorReason as R;
use Party::{Company, Softvig};

impl Project {
    /// What the stage waits for now, in the order of the rules; nothing unless it is the current one of an
    /// open project.
    pub fn waiting_for(&self, stage: Stage, ctx: &Context) -> Vec<WaitingFor> {
        if !self.is_open() || self.current_stage() != stage {
            return Vec::new();
        }
        match stage {
            Stage::Contracting => self.contracting_waits(ctx),
            Stage::Readiness => self.readiness_waits(ctx),
            Stage::Audit1 => self.audit_waits(AuditNo::One, ctx),
            Stage::Audit2 => self.audit_waits(AuditNo::Two, ctx),
            Stage::Migration => self.migration_waits(ctx),
            Stage::Integrations => self.integrations_wait(),
            Stage::Verification => self.verification_waits(),
            Stage::Acceptance => self.protocol.open().map(acceptance_waits).unwrap_or_default(),
            Stage::Completed => Vec::new(),
        }
    }

    fn contracting_waits(&self, ctx: &Context) -> Vec<WaitingFor> {
        let mut all = Vec::new();
        if self.contracting.day().is_none() {
            let text = ("the day on which the contract was signed", "dzień podpisania kontraktu");
            all.push(waiting(Softvig, "RecordContract", R::ContractRequired, "", text));
        }
        let contacts = [
            ("technical", ctx.company.technical, ("a technical contact", "osoba do tematów technicznych")),
            ("decision", ctx.company.decision, ("a decision contact", "osoba decyzyjna")),
        ];
        for (role, fact, text) in contacts {
            if fact == ContactFact::Missing {
                all.push(waiting(None, "CreateContact", R::ContactsRequired, role, text));
            }
        }
        match &self.variant.recommendation {
            _ if self.variant.chosen().is_some() => {}
            None if self.variant.help.is_some() => {
                let text = ("SOFTVIG's recommendation of a variant", "rekomendacja wariantu od SOFTVIG");
                all.push(waiting(Softvig, "RecommendVariant", R::VariantRequired, "", text));
            }
            recommended => {
                let key = recommended.as_ref().map(|r| r.variant.clone()).unwrap_or_default();
                let text = ("the choice of a variant", "wybór wariantu");
                all.push(waiting(Company, "ChooseVariant", R::VariantRequired, key, text));
            }
        }
        let missing = self.licences_missing(ctx);
        if missing.iter().any(|key| key == LICENCE_KIND) {
            all.push(licence_waits(LICENCE_KIND, ctx));
        }
        let open = DateKind::ALL.into_iter().filter(|kind| !self.dates.slot(*kind).ever_agreed);
        all.extend(open.map(|kind| self.date_waits(kind)));
        all
    }

    fn readiness_waits(&self, ctx: &Context) -> Vec<WaitingFor> {
        let mut all: Vec<_> = self.licences_missing(ctx).iter().map(|key| licence_waits(key, ctx)).collect();
        if let Some(variant) = ctx.variant {
            let demanded = self.demanded(ctx);
            all.extend(self.readiness.missing(&demanded).into_iter().map(|condition| {
                let Text { pl, en } = condition.name(variant);
                let rule = R::ReadinessConditions;
                waiting(Company, "ConfirmReadinessCondition", rule, condition.to_string(), (en, pl))
            }));
        }
        if all.is_empty() {
            let text = ("the declaration of readiness", "zgłoszenie gotowości");
            all.push(waiting(Company, "DeclareReadiness", None, "", text));
        }
        all
    }

    fn audit_waits(&self, no: AuditNo, ctx: &Context) -> Vec<WaitingFor> {
        if let Some(attempt) = self.audit(no).open() {
            let text = ("the result of the audit", "wynik audytu");
            return vec![waiting(
                Softvig,
                "audit.ConcludeAudit",
                R::AuditIncomplete,
                attempt.id.to_string(),
                text,
            )];
        }
        let mut all = Vec::new();
        if no == AuditNo::Two {
            // The installation's last proof: without it a pass of audit 2 is held.
            all.extend(self.licences_missing(ctx).iter().map(|key| licence_waits(key, ctx)));
        }
        all.push(match self.dates.agreed(no.date()) {
            None => self.date_waits(no.date()),
            Some(agreed) => {
                let day = agreed.date.day();
                let text = (format!("the audit on {day}"), format!("audyt w dniu {day}"));
                let number = if no == AuditNo::One { "1" } else { "2" };
                waiting(Softvig, "StartAudit", R::AuditLocked, number, text)
            }
        });
        all
    }

    fn migration_waits(&self, ctx: &Context) -> Vec<WaitingFor> {
        if let Some(run) = self.migration.in_progress() {
            let (rpc, text) = match run.state {
                RunState::Started => (
                    "RecordDatabasesRestored",
                    ("the databases on the new instance", "bazy na nowej instancji"),
                ),
                _ => ("FinishRun", ("the end of the migration", "zakończenie migracji")),
            };
            return vec![waiting(Softvig, rpc, None, "", text)];
        }
        let mut all: Vec<_> = self.licences_missing(ctx).iter().map(|key| licence_waits(key, ctx)).collect();
        let Some(window) = self.agreed_window() else {
            all.push(self.date_waits(DateKind::Migration));
            return all;
        };
        // Measurements must be fresh when the window opens, not only today.
        all.extend(self.evidence.stale(window.start.max(ctx.now)).into_iter().map(|item| {
            let text = (format!("a fresh measurement: {item}"), format!("świeży pomiar: {item}"));
            waiting(Softvig, "audit.RecordValues", R::EvidenceStale, item, text)
        }));
        let Some(lists) = &ctx.company.systems else {
            let text = (
                "the lists of what is stopped, \"none\" included",
                "listy tego, co jest zatrzymywane, także gdy są puste",
            );
            all.push(waiting(None, "SetSystems", R::SystemsNotStopped, "", text));
            return all;
        };
        for list in StopList::ALL {
            for item in self.stops.still_running(list, lists.list(list), Some(window)) {
                let from = local_time(window.start);
                let text = (
                    format!("{}: stopped from {from} on", item.name),
                    format!("{}: zatrzymanie od {from}", item.name),
                );
                all.push(waiting(None, "ConfirmStopped", R::SystemsNotStopped, &item.key, text));
            }
        }
        let text = start_of(window.start);
        all.push(waiting(Softvig, "StartRun", R::RunOutsideWindow, "", text));
        all
    }

    fn integrations_wait(&self) -> Vec<WaitingFor> {
        let brands = self.integrations.brands().into_iter().flatten();
        let open = brands.filter(|(_, brand)| !brand.is_over()).map(|(key, brand)| {
            if matches!(brand.state, BrandState::DropProposed { .. }) {
                let text =
                    (format!("consent to dropping {key}"), format!("zgoda na rezygnację ze sprzęgu {key}"));
                return waiting(Company, "AnswerDrop", None, key, text);
            }
            let day = self.integrations.day().map(|day| day.to_string()).unwrap_or_default();
            let text = (format!("{key}, from {day} on"), format!("{key}, od {day}"));
            waiting(Softvig, "RestoreIntegration", R::IntegrationsNextBusinessDay, key, text)
        });
        open.collect()
    }

    fn verification_waits(&self) -> Vec<WaitingFor> {
        let mut all: Vec<_> = self
            .verification
            .open_problems()
            .map(|problem| {
                let text = (problem.description.clone(), problem.description.clone());
                waiting(Softvig, "AnswerProblem", R::StageLocked, problem.id.to_string(), text)
            })
            .collect();
        if all.is_empty() {
            let text = (
                "the word that everything works, or a problem",
                "potwierdzenie, że wszystko działa, albo problem",
            );
            all.push(waiting(Company, "ConfirmWorks", None, "", text));
        }
        all
    }

    /// A date that is not agreed: an answer to the open proposal, or a proposal.
    fn date_waits(&self, kind: DateKind) -> WaitingFor {
        let (en, pl) = match kind {
            DateKind::Readiness => ("the day of readiness", "termin gotowości"),
            DateKind::Audit1 => ("the date of audit 1", "termin audytu I"),
            DateKind::Audit2 => ("the date of audit 2", "termin audytu II"),
            DateKind::Migration => ("the window of the migration", "okno migracji"),
        };
        let rule = R::DatesAgreedJointly;
        match self.proposals.iter().find(|proposal| proposal.dates.contains_key(&kind)) {
            Some(proposal) => {
                let text =
                    (format!("an answer to the proposal: {en}"), format!("odpowiedź na propozycję: {pl}"));
                waiting(proposal.by.other(), "AcceptProposal", rule, proposal.id.to_string(), text)
            }
            None => waiting(None, "ProposeDates", rule, kind.name(), (en, pl)),
        }
    }
}

fn licence_waits(key: &str, ctx: &Context) -> WaitingFor {
    if key == LICENCE_KIND {
        let text = ("the choice of the licence kind", "wybór rodzaju licencji");
        return waiting(Company, "licensing.ChooseLicence", R::LicenceRequired, "", text);
    }
    let name = ctx.variant.map(|variant| variant.name_of(key));
    let (en, pl) = name.map_or_else(|| (key.to_owned(), key.to_owned()), |Text { pl, en }| (en, pl));
    waiting(None, "licensing.RecordLicence", R::LicenceRequired, key, (en, pl))
}

fn start_of(window: Timestamp) -> (String, String) {
    let at = local_time(window);
    (format!("the start of the migration, from {at} on"), format!("rozpoczęcie migracji, od {at}"))
}

fn acceptance_waits(issue: &Issue) -> Vec<WaitingFor> {
    let signed = match &issue.state {
        ProtocolState::Issued { signed } => signed.as_ref().map(|(party, _)| *party),
        ProtocolState::Signed { .. } | ProtocolState::Voided { .. } => return Vec::new(),
    };
    let missing = [Company, Softvig].into_iter().filter(|party| signed != Some(*party));
    let number = issue.number.to_string();
    let signature = |party| {
        let text = match party {
            Company => ("the company's signature", "podpis firmy"),
            Softvig => ("SOFTVIG's signature", "podpis SOFTVIG"),
        };
        waiting(party, "SignProtocol", R::ProtocolSignedByBoth, &number, text)
    };
    missing.map(signature).collect()
}
