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
    pub const AUDITOR_OR_OPERATOR: &[Role] = &[Auditor, Operator];
    pub const CONTACTS: &[Role] = &[Technical, Decision];
    pub const DECISION: &[Role] = &[Decision];
    pub const DECISION_OR_SOFTVIG: &[Role] = &[Decision, Crm, Operator];
    pub const TECHNICAL_OR_OPERATOR: &[Role] = &[Technical, Operator];
    pub const CONTACTS_OR_SOFTVIG: &[Role] = &[Technical, Decision, Crm, Operator];
}
