//! Waivers: SOFTVIG accepts an item as it is, by name, for a reason, until a day.

use jiff::{Timestamp, civil::Date};
use platform::{actor::Actor, files::FileInfo};
use proto::{
    common::v1::ErrorReason,
    refusal::{Refusal, Violation, words},
};
use serde::{Deserialize, Serialize};

use super::{Attempt, AttemptId, Dossier, Event, Terms};
use crate::checklist::AuditKind;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Waiver {
    pub audit: AuditKind,
    pub key: String,
    /// The attempt in which it was given; it counts in later ones of the same audit too.
    pub attempt: AttemptId,
    pub terms: Terms,
    pub recorded_at: Timestamp,
    pub by: Actor,
    /// What shows that it can be accepted.
    #[serde(default)]
    pub files: Vec<FileInfo>,
}

impl Dossier {
    /// The waiver that covers an item of an attempt on a local day; the latest one if there are several.
    pub fn waiver_of(&self, attempt: &Attempt, key: &str, day: Date) -> Option<&Waiver> {
        // A voided attempt keeps its result as it was; elsewhere its waivers count no more.
        let counts = |waiver: &Waiver| waiver.attempt == attempt.id || self.counts(waiver.attempt);
        let given = attempt.conclusion().map(|c| c.recorded_at);
        self.waivers.iter().rev().find(|w| {
            w.audit == attempt.audit
                && w.key == key
                && w.terms.until >= day
                && given.is_none_or(|concluded| w.recorded_at <= concluded)
                && counts(w)
        })
    }

    /// Waives an item of an open attempt.
    ///
    /// Refused as `AUDIT_LOCKED`, `NOT_WAIVABLE`, or `INVALID_ARGUMENT` for an unknown key, an empty text
    /// or an end that is over.
    pub fn waive(
        &mut self,
        attempt: AttemptId,
        key: &str,
        terms: Terms,
        files: Vec<FileInfo>,
        by: Actor,
        now: Timestamp,
    ) -> Result<Vec<Event>, Refusal> {
        self.check_not_closed()?;
        let index = self.index_of(attempt)?;
        let found = &self.attempts[index];
        found.check_active(words("waive", "odstępstwo"))?;

        let mut violations = terms.violations(now);
        match found.checklist.item(key) {
            None => violations.push(found.unknown_item("item", key)),
            Some(item) if !item.waivable => {
                let waivable: Vec<_> =
                    found.checklist.items.iter().filter(|i| i.waivable).map(|i| i.key.as_str()).collect();
                let refused = Violation::new(ErrorReason::NotWaivable).field("item").asked(key);
                violations.push(refused.allowed(waivable.join(", ")));
            }
            Some(_) => {}
        }
        Refusal::unless_empty(violations)?;

        let audit = found.audit;
        self.waivers.push(Waiver { audit, key: key.to_owned(), attempt, terms, recorded_at: now, by, files });
        self.attempts[index].revision += 1;
        Ok(vec![Event::ItemWaived { attempt, key: key.to_owned() }])
    }
}

impl Attempt {
    pub(super) fn unknown_item(&self, field: &str, key: &str) -> Violation {
        let allowed = words("a key of this audit's items", "klucz punktu z tego audytu");
        Violation::new(ErrorReason::InvalidArgument).field(field).asked(key).allowed(allowed)
    }
}
