//! Whether everything that the variant demands is in place: what LICENCE_REQUIRED waits for.

use serde::{Deserialize, Serialize};

use super::{Event, Licences, OrderState};
use crate::catalogue::{Catalogue, LicenceKind};

/// In [`Status::missing`]: a licence kind must be chosen.
const LICENCE_KIND: &str = "licence_kind";

/// What is told to the other services.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// Key of the variant that this was judged for.
    pub variant: String,
    pub kind: Option<LicenceKind>,
    /// `licence_kind` or keys of licences, in the variant's order.
    pub missing: Vec<String>,
}

impl Status {
    /// Nothing is missing.
    pub fn complete(&self) -> bool {
        self.missing.is_empty()
    }
}

/// Whether one licence is in place. All but `InPlace` count as missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DemandState {
    Missing,
    Ordered,
    InPlace,
    Withdrawn,
}

impl Licences {
    /// Judged for the present variant; none before one is chosen.
    pub fn status(&self, catalogue: &Catalogue) -> Option<Status> {
        let variant = self.variant.as_ref()?;
        let mut missing = Vec::new();
        if variant.kind_required && self.choice.is_none() {
            missing.push(LICENCE_KIND.to_owned());
        }
        let absent = |key: &&String| self.demand_state(catalogue, key) != DemandState::InPlace;
        missing.extend(variant.licences.iter().filter(absent).cloned());
        Some(Status { variant: variant.key.clone(), kind: self.kind(), missing })
    }

    /// How far one of the variant's licences is.
    pub fn demand_state(&self, catalogue: &Catalogue, demand: &str) -> DemandState {
        match self.records(catalogue, demand) {
            (_, Some(proof)) if proof.withdrawn.is_none() => DemandState::InPlace,
            (Some(order), _) if order.state == OrderState::Open => DemandState::Ordered,
            (_, Some(_)) => DemandState::Withdrawn,
            (_, None) => DemandState::Missing,
        }
    }

    /// Tells the status where it is another than was told last.
    pub(super) fn announce(&mut self, catalogue: &Catalogue, events: &mut Vec<Event>) {
        let status = self.status(catalogue);
        if let Some(status) = status.filter(|status| self.announced.as_ref() != Some(status)) {
            self.announced = Some(status.clone());
            events.push(Event::StatusChanged(status));
        }
    }
}
