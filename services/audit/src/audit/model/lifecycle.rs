//! What other services' events do to a dossier: attempts begin and are voided, the project ends.
//! An event is a fact and is never refused; the same one again changes nothing.

use std::collections::{BTreeMap, BTreeSet};

use calendar::local_day;
use jiff::Timestamp;
use proto::licensing::v1::LicenceStatusChanged;
use serde::{Deserialize, Serialize};

use super::{
    Attempt, AttemptId, AttemptState, Dossier, Entry, Event, Finding, LimitOverride, Recorded, Verdict,
};
use crate::checklist::{
    AuditKind, Checklist, DATA_CROSSES_LINK, Expect, FixTemplate, Form, Item, Text, VARIANT, Value,
    VariantOverride, WINDOW_MIN,
};

/// An attempt as the scheduling service opens it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    pub attempt: AttemptId,
    pub audit: AuditKind,
    pub number: u32,
    pub variant: String,
    pub data_crosses_link: bool,
    /// Length of the migration window, for limits that refer to it; 0 if not known.
    pub window_minutes: u32,
    pub started_at: Timestamp,
}

/// What licensing told last: whether all that the variant demands is in place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LicenceStatus {
    /// The variant that it was judged for.
    pub variant: String,
    /// Keys of what is missing.
    pub missing: Vec<String>,
}

impl LicenceStatus {
    /// As licensing tells it.
    pub fn of(told: &LicenceStatusChanged) -> Self {
        Self { variant: told.variant.clone(), missing: told.missing.clone() }
    }
}

impl Dossier {
    /// Begins an attempt with the items that apply. What passed in the attempt before is carried over;
    /// `overrides` are the variant's. Audit 2 also rechecks each finding of audit 1 that is not verified.
    pub fn open(
        &mut self,
        opening: Opening,
        checklist: &Checklist,
        overrides: &[VariantOverride],
    ) -> Vec<Event> {
        if self.attempts.iter().any(|a| a.id == opening.attempt) || self.closed.is_some() {
            return Vec::new();
        }
        let given = self.given(&opening);
        let mut list = checklist.applying(&|key| given.get(key).cloned());
        if let Some(template) = list.fix.clone() {
            let findings = self.unverified().filter(|f| f.audit == AuditKind::One);
            let fixes: Vec<_> = findings.map(|f| fix_item(f, &template)).collect();
            list.items.splice(0..0, fixes);
        }
        let entries = self.carried_over(opening.audit, &list);
        let overrides = overrides.iter().filter_map(|set| LimitOverride::of_variant(set, &list)).collect();
        let attempt = opening.attempt;
        self.attempts.push(Attempt {
            id: opening.attempt,
            audit: opening.audit,
            number: opening.number,
            variant: opening.variant,
            started_at: opening.started_at,
            checklist: list,
            given,
            entries,
            refreshed: BTreeMap::new(),
            state: AttemptState::Open,
            overrides,
            imports: Vec::new(),
            imported: BTreeSet::new(),
            assignments: Vec::new(),
            pauses: Vec::new(),
            attachments: BTreeMap::new(),
            revision: 1,
        });
        vec![Event::AttemptOpened { attempt }]
    }

    fn given(&self, opening: &Opening) -> BTreeMap<String, Value> {
        let mut given = BTreeMap::from([
            (VARIANT.to_owned(), Value::Text(opening.variant.clone())),
            (DATA_CROSSES_LINK.to_owned(), Value::Bool(opening.data_crosses_link)),
        ]);
        if opening.window_minutes > 0 {
            given.insert(WINDOW_MIN.to_owned(), Value::Number(f64::from(opening.window_minutes)));
        }
        if let (AuditKind::Two, Some(pass)) = (opening.audit, self.latest_pass(AuditKind::One)) {
            let keys = pass.checklist.keys();
            given.extend(keys.filter_map(|key| Some((key.to_owned(), pass.known_now(key)?))));
        }
        given
    }

