//! Recording measured values and facts: all that were sent, or none.

use std::collections::BTreeSet;

use jiff::Timestamp;
use platform::{actor::Actor, fact, text};
use proto::{
    common::v1::ErrorReason,
    refusal::{Refusal, Violation, Words, words},
};

use serde::Serialize;

use super::{Attempt, AttemptId, Dossier, Entry, Event, Origin, Recorded};
use crate::checklist::{Form, Value};

/// One value as it was sent.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Measurement {
    /// An item's or a fact's key.
    pub key: String,
    pub value: Value,
    /// Stated for numbers that have one; kept in the checklist's.
    pub unit: String,
    /// A note, or where the evidence lies; needed for some items.
    pub note: String,
    /// When it was measured; nothing means now.
    pub measured_at: Option<Timestamp>,
}

impl Dossier {
    /// Records values in an open attempt; or, after a pass, takes expiring measurements again.
    ///
    /// Refused as `AUDIT_LOCKED`, `OCCURRED_AT_INVALID`, or `INVALID_ARGUMENT` for an unknown key, a key that
    /// comes twice, a wrong kind or unit; each names the field and what is allowed.
    pub fn record(
        &mut self,
        attempt: AttemptId,
        values: Vec<Measurement>,
        by: Actor,
        now: Timestamp,
    ) -> Result<Vec<Event>, Refusal> {
        let (index, refreshes) = self.recordable(attempt)?;
        Refusal::unless_empty(check(&self.attempts[index], &values, now, refreshes))?;

        let found = &mut self.attempts[index];
        let keys = values.iter().map(|v| v.key.clone()).collect();
        for sent in values {
            found.put(sent, refreshes, &by, now, None);
        }
        found.revision += 1;
        let mut events = vec![Event::ValuesRecorded { attempt, keys, origin: None }];
        if refreshes {
            events.push(Event::EvidenceRefreshed { attempt });
        }
        Ok(events)
    }

    /// Where the attempt lies, and whether what is recorded now takes expiring measurements of a pass again.
    pub(super) fn recordable(&self, attempt: AttemptId) -> Result<(usize, bool), Refusal> {
        self.check_not_closed()?;
        let index = self.index_of(attempt)?;
        let found = &self.attempts[index];
        let refreshes = !found.is_open() && found.has_passed() && self.is_latest_pass(found);
        if !refreshes {
            found.check_active(words("record values", "zapis wartości"))?;
        }
        Ok((index, refreshes))
    }
}

impl Attempt {
    /// Records a value that was checked.
    pub(super) fn put(
        &mut self,
        sent: Measurement,
        refreshes: bool,
        by: &Actor,
        now: Timestamp,
        origin: Option<&Origin>,
    ) {
        let Measurement { key, value, unit, note, measured_at } = sent;
        let form = self.checklist.recordable(&key);
        let recorded = Recorded {
            value: form.and_then(|form| form.read(&value, &unit)).unwrap_or(value),
            note,
            measured_at: measured_at.unwrap_or(now),
            recorded_at: now,
            by: by.clone(),
            origin: origin.cloned(),
        };
        let entries = if refreshes { &mut self.refreshed } else { &mut self.entries };
        Entry::put(entries, &key, recorded);
    }

    /// No measurement of this attempt is older; after the conclusion those count that were taken since.
    pub(super) fn measured_from(&self) -> Timestamp {
        self.conclusion().map_or(self.started_at, |c| c.occurred_at)
    }
}

fn check(attempt: &Attempt, values: &[Measurement], now: Timestamp, refreshes: bool) -> Vec<Violation> {
    let mut violations = Vec::new();
    if values.is_empty() {
        violations.push(
            invalid("values".into(), words("none", "brak"))
                .allowed(words("at least one value", "co najmniej jedna wartość")),
        );
    }
    let mut seen = BTreeSet::new();
    for (i, sent) in values.iter().enumerate() {
        let field = |name: &str| format!("values[{i}].{name}");
        violations.extend(repeated(&mut seen, field("key"), &sent.key));
        if let Some(at) = sent.measured_at {
            violations.extend(fact::outside(&field("measured_at"), at, Some(attempt.measured_from()), now));
        }
        let item = attempt.checklist.item(&sent.key);
        if let Some(computed) = item.and_then(|item| item.computed.as_ref()) {
            let allowed = words(
                format!("nothing: it is worked out as {computed}"),
                format!("nic: to się wylicza jako {computed}"),
            );
            violations.push(invalid(field("key"), &sent.key).allowed(allowed));
            continue;
        }
        let Some(form) = attempt.checklist.recordable(&sent.key) else {
            let key = words("a key of this audit's items or facts", "klucz punktu albo faktu z tego audytu");
            violations.push(invalid(field("key"), &sent.key).allowed(key));
            continue;
        };
        if refreshes && item.is_none_or(|item| item.expires_after_days.is_none()) {
            violations.push(locked(attempt, field("key"), &sent.key));
        }
        violations.extend(misfit(form, field("value"), sent));
        if item.is_some_and(|item| item.note_required) && sent.note.trim().is_empty() {
            violations.push(invalid(field("note"), "").allowed(words(
                "a note, or where the evidence lies",
                "notatka albo miejsce, w którym leży dowód",
            )));
        }
        violations.extend(text::optional_note(&field("note"), &sent.note));
    }
    violations
}

/// After the conclusion only what expires is measured again.
fn locked(attempt: &Attempt, field: String, key: &str) -> Violation {
    let expiring =
        attempt.checklist.items.iter().filter(|i| i.expires_after_days.is_some() && i.computed.is_none());
    let keys: Vec<_> = expiring.map(|i| i.key.as_str()).collect();
    Violation::new(ErrorReason::AuditLocked).field(field).asked(key).allowed(keys.join(", "))
}

/// A key that comes twice.
pub(super) fn repeated<'a>(seen: &mut BTreeSet<&'a str>, field: String, key: &'a str) -> Option<Violation> {
    (!seen.insert(key)).then(|| invalid(field, key).allowed(words("each key once", "każdy klucz raz")))
}

/// A value of another kind, out of range, or in a unit of another quantity.
pub(super) fn misfit(form: &Form, field: String, sent: &Measurement) -> Option<Violation> {
    if form.read(&sent.value, &sent.unit).is_some() {
        return None;
    }
    let asked = format!("{} = {} {}", sent.key, sent.value, sent.unit);
    Some(invalid(field, asked.trim_end()).allowed(form.words()))
}

pub(super) fn invalid(field: String, asked: impl Into<Words>) -> Violation {
    Violation::new(ErrorReason::InvalidArgument).field(field).asked(asked)
}
