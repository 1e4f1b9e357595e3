//! The numbers by which dates are judged; copied into a date when it is agreed.

use calendar::Hours;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

/// The policy's numbers for the dates, with the defaults of the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatePolicy {
    /// Days from the contract day to the agreed readiness day.
    pub readiness_buffer_days: u16,
    /// Days from the declaration to audit 1.
    pub audit_1_buffer_days: u16,
    /// First and last day of the first audit 2, counted from the day audit 1 passed, both included.
    pub audit_2_from_days: u16,
    pub audit_2_to_days: u16,
    /// Days from a failed audit to its repetition.
    pub repeat_buffer_days: u16,
    /// SOFTVIG's working hours on a business day.
    pub audit_hours: Hours,
    /// Whether a migration window may lie on a statutory holiday.
    pub migration_on_holidays: bool,
    /// How many days are searched for a migration window before `NO_FREE_WINDOW`.
    pub free_window_search_days: u16,
    /// Business days that suggested dates leave, so that one late day does not break everything.
    pub slack_business_days: u16,
    /// By how much a suggested migration window is longer than the least length, where there is room.
    pub start_margin_minutes: u16,
}

impl Default for DatePolicy {
    /// The shipped numbers, `data/policy.toml`.
    fn default() -> Self {
        crate::policy::shipped()
    }
}

/// What the variant says about its migration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MigrationTerms {
    /// Days from the day audit 2 passed to the start of the window.
    pub buffer_days: u16,
    /// Elapsed hours from the first stop of a system to the finish.
    pub planned_hours: u16,
    /// Elapsed hours kept at the window's end for going back.
    pub reserve_hours: u16,
}

impl MigrationTerms {
    /// The least elapsed length of a window: planned duration and reserve.
    pub fn length(&self) -> SignedDuration {
        SignedDuration::from_hours(i64::from(self.planned_hours) + i64::from(self.reserve_hours))
    }
}

/// The terms of a date: those under which it was agreed stay its own, so that a later change of the
/// policy moves nobody's date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    pub policy: DatePolicy,
    /// None before a variant is chosen.
    pub migration: Option<MigrationTerms>,
}
