//! Verification: the company says that it works, or reports problems, which SOFTVIG answers.

use jiff::Timestamp;
use platform::{fact::Fact, text};
use proto::{
    common::v1::ErrorReason,
    refusal::{Refusal, Violation, words},
};
use serde::{Deserialize, Serialize};

use super::{
    Stage,
    checks::{by_company, by_decision, by_softvig, keys, not_found, stage_locked},
};
use crate::actor::Actor;

platform::id! {
    /// A problem that the company reported.
    pub ProblemId
}

/// What SOFTVIG opens again with an answer. The reason is the answer's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reopen {
    /// One brand's integration, by key; it waits for no new day.
    Brand(String),
    /// Migration: a new window and attempt, and what followed is reset.
    Migration,
}

/// SOFTVIG's answer to a problem.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    pub text: String,
    pub reopen: Option<Reopen>,
    pub answered: Fact,
}

/// A problem; open until it is answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    pub id: ProblemId,
    pub description: String,
    pub reported: Fact,
    pub answer: Option<Answer>,
}

/// What changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VerificationEvent {
    ProblemReported { problem: ProblemId, description: String, occurred_at: Timestamp },
    ProblemAnswered { problem: ProblemId, answer: String, reopen: Option<Reopen> },
    Verified { occurred_at: Timestamp },
}

impl VerificationEvent {
    /// See [`ProjectEvent::name`](super::ProjectEvent::name).
    pub fn name(&self) -> &'static str {
        match self {
            Self::ProblemReported { .. } => "problem_reported",
            Self::ProblemAnswered { .. } => "problem_answered",
            Self::Verified { .. } => "verified",
        }
    }
}

/// The verification stage of one project.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verification {
    problems: Vec<Problem>,
    works: Option<Fact>,
}

impl Verification {
    /// Over the whole project, oldest first.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// Problems that wait for SOFTVIG's answer.
    pub fn open_problems(&self) -> impl Iterator<Item = &Problem> {
        self.problems.iter().filter(|p| p.answer.is_none())
    }

    /// The decision contact's word that it works, while it holds.
    pub fn verified(&self) -> Option<&Fact> {
        self.works.as_ref()
    }

    /// A contact reports a problem. An earlier "it works" holds no more.
    ///
    /// `unlocked_at`: when the integrations were over; none while the stage is locked.
    pub fn report_problem(
        &mut self,
        id: ProblemId,
        description: &str,
        unlocked_at: Option<Timestamp>,
        occurred_at: Option<Timestamp>,
        by: &Actor,
        now: Timestamp,
    ) -> Result<Vec<VerificationEvent>, Refusal> {
        let reported = Fact::new(by, occurred_at, now);
        let mut violations = Vec::from_iter(by_company(by));
        violations.extend(locked(unlocked_at));
        violations.extend(reported.out_of_range(unlocked_at));
        violations.extend(text::note("description", description));
        Refusal::unless_empty(violations)?;
        let description = description.trim().to_owned();
        let event = VerificationEvent::ProblemReported {
            problem: id,
            description: description.clone(),
            occurred_at: reported.occurred_at,
        };
        self.problems.push(Problem { id, description, reported, answer: None });
        self.works = None;
        Ok(vec![event])
    }

    /// SOFTVIG answers a problem, and may open a brand or migration again; the caller carries that out.
    pub fn answer_problem(
        &mut self,
        id: ProblemId,
        answer: &str,
        reopen: Option<Reopen>,
        by: &Actor,
        now: Timestamp,
    ) -> Result<Vec<VerificationEvent>, Refusal> {
        let mut violations = Vec::from_iter(by_softvig(by));
        violations.extend(text::note("answer", answer));
        let Some(problem) = self.problems.iter_mut().find(|p| p.id == id) else {
            return Err(not_found("problem", id));
        };
        if problem.answer.is_some() {
            violations.push(
                Violation::new(ErrorReason::Conflict)
                    .asked(id)
                    .allowed(words("a problem not answered", "problem bez odpowiedzi")),
            );
        }
        Refusal::unless_empty(violations)?;
        let text = answer.trim().to_owned();
        problem.answer =
            Some(Answer { text: text.clone(), reopen: reopen.clone(), answered: Fact::new(by, None, now) });
        Ok(vec![VerificationEvent::ProblemAnswered { problem: id, answer: text, reopen }])
    }

    /// The decision contact says that it works; refused while a problem is open.
    pub fn confirm(
        &mut self,
        unlocked_at: Option<Timestamp>,
        occurred_at: Option<Timestamp>,
        by: &Actor,
        now: Timestamp,
    ) -> Result<Vec<VerificationEvent>, Refusal> {
        let works = Fact::new(by, occurred_at, now);
        let answered = self.problems.iter().filter_map(|p| p.answer.as_ref());
        let step_before = answered.map(|a| a.answered.occurred_at).chain(unlocked_at).max();
        let mut violations = Vec::from_iter(by_decision(by));
        violations.extend(locked(unlocked_at));
        violations.extend(works.out_of_range(step_before));
        let open: Vec<_> = self.open_problems().map(|p| p.id.to_string()).collect();
        if !open.is_empty() {
            let allowed = keys("once SOFTVIG has answered", "gdy SOFTVIG odpowie na", &open.join(", "));
            violations.push(stage_locked(Stage::Verification, allowed));
        }
        if self.works.is_some() {
            violations.push(stage_locked(
                Stage::Verification,
                words("not again: verified already", "nie ponownie: działanie jest już potwierdzone"),
            ));
        }
        Refusal::unless_empty(violations)?;
        let event = VerificationEvent::Verified { occurred_at: works.occurred_at };
        self.works = Some(works);
        Ok(vec![event])
    }

    /// Verification is open again: the protocol was voided, or an earlier stage reopened. Problems stay.
    pub fn reopen(&mut self) {
        self.works = None;
    }
}

fn locked(unlocked_at: Option<Timestamp>) -> Option<Violation> {
    unlocked_at.is_none().then(|| {
        stage_locked(
            Stage::Verification,
            words(
                "once the integrations are restored, dropped or skipped",
                "gdy sprzęgi będą przywrócone, porzucone lub pominięte",
            ),
        )
    })
}

#[cfg(test)]
mod tests;
