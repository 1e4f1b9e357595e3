//! Who calls.

use platform::{
    auth::Role,
    id::{CompanyId, ContactId},
};
use story::Dealership;
use uuid::Uuid;

/// Somebody who calls.
pub struct Caller {
    pub who: String,
    pub token: Option<String>,
    pub role: Option<Role>,
    /// Whether the things asked for are those of the caller's company; all are SOFTVIG's.
    pub own: bool,
    /// Whether the contact holds the token's role at present; SOFTVIG's people do.
    pub holds: bool,
}

/// Everybody: without a token, SOFTVIG's roles, the company's contacts, one with a token for more than it
/// is, one who has left, and contacts of another company and of one that there is not.
pub fn callers(d: &Dealership<'_>, other: &Dealership<'_>, gone: &str) -> Vec<Caller> {
    let nobody = Caller { who: "nobody".to_owned(), token: None, role: None, own: false, holds: false };
    let softvig = [Role::Crm, Role::Operator, Role::Auditor].map(|role| {
        let token = d.world.token(role, None).expect("signed");
        Caller { who: role.to_string(), token: Some(token), role: Some(role), own: true, holds: true }
    });
    let signed = |who: &str, role, ids, own| {
        let token = d.world.token(role, Some(ids)).expect("signed");
        Caller { who: who.to_owned(), token: Some(token), role: Some(role), own, holds: false }
    };
    let nowhere = (CompanyId::new(), ContactId::new());
    let less = [
        signed("technical with a token for decision", Role::Decision, ids(&d.technical.contact), true),
        signed("technical who has left", Role::Technical, ids(gone), true),
        signed("decision of no company that there is", Role::Decision, nowhere, false),
    ];
    let contacts = [(d, true), (other, false)].map(|(d, own)| {
        [(Role::Technical, &d.technical), (Role::Decision, &d.decision)].map(|(role, person)| {
            let who = format!("{role} of the {} company", if own { "own" } else { "other" });
            Caller { who, token: Some(person.token.clone()), role: Some(role), own, holds: true }
        })
    });
    [nobody].into_iter().chain(less).chain(softvig).chain(contacts.into_iter().flatten()).collect()
}

fn ids(contact: &str) -> (CompanyId, ContactId) {
    let mut parts = contact.split('/').skip(1).step_by(2);
    let mut id = || -> Uuid { parts.next().and_then(|id| id.parse().ok()).expect("a contact's name") };
    (id().into(), id().into())
}
