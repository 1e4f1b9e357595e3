//! Other limits than the checklist's: of a variant, by operations' data, or of a company, by an operator.

use std::borrow::Cow;

use jiff::{Timestamp, civil::Date};
use platform::actor::Actor;
use proto::{
    common::v1::ErrorReason,
    refusal::{Refusal, Violation, words},
};
use serde::{Deserialize, Serialize};

use super::{Attempt, AttemptId, Dossier, Event, Terms};
use crate::checklist::{AuditKind, Item, VariantOverride};

/// Numbers that take the place of the checklist's. The item is judged as before, by these.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LimitOverride {
    pub audit: AuditKind,
    pub key: String,
    /// In the order of the item's expectation.
    pub limits: Vec<f64>,
    pub terms: Terms,
    /// The open attempt in which it was made, when and by whom; nothing for one of a variant.
    pub made: Option<(AttemptId, Timestamp, Actor)>,
}

impl From<&VariantOverride> for LimitOverride {
    fn from(set: &VariantOverride) -> Self {
        let VariantOverride { audit, item, limits, approver, reason, until, .. } = set.clone();
        Self { audit, key: item, limits, terms: Terms { approver, reason, until }, made: None }
    }
}

impl Dossier {
    /// The override of an item that counts on a local day: the company's latest, else the variant's.
    pub fn override_of<'a>(
        &'a self,
        attempt: &'a Attempt,
        key: &str,
        day: Date,
    ) -> Option<&'a LimitOverride> {
        let concluded = attempt.conclusion().map(|c| c.recorded_at);
        let in_time = |made: &LimitOverride| {
            let made_at = made.made.as_ref().map(|(_, at, _)| *at);
            concluded.is_none_or(|concluded| made_at.is_none_or(|at| at <= concluded))
        };
        let own = self.overrides.iter().rev().filter(|o| o.audit == attempt.audit);
        own.chain(&attempt.overrides).find(|o| o.key == key && o.terms.until >= day && in_time(o))
    }

    /// An item of an attempt as it is judged on a local day.
    pub(super) fn as_judged<'a>(&self, attempt: &Attempt, item: &'a Item, day: Date) -> Cow<'a, Item> {
        let overridden = self.override_of(attempt, &item.key, day);
        let expect = overridden.and_then(|o| item.expect.with_limits(&o.limits));
        expect.map_or(Cow::Borrowed(item), |expect| Cow::Owned(Item { expect, ..item.clone() }))
    }

    /// Judges an item of an open attempt, and of later ones of the same audit, by other numbers.
    ///
    /// Refused as `PROJECT_CLOSED`, `AUDIT_LOCKED`, `NOT_WAIVABLE` for what is never waived, `INVALID_ARGUMENT`
    /// for an unknown key, an item without limits, numbers that do not fit, an empty text or an end that is over.
    pub fn override_limit(
        &mut self,
        attempt: AttemptId,
        key: &str,
        limits: Vec<f64>,
        terms: Terms,
        by: Actor,
        now: Timestamp,
    ) -> Result<Vec<Event>, Refusal> {
        let found = self.open_attempt(attempt, words("other limits", "inne progi"))?;
        found.check_not_paused()?;
        let mut violations = terms.violations(now);
        match found.checklist.item(key) {
            None => violations.push(found.unknown_item("item", key)),
            Some(item) if item.is_never_waivable() => violations.push(
                Violation::new(ErrorReason::NotWaivable).field("item").asked(key).allowed(words(
                    "an item other than link acceptance, inst.installed and lic.assigned",
                    "punkt inny niż odbiór łącza, inst.installed i lic.assigned",
                )),
            ),
            Some(item) if item.expect.with_limits(&limits).is_none() => {
                let numbers = limits.iter().map(f64::to_string).collect::<Vec<_>>().join(", ");
                let (count, expect) = (item.expect.limits().len(), &item.expect);
                let allowed = match count {
                    0 => words("an item with limits in numbers", "punkt z progami liczbowymi"),
                    _ => words(
                        format!("as many finite numbers, from low to high, as {expect} has: {count}"),
                        format!("tyle skończonych liczb, od najmniejszej, ile ma {expect}: {count}"),
                    ),
                };
                violations.push(
                    Violation::new(ErrorReason::InvalidArgument)
                        .field("limits")
                        .asked(numbers)
                        .allowed(allowed),
                );
            }
            Some(_) => {}
        }
        Refusal::unless_empty(violations)?;
        let audit = found.audit;
        found.revision += 1;
        let made = Some((attempt, now, by));
        self.overrides.push(LimitOverride { audit, key: key.to_owned(), limits, terms, made });
        Ok(vec![Event::LimitOverridden { attempt, key: key.to_owned() }])
    }
}
