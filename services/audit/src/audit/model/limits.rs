//! Other limits than the checklist's: of a variant, by operations' data, or of a company, by an operator.

use std::{borrow::Cow, mem::discriminant};

use jiff::{Timestamp, civil::Date};
use platform::actor::Actor;
use proto::{
    common::v1::ErrorReason,
    refusal::{Refusal, Violation, words},
};
use serde::{Deserialize, Serialize};

use super::{Attempt, AttemptId, Dossier, Event, Terms};
use crate::checklist::{AuditKind, Checklist, Expect, Item, VariantOverride};

/// Numbers that take the place of the checklist's. The item is judged as before, by these.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LimitOverride {
    pub audit: AuditKind,
    pub key: String,
    /// In the order of the item's expectation.
    pub limits: Vec<f64>,
    /// The item's when this was made.
    pub unit: String,
    /// The item's with these limits.
    pub expect: Expect,
    pub terms: Terms,
    /// The open attempt in which it was made, when and by whom; nothing for one of a variant.
    pub made: Option<(AttemptId, Timestamp, Actor)>,
}

impl LimitOverride {
    /// For an attempt of the variant; nothing where its checklist compares the item otherwise.
    pub(super) fn of_variant(set: &VariantOverride, list: &Checklist) -> Option<Self> {
        let VariantOverride { audit, item, limits, approver, reason, until, .. } = set.clone();
        let asked = list.item(&item)?;
        let (unit, expect) = (asked.form.unit().to_owned(), asked.expect.with_limits(&limits)?);
        Some(Self {
            audit,
            key: item,
            limits,
            unit,
            expect,
            terms: Terms { approver, reason, until },
            made: None,
        })
    }

    /// Whether a later checklist still asks the item in the same unit and compares it in the same way.
    fn fits(&self, item: &Item) -> bool {
        self.unit == item.form.unit() && discriminant(&self.expect) == discriminant(&item.expect)
    }
}

impl Dossier {
    /// The override of an item that counts on a local day: the company's latest, else the variant's.
    pub fn override_of<'a>(
        &'a self,
        attempt: &'a Attempt,
        item: &Item,
        day: Date,
    ) -> Option<&'a LimitOverride> {
        let concluded = attempt.conclusion().map(|c| c.recorded_at);
        let counts = |set: &&LimitOverride| match &set.made {
            // A voided attempt keeps its result as it was; elsewhere what was set in it counts no more.
            Some((id, at, _)) => {
                concluded.is_none_or(|concluded| *at <= concluded) && (*id == attempt.id || self.counts(*id))
            }
            None => true,
        };
        let of_item = |set: &&LimitOverride| set.audit == attempt.audit && set.key == item.key;
        let latest = self.overrides.iter().rev().filter(of_item).find(counts);
        let latest = latest.or_else(|| attempt.overrides.iter().find(of_item));
        latest.filter(|set| set.terms.until >= day && set.fits(item))
    }

    /// An item of an attempt as it is judged on a local day.
    pub fn as_judged<'a>(&self, attempt: &Attempt, item: &'a Item, day: Date) -> Cow<'a, Item> {
        match self.override_of(attempt, item, day) {
            Some(set) => Cow::Owned(Item { expect: set.expect.clone(), ..item.clone() }),
            None => Cow::Borrowed(item),
        }
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
        let mut replaced = None;
        match found.checklist.item(key) {
            None => violations.push(found.unknown_item("item", key)),
            Some(item) if item.is_never_waivable() => violations.push(
                Violation::new(ErrorReason::NotWaivable).field("item").asked(key).allowed(words(
                    "an item other than link acceptance, inst.installed and lic.assigned",
                    "punkt inny niż odbiór łącza, inst.installed i lic.assigned",
                )),
            ),
            Some(item) if item.expect.limits().is_empty() => violations.push(
                Violation::new(ErrorReason::InvalidArgument)
                    .field("item")
                    .asked(key)
                    .allowed(words("an item with limits in numbers", "punkt z progami liczbowymi")),
            ),
            Some(item) => match item.expect.with_limits(&limits) {
                Some(expect) => replaced = Some((item.form.unit().to_owned(), expect)),
                None => violations.push(unfit(item, &limits)),
            },
        }
        Refusal::unless_empty(violations)?;
        let Some((unit, expect)) = replaced else { return Ok(Vec::new()) };
        let audit = found.audit;
        found.revision += 1;
        let made = Some((attempt, now, by));
        self.overrides.push(LimitOverride { audit, key: key.to_owned(), limits, unit, expect, terms, made });
        Ok(vec![Event::LimitOverridden { attempt, key: key.to_owned() }])
    }
}

fn unfit(item: &Item, limits: &[f64]) -> Violation {
    let numbers = limits.iter().map(f64::to_string).collect::<Vec<_>>().join(", ");
    let (count, expect) = (item.expect.limits().len(), &item.expect);
    Violation::new(ErrorReason::InvalidArgument).field("limits").asked(numbers).allowed(words(
        format!("as many finite numbers, from low to high, as {expect} has: {count}"),
        format!("tyle skończonych liczb, od najmniejszej, ile ma {expect}: {count}"),
    ))
}
