//! Readiness: the conditions that the company confirms, its declaration, and its withdrawal.

use std::collections::BTreeMap;

use jiff::Timestamp;
use platform::{fact::Fact, text};
use proto::{
    common::v1::ErrorReason,
    refusal::{Refusal, Violation, words},
};
use serde::{Deserialize, Serialize};

use super::{
    Stage,
    checks::{by_company, by_softvig, keys, licences_in_place, not_found, refuse, stage_locked},
};
use crate::actor::Actor;

mod condition;
#[cfg(test)]
mod tests;

pub use condition::Condition;

/// Why the company says that a condition holds: a note, evidence, or both.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    pub note: String,
    /// References to documents, such as an invoice's number or an address.
    pub evidence: Vec<String>,
}

impl Proof {
    fn says_nothing(&self) -> bool {
        self.note.trim().is_empty() && self.evidence.iter().all(|e| e.trim().is_empty())
    }
}

/// A condition that the company confirmed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmation {
    pub proof: Proof,
    pub confirmed: Fact,
}

/// Whether the company has said that it is ready.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Declaration {
    #[default]
    NotYet,
    Declared(Fact),
    /// SOFTVIG withdrew it, or the variant changed; it can be declared again.
    Withdrawn {
        declared: Fact,
        withdrawn: Fact,
        reason: String,
    },
}

/// What a declaration is judged by, besides the confirmations.
pub struct DeclareGate<'a> {
    /// When contracting was done; none while the stage is locked.
    pub unlocked_at: Option<Timestamp>,
    /// See [`Condition::demanded`].
    pub demanded: &'a [Condition],
    /// What the licensing service has not recorded as in place; the licence kind among it.
    pub licences_missing: &'a [String],
}

/// What changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReadinessEvent {
    ConditionConfirmed { condition: Condition, proof: Proof, occurred_at: Timestamp },
    ConditionRetracted { condition: Condition },
    ConfirmationsCleared,
    Declared { occurred_at: Timestamp },
    Corrected { was: Timestamp, occurred_at: Timestamp, reason: String },
    Withdrawn { reason: String },
}

impl ReadinessEvent {
    /// See [`ProjectEvent::name`](super::ProjectEvent::name).
    pub fn name(&self) -> &'static str {
        match self {
            Self::ConditionConfirmed { .. } => "readiness_condition_confirmed",
            Self::ConditionRetracted { .. } => "readiness_condition_retracted",
            Self::ConfirmationsCleared => "readiness_conditions_cleared",
            Self::Declared { .. } => "readiness_declared",
            Self::Corrected { .. } => "readiness_corrected",
            Self::Withdrawn { .. } => "readiness_withdrawn",
        }
    }
}

/// The readiness stage of one project.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Readiness {
    confirmations: BTreeMap<Condition, Confirmation>,
    declaration: Declaration,
    /// When all was there on which the declaration rests: it does not lie before that, also corrected.
    declarable_from: Option<Timestamp>,
}

impl Readiness {
    pub fn confirmations(&self) -> &BTreeMap<Condition, Confirmation> {
        &self.confirmations
    }

    pub fn declaration(&self) -> &Declaration {
        &self.declaration
    }

    /// The declaration that holds now.
    pub fn declared(&self) -> Option<&Fact> {
        match &self.declaration {
            Declaration::Declared(fact) => Some(fact),
            _ => None,
        }
    }

    /// Whether the company has begun: something is confirmed and nothing is declared yet.
    pub fn in_progress(&self) -> bool {
        self.declared().is_none() && !self.confirmations.is_empty()
    }

