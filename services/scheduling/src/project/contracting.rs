//! Contracting: the contract day, and what must be there before dates (`CONTRACT_REQUIRED`,
//! `CONTACTS_REQUIRED`, `VARIANT_REQUIRED`).

use jiff::civil::Date;
use platform::{fact::Fact, text};
use proto::{
    common::v1::ErrorReason,
    refusal::{Refusal, Violation, words},
};
use serde::{Deserialize, Serialize};

use super::{ContactFact, Context, Project, ProjectEvent, checks::by_softvig, model::Outcome};

/// The contract day as recorded or corrected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContractEntry {
    pub day: Date,
    pub recorded: Fact,
}

/// What the contracting stage keeps.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contracting {
    /// A correction is a new entry; the last one counts.
    pub entries: Vec<ContractEntry>,
    /// When all was there for the first time. Later withdrawals do not undo it.
    pub done: Option<jiff::Timestamp>,
}

impl Contracting {
    /// The day on which the contract was signed.
    pub fn day(&self) -> Option<Date> {
        self.entries.last().map(|entry| entry.day)
    }
}

impl Project {
    /// SOFTVIG records the day on which the contract was signed, or corrects it and says why. Dates are
    /// checked again.
    pub fn record_contract(&mut self, day: Date, reason: &str, ctx: &Context) -> Outcome {
        self.change(ctx, |project, events| {
            let mut violations = Vec::from_iter(by_softvig(ctx.actor));
            let latest = project.days().declared.unwrap_or(Date::MAX).min(ctx.today());
            if day > latest {
                violations.push(
                    Violation::new(ErrorReason::OccurredAtInvalid)
                        .field("contract_day")
                        .asked(day)
                        .allowed(format!("../{latest}")),
                );
            }
            let corrects = project.contracting.day().is_some_and(|known| known != day);
            violations.extend(corrects.then(|| text::note("reason", reason)).flatten());
            Refusal::unless_empty(violations)?;
            if project.contracting.day() != Some(day) {
                let recorded = Fact::new(ctx.actor, None, ctx.now);
                project.contracting.entries.push(ContractEntry { day, recorded });
                events.push(ProjectEvent::ContractRecorded { day, reason: reason.trim().to_owned() });
            }
            Ok(())
        })
    }

    /// What is missing before any date can be agreed.
    pub(super) fn before_dates(&self, ctx: &Context) -> Vec<Violation> {
        let mut violations = Vec::new();
        if self.contracting.day().is_none() {
            let allowed = words(
                "once SOFTVIG has recorded the day on which the contract was signed",
                "gdy SOFTVIG zapisze dzień podpisania kontraktu",
            );
            violations.push(Violation::new(ErrorReason::ContractRequired).allowed(allowed));
        }
        if ctx.variant.is_none() {
            let allowed = words(
                "once the decision contact has chosen a variant",
                "gdy osoba decyzyjna wybierze wariant",
            );
            violations.push(Violation::new(ErrorReason::VariantRequired).allowed(allowed));
        }
        violations
    }

    /// `CONTACTS_REQUIRED`: binds proposals only, so that an address that fails later blocks no stage.
    pub(super) fn contacts_missing(&self, ctx: &Context) -> Vec<Violation> {
        [("technical", ctx.company.technical), ("decision", ctx.company.decision)]
            .into_iter()
            .filter_map(|(role, fact)| {
                let (asked, allowed) = match fact {
                    ContactFact::Missing => (
                        words("nobody", "nikt"),
                        words("a contact with this role", "osoba kontaktowa z tą rolą"),
                    ),
                    ContactFact::Undeliverable => (
                        words("an undeliverable address", "adres, na który poczta nie dociera"),
                        words("a deliverable address", "działający adres"),
                    ),
                    ContactFact::Reachable => return None,
                };
                let violation = Violation::new(ErrorReason::ContactsRequired).field(role);
                Some(violation.asked(asked).allowed(allowed))
            })
            .collect()
    }

    /// Whether everything is there for the stage to be done.
    pub(super) fn contracting_complete(&self, ctx: &Context) -> bool {
        let contacts = [ctx.company.technical, ctx.company.decision];
        let kind = ctx.variant.is_some_and(|variant| !variant.licence_kind_required)
            || self.licence.status.as_ref().is_some_and(|status| status.kind.is_some());
        self.contracting.day().is_some()
            && contacts.iter().all(|fact| *fact != ContactFact::Missing)
            && self.variant.chosen().is_some()
            && kind
            && self.dates.all_agreed_once()
    }
}
