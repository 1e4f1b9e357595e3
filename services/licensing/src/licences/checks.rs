//! What several commands check alike.

use jiff::Timestamp;
use platform::actor::{Actor, SoftvigRole};
use proto::{
    common::v1::ErrorReason,
    refusal::{Refusal, Violation, words},
};

use super::{Fact, Licences, Phase};

/// Longest note or reason, in characters.
const LONGEST_NOTE: usize = 2000;

impl Licences {
    /// `PROJECT_CLOSED`.
    pub(super) fn check_open(&self) -> Result<(), Refusal> {
        match self.phase {
            Phase::Open => Ok(()),
            Phase::Completed | Phase::Cancelled => Err(Violation::new(ErrorReason::ProjectClosed).into()),
        }
    }
}

impl Fact {
    /// Recorded now; it happened now too.
    pub(super) fn now(by: &Actor, now: Timestamp) -> Self {
        Self { by: by.clone(), occurred_at: now, recorded_at: now }
    }
}

/// `OCCURRED_AT_INVALID`: in the future, or before `earliest`, the step before it.
pub(super) fn occurred_at(fact: &Fact, earliest: Timestamp) -> Option<Violation> {
    let range = earliest..=fact.recorded_at;
    (!range.contains(&fact.occurred_at)).then(|| {
        let latest = fact.recorded_at;
        Violation::new(ErrorReason::OccurredAtInvalid)
            .field("occurred_at")
            .asked(fact.occurred_at)
            .allowed(words(format!("{earliest} to {latest}"), format!("od {earliest} do {latest}")))
    })
}

/// `INVALID_ARGUMENT`: a note or reason is blank or too long.
pub(super) fn note(field: &str, text: &str) -> Option<Violation> {
    let length = text.chars().count();
    let wrong = text.trim().is_empty() || length > LONGEST_NOTE;
    wrong.then(|| {
        Violation::new(ErrorReason::InvalidArgument)
            .field(field)
            .asked(words(format!("{length} characters"), format!("{length} znaków")))
            .allowed(words(
                format!("1 to {LONGEST_NOTE} characters, not only blanks"),
                format!("od 1 do {LONGEST_NOTE} znaków, nie same odstępy"),
            ))
    })
}

/// `PERMISSION_DENIED` unless a decision contact asks.
pub(super) fn decision(actor: &Actor) -> Result<(), Refusal> {
    permit(actor.decides(), "decision")
}

/// `PERMISSION_DENIED` unless SOFTVIG asks, other than as auditor.
pub(super) fn softvig(actor: &Actor) -> Result<(), Refusal> {
    permit(runs_projects(actor), "crm, operator")
}

/// `PERMISSION_DENIED` unless a decision contact or SOFTVIG asks.
pub(super) fn decision_or_softvig(actor: &Actor) -> Result<(), Refusal> {
    permit(actor.decides() || runs_projects(actor), "decision, crm, operator")
}

/// `PERMISSION_DENIED` unless a contact with a role or SOFTVIG asks.
pub(super) fn contact_or_softvig(actor: &Actor) -> Result<(), Refusal> {
    let contact = actor.decides() || actor.is_technical();
    permit(contact || runs_projects(actor), "technical, decision, crm, operator")
}

fn runs_projects(actor: &Actor) -> bool {
    matches!(actor, Actor::Softvig { role: SoftvigRole::Crm | SoftvigRole::Operator, .. })
}

fn permit(may: bool, allowed: &str) -> Result<(), Refusal> {
    if may { Ok(()) } else { Err(Violation::new(ErrorReason::PermissionDenied).allowed(allowed).into()) }
}
