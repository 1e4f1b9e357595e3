//! The commands, one function each: read the request, load, let the model judge, keep what came of it.

mod contracting;
mod dates;
mod ending;
mod integrations;
mod migration;
mod work;

/// Who may, as the contract says it.
mod roles {
    use platform::auth::Role::{self, Auditor, Crm, Decision, Operator, Technical};

    pub const CRM: &[Role] = &[Crm];
    pub const CRM_OR_OPERATOR: &[Role] = &[Crm, Operator];
    pub const OPERATOR: &[Role] = &[Operator];
    pub const SOFTVIG: &[Role] = &[Auditor, Crm, Operator];
    pub const CONTACTS: &[Role] = &[Technical, Decision];
    pub const DECISION: &[Role] = &[Decision];
    pub const DECISION_OR_SOFTVIG: &[Role] = &[Decision, Crm, Operator];
    pub const TECHNICAL_OR_SOFTVIG: &[Role] = &[Technical, Crm, Operator];
    pub const CONTACTS_OR_SOFTVIG: &[Role] = &[Technical, Decision, Crm, Operator];
}
