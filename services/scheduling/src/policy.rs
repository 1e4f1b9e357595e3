//! The numbers of the process, as data.

use calendar::Hours;
use serde::{Deserialize, Serialize};

use crate::data::DataError;

const FILE: &str = "policy.toml";
const SHIPPED: &str = include_str!("../data/policy.toml");

/// Every number that a rule of the process takes; see `data/policy.toml`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// `READINESS_BUFFER`: calendar days from the contract day to the agreed readiness day.
    pub readiness_buffer_days: u16,
    /// `AUDIT1_BUFFER`: calendar days from the declaration to audit 1.
    pub audit_1_buffer_days: u16,
    /// `AUDIT2_BUFFER`: first calendar day after audit 1 passed.
    pub audit_2_from_days: u16,
    /// `AUDIT2_BUFFER`: last calendar day after audit 1 passed.
    pub audit_2_to_days: u16,
    /// `REPEAT_BUFFER`: calendar days from a failed audit to the next.
    pub repeat_buffer_days: u16,
    /// `AUDIT_ON_BUSINESS_DAY`: SOFTVIG's working hours, in local time.
    pub audit_hours: Hours,
    /// Business days by which suggested dates stay clear of the earliest possible.
    pub suggestion_slack_days: u16,
    /// `NO_FREE_WINDOW`: calendar days that are searched for a migration window.
    pub window_search_days: u16,
    /// `OUTSIDE_WORKING_HOURS`: whether a window may lie on a statutory holiday other than a Sunday.
    pub migration_on_holidays: bool,
}

impl Policy {
    /// The policy built into the program.
    pub fn shipped() -> Self {
        Self::read(SHIPPED, "").expect("the embedded policy is valid")
    }

    /// The shipped policy with the values that an operator's file gives. Errors: an unknown name, a
    /// value of the wrong kind, or values that contradict each other.
    pub fn with(toml: &str) -> Result<Self, DataError> {
        Self::read(SHIPPED, toml)
    }

    fn read(base: &str, changes: &str) -> Result<Self, DataError> {
        let mut table: toml::Table = toml::from_str(base).map_err(|e| DataError::new(FILE, e))?;
        table.extend(toml::from_str::<toml::Table>(changes).map_err(|e| DataError::new(FILE, e))?);
        let policy: Self = table.try_into().map_err(|e| DataError::new(FILE, e))?;
        if policy.audit_2_from_days > policy.audit_2_to_days {
            return Err(DataError::new(FILE, "audit_2_from_days is after audit_2_to_days"));
        }
        if policy.audit_hours.start() >= policy.audit_hours.end() {
            return Err(DataError::new(FILE, "audit_hours go over midnight"));
        }
        if policy.window_search_days == 0 {
            return Err(DataError::new(FILE, "window_search_days is 0"));
        }
        Ok(policy)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[test]
    fn the_shipped_numbers_are_those_of_the_domain() {
        let policy = Policy::shipped();
        assert_eq!(policy.readiness_buffer_days, 14);
        assert_eq!(policy.audit_1_buffer_days, 28);
        assert_eq!((policy.audit_2_from_days, policy.audit_2_to_days), (2, 5));
        assert_eq!(policy.repeat_buffer_days, 1);
        assert_eq!(policy.audit_hours.to_string(), "08:00-16:00");
        assert_eq!(policy.suggestion_slack_days, 2);
        assert_eq!(policy.window_search_days, 90);
        assert!(!policy.migration_on_holidays);
    }

    #[test]
    fn an_operators_file_replaces_single_values() {
        let policy = Policy::with("readiness_buffer_days = 21").expect("valid");
        assert_eq!(policy, Policy { readiness_buffer_days: 21, ..Policy::shipped() });
    }

    #[rstest]
    #[case::unknown_name("readines_buffer_days = 21")]
    #[case::wrong_kind("readiness_buffer_days = \"two weeks\"")]
    #[case::negative("readiness_buffer_days = -1")]
    #[case::ends_before_it_begins("audit_2_from_days = 6")]
    #[case::over_midnight("audit_hours = \"22:00-06:00\"")]
    #[case::searches_nothing("window_search_days = 0")]
    fn a_mistake_in_an_operators_file_is_an_error(#[case] toml: &str) {
        assert!(Policy::with(toml).is_err());
    }
}
