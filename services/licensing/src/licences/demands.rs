//! What the variant demands, and which records of it apply: those for the kind that is chosen, where the
//! licence depends on the kind.

use proto::{
    common::v1::ErrorReason,
    refusal::{Violation, words},
};

use super::{Licences, Order, Proof, Variant};
use crate::catalogue::{Catalogue, LicenceKind};

impl Licences {
    /// The latest order and the latest proof that apply to a licence under the present variant and kind,
    /// whatever became of them.
    pub fn records(&self, catalogue: &Catalogue, demand: &str) -> (Option<&Order>, Option<&Proof>) {
        let order = self.order_index(catalogue, demand).map(|i| &self.orders[i]);
        let proof = self.proof_index(catalogue, demand).map(|i| &self.proofs[i]);
        (order, proof)
    }

    /// Whether records of this licence count for one kind only, under the present variant.
    pub fn by_kind(&self, catalogue: &Catalogue, demand: &str) -> bool {
        self.variant.as_ref().is_some_and(|variant| variant.kind_required)
            && catalogue.depends_on_kind(demand)
    }

    /// The kind to which a record of this licence is bound; none where it does not depend on it.
    pub(super) fn bound_to(&self, catalogue: &Catalogue, demand: &str) -> Option<LicenceKind> {
        self.kind().filter(|_| self.by_kind(catalogue, demand))
    }

    pub(super) fn order_index(&self, catalogue: &Catalogue, demand: &str) -> Option<usize> {
        let applies = self.applies(catalogue, demand);
        self.orders.iter().rposition(|order| order.demand == demand && applies(order.kind))
    }

    pub(super) fn proof_index(&self, catalogue: &Catalogue, demand: &str) -> Option<usize> {
        let applies = self.applies(catalogue, demand);
        self.proofs.iter().rposition(|proof| proof.demand == demand && applies(proof.kind))
    }

    fn applies(&self, catalogue: &Catalogue, demand: &str) -> impl Fn(Option<LicenceKind>) -> bool + use<> {
        let (by_kind, chosen) = (self.by_kind(catalogue, demand), self.kind());
        move |kind| !by_kind || kind.is_some() && kind == chosen
    }

    /// `VARIANT_REQUIRED`, or `INVALID_ARGUMENT` where the variant does not demand it.
    pub(super) fn against_demand(&self, demand: &str) -> Vec<Violation> {
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

    /// The same, and `LICENCE_REQUIRED` where it depends on a kind that is not chosen.
    pub(super) fn against_recording(&self, catalogue: &Catalogue, demand: &str) -> Vec<Violation> {
        let mut violations = self.against_demand(demand);
        if violations.is_empty() && self.by_kind(catalogue, demand) && self.choice.is_none() {
            violations.push(
                Violation::new(ErrorReason::LicenceRequired)
                    .field("demand")
                    .asked(demand)
                    .allowed(words("once a licence kind is chosen", "gdy zostanie wybrany rodzaj licencji")),
            );
        }
        violations
    }
}
