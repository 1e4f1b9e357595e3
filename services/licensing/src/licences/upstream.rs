//! What scheduling's events change. An event is a fact and is never refused.

use super::{Event, Licences, Phase, ReleaseReason, Variant};
use crate::catalogue::Catalogue;

impl Licences {
    /// The variant was chosen or changed: the demands change with it, and the proofs that still
    /// apply go on counting. What it demands of Windows may spoil a choice's quantities. An offer is free for
    /// others where no kind is demanded any more: they are offers on the licence of a kind.
    /// Does nothing once the project is closed.
    pub fn variant_chosen(&mut self, catalogue: &Catalogue, variant: Variant) -> Vec<Event> {
        let mut events = Vec::new();
        if self.phase == Phase::Open {
            if !variant.kind_required {
                self.release(ReleaseReason::NoKindDemanded, &mut events);
            }
            self.variant = Some(variant);
            self.tell_misfits(catalogue, &mut events);
            self.announce(catalogue, &mut events);
        }
        events
    }

    /// The project was cancelled: the reserved offer is free for others.
    pub fn project_cancelled(&mut self) -> Vec<Event> {
        let mut events = Vec::new();
        if self.phase == Phase::Open {
            self.phase = Phase::Cancelled;
            self.release(ReleaseReason::ProjectCancelled, &mut events);
        }
        events
    }

    /// The protocol is signed by both: nothing changes any more. An accepted offer is used up, one that was
    /// only set aside is free for others.
    pub fn project_completed(&mut self) -> Vec<Event> {
        let mut events = Vec::new();
        if self.phase == Phase::Open {
            self.phase = Phase::Completed;
            if self.offer.as_ref().is_some_and(|held| held.accepted.is_none()) {
                self.release(ReleaseReason::Expired, &mut events);
            }
        }
        events
    }
}
