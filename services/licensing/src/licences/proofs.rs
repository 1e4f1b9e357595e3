//! What is in place: recorded with the document that proves it, withdrawn with a reason.

use jiff::Timestamp;
use platform::{actor::Actor, fact::Fact, files::FileInfo, text};
use proto::refusal::Refusal;

use super::{Event, LicenceDocument, Licences, OrderState, Proof, Withdrawal, checks};
use crate::catalogue::Catalogue;

/// Longest number of an order or a document, in characters.
pub(super) const LONGEST_NUMBER: usize = 100;

/// What is recorded of a licence that is in place.
#[derive(Clone, Debug)]
pub struct NewProof {
    pub document: LicenceDocument,
    /// Empty if there is nothing else to say.
    pub note: String,
    pub occurred_at: Option<Timestamp>,
    /// What shows it.
    pub files: Vec<FileInfo>,
}

impl Licences {
    /// Records a licence that the variant demands as in place: one that was ordered, or one that the
    /// company owned already. A second record for the same licence is a correction: the later counts, both
    /// are kept.
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
        let NewProof { mut document, note, occurred_at, files } = proof;
        let recorded = Fact::new(actor, occurred_at, now);
        let mut violations = self.against_recording(catalogue, demand);
        let (order, _) = self.records(catalogue, demand);
        // Once it is delivered its date may be what is to be corrected.
        let ordered = order.filter(|order| order.state == OrderState::Open);
        let step_before = ordered.map_or(self.opened_at, |order| order.recorded.occurred_at);
        violations.extend(recorded.out_of_range(Some(step_before)));
        violations.extend(text::line("document.number", &document.number, 1..=LONGEST_NUMBER));
        violations.extend(text::optional_note("note", &note));
        Refusal::unless_empty(violations)?;
        document.number = document.number.trim().to_owned();
        let event = Event::LicenceRecorded {
            demand: demand.to_owned(),
            document: document.clone(),
            note: note.clone(),
            files: files.iter().map(|file| file.id).collect(),
            occurred_at: recorded.occurred_at,
        };
        let kind = self.bound_to(catalogue, demand);
        if let Some(delivered) = self.open_order(catalogue, demand) {
            self.orders[delivered].state = OrderState::Delivered;
        }
        let demand = demand.to_owned();
        self.proofs.push(Proof { demand, kind, document, note, recorded, files, withdrawn: None });
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
            None if violations.is_empty() => violations.push(checks::wrong_demand(
                demand,
                "a licence that is in place",
                "licencja potwierdzona dokumentem",
            )),
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
}
