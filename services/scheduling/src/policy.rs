//! The policy: the numbers of the process, read from data.

use crate::data::DataError;
use crate::project::DatePolicy;

const FILE: &str = "policy.toml";
const SHIPPED: &str = include_str!("../data/policy.toml");

/// The policy built into the program.
pub fn shipped() -> DatePolicy {
    with("").expect("the embedded policy is valid")
}

/// The shipped policy with the values that an operator's file gives. Errors: an unknown name, a value
/// of the wrong kind, or values that contradict each other.
pub fn with(toml: &str) -> Result<DatePolicy, DataError> {
    let mut table: toml::Table = toml::from_str(SHIPPED).map_err(|e| DataError::new(FILE, e))?;
    table.extend(toml::from_str::<toml::Table>(toml).map_err(|e| DataError::new(FILE, e))?);
    let policy: DatePolicy = table.try_into().map_err(|e| DataError::new(FILE, e))?;
    if policy.audit_2_from_days > policy.audit_2_to_days {
        return Err(DataError::new(FILE, "audit_2_from_days is after audit_2_to_days"));
    }
    if policy.audit_hours.start() >= policy.audit_hours.end() {
        return Err(DataError::new(FILE, "audit_hours go over midnight"));
    }
    if policy.free_window_search_days == 0 {
        return Err(DataError::new(FILE, "free_window_search_days is 0"));
    }
    Ok(policy)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[test]
    fn the_shipped_numbers_are_those_of_the_domain() {
        let policy = shipped();
        assert_eq!(policy.readiness_buffer_days, 14);
        assert_eq!(policy.audit_1_buffer_days, 28);
        assert_eq!((policy.audit_2_from_days, policy.audit_2_to_days), (2, 5));
        assert_eq!(policy.repeat_buffer_days, 1);
        assert_eq!(policy.audit_hours.to_string(), "08:00-16:00");
        assert_eq!(policy.slack_business_days, 2);
        assert_eq!(policy.start_margin_minutes, 60);
        assert_eq!(policy.free_window_search_days, 90);
        assert!(!policy.migration_on_holidays);
    }

    #[test]
    fn an_operators_file_replaces_single_values() {
        let policy = with("readiness_buffer_days = 21").expect("valid");
        assert_eq!(policy, DatePolicy { readiness_buffer_days: 21, ..shipped() });
    }

    #[rstest]
    #[case::unknown_name("readines_buffer_days = 21")]
    #[case::wrong_kind("readiness_buffer_days = \"two weeks\"")]
    #[case::negative("readiness_buffer_days = -1")]
    #[case::ends_before_it_begins("audit_2_from_days = 6")]
    #[case::over_midnight("audit_hours = \"22:00-06:00\"")]
    #[case::searches_nothing("free_window_search_days = 0")]
    fn a_mistake_in_an_operators_file_is_an_error(#[case] toml: &str) {
        assert!(with(toml).is_err());
    }
}
