//! What several commands check alike.

use platform::{
    actor::{Actor, SoftvigRole},
    auth::Role::{self, Crm, Decision, Operator, Technical},
};
use proto::{
    common::v1::ErrorReason,
    refusal::{Refusal, Violation, words},
};

use super::{Licences, Phase};

impl Licences {
    /// `PROJECT_CLOSED`.
    pub(super) fn check_open(&self) -> Result<(), Refusal> {
        match self.phase {
            Phase::Open => Ok(()),
            Phase::Completed | Phase::Cancelled => Err(Violation::new(ErrorReason::ProjectClosed).into()),
        }
    }
}

/// `INVALID_ARGUMENT` for a licence that is not as far as the command needs it.
pub(super) fn wrong_demand(demand: &str, en: &str, pl: &str) -> Violation {
    Violation::new(ErrorReason::InvalidArgument).field("demand").asked(demand).allowed(words(en, pl))
}

/// `PERMISSION_DENIED` unless a decision contact asks.
pub(super) fn decision(actor: &Actor) -> Result<(), Refusal> {
    permit(actor.decides(), &[Decision])
}

/// `PERMISSION_DENIED` unless SOFTVIG asks, other than as auditor.
pub(super) fn softvig(actor: &Actor) -> Result<(), Refusal> {
    permit(runs_projects(actor), &[Crm, Operator])
}

/// `PERMISSION_DENIED` unless a decision contact or SOFTVIG asks.
pub(super) fn decision_or_softvig(actor: &Actor) -> Result<(), Refusal> {
    permit(actor.decides() || runs_projects(actor), &[Decision, Crm, Operator])
}

/// `PERMISSION_DENIED` unless a contact with a role or SOFTVIG asks.
pub(super) fn contact_or_softvig(actor: &Actor) -> Result<(), Refusal> {
    let contact = actor.decides() || actor.is_technical();
    permit(contact || runs_projects(actor), &[Technical, Decision, Crm, Operator])
}

fn runs_projects(actor: &Actor) -> bool {
    matches!(actor, Actor::Softvig { role: SoftvigRole::Crm | SoftvigRole::Operator, .. })
}

fn permit(may: bool, roles: &[Role]) -> Result<(), Refusal> {
    if may {
        return Ok(());
    }
    Err(Violation::new(ErrorReason::PermissionDenied).allowed(Role::any_of(roles)).into())
}
