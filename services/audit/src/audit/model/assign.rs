//! Who carries an open attempt out, and when it rests.

use jiff::Timestamp;
use platform::{actor::Actor, text};
use proto::{
    common::v1::ErrorReason,
    refusal::{Refusal, Violation, words},
};
use serde::{Deserialize, Serialize};

use super::{Attempt, AttemptId, Dossier, Event};

/// Longest subject of a token that an audit is assigned to, in characters.
const LONGEST_SUBJECT: usize = 200;

/// Who carries an attempt out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Assignment {
    /// The subject of the auditor's token.
    pub auditor: String,
    /// What they should know; may be empty.
    pub note: String,
    pub at: Timestamp,
    pub by: Actor,
}

/// A time in which an attempt rests.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pause {
    pub reason: String,
    pub at: Timestamp,
    pub by: Actor,
    pub ended: Option<PauseEnd>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PauseEnd {
    pub at: Timestamp,
    /// Nothing where the attempt was voided.
    pub by: Option<Actor>,
}

impl Dossier {
    /// Assigns an open attempt, or hands it over. It only says whose work it is: others may still record.
    ///
    /// Refused as `PROJECT_CLOSED`, `AUDIT_LOCKED`, `INVALID_ARGUMENT`.
    pub fn assign(
        &mut self,
        attempt: AttemptId,
        auditor: &str,
        note: String,
        by: Actor,
        now: Timestamp,
    ) -> Result<Vec<Event>, Refusal> {
        let found = self.open_attempt(attempt, words("assign", "przydzielenie"))?;
        let violations =
            [text::length("auditor", auditor, 1..=LONGEST_SUBJECT), text::optional_note("note", &note)];
        Refusal::unless_empty(violations.into_iter().flatten().collect())?;
        let auditor = auditor.trim();
        if found.assignments.last().is_some_and(|last| last.auditor == auditor && last.note == note) {
            return Ok(Vec::new());
        }
        found.assignments.push(Assignment { auditor: auditor.to_owned(), note, at: now, by });
        found.revision += 1;
        Ok(vec![Event::AttemptAssigned { attempt }])
    }

    /// Lets an open attempt rest: nothing is recorded, waived or concluded until it is resumed.
    ///
    /// Refused as `PROJECT_CLOSED`, `AUDIT_LOCKED` (also where it rests already), `INVALID_ARGUMENT`.
    pub fn pause(
        &mut self,
        attempt: AttemptId,
        reason: String,
        by: Actor,
        now: Timestamp,
    ) -> Result<Vec<Event>, Refusal> {
        let found = self.open_attempt(attempt, words("pause", "wstrzymanie"))?;
        found.check_not_paused()?;
        Refusal::unless_empty(text::note("reason", &reason).into_iter().collect())?;
        found.pauses.push(Pause { reason, at: now, by, ended: None });
        found.revision += 1;
        Ok(vec![Event::AttemptPaused { attempt }])
    }

    /// Goes on with a paused attempt.
    ///
    /// Refused as `PROJECT_CLOSED`, `AUDIT_LOCKED`.
    pub fn resume(&mut self, attempt: AttemptId, by: Actor, now: Timestamp) -> Result<Vec<Event>, Refusal> {
        let found = self.open_attempt(attempt, words("resume", "wznowienie"))?;
        if !found.is_paused() {
            return Err(Violation::new(ErrorReason::AuditLocked)
                .field("name")
                .asked(words("resume", "wznowienie"))
                .allowed(words("a paused attempt", "wstrzymane podejście"))
                .into());
        }
        found.end_pause(Some(by), now);
        found.revision += 1;
        Ok(vec![Event::AttemptResumed { attempt }])
    }
}

impl Attempt {
    /// Whether it rests.
    pub fn is_paused(&self) -> bool {
        self.pause().is_some()
    }

    fn pause(&self) -> Option<&Pause> {
        self.pauses.last().filter(|pause| pause.ended.is_none())
    }

    pub(super) fn end_pause(&mut self, by: Option<Actor>, at: Timestamp) {
        if let Some(pause) = self.pauses.last_mut().filter(|pause| pause.ended.is_none()) {
            pause.ended = Some(PauseEnd { at, by });
        }
    }

    pub(super) fn check_not_paused(&self) -> Result<(), Refusal> {
        match self.pause() {
            None => Ok(()),
            Some(Pause { reason, .. }) => Err(Violation::new(ErrorReason::AuditLocked)
                .field("name")
                .asked(words(
                    format!("a paused attempt: {reason}"),
                    format!("wstrzymane podejście: {reason}"),
                ))
                .allowed(words("once it is resumed", "po wznowieniu"))
                .into()),
        }
    }
}
