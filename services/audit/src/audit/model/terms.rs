//! An exception from the checklist: who answers for it, why, and until when.

use jiff::{Timestamp, civil::Date};
use platform::text;
use proto::{
    common::v1::ErrorReason,
    refusal::{Violation, words},
};
use serde::{Deserialize, Serialize};

/// What a waiver or another limit rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// The named person at SOFTVIG who answers for it.
    pub approver: String,
    pub reason: String,
    /// Last local day on which an attempt can be concluded with it. It never takes back a pass.
    pub until: Date,
}

impl Terms {
    /// `INVALID_ARGUMENT` for an empty text or an end that is over.
    pub(super) fn violations(&self, now: Timestamp) -> Vec<Violation> {
        let texts = [text::note("approver", &self.approver), text::note("reason", &self.reason)];
        let mut violations: Vec<_> = texts.into_iter().flatten().collect();
        let today = calendar::local_day(now);
        if self.until < today {
            let until = Violation::new(ErrorReason::InvalidArgument).field("until").asked(self.until);
            violations
                .push(until.allowed(words(format!("{today} or later"), format!("{today} lub później"))));
        }
        violations
    }
}
