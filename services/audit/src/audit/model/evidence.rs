//! Measurements that expire: until when each holds, for the start of a migration run.

use calendar::local_day;
use jiff::Timestamp;

use super::{Attempt, Dossier, Verdict};
use crate::checklist::{AuditKind, Severity};

/// One expiring item of a passed audit as it now stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    pub key: String,
    /// First instant at which it is stale; nothing if the last measurement failed and is blocking, or allows no
    /// verdict.
    pub valid_until: Option<Timestamp>,
}

impl Dossier {
    /// The evidence of the latest pass of each audit. Waived items that were never measured are not in it.
    pub fn evidence(&self) -> Vec<Evidence> {
        let passes = [AuditKind::One, AuditKind::Two].into_iter().filter_map(|audit| self.latest_pass(audit));
        passes.flat_map(|attempt| self.evidence_of(attempt)).collect()
    }

    /// The last attempt that passed and counts.
    pub fn latest_pass(&self, audit: AuditKind) -> Option<&Attempt> {
        self.attempts.iter().rev().find(|a| a.audit == audit && a.has_passed())
    }

    pub(super) fn is_latest_pass(&self, attempt: &Attempt) -> bool {
        self.latest_pass(attempt.audit).is_some_and(|latest| latest.id == attempt.id)
    }

    fn evidence_of<'a>(&'a self, attempt: &'a Attempt) -> impl Iterator<Item = Evidence> + 'a {
        let concluded = attempt.conclusion().map(|c| local_day(c.occurred_at)).unwrap_or_default();
        attempt.checklist.items.iter().filter(|item| item.expires_after_days.is_some()).filter_map(
            move |item| {
                let measured = |key: &str| {
                    let entry = attempt.refreshed.get(key).or_else(|| attempt.entries.get(key));
                    entry.map(|entry| entry.current.measured_at)
                };
                let item = self.as_judged(attempt, item, concluded);
                let outcome = attempt.judge(&item, &|key| attempt.known_now(key), &measured);
                // A pass with a waiver is not taken back by the value that was waived.
                let fresh = attempt.refreshed.contains_key(&item.key);
                let waived = !fresh && self.waiver_of(attempt, &item.key, concluded).is_some();
                let holds =
                    waived || matches!(outcome.verdict, Verdict::Passed | Verdict::Failed(Severity::Minor));
                outcome.measured_at.filter(|_| outcome.verdict != Verdict::NotApplicable)?;
                Some(Evidence { key: item.key.clone(), valid_until: outcome.valid_until.filter(|_| holds) })
            },
        )
    }
}
