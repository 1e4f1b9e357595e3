//! Audit 1 and audit 2 as scheduling sees them: numbered attempts, their start gate and their results.

use calendar::local_time;
use jiff::Timestamp;
use platform::{fact::Fact, text};
use proto::{
    common::v1::ErrorReason,
    refusal::{Refusal, Violation, Words, words},
};
use serde::{Deserialize, Serialize};

use super::{PlannedDate, checks::by_softvig};
use crate::actor::Actor;

platform::id! {
    /// One attempt at an audit; the audit service records for open attempts only.
    pub AttemptId
}

/// What a start is judged by. The stage's own agreed date is among it.
pub struct StartGate<'a> {
    /// When the stage before was done; none while the stage is locked.
    pub unlocked_at: Option<Timestamp>,
    /// Buffers that still run, each by its own name.
    pub buffers: &'a [Violation],
    /// The agreed day or window; none where no date is agreed.
    pub agreed: Option<PlannedDate>,
}

/// A minor finding left open by audit 2: it goes into the protocol.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MinorFinding {
    /// Id of the finding in the audit service.
    pub finding: String,
    /// Key of the checklist item.
    pub item: String,
    /// What is to be corrected.
    pub text: String,
}

/// What the audit service concluded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditResult {
    pub passed: bool,
    pub concluded: Fact,
    pub open_minor: Vec<MinorFinding>,
}

impl AuditResult {
    fn says_the_same(&self, other: &Self) -> bool {
        self.passed == other.passed
            && self.concluded.occurred_at == other.concluded.occurred_at
            && self.open_minor == other.open_minor
    }
}

/// How far an attempt is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttemptState {
    Open,
    Concluded(AuditResult),
    /// Counts no more. A result, of before or after, is kept.
    Voided {
        voided: Fact,
        reason: String,
        result: Option<AuditResult>,
    },
}

/// One attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    pub id: AttemptId,
    /// From 1, over all attempts at this audit.
    pub number: u32,
    pub started: Fact,
    pub state: AttemptState,
    /// Results that a correction replaced, oldest first.
    pub corrected: Vec<AuditResult>,
}

impl Attempt {
    /// Whether it counts no more.
    pub fn is_voided(&self) -> bool {
        matches!(self.state, AttemptState::Voided { .. })
    }

    /// When it was concluded, or else voided.
    pub fn ended_at(&self) -> Option<Timestamp> {
        match &self.state {
            AttemptState::Open => None,
            AttemptState::Concluded(result) => Some(result.concluded.occurred_at),
            AttemptState::Voided { voided, .. } => Some(voided.occurred_at),
        }
    }

    /// The last result, also of one that was voided.
    pub fn last_result(&self) -> Option<&AuditResult> {
        match &self.state {
            AttemptState::Open => None,
            AttemptState::Concluded(result) => Some(result),
            AttemptState::Voided { result, .. } => result.as_ref(),
        }
    }

    /// The result, while it counts.
    pub fn result(&self) -> Option<&AuditResult> {
        match &self.state {
            AttemptState::Concluded(result) => Some(result),
            _ => None,
        }
    }
}

/// What changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuditEvent {
    Opened {
        attempt: AttemptId,
        number: u32,
        occurred_at: Timestamp,
    },
    Passed {
        attempt: AttemptId,
        occurred_at: Timestamp,
    },
    Failed {
        attempt: AttemptId,
        occurred_at: Timestamp,
    },
    /// Another result for the same attempt; what depends on it is to be computed again.
    Corrected {
        attempt: AttemptId,
        passed: bool,
        occurred_at: Timestamp,
    },
    /// A result that moves nothing: SOFTVIG is told why.
    ResultKept {
        attempt: AttemptId,
        passed: bool,
        why: KeptBecause,
    },
    Voided {
        attempt: AttemptId,
        reason: String,
    },
}

impl AuditEvent {
    /// See [`ProjectEvent::name`](super::ProjectEvent::name).
    pub fn name(&self) -> &'static str {
        match self {
            Self::Opened { .. } => "audit_attempt_opened",
            Self::Passed { .. } => "audit_passed",
            Self::Failed { .. } => "audit_failed",
            Self::Corrected { .. } => "audit_result_corrected",
            Self::ResultKept { .. } => "audit_result_kept",
            Self::Voided { .. } => "audit_attempt_voided",
        }
    }
}

/// Why a result moves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeptBecause {
    /// The attempt was voided.
    Voided,
    /// This audit has no such attempt.
    Unknown,
    /// It would turn the verdict of an attempt on which a later step already rests.
    LaterStepBegun,
}

/// All attempts at one of the two audits.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Audit {
    attempts: Vec<Attempt>,
}

impl Audit {
    /// In order of their numbers.
    pub fn attempts(&self) -> &[Attempt] {
        &self.attempts
    }

    /// The attempt for which the audit service records now.
    pub fn open(&self) -> Option<&Attempt> {
        self.attempts.last().filter(|a| a.state == AttemptState::Open)
    }

    /// The result with which the audit is passed; its `local_day` starts the next buffer.
    pub fn passed(&self) -> Option<&AuditResult> {
        self.last_result().filter(|r| r.passed)
    }

    /// The failed attempt that waits to be repeated; `REPEAT_BUFFER` counts from its `local_day`.
    pub fn failed(&self) -> Option<&AuditResult> {
        self.last_result().filter(|r| !r.passed)
    }

    fn last_result(&self) -> Option<&AuditResult> {
        self.attempts.iter().rev().find_map(Attempt::result)
    }

