//! What is in place: recorded with the document that proves it, withdrawn with a reason.

use jiff::Timestamp;
use platform::{actor::Actor, fact::Fact, text};
use proto::{
    common::v1::ErrorReason,
    refusal::{Refusal, Violation, words},
};

use super::{Event, LicenceDocument, Licences, Proof, Variant, Withdrawal, checks};
use crate::catalogue::Catalogue;

/// Longest number of a document, in characters.
const LONGEST_NUMBER: usize = 100;

/// What is recorded of a licence that is in place.
#[derive(Clone, Debug)]
pub struct NewProof {
    pub document: LicenceDocument,
    /// Empty if there is nothing else to say.
    pub note: String,
    pub occurred_at: Option<Timestamp>,
}

impl Licences {
    /// Records a licence that the variant demands as in place. A second record for the same licence
    /// is a correction: the later counts, both are kept.
    ///
    /// Refused with `PERMISSION_DENIED`, `PROJECT_CLOSED`, `VARIANT_REQUIRED`, `OCCURRED_AT_INVALID`,
    /// `LICENCE_REQUIRED` where the licence depends on a kind that is not chosen, `INVALID_ARGUMENT`.
    pub fn record(
        &mut self,
        catalogue: &Catalogue,
        actor: &Actor,
        demand: &str,
        proof: NewProof,
        now: Timestamp,
    ) -> Result<Vec<Event>, Refusal> {
        checks::contact_or_softvig(actor)?;
        self.check_open()?;
        let NewProof { mut document, note, occurred_at } = proof;
        let recorded = Fact::new(actor, occurred_at, now);
        let by_kind = self.by_kind(catalogue, demand);
        let mut violations = self.against_demand(demand);
        if violations.is_empty() && by_kind && self.choice.is_none() {
            violations.push(
                Violation::new(ErrorReason::LicenceRequired)
                    .field("demand")
                    .asked(demand)
                    .allowed(words("once a licence kind is chosen", "gdy zostanie wybrany rodzaj licencji")),
            );
        }
        violations.extend(recorded.out_of_range(Some(self.opened_at)));
        violations.extend(text::line("document.number", &document.number, 1..=LONGEST_NUMBER));
        violations.extend(text::optional_note("note", &note));
        Refusal::unless_empty(violations)?;
        document.number = document.number.trim().to_owned();
        let event = Event::LicenceRecorded {
            demand: demand.to_owned(),
            document: document.clone(),
            note: note.clone(),
            occurred_at: recorded.occurred_at,
        };
        let kind = if by_kind { self.kind() } else { None };
        let demand = demand.to_owned();
        self.proofs.push(Proof { demand, kind, document, note, recorded, withdrawn: None });
        let mut events = vec![event];
        self.announce(catalogue, &mut events);
        Ok(events)
    }

    /// Withdraws the proof that counts for a licence.
    ///
    /// Refused with `PERMISSION_DENIED`, `PROJECT_CLOSED`, `VARIANT_REQUIRED`, `OCCURRED_AT_INVALID`,
    /// `INVALID_ARGUMENT` where nothing is in place.
    pub fn withdraw_proof(
        &mut self,
        catalogue: &Catalogue,
        actor: &Actor,
        demand: &str,
        reason: String,
        occurred_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Vec<Event>, Refusal> {
        checks::contact_or_softvig(actor)?;
        self.check_open()?;
        let made = Fact::new(actor, occurred_at, now);
        let mut violations = self.against_demand(demand);
        let index = self.proof_index(catalogue, demand).filter(|i| self.proofs[*i].withdrawn.is_none());
        match index {
            Some(i) => violations.extend(made.out_of_range(Some(self.proofs[i].recorded.occurred_at))),
            None if violations.is_empty() => violations.push(
                Violation::new(ErrorReason::InvalidArgument)
                    .field("demand")
                    .asked(demand)
                    .allowed(words("a licence that is in place", "licencja, która jest na miejscu")),
            ),
            None => {}
        }
        violations.extend(text::note("reason", &reason));
        Refusal::unless_empty(violations)?;
        let proof = &mut self.proofs[index.expect("judged above")];
        let occurred_at = made.occurred_at;
        proof.withdrawn = Some(Withdrawal { reason: reason.clone(), made });
        let mut events = vec![Event::ProofWithdrawn { demand: demand.to_owned(), reason, occurred_at }];
        self.announce(catalogue, &mut events);
        Ok(events)
    }

    /// The latest proof that applies to a licence under the present variant and kind, withdrawn or not.
    pub fn proof(&self, catalogue: &Catalogue, demand: &str) -> Option<&Proof> {
        self.proof_index(catalogue, demand).map(|i| &self.proofs[i])
    }

    /// Whether proofs of this licence count for one kind only, under the present variant.
    pub fn by_kind(&self, catalogue: &Catalogue, demand: &str) -> bool {
        self.variant.as_ref().is_some_and(|variant| variant.kind_required)
            && catalogue.depends_on_kind(demand)
    }

    fn proof_index(&self, catalogue: &Catalogue, demand: &str) -> Option<usize> {
        let by_kind = self.by_kind(catalogue, demand);
        self.proofs.iter().rposition(|proof| {
            proof.demand == demand && (!by_kind || proof.kind.is_some() && proof.kind == self.kind())
        })
    }

    fn against_demand(&self, demand: &str) -> Vec<Violation> {
        match &self.variant {
            None => vec![Violation::new(ErrorReason::VariantRequired).field("demand").asked(demand)],
            Some(Variant { licences, .. }) if !licences.iter().any(|key| key == demand) => {
                vec![Violation::new(ErrorReason::InvalidArgument).field("demand").asked(demand).allowed(
                    match licences.as_slice() {
                        [] => words("none", "żadna"),
                        keys => keys.join(", ").into(),
                    },
                )]
            }
            Some(_) => Vec::new(),
        }
    }
}