    /// What of the demanded is not confirmed.
    pub fn missing<'a>(&self, demanded: &'a [Condition]) -> Vec<&'a Condition> {
        demanded.iter().filter(|c| !self.confirmations.contains_key(c)).collect()
    }

    /// A contact confirms a condition; confirming again replaces note and evidence.
    pub fn confirm(
        &mut self,
        condition: Condition,
        proof: Proof,
        gate: &DeclareGate<'_>,
        occurred_at: Option<Timestamp>,
        by: &Actor,
        now: Timestamp,
    ) -> Result<Vec<ReadinessEvent>, Refusal> {
        let confirmed = Fact::new(by, occurred_at, now);
        let mut violations = Vec::from_iter(by_company(by));
        violations.extend(locked(gate));
        violations.extend(confirmed.out_of_range(gate.unlocked_at));
        if !gate.demanded.contains(&condition) {
            violations.push(
                Violation::new(ErrorReason::InvalidArgument)
                    .field("condition")
                    .asked(&condition)
                    .allowed(names(gate.demanded)),
            );
        }
        if proof.says_nothing() {
            violations.push(
                Violation::new(ErrorReason::InvalidArgument)
                    .field("note")
                    .allowed(words("a note or evidence", "notatka lub dowód")),
            );
        }
        violations.extend(text::optional_note("note", &proof.note));
        for (i, evidence) in proof.evidence.iter().enumerate() {
            violations.extend(text::optional_note(&format!("evidence[{i}]"), evidence));
        }
        Refusal::unless_empty(violations)?;
        let event = ReadinessEvent::ConditionConfirmed {
            condition: condition.clone(),
            proof: proof.clone(),
            occurred_at: confirmed.occurred_at,
        };
        self.confirmations.insert(condition, Confirmation { proof, confirmed });
        Ok(vec![event])
    }

    /// A contact takes a confirmation back, before the declaration.
    pub fn retract(&mut self, condition: &Condition, by: &Actor) -> Result<Vec<ReadinessEvent>, Refusal> {
        let mut violations = Vec::from_iter(by_company(by));
        if self.declared().is_some() {
            violations.push(stage_locked(
                Stage::Readiness,
                words("once SOFTVIG has withdrawn the declaration", "gdy SOFTVIG wycofa zgłoszenie"),
            ));
        }
        Refusal::unless_empty(violations)?;
        if self.confirmations.remove(condition).is_none() {
            return Err(not_found("condition", condition));
        }
        Ok(vec![ReadinessEvent::ConditionRetracted { condition: condition.clone() }])
    }

    /// The company says: we are ready. Refused naming all that is missing.
    pub fn declare(
        &mut self,
        gate: &DeclareGate<'_>,
        occurred_at: Option<Timestamp>,
        by: &Actor,
        now: Timestamp,
    ) -> Result<Vec<ReadinessEvent>, Refusal> {
        let declared = Fact::new(by, occurred_at, now);
        let mut violations = Vec::from_iter(by_company(by));
        let step_before = self.step_before_declaration(gate);
        violations.extend(locked(gate));
        violations.extend(declared.out_of_range(step_before));
        violations.extend(licences_in_place(gate.licences_missing));
        if self.declared().is_some() {
            violations.push(stage_locked(
                Stage::Readiness,
                words("readiness is declared already", "gotowość jest już zgłoszona"),
            ));
        }
        let missing = self.missing(gate.demanded);
        if !missing.is_empty() {
            violations.push(
                Violation::new(ErrorReason::ReadinessConditions)
                    .asked(keys("not confirmed", "niepotwierdzone", &names(missing)))
                    .allowed(words(
                        "once each is confirmed with a note or evidence",
                        "gdy każdy będzie potwierdzony notatką lub dowodem",
                    )),
            );
        }
        Refusal::unless_empty(violations)?;
        let event = ReadinessEvent::Declared { occurred_at: declared.occurred_at };
        self.declaration = Declaration::Declared(declared);
        self.declarable_from = step_before;
        Ok(vec![event])
    }

    /// SOFTVIG corrects when readiness was declared, and says why. `step_after`: when the first audit that
    /// rests on it began.
    pub fn correct(
        &mut self,
        occurred_at: Timestamp,
        step_after: Option<Timestamp>,
        reason: &str,
        by: &Actor,
        now: Timestamp,
    ) -> Result<Vec<ReadinessEvent>, Refusal> {
        let corrected = Fact::new(by, Some(occurred_at), now);
        let mut violations = Vec::from_iter(by_softvig(by));
        violations.extend(text::note("reason", reason));
        let Declaration::Declared(declared) = &mut self.declaration else {
            return Err(refuse(violations, undeclared()));
        };
        violations
            .extend(corrected.outside(self.declarable_from, step_after.unwrap_or(corrected.recorded_at)));
        Refusal::unless_empty(violations)?;
        let (was, occurred_at) = (declared.occurred_at, corrected.occurred_at);
        *declared = corrected;
        let reason = reason.trim().to_owned();
        Ok(vec![ReadinessEvent::Corrected { was, occurred_at, reason }])
    }

    /// SOFTVIG withdraws the declaration; the confirmations stay.
    pub fn withdraw(
        &mut self,
        reason: &str,
        by: &Actor,
        now: Timestamp,
    ) -> Result<Vec<ReadinessEvent>, Refusal> {
        let mut violations = Vec::from_iter(by_softvig(by));
        violations.extend(text::note("reason", reason));
        if self.declared().is_none() {
            violations.push(undeclared());
        }
        Refusal::unless_empty(violations)?;
        Ok(self.undo_declaration(reason, by, now))
    }

    /// `VARIANT_FROZEN`: another variant demands other things. Clears the confirmations and withdraws the
    /// declaration; whether the change is allowed has been judged.
    pub fn variant_changed(&mut self, reason: &str, by: &Actor, now: Timestamp) -> Vec<ReadinessEvent> {
        let mut events = self.undo_declaration(reason, by, now);
        if !self.confirmations.is_empty() {
            self.confirmations.clear();
            events.push(ReadinessEvent::ConfirmationsCleared);
        }
        events
    }

    fn undo_declaration(&mut self, reason: &str, by: &Actor, now: Timestamp) -> Vec<ReadinessEvent> {
        let Declaration::Declared(declared) = &self.declaration else {
            return Vec::new();
        };
        let reason = reason.trim().to_owned();
        self.declaration = Declaration::Withdrawn {
            declared: declared.clone(),
            withdrawn: Fact::new(by, None, now),
            reason: reason.clone(),
        };
        vec![ReadinessEvent::Withdrawn { reason }]
    }

    /// A declaration cannot lie before what it rests on, or a new buffer could be counted from the past.
    fn step_before_declaration(&self, gate: &DeclareGate<'_>) -> Option<Timestamp> {
        let confirmed = self.confirmations.values().map(|c| c.confirmed.occurred_at);
        let withdrawn = match &self.declaration {
            Declaration::Withdrawn { withdrawn, .. } => Some(withdrawn.occurred_at),
            _ => None,
        };
        confirmed.chain(withdrawn).chain(gate.unlocked_at).max()
    }
}

fn locked(gate: &DeclareGate<'_>) -> Option<Violation> {
    gate.unlocked_at.is_none().then(|| {
        stage_locked(
            Stage::Readiness,
            words("once contracting is done", "gdy kontraktowanie będzie zakończone"),
        )
    })
}

fn undeclared() -> Violation {
    stage_locked(Stage::Readiness, words("once readiness is declared", "gdy gotowość będzie zgłoszona"))
}

fn names<'a>(conditions: impl IntoIterator<Item = &'a Condition>) -> String {
    conditions.into_iter().map(Condition::to_string).collect::<Vec<_>>().join(", ")
}
