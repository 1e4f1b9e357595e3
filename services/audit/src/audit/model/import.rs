//! Importing what a collector measured on the company's machines: every key is accounted for.

use std::collections::BTreeSet;

use jiff::Timestamp;
use platform::{actor::Actor, etag, fact, text};
use proto::refusal::{Refusal, Violation, words};
use serde::{Deserialize, Serialize};

use super::{
    Attempt, AttemptId, Dossier, Event, Measurement,
    record::{invalid, misfit, repeated},
};

/// Most values in one document: several times what an audit asks.
const MOST_VALUES: usize = 300;

/// How many reports of imports an attempt keeps; what they recorded is kept in any case.
const KEPT: usize = 10;

/// A collector's document.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Collected {
    pub origin: Origin,
    /// When the collector ended; values that do not say otherwise were measured then.
    pub at: Option<Timestamp>,
    pub values: Vec<Measurement>,
}

/// The program that measured, and where.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    pub collector: String,
    /// May be empty.
    pub version: String,
    pub host: String,
}

/// A document that was imported.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Import {
    /// Of the whole document: the same one is imported once.
    pub fingerprint: String,
    pub origin: Origin,
    pub collected_at: Timestamp,
    pub recorded_at: Timestamp,
    pub by: Actor,
    /// What came of each key, in the document's order.
    pub values: Vec<(String, ImportOutcome)>,
}

/// What came of one value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImportOutcome {
    Recorded,
    /// What is recorded was measured at the same time or later.
    Older,
    /// Measured before the attempt began, or for a passed audit before it was concluded.
    TooEarly,
    UnknownKey,
    Computed,
    /// A person says it, with a note: a finding's correction, for instance.
    ByHand,
    /// The audit is passed, and this measurement does not expire.
    Locked,
}

impl Dossier {
    /// Records what of a collector's document is to be recorded. Never takes the place of a value that was measured
    /// at the same time or later, whoever did. The same document again changes nothing.
    ///
    /// Refused as a whole as `PROJECT_CLOSED`, `AUDIT_LOCKED`, `OCCURRED_AT_INVALID` for a time that lies ahead,
    /// `INVALID_ARGUMENT` for a key that comes twice, a value to record that does not fit, or a bad origin.
    pub fn import(
        &mut self,
        attempt: AttemptId,
        collected: Collected,
        by: Actor,
        now: Timestamp,
    ) -> Result<Vec<Event>, Refusal> {
        let (index, refreshes) = self.recordable(attempt)?;
        let fingerprint = etag::of(&collected);
        let Collected { origin, at, values } = collected;
        let found = &self.attempts[index];
        if found.imported.contains(&fingerprint) {
            return Ok(Vec::new());
        }
        let collected_at = at.unwrap_or(now);
        let mut violations = check_document(&origin, at, &values, now);
        violations.extend(check_values(found, &values, collected_at, refreshes));
        Refusal::unless_empty(violations)?;

        let found = &mut self.attempts[index];
        let mut outcomes = Vec::new();
        let mut keys = Vec::new();
        for mut sent in values {
            let measured_at = *sent.measured_at.get_or_insert(collected_at);
            let outcome = found.import_outcome(&sent.key, measured_at, refreshes);
            outcomes.push((sent.key.clone(), outcome));
            if outcome == ImportOutcome::Recorded {
                keys.push(sent.key.clone());
                found.put(sent, refreshes, &by, now, Some(&origin));
            }
        }
        let import = Import {
            fingerprint: fingerprint.clone(),
            origin: origin.clone(),
            collected_at,
            recorded_at: now,
            by,
            values: outcomes,
        };
        found.imported.insert(fingerprint.clone());
        found.imports.push(import);
        let excess = found.imports.len().saturating_sub(KEPT);
        found.imports.drain(..excess);
        found.revision += 1;

        let mut events = vec![Event::ValuesImported { attempt, fingerprint }];
        if !keys.is_empty() {
            events.push(Event::ValuesRecorded { attempt, keys, origin: Some(origin) });
            if refreshes {
                events.push(Event::EvidenceRefreshed { attempt });
            }
        }
        Ok(events)
    }
}

impl Attempt {
    fn import_outcome(&self, key: &str, measured_at: Timestamp, refreshes: bool) -> ImportOutcome {
        let item = self.checklist.item(key);
        if self.checklist.recordable(key).is_none() {
            return if item.is_some() { ImportOutcome::Computed } else { ImportOutcome::UnknownKey };
        }
        if item.is_some_and(|item| item.note_required) {
            return ImportOutcome::ByHand;
        }
        if refreshes && item.is_none_or(|item| item.expires_after_days.is_none()) {
            return ImportOutcome::Locked;
        }
        if measured_at < self.measured_from() {
            return ImportOutcome::TooEarly;
        }
        let entry = self.refreshed.get(key).filter(|_| refreshes).or_else(|| self.entries.get(key));
        match entry {
            Some(entry) if entry.current.measured_at >= measured_at => ImportOutcome::Older,
            _ => ImportOutcome::Recorded,
        }
    }
}

/// What is wrong with the document itself.
fn check_document(
    origin: &Origin,
    at: Option<Timestamp>,
    values: &[Measurement],
    now: Timestamp,
) -> Vec<Violation> {
    let texts = [
        text::length("origin.collector", &origin.collector, 1..=100),
        text::length("origin.version", &origin.version, 0..=100),
        text::length("origin.host", &origin.host, 1..=255),
    ];
    let mut violations: Vec<_> = texts.into_iter().flatten().collect();
    match at {
        Some(at) => violations.extend(fact::outside("collected_at", at, None, now)),
        None => violations.push(
            invalid("collected_at".into(), words("none", "brak"))
                .allowed(words("when the collector ended", "kiedy kolektor skończył")),
        ),
    }
    if values.is_empty() || values.len() > MOST_VALUES {
        violations.push(
            invalid("values".into(), values.len()).allowed(words(
                format!("1 to {MOST_VALUES} values"),
                format!("od 1 do {MOST_VALUES} wartości"),
            )),
        );
    }
    violations
}

/// What is wrong with single values. That a checklist does not know a key is no fault of the document.
fn check_values(
    attempt: &Attempt,
    values: &[Measurement],
    collected_at: Timestamp,
    refreshes: bool,
) -> Vec<Violation> {
    let mut violations = Vec::new();
    let mut seen = BTreeSet::new();
    for (i, sent) in values.iter().enumerate() {
        let field = |name: &str| format!("values[{i}].{name}");
        violations.extend(text::length(&field("key"), &sent.key, 1..=100));
        violations.extend(repeated(&mut seen, field("key"), &sent.key));
        if let Some(at) = sent.measured_at {
            violations.extend(fact::outside(&field("measured_at"), at, None, collected_at));
        }
        let measured_at = sent.measured_at.unwrap_or(collected_at);
        let recorded = attempt.import_outcome(&sent.key, measured_at, refreshes) == ImportOutcome::Recorded;
        if let Some(form) = attempt.checklist.recordable(&sent.key).filter(|_| recorded) {
            violations.extend(misfit(form, field("value"), sent));
        }
        violations.extend(text::optional_note(&field("note"), &sent.note));
    }
    violations
}