    /// SOFTVIG starts an attempt: `AUDIT_LOCKED` before its gate and outside its agreed day.
    pub fn start(
        &mut self,
        id: AttemptId,
        gate: &StartGate<'_>,
        occurred_at: Option<Timestamp>,
        by: &Actor,
        now: Timestamp,
    ) -> Result<Vec<AuditEvent>, Refusal> {
        let started = Fact::new(by, occurred_at, now);
        let mut violations = Vec::from_iter(by_softvig(by));
        let steps_before = self.attempts.iter().filter_map(Attempt::ended_at).chain(gate.unlocked_at);
        violations.extend(started.out_of_range(steps_before.max()));
        violations.extend_from_slice(gate.buffers);
        let locked = |allowed: Words| {
            Violation::new(ErrorReason::AuditLocked).asked(local_time(started.occurred_at)).allowed(allowed)
        };
        if gate.unlocked_at.is_none() {
            violations
                .push(locked(words("once the stage before is done", "gdy poprzedni etap będzie zakończony")));
        } else if let Some(open) = self.open() {
            violations.push(locked(words(
                format!("once attempt {} is concluded or voided", open.number),
                format!("gdy podejście {} będzie zakończone lub unieważnione", open.number),
            )));
        } else if self.passed().is_some() {
            violations
                .push(locked(words("not again: the audit is passed", "nie ponownie: audyt jest zaliczony")));
        }
        match gate.agreed {
            None => violations.push(locked(words(
                "once a date of this audit is agreed",
                "gdy termin tego audytu będzie ustalony",
            ))),
            Some(agreed) if !agreed.span().contains(started.occurred_at) => {
                violations.push(locked(agreed.into()))
            }
            Some(_) => {}
        }
        Refusal::unless_empty(violations)?;
        let (number, occurred_at) = (self.next_number(), started.occurred_at);
        self.attempts.push(Attempt { id, number, started, state: AttemptState::Open, corrected: Vec::new() });
        Ok(vec![AuditEvent::Opened { attempt: id, number, occurred_at }])
    }

    /// The number of the attempt that would be started next.
    pub fn next_number(&self) -> u32 {
        self.attempts.last().map_or(1, |last| last.number + 1)
    }

    /// Takes what the audit service concluded. A fact is never refused; the same again changes nothing.
    ///
    /// `later_begun`: a later step already rests on this audit's verdict, which then is not turned.
    pub fn record_result(
        &mut self,
        id: AttemptId,
        result: AuditResult,
        later_begun: bool,
    ) -> Vec<AuditEvent> {
        let (passed, occurred_at) = (result.passed, result.concluded.occurred_at);
        let kept = |why| vec![AuditEvent::ResultKept { attempt: id, passed, why }];
        let is_last = self.attempts.last().is_some_and(|a| a.id == id);
        let Some(attempt) = self.attempts.iter_mut().find(|a| a.id == id) else {
            return kept(KeptBecause::Unknown);
        };
        match &mut attempt.state {
            AttemptState::Open => {
                attempt.state = AttemptState::Concluded(result);
                vec![if passed {
                    AuditEvent::Passed { attempt: id, occurred_at }
                } else {
                    AuditEvent::Failed { attempt: id, occurred_at }
                }]
            }
            AttemptState::Voided { result: Some(known), .. } if known.says_the_same(&result) => Vec::new(),
            AttemptState::Voided { result: known, .. } => {
                attempt.corrected.extend(known.replace(result));
                kept(KeptBecause::Voided)
            }
            AttemptState::Concluded(known) if known.says_the_same(&result) => Vec::new(),
            AttemptState::Concluded(known) if known.passed != passed && (later_begun || !is_last) => {
                attempt.corrected.push(result);
                kept(KeptBecause::LaterStepBegun)
            }
            AttemptState::Concluded(known) => {
                attempt.corrected.push(std::mem::replace(known, result));
                vec![AuditEvent::Corrected { attempt: id, passed, occurred_at }]
            }
        }
    }

    /// SOFTVIG voids the open attempt, so that a new date can be agreed.
    pub fn void(&mut self, reason: &str, by: &Actor, now: Timestamp) -> Result<Vec<AuditEvent>, Refusal> {
        let mut violations = Vec::from_iter(by_softvig(by));
        violations.extend(text::note("reason", reason));
        if self.open().is_none() {
            violations.push(
                Violation::new(ErrorReason::AuditLocked)
                    .allowed(words("while an attempt is open", "gdy podejście jest otwarte")),
            );
        }
        Refusal::unless_empty(violations)?;
        Ok(self.void_open(reason, by, now))
    }

    /// Voids the open attempt, if there is one: the project was cancelled.
    pub fn void_open(&mut self, reason: &str, by: &Actor, now: Timestamp) -> Vec<AuditEvent> {
        let open = self.attempts.last_mut().filter(|a| a.state == AttemptState::Open);
        open.map(|attempt| void(attempt, reason, by, now)).into_iter().collect()
    }

    /// Voids every attempt: the declaration on which they rest is gone. Results are kept.
    pub fn reset(&mut self, reason: &str, by: &Actor, now: Timestamp) -> Vec<AuditEvent> {
        let counting = self.attempts.iter_mut().filter(|a| !matches!(a.state, AttemptState::Voided { .. }));
        counting.map(|attempt| void(attempt, reason, by, now)).collect()
    }
}

fn void(attempt: &mut Attempt, reason: &str, by: &Actor, now: Timestamp) -> AuditEvent {
    let reason = reason.trim().to_owned();
    let result = attempt.result().cloned();
    attempt.state = AttemptState::Voided { voided: Fact::new(by, None, now), reason: reason.clone(), result };
    AuditEvent::Voided { attempt: attempt.id, reason }
}

#[cfg(test)]
mod tests;
