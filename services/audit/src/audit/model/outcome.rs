//! How each item of an attempt stands: judged from the attempt itself, so it can be asked at any time.

use calendar::{day_bounds, local_day};
use jiff::{Timestamp, ToSpan as _, civil::Date};

use super::{Attempt, AttemptState, Dossier};
use crate::checklist::{Item, Known, Severity, Unknown, Value};

/// How one item stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// Recorded or computed.
    pub value: Option<Value>,
    pub measured_at: Option<Timestamp>,
    /// First instant at which the measurement is stale, for items that expire.
    pub valid_until: Option<Timestamp>,
    /// What is expected, as text; empty while that is not known.
    pub limit: String,
    pub verdict: Verdict,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Neither a value nor a waiver.
    Missing,
    /// What is needed to compare it is not there, or allows no comparison.
    Waiting(Unknown),
    Passed,
    Failed(Severity),
    Waived,
    /// Its condition does not hold.
    NotApplicable,
}

impl Dossier {
    /// How each applicable item of `attempt` stands on a local day (waivers end on one), in checklist order.
    pub fn outcomes<'a>(
        &'a self,
        attempt: &'a Attempt,
        day: Date,
    ) -> impl Iterator<Item = (&'a Item, Outcome)> {
        attempt.checklist.items.iter().map(move |item| {
            let judged = self.as_judged(attempt, item, day);
            let mut outcome =
                attempt.judge(&judged, &|key| attempt.known(key), &|key| measured(attempt, key));
            let waits = !matches!(outcome.verdict, Verdict::Passed | Verdict::NotApplicable);
            if waits && self.waiver_of(attempt, &item.key, day).is_some() {
                outcome.verdict = Verdict::Waived;
            }
            (item, outcome)
        })
    }
}

fn measured(attempt: &Attempt, key: &str) -> Option<Timestamp> {
    attempt.entries.get(key).map(|entry| entry.current.measured_at)
}

impl Attempt {
    /// The local day as of which it is judged: a concluded one stays as it was. Waivers end on a day.
    pub fn judged_day(&self, now: Timestamp) -> Date {
        let ended = match (&self.state, self.conclusion()) {
            (_, Some(conclusion)) => conclusion.occurred_at,
            (AttemptState::Voided { at, .. }, None) => *at,
            (AttemptState::Open | AttemptState::Concluded(_), None) => now,
        };
        local_day(ended)
    }

    /// Judges one item by what is known and when it was measured. A computed item is as old as its oldest input.
    pub(super) fn judge(
        &self,
        item: &Item,
        known: Known,
        measured_at: &dyn Fn(&str) -> Option<Timestamp>,
    ) -> Outcome {
        let (value, measured_at) = match &item.computed {
            None => (self.own_value(item, known), measured_at(&item.key)),
            Some(computed) => (computed.evaluate(known).map(Some), self.oldest_input(item, measured_at)),
        };
        let valid_until = match (item.expires_after_days, measured_at) {
            (Some(days), Some(at)) => {
                Some(day_bounds(local_day(at).saturating_add(i64::from(days).days())).end)
            }
            _ => None,
        };
        let outcome = |value, limit, verdict| Outcome { value, measured_at, valid_until, limit, verdict };
        match item.applies(known) {
            Ok(true) => {}
            Ok(false) => {
                return Outcome { valid_until: None, ..outcome(None, String::new(), Verdict::NotApplicable) };
            }
            Err(unknown) => return outcome(None, item.limit(known), Verdict::Waiting(unknown)),
        }
        match value {
            Err(unknown) => outcome(None, item.limit(known), Verdict::Waiting(unknown)),
            Ok(None) => outcome(None, item.limit(known), Verdict::Missing),
            Ok(Some(value)) => match item.judge(&value, known) {
                Err(unknown) => outcome(Some(value), String::new(), Verdict::Waiting(unknown)),
                Ok(judged) => {
                    let verdict = judged.failed.map_or(Verdict::Passed, Verdict::Failed);
                    outcome(Some(value), judged.limit, verdict)
                }
            },
        }
    }

    /// A limited age is asked of the inputs that have one: the link's speed, not the database's size.
    fn oldest_input(
        &self,
        item: &Item,
        measured_at: &dyn Fn(&str) -> Option<Timestamp>,
    ) -> Option<Timestamp> {
        let measured = |key: &String| {
            let input = self.checklist.item(key)?;
            match input.computed {
                Some(_) => self.oldest_input(input, measured_at),
                None => measured_at(key).filter(|_| input.expires_after_days.is_some()),
            }
        };
        item.inputs().iter().filter_map(measured).min()
    }

    /// An item's own value is a recorded one; audit 1's value of the same key is none.
    fn own_value(&self, item: &Item, known: Known) -> Result<Option<Value>, Unknown> {
        let recorded = self.entries.contains_key(&item.key) || self.refreshed.contains_key(&item.key);
        Ok(if recorded { known(&item.key) } else { None })
    }
}

impl Verdict {
    /// Whether the attempt can be concluded as far as this item is concerned.
    pub fn is_complete(&self) -> bool {
        !matches!(self, Self::Missing | Self::Waiting(_))
    }
}

impl Outcome {
    pub fn is_stale(&self, at: Timestamp) -> bool {
        self.valid_until.is_some_and(|until| at >= until)
    }
}
