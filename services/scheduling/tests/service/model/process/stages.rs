//! The stages, from what has happened.

use StageState::{Done, InProgress, Locked, Unlocked};

use super::*;

impl Process {
    /// The eight stages in order.
    pub fn stages(&self) -> [StageState; 8] {
        let (audit_1, audit_2) = (&self.audits[&Kind::Audit1], &self.audits[&Kind::Audit2]);
        let begun_with_brands = self.brands.iter().any(|brand| brand.is_over());
        let raw = [
            (self.contracted.is_some(), self.contract_day.is_some() || self.variant.is_some()),
            (self.declared.is_some(), !self.confirmed.is_empty()),
            (audit_1.passed.is_some(), audit_1.is_open),
            (audit_2.passed.is_some(), audit_2.is_open),
            (self.is_finished(), self.is_running()),
            (self.is_integrated(), begun_with_brands),
            (self.works && self.problems == 0, self.problems > 0),
            (self.completed, self.protocol.is_some()),
        ];
        let mut unlocked = true;
        raw.map(|(done, begun)| {
            let state = match (unlocked, done, begun) {
                (false, ..) => Locked,
                (true, true, _) => Done,
                (true, false, true) => InProgress,
                (true, false, false) => Unlocked,
            };
            unlocked = state == Done;
            state
        })
    }
}
