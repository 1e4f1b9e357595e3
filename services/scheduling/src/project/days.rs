//! What has happened, as far as the plan counts from it.

use jiff::civil::Date;

/// The days on which things really happened; from the facts' `occurred_at`, in local days.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Days {
    /// The day on which the contract was signed.
    pub contract_day: Option<Date>,
    /// Whether the contracting stage is done: from then on readiness can be declared on any day.
    pub contracted: bool,
    pub declared: Option<Date>,
    pub audit_1: AuditDays,
    pub audit_2: AuditDays,
    pub migration: Progress,
}

/// One of the two audits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditDays {
    pub passed: Option<Date>,
    /// The last failed attempt that counts.
    pub failed: Option<Date>,
    /// An attempt is open.
    pub in_progress: bool,
}

/// How far a stage with a date is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Progress {
    #[default]
    Ahead,
    InProgress,
    Over,
}

impl AuditDays {
    fn progress(&self) -> Progress {
        match self.passed {
            Some(_) => Progress::Over,
            None if self.in_progress => Progress::InProgress,
            None => Progress::Ahead,
        }
    }
}

impl Days {
    /// How far the stage of a date is.
    pub fn progress(&self, kind: super::DateKind) -> Progress {
        match kind {
            super::DateKind::Readiness if self.declared.is_some() => Progress::Over,
            super::DateKind::Readiness => Progress::Ahead,
            super::DateKind::Audit1 => self.audit_1.progress(),
            super::DateKind::Audit2 => self.audit_2.progress(),
            super::DateKind::Migration => self.migration,
        }
    }

    /// The audit of a date of an audit.
    pub fn audit(&self, kind: super::DateKind) -> Option<&AuditDays> {
        match kind {
            super::DateKind::Audit1 => Some(&self.audit_1),
            super::DateKind::Audit2 => Some(&self.audit_2),
            _ => None,
        }
    }
}