    /// Facts and passed items of the last attempt that was concluded and counts, marked with the attempt
    /// in which they were measured.
    fn carried_over(&self, audit: AuditKind, list: &Checklist) -> BTreeMap<String, Entry> {
        let before = self.attempts.iter().rev().find(|a| a.audit == audit && !a.is_voided());
        let Some((before, conclusion)) = before.and_then(|a| Some((a, a.conclusion()?))) else {
            return BTreeMap::new();
        };
        let passed: Vec<_> = self
            .outcomes(before, local_day(conclusion.occurred_at))
            .filter(|(_, outcome)| outcome.verdict == Verdict::Passed)
            .map(|(item, _)| item.key.as_str())
            .collect();
        let carries = |key: &str| passed.contains(&key) || before.checklist.fact(key).is_some();
        // A later version of the checklist may ask it in another unit, or no more.
        let read = |key: &str, value: &Value| {
            list.recordable(key)?.read(value, before.checklist.recordable(key)?.unit())
        };
        let entries = before.entries.iter().filter(|(key, _)| carries(key)).filter_map(|(key, entry)| {
            let current = Recorded { value: read(key, &entry.current.value)?, ..entry.current.clone() };
            let carried_from = entry.carried_from.or(Some(before.id));
            Some((key.clone(), Entry { current, carried_from, history: Vec::new() }))
        });
        entries.collect()
    }

    /// An attempt counts no more. A result, also one that comes before this is known, is kept.
    pub fn void(&mut self, attempt: AttemptId, reason: &str, at: Timestamp) -> Vec<Event> {
        let Some(found) = self.attempts.iter_mut().find(|a| a.id == attempt && !a.is_voided()) else {
            return Vec::new();
        };
        let concluded = found.conclusion().cloned();
        found.end_pause(None, at);
        found.state = AttemptState::Voided { at, reason: reason.to_owned(), concluded };
        found.revision += 1;
        vec![Event::AttemptVoided { attempt, reason: reason.to_owned() }]
    }

    /// The variant was chosen. A change after an audit voids all attempts: they judged another variant.
    pub fn choose_variant(&mut self, variant: &str, at: Timestamp) -> Vec<Event> {
        let changed = self.variant.as_deref().is_some_and(|before| before != variant);
        self.variant = Some(variant.to_owned());
        if !changed {
            return Vec::new();
        }
        let ids: Vec<_> = self.attempts.iter().map(|a| a.id).collect();
        ids.into_iter().flat_map(|id| self.void(id, "the variant was changed", at)).collect()
    }

    /// Licensing told whether everything demanded is in place.
    pub fn licence_told(&mut self, status: LicenceStatus) {
        self.licence = Some(status);
    }

    /// The project was completed or cancelled: open attempts end, nothing changes any more.
    pub fn close(&mut self, reason: &str, at: Timestamp) -> Vec<Event> {
        if self.closed.is_some() {
            return Vec::new();
        }
        let open: Vec<_> = self.attempts.iter().filter(|a| a.is_open()).map(|a| a.id).collect();
        let mut events: Vec<_> = open.into_iter().flat_map(|id| self.void(id, reason, at)).collect();
        self.closed = Some(reason.to_owned());
        events.push(Event::ProjectClosed { reason: reason.to_owned() });
        events
    }
}

fn fix_item(finding: &Finding, template: &FixTemplate) -> Item {
    let ask = |form: &str, question: &str| form.replace("{question}", question);
    Item {
        key: finding.fix_key(),
        section: template.section.clone(),
        question: Text {
            pl: ask(&template.question.pl, &finding.question.pl),
            en: ask(&template.question.en, &finding.question.en),
        },
        help: None,
        form: Form::Bool,
        computed: None,
        expect: Expect::Is(true),
        severity: finding.severity,
        waivable: finding.waivable,
        only: None,
        expires_after_days: None,
        note_required: true,
        source: template.source.clone(),
    }
}
