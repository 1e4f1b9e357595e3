//! Findings: what an audit wants corrected, the company's answers, and SOFTVIG's judgement of them.

use jiff::Timestamp;
use platform::{actor::Actor, files::FileInfo, text};
use proto::{
    common::v1::ErrorReason,
    refusal::{Refusal, Violation, Words, words},
};
use serde::{Deserialize, Serialize};

use super::{Attempt, AttemptId, Dossier, Entry, Event, FindingId, Recorded};
use crate::checklist::{AuditKind, Severity, Text, Value};

/// Something that an audit wants corrected.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    pub id: FindingId,
    /// From 1, per project; what people call it by.
    pub number: u32,
    pub audit: AuditKind,
    /// The attempt that found it.
    pub attempt: AttemptId,
    /// Key of the item.
    pub item: String,
    pub question: Text,
    pub severity: Severity,
    pub waivable: bool,
    /// What was measured last and what was expected, as text.
    pub measured: String,
    pub limit: String,
    pub state: FindingState,
    /// Every step, oldest first; the last one made the present state.
    pub steps: Vec<FindingStep>,
    /// Rises with each change; the etag.
    pub revision: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingState {
    Open,
    /// The company says what it did.
    Answered,
    /// SOFTVIG saw that it is corrected.
    Verified,
    /// SOFTVIG saw that it is not; the company answers again.
    Rejected,
}

/// What somebody says about a finding, with what shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    pub text: String,
    pub files: Vec<FileInfo>,
}

impl<T: Into<String>> From<T> for Said {
    fn from(text: T) -> Self {
        Self { text: text.into(), files: Vec::new() }
    }
}

/// How a finding came into a state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindingStep {
    pub state: FindingState,
    /// The answer, the evidence, or the reason.
    pub text: String,
    pub at: Timestamp,
    pub by: Actor,
    /// What shows it.
    #[serde(default)]
    pub files: Vec<FileInfo>,
}

impl Finding {
    /// Key of the item that rechecks it in audit 2.
    pub fn fix_key(&self) -> String {
        format!("fix.{}", self.id)
    }

    pub(super) fn step(&mut self, state: FindingState, said: impl Into<Said>, by: &Actor, at: Timestamp) {
        self.state = state;
        let Said { text, files } = said.into();
        self.steps.push(FindingStep { state, text, at, by: by.clone(), files });
        self.revision += 1;
    }
}

impl Dossier {
    /// Findings that count and are not verified, in order.
    pub fn unverified(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|f| f.state != FindingState::Verified && self.counts(f.attempt))
    }

    /// The company says what it did about a finding; it may do so again until the finding is verified.
    ///
    /// Refused as `AUDIT_LOCKED` when the finding is verified or its attempt was voided.
    pub fn answer(
        &mut self,
        finding: FindingId,
        answer: impl Into<Said>,
        by: &Actor,
        now: Timestamp,
    ) -> Result<Vec<Event>, Refusal> {
        let allowed = [FindingState::Open, FindingState::Answered, FindingState::Rejected];
        let answer = answer.into();
        let index = self.check_step(finding, &allowed, "answer", &answer.text)?;
        self.findings[index].step(FindingState::Answered, answer, by, now);
        Ok(vec![Event::FindingAnswered { finding }])
    }

    /// SOFTVIG saw that the finding is corrected. An open audit 2 that rechecks it takes this as its value.
    pub fn verify(
        &mut self,
        finding: FindingId,
        note: impl Into<Said>,
        by: &Actor,
        now: Timestamp,
    ) -> Result<Vec<Event>, Refusal> {
        let allowed = [FindingState::Open, FindingState::Answered, FindingState::Rejected];
        let note = note.into();
        let index = self.check_step(finding, &allowed, "note", &note.text)?;
        let recheck = self.recheck(index, true, &note.text, by, now);
        self.findings[index].step(FindingState::Verified, note, by, now);
        Ok([Some(Event::FindingVerified { finding }), recheck].into_iter().flatten().collect())
    }

    /// SOFTVIG saw that an answered finding is not corrected, and says why.
    pub fn reject(
        &mut self,
        finding: FindingId,
        reason: impl Into<Said>,
        by: &Actor,
        now: Timestamp,
    ) -> Result<Vec<Event>, Refusal> {
        let reason = reason.into();
        let index = self.check_step(finding, &[FindingState::Answered], "reason", &reason.text)?;
        let recheck = self.recheck(index, false, &reason.text, by, now);
        self.findings[index].step(FindingState::Rejected, reason, by, now);
        Ok([Some(Event::FindingRejected { finding }), recheck].into_iter().flatten().collect())
    }

    fn check_step(
        &self,
        finding: FindingId,
        allowed: &[FindingState],
        field: &str,
        text: &str,
    ) -> Result<usize, Refusal> {
        self.check_not_closed()?;
        let found = self.finding(finding)?;
        let rechecks = |a: &&Attempt| a.is_open() && a.checklist.item(&found.fix_key()).is_some();
        if let Some(attempt) = self.attempts.iter().find(rechecks).filter(|_| field != "answer") {
            attempt.check_not_paused()?;
        }
        let mut violations: Vec<_> = text::note(field, text).into_iter().collect();
        if !self.counts(found.attempt) {
            violations.push(locked(
                words("a finding of a voided attempt", "zagadnienie z unieważnionego podejścia"),
                words("a finding of an attempt that counts", "zagadnienie z podejścia, które się liczy"),
            ));
        } else if !allowed.contains(&found.state) {
            let allowed =
                allowed.iter().map(|s| format!("{s:?}").to_lowercase()).collect::<Vec<_>>().join(", ");
            violations.push(locked(
                format!("{:?}", found.state).to_lowercase().into(),
                words(format!("a finding that is {allowed}"), format!("zagadnienie w stanie {allowed}")),
            ));
        }
        Refusal::unless_empty(violations)?;
        Ok(usize::try_from(found.number - 1).expect("findings fit into memory"))
    }

    /// Records the judgement in the open attempt that rechecks the finding, if there is one.
    fn recheck(
        &mut self,
        finding: usize,
        corrected: bool,
        note: &str,
        by: &Actor,
        now: Timestamp,
    ) -> Option<Event> {
        let key = self.findings[finding].fix_key();
        let rechecks = |a: &&mut Attempt| a.is_open() && a.checklist.item(&key).is_some();
        let attempt = self.attempts.iter_mut().find(rechecks)?;
        let value = Value::Bool(corrected);
        let recorded = Recorded {
            value,
            note: note.to_owned(),
            measured_at: now,
            recorded_at: now,
            by: by.clone(),
            origin: None,
        };
        Entry::put(&mut attempt.entries, &key, recorded);
        attempt.revision += 1;
        Some(Event::ValuesRecorded { attempt: attempt.id, keys: vec![key], origin: None })
    }
}

fn locked(asked: Words, allowed: Words) -> Violation {
    Violation::new(ErrorReason::AuditLocked).field("name").asked(asked).allowed(allowed)
}
