//! The reservations of all offers. Pure.

use std::collections::{BTreeMap, BTreeSet};

use platform::id::ProjectId;
use serde::{Deserialize, Serialize};

use crate::catalogue::Offer;

/// Which projects hold a piece of which offer, by the offer's key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reservations {
    held: BTreeMap<String, BTreeSet<ProjectId>>,
}

impl Reservations {
    /// How many pieces of the offer are left. Operations may lower a quantity below what is held:
    /// then none is left, and what is held stays.
    pub fn left(&self, offer: &Offer) -> u32 {
        let held = self.held.get(&offer.key).map_or(0, BTreeSet::len);
        offer.quantity.saturating_sub(u32::try_from(held).unwrap_or(u32::MAX))
    }

    /// Sets one piece aside; twice for the same project is once.
    pub fn reserve(&mut self, offer: &str, project: ProjectId) {
        self.held.entry(offer.to_owned()).or_default().insert(project);
    }

    /// Gives the project's piece back.
    pub fn release(&mut self, offer: &str, project: ProjectId) {
        if let Some(held) = self.held.get_mut(offer) {
            held.remove(&project);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::Catalogue;

    #[test]
    fn a_piece_is_set_aside_once_for_each_project_and_free_again_when_released() {
        let catalogue = Catalogue::load(None).unwrap();
        let offer = catalogue.offer("runtime-start").unwrap();
        let project = |n| ProjectId(uuid::Uuid::from_u128(n));
        let mut reservations = Reservations::default();
        for n in [1, 1, 2] {
            reservations.reserve(&offer.key, project(n));
        }
        assert_eq!(reservations.left(offer), offer.quantity - 2);
        reservations.release(&offer.key, project(1));
        reservations.release(&offer.key, project(3));
        assert_eq!(reservations.left(offer), offer.quantity - 1);

        let lowered = crate::catalogue::Offer { quantity: 0, ..offer.clone() };
        assert_eq!(reservations.left(&lowered), 0);
    }
}
