//! The audit service: checklists, audits, measured values, findings and corrections.

pub mod audit;
pub mod checklist;
