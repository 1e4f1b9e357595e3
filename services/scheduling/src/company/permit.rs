//! Who may change a company. Judged before anything else, so that a refusal tells nothing more.

use platform::actor::{Actor, SoftvigRole};
use platform::id::ContactId;
use proto::refusal::{Refusal, Words, words};

use crate::project::checks::denied;

/// SOFTVIG's CRM.
pub fn crm(actor: &Actor) -> Result<(), Refusal> {
    permit(is_crm(actor), words("the CRM", "CRM"))
}

/// SOFTVIG's CRM or operators.
pub fn crm_or_operator(actor: &Actor) -> Result<(), Refusal> {
    permit(is_crm_or_operator(actor), words("the CRM or an operator", "CRM albo operator"))
}

/// SOFTVIG's CRM or a decision contact.
pub fn crm_or_decision(actor: &Actor) -> Result<(), Refusal> {
    permit(
        is_crm(actor) || actor.decides(),
        words("the CRM or a decision contact", "CRM albo osoba decyzyjna"),
    )
}

/// SOFTVIG's CRM or operators, or a decision contact.
pub fn softvig_or_decision(actor: &Actor) -> Result<(), Refusal> {
    permit(
        is_crm_or_operator(actor) || actor.decides(),
        words("the CRM, an operator or a decision contact", "CRM, operator albo osoba decyzyjna"),
    )
}

/// SOFTVIG's CRM or operators, or a technical contact.
pub fn softvig_or_technical(actor: &Actor) -> Result<(), Refusal> {
    permit(
        is_crm_or_operator(actor) || actor.is_technical(),
        words("the CRM, an operator or a technical contact", "CRM, operator albo osoba techniczna"),
    )
}

/// SOFTVIG's CRM, a decision contact, or the contact that it is about.
pub fn crm_decision_or_self(actor: &Actor, id: ContactId) -> Result<(), Refusal> {
    let may = is_crm(actor) || actor.decides() || is_self(actor, id);
    permit(
        may,
        words("the CRM, a decision contact or the contact itself", "CRM, osoba decyzyjna albo sama ta osoba"),
    )
}

/// SOFTVIG's CRM, or the contact that it is about.
pub fn crm_or_self(actor: &Actor, id: ContactId) -> Result<(), Refusal> {
    permit(
        is_crm(actor) || is_self(actor, id),
        words("the CRM or the contact itself", "CRM albo sama ta osoba"),
    )
}

fn permit(may: bool, who: Words) -> Result<(), Refusal> {
    denied(may, who).map_or(Ok(()), |violation| Err(violation.into()))
}

fn is_crm(actor: &Actor) -> bool {
    matches!(actor, Actor::Softvig { role: SoftvigRole::Crm, .. })
}

fn is_crm_or_operator(actor: &Actor) -> bool {
    matches!(actor, Actor::Softvig { role: SoftvigRole::Crm | SoftvigRole::Operator, .. })
}

fn is_self(actor: &Actor, id: ContactId) -> bool {
    matches!(actor, Actor::Contact { id: own, .. } if *own == id)
}
