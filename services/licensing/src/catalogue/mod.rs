//! What SOFTVIG offers, as data: licence kinds, special offers and the licences that variants demand.

mod entries;
mod load;

#[cfg(test)]
mod tests;

pub use entries::{Calculation, KindData, LicenceData, LicenceKind, Model, Offer, PerCore, ServerAndCal};
pub use load::LoadError;

/// The whole catalogue, checked when it is loaded.
#[derive(Clone, Debug)]
pub struct Catalogue {
    /// Version of the calculation's rules.
    pub rules: String,
    pub calculation: Calculation,
    pub kinds: Vec<KindData>,
    pub offers: Vec<Offer>,
    pub licences: Vec<LicenceData>,
}

impl Catalogue {
    /// The data of a kind; every kind has some, see [`Catalogue::load`].
    pub fn kind(&self, kind: LicenceKind) -> &KindData {
        self.kinds.iter().find(|k| k.key == kind).expect("loading refuses a catalogue that lacks a kind")
    }

    pub fn offer(&self, key: &str) -> Option<&Offer> {
        self.offers.iter().find(|offer| offer.key == key)
    }

    /// What is known of a licence that a variant demands.
    pub fn licence(&self, key: &str) -> Option<&LicenceData> {
        self.licences.iter().find(|licence| licence.key == key)
    }

    /// Whether a proof of this licence counts only for the kind under which it was recorded.
    pub fn depends_on_kind(&self, key: &str) -> bool {
        self.licence(key).is_some_and(|licence| licence.depends_on_kind)
    }
}
