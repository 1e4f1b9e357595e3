use rstest::rstest;

use super::*;

#[rstest]
#[case::thirtieth_of_february(DateKind::Audit1, "2027-02-30", "a day that exists")]
#[case::not_a_day(DateKind::Readiness, "tomorrow", "a day that exists")]
#[case::day_with_zone(DateKind::Readiness, "2027-01-15T10:00[UTC]", "a day that exists")]
#[case::readiness_as_window(DateKind::Readiness, "2027-01-15T09:00/2027-01-15T10:00", "a day")]
#[case::migration_as_day(DateKind::Migration, "2027-01-15", "a window with start and end")]
#[case::march_night(DateKind::Migration, "2027-03-28T02:30/2027-03-28T20:00", "2027-03-28T03:00:00")]
#[case::october_night(DateKind::Migration, "2027-10-31T02:30/2027-10-31T20:00", "happens twice")]
#[case::wrong_offset(DateKind::Migration, "2027-01-16T18:00+02:00/2027-01-17T08:00", "+01")]
#[case::malformed_offset(DateKind::Migration, "2027-01-16T18:00+1/2027-01-17T08:00", "an offset like +01:00")]
#[case::utc(DateKind::Migration, "2027-01-16T18:00Z/2027-01-17T08:00", "without offset")]
#[case::ends_first(DateKind::Migration, "2027-01-16T18:00/2027-01-16T18:00", "an end after")]
#[case::audit_over_two_days(DateKind::Audit1, "2027-01-14T15:00/2027-01-15T09:00", "an end on 2027-01-14")]
fn date_invalid_is_named_with_what_would_be_read(
    #[case] kind: DateKind,
    #[case] text: &str,
    #[case] allowed: &str,
) {
    let violation = asked(text).read(kind).expect_err("refused");
    assert_eq!(violation.reason, ErrorReason::DateInvalid);
    assert_eq!(violation.field, kind.name());
    assert!(violation.allowed.contains(allowed), "{:?}", violation.allowed);
}

#[test]
fn date_invalid_names_a_foreign_zone() {
    let start =
        AskedTime { local: "2027-01-16T18:00".into(), zone: "Europe/Berlin".into(), offset: String::new() };
    let date = AskedDate::Window { end: start.clone(), start };
    assert_eq!(date.read(DateKind::Migration).expect_err("refused").allowed, "the zone Europe/Warsaw");
}

#[rstest]
#[case::summer_time("+02:00", "2027-10-31T00:30:00Z")]
#[case::winter_time("+01:00", "2027-10-31T01:30:00Z")]
fn an_hour_that_happens_twice_is_read_by_its_offset(#[case] offset: &str, #[case] resolved: &str) {
    let date = asked(&format!("2027-10-31T02:30{offset}/2027-10-31T20:00"));
    let read = date.read(DateKind::Migration).expect("a window");
    assert_eq!(read.window().expect("a window").start.at.to_string(), resolved);
}
