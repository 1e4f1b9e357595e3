//! Two attempts side by side: what became of each item.

use jiff::Timestamp;
use proto::{
    common::v1::ErrorReason,
    refusal::{Refusal, Violation, words},
};

use super::{Attempt, AttemptId, Dossier, Outcome, Verdict};
use crate::checklist::{AuditKind, Item, Severity};

/// One item in two attempts; it is in one of them at least.
#[derive(Clone, Debug, PartialEq)]
pub struct ItemComparison<'a> {
    /// As the later attempt asks it.
    pub item: &'a Item,
    pub change: Change,
    pub before: Option<(&'a Item, Outcome)>,
    pub after: Option<Outcome>,
}

/// What became of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    None,
    /// Another value or limit, and no better or worse verdict.
    Value,
    Better,
    Worse,
    /// Only the later attempt asks it.
    Added,
    /// Only the earlier attempt asked it.
    Removed,
}

impl Dossier {
    /// The attempt that `later` is compared with: `base` where one is named; else the attempt before it that
    /// counts, and for the first attempt of audit 2 the passed audit 1.
    ///
    /// Refused as `NOT_FOUND`, or `INVALID_ARGUMENT` where there is no earlier one.
    pub fn base_of(&self, later: AttemptId, base: Option<AttemptId>) -> Result<&Attempt, Refusal> {
        let index = self.index_of(later)?;
        let (audit, earlier) = (self.attempts[index].audit, &self.attempts[..index]);
        let found = match base {
            Some(base) => {
                let unknown = || Violation::new(ErrorReason::NotFound).field("base").asked(base);
                let at = self.attempts.iter().position(|a| a.id == base).ok_or_else(unknown)?;
                self.attempts[..=index].get(at)
            }
            None => {
                let counts = |a: &&Attempt| !a.is_voided();
                let same = earlier.iter().rev().filter(counts).find(|a| a.audit == audit);
                let passed = earlier.iter().rev().find(|a| a.audit == AuditKind::One && a.has_passed());
                same.or(passed.filter(|_| audit == AuditKind::Two))
            }
        };
        found.ok_or_else(|| {
            let asked = base.map_or(words("none", "brak"), |base| base.to_string().into());
            Violation::new(ErrorReason::InvalidArgument)
                .field("base")
                .asked(asked)
                .allowed(words("this audit, or one opened before it", "ten audyt albo otwarty wcześniej"))
                .into()
        })
    }

    /// Every item of either attempt, as each stands or was judged.
    pub fn compare<'a>(
        &'a self,
        base: &'a Attempt,
        later: &'a Attempt,
        now: Timestamp,
    ) -> Vec<ItemComparison<'a>> {
        let mut before: Vec<_> = self.outcomes(base, base.judged_day(now)).collect();
        let mut compared = Vec::new();
        for (item, after) in self.outcomes(later, later.judged_day(now)) {
            // The recheck of a finding stands beside the item that the finding came from.
            let origin = self.findings.iter().find(|f| f.fix_key() == item.key).map(|f| f.item.as_str());
            let partner = before
                .iter()
                .position(|(old, _)| old.key == item.key)
                .or_else(|| before.iter().position(|(old, _)| Some(old.key.as_str()) == origin));
            let before = partner.map(|at| before.remove(at));
            let change = before.as_ref().map_or(Change::Added, |(_, before)| change(before, &after));
            compared.push(ItemComparison { item, change, before, after: Some(after) });
        }
        compared.extend(before.into_iter().map(|(item, outcome)| ItemComparison {
            item,
            change: Change::Removed,
            before: Some((item, outcome)),
            after: None,
        }));
        compared
    }
}

fn change(before: &Outcome, after: &Outcome) -> Change {
    match (rank(&before.verdict), rank(&after.verdict)) {
        (Some(was), Some(is)) if is < was => Change::Better,
        (Some(was), Some(is)) if is > was => Change::Worse,
        _ if (&before.verdict, &before.value, &before.limit)
            == (&after.verdict, &after.value, &after.limit) =>
        {
            Change::None
        }
        _ => Change::Value,
    }
}

/// From good to bad; nothing where no judgement is possible.
fn rank(verdict: &Verdict) -> Option<u8> {
    match verdict {
        Verdict::Passed => Some(0),
        Verdict::Waived => Some(1),
        Verdict::Failed(Severity::Minor) => Some(2),
        Verdict::Failed(Severity::Blocking) => Some(3),
        Verdict::Missing | Verdict::Waiting(_) | Verdict::NotApplicable => None,
    }
}
