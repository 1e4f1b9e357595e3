//! One attempt of an audit: its own copy of the checklist, and what was recorded.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use platform::actor::Actor;
use proto::{
    common::v1::ErrorReason,
    refusal::{Refusal, Violation, Words, words},
};
use serde::{Deserialize, Serialize};

use super::{Assignment, Attachment, AttemptId, FindingId, Import, LimitOverride, Origin, Pause};
use crate::checklist::{AuditKind, Checklist, Known, Value};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Attempt {
    pub id: AttemptId,
    pub audit: AuditKind,
    /// From 1, per audit.
    pub number: u32,
    pub variant: String,
    pub started_at: Timestamp,
    /// The items that apply, copied: a later version of the checklist changes no attempt.
    pub checklist: Checklist,
    /// Known from the start: the variant, the window, and for audit 2 what audit 1 recorded.
    pub given: BTreeMap<String, Value>,
    /// What was recorded, by key of item or fact.
    pub entries: BTreeMap<String, Entry>,
    /// Measured again after the conclusion; takes the place of an entry as evidence, not as result.
    pub refreshed: BTreeMap<String, Entry>,
    pub state: AttemptState,
    /// Other limits than the checklist's that held for the variant when it was opened.
    #[serde(default)]
    pub overrides: Vec<LimitOverride>,
    /// What came of the last documents of collectors, oldest first.
    #[serde(default)]
    pub imports: Vec<Import>,
    /// Fingerprints of all documents that were imported.
    #[serde(default)]
    pub imported: BTreeSet<String>,
    /// The last one carries the audit out.
    #[serde(default)]
    pub assignments: Vec<Assignment>,
    /// The last one may not be over.
    #[serde(default)]
    pub pauses: Vec<Pause>,
    /// Files that show what was measured, by key of item.
    #[serde(default)]
    pub attachments: BTreeMap<String, Vec<Attachment>>,
    /// Rises with each change; the etag.
    pub revision: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttemptState {
    Open,
    Concluded(Conclusion),
    /// Counts no more; a result is kept.
    Voided {
        at: Timestamp,
        reason: String,
        concluded: Option<Conclusion>,
    },
}

/// The result of an attempt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Conclusion {
    pub occurred_at: Timestamp,
    pub recorded_at: Timestamp,
    pub by: Actor,
    pub passed: bool,
    /// Not verified when the attempt was concluded, of this and earlier attempts.
    pub open_findings: Vec<FindingId>,
}

/// What was recorded under one key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    pub current: Recorded,
    /// The attempt in which it was measured, if it passed in an earlier one and was carried over.
    pub carried_from: Option<AttemptId>,
    /// Earlier values, oldest first.
    pub history: Vec<Recorded>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recorded {
    pub value: Value,
    /// A note, or where the evidence lies; may be empty.
    pub note: String,
    pub measured_at: Timestamp,
    pub recorded_at: Timestamp,
    pub by: Actor,
    /// What measured it; nothing where a person did.
    pub origin: Option<Origin>,
}

impl Attempt {
    pub fn is_open(&self) -> bool {
        self.state == AttemptState::Open
    }

    pub fn is_voided(&self) -> bool {
        matches!(self.state, AttemptState::Voided { .. })
    }

    /// The result, also of an attempt that was voided afterwards.
    pub fn conclusion(&self) -> Option<&Conclusion> {
        match &self.state {
            AttemptState::Open => None,
            AttemptState::Concluded(conclusion) => Some(conclusion),
            AttemptState::Voided { concluded, .. } => concluded.as_ref(),
        }
    }

    /// `AUDIT_LOCKED` unless it is open.
    pub(super) fn check_open(&self, asked: Words) -> Result<(), Refusal> {
        if self.is_open() {
            return Ok(());
        }
        Err(Violation::new(ErrorReason::AuditLocked)
            .field("name")
            .asked(asked)
            .allowed(words("an open attempt", "otwarte podejście"))
            .into())
    }

    /// `AUDIT_LOCKED` unless it is open and does not rest.
    pub(super) fn check_active(&self, asked: Words) -> Result<(), Refusal> {
        self.check_open(asked)?;
        self.check_not_paused()
    }

    /// Whether it passed and counts.
    pub fn has_passed(&self) -> bool {
        matches!(&self.state, AttemptState::Concluded(c) if c.passed)
    }

    /// The value of a key as this attempt knows it: computed, recorded, given, or the fact's default.
    pub fn known(&self, key: &str) -> Option<Value> {
        if self.is_computed(key) {
            return self.computed(key, &|key| self.known(key));
        }
        let recorded = self.entries.get(key).map(|entry| &entry.current.value);
        let default = || self.checklist.fact(key).and_then(|fact| fact.default.as_ref());
        recorded.or_else(|| self.given.get(key)).or_else(default).cloned()
    }

    /// As `known`, with measurements after the conclusion first.
    pub fn known_now(&self, key: &str) -> Option<Value> {
        if self.is_computed(key) {
            return self.computed(key, &|key| self.known_now(key));
        }
        let refreshed = self.refreshed.get(key).map(|entry| entry.current.value.clone());
        refreshed.or_else(|| self.known(key))
    }

    fn is_computed(&self, key: &str) -> bool {
        self.checklist.item(key).is_some_and(|item| item.computed.is_some())
    }

    fn computed(&self, key: &str, known: Known) -> Option<Value> {
        self.checklist.item(key)?.computed.as_ref()?.evaluate(known).ok()
    }
}

impl Recorded {
    fn says_the_same_as(&self, other: &Self) -> bool {
        (&self.value, &self.note, &self.origin) == (&other.value, &other.note, &other.origin)
    }
}

impl Entry {
    /// Records under `key`, keeping what was there.
    pub fn put(entries: &mut BTreeMap<String, Entry>, key: &str, recorded: Recorded) {
        let entry = match entries.remove(key) {
            None => Entry { current: recorded, carried_from: None, history: Vec::new() },
            // A collector that measured the same again only says that it still holds.
            Some(entry) if recorded.origin.is_some() && entry.current.says_the_same_as(&recorded) => {
                Entry { current: recorded, ..entry }
            }
            Some(mut entry) => {
                entry.history.push(std::mem::replace(&mut entry.current, recorded));
                Entry { carried_from: None, ..entry }
            }
        };
        entries.insert(key.to_owned(), entry);
    }
}
