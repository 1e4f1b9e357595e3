//! Who may call an RPC, as the contract's comments say it: "Roles: decision (for the company), crm."

use crate::{
    auth::{Role, RoleSet},
    descriptor::CONTRACT,
};

const SOFTVIG: [Role; 3] = [Role::Crm, Role::Operator, Role::Auditor];
const CONTACTS: [Role; 2] = [Role::Technical, Role::Decision];

/// The roles of a comment as it words them; none where it names none.
pub(super) fn wording(comment: &str) -> Option<&str> {
    let (_, rest) = comment.split_once("Roles: ")?;
    rest.split_once('.').map(|(roles, _)| roles)
}

/// The roles whose holders may call `<service>.<rpc>` in some state of a project. "The contact" whom it
/// is about needs no role, and is in none.
///
/// # Panics
/// For an RPC that is not in the contract, or whose comment names no roles in this form.
pub fn who_may(method: &str) -> RoleSet {
    let comment = &CONTRACT.methods.get(method).unwrap_or_else(|| panic!("{method}: no such RPC")).comment;
    let wording = wording(comment).unwrap_or_else(|| panic!("{method} does not say who may"));
    let roles = wording.split(", ").map(|part| part.split(" (").next().unwrap_or_default());
    let of = |name: &str| match name {
        "all" => Role::ALL.to_vec(),
        "SOFTVIG" => SOFTVIG.to_vec(),
        "the company's contacts" => CONTACTS.to_vec(),
        "the contact" => Vec::new(),
        name => vec![name.parse().unwrap_or_else(|e| panic!("{method}: {e}"))],
    };
    roles.flat_map(of).collect()
}
