use calendar::{Interval, LocalTimeError, WorkingHours, day_bounds, local_day, resolve_local, warsaw};
use jiff::SignedDuration;
use jiff::civil::{DateTime, Weekday};
use jiff::tz::{Offset, offset};
use rstest::rstest;

use crate::{at, between, day};

const WINTER: Offset = offset(1);
const SUMMER: Offset = offset(2);

#[rstest]
#[case::march_2026("2026-03-28T22:00", "2026-03-29T06:00", 7)]
#[case::october_2026("2026-10-24T22:00", "2026-10-25T06:00", 9)]
#[case::march_2027_which_is_easter_sunday("2027-03-27T22:00", "2027-03-28T06:00", 7)]
#[case::october_2027("2027-10-30T22:00", "2027-10-31T06:00", 9)]
#[case::march_2028("2028-03-25T22:00", "2028-03-26T06:00", 7)]
#[case::october_2028("2028-10-28T22:00", "2028-10-29T06:00", 9)]
#[case::any_other_night("2027-01-15T22:00", "2027-01-16T06:00", 8)]
fn a_night_lasts_as_long_as_it_elapses(#[case] start: &str, #[case] end: &str, #[case] hours: i64) {
    assert_eq!(between(start, end).elapsed(), SignedDuration::from_hours(hours));
}

#[rstest]
#[case::spring("2027-03-28", 23)]
#[case::autumn("2027-10-31", 25)]
#[case::other("2027-05-05", 24)]
fn a_day_goes_from_midnight_to_midnight(#[case] date: &str, #[case] hours: i64) {
    let bounds = day_bounds(day(date));
    assert_eq!(bounds.elapsed(), SignedDuration::from_hours(hours));
    assert_eq!(local_day(bounds.start), day(date));
    assert_eq!(local_day(bounds.end), day(date).tomorrow().expect("in range"));
}

fn resolve(local: &str, offset: Option<Offset>) -> Result<String, LocalTimeError> {
    let local: DateTime = local.parse().expect(local);
    resolve_local(local, offset, &warsaw()).map(|instant| instant.to_string())
}

fn local(s: &str) -> DateTime {
    s.parse().expect(s)
}

#[test]
fn a_time_that_happens_once_needs_no_offset_and_accepts_the_right_one() {
    assert_eq!(resolve("2027-01-15T22:00", None), Ok("2027-01-15T21:00:00Z".into()));
    assert_eq!(resolve("2027-01-15T22:00", Some(WINTER)), Ok("2027-01-15T21:00:00Z".into()));
    assert_eq!(resolve("2027-03-28T01:59", None), Ok("2027-03-28T00:59:00Z".into()));
    assert_eq!(resolve("2027-03-28T03:00", None), Ok("2027-03-28T01:00:00Z".into()));
}

#[rstest]
#[case("2027-03-28T02:00", None)]
#[case("2027-03-28T02:30", None)]
#[case("2027-03-28T02:59:59", Some(SUMMER))]
fn a_skipped_time_is_refused_with_the_next_one(#[case] skipped: &str, #[case] offset: Option<Offset>) {
    let next_valid = local("2027-03-28T03:00");
    assert_eq!(resolve(skipped, offset), Err(LocalTimeError::Skipped { asked: local(skipped), next_valid }));
}

#[test]
fn a_time_that_happens_twice_needs_its_offset() {
    let twice = "2027-10-31T02:30";
    let asked = local(twice);
    let error = LocalTimeError::AmbiguousNeedsOffset { asked, first: SUMMER, second: WINTER };
    assert_eq!(error.to_string(), "2027-10-31T02:30:00 happens twice: give its offset, +02:00 or +01:00");
    assert_eq!(resolve(twice, None), Err(error));
    assert_eq!(resolve(twice, Some(SUMMER)), Ok("2027-10-31T00:30:00Z".into()));
    assert_eq!(resolve(twice, Some(WINTER)), Ok("2027-10-31T01:30:00Z".into()));
}

#[test]
fn a_wrong_offset_is_refused() {
    let (asked, given) = (local("2027-07-01T10:00"), WINTER);
    let wrong = LocalTimeError::OffsetWrong { asked, given, first: SUMMER, second: None };
    assert_eq!(resolve("2027-07-01T10:00", Some(WINTER)), Err(wrong));
    let utc = resolve("2027-10-31T02:30", Some(Offset::UTC)).expect_err("not an offset of Poland");
    assert_eq!(utc.to_string(), "2027-10-31T02:30:00 does not have the offset +00:00 but +02:00 or +01:00");
}

#[test]
fn the_end_of_time_is_out_of_range() {
    assert!(matches!(resolve("9999-12-31T23:59", None), Err(LocalTimeError::OutOfRange { .. })));
}

#[test]
fn open_hours_follow_the_wall_clock_over_both_changes() {
    let hours =
        WorkingHours::parse(&[(Weekday::Sunday, "01:00-02:30"), (Weekday::Sunday, "04:00-05:00")], &[])
            .expect("valid hours");
    let open = |date: &str| {
        let bounds = day_bounds(day(date));
        hours.open_intervals(bounds.start, bounds.end, &warsaw())
    };
    let utc = |start: &str, end: &str| {
        Interval::new(start.parse().expect("an instant"), end.parse().expect("an instant"))
    };
    assert_eq!(
        open("2027-03-28"),
        [
            utc("2027-03-28T00:00:00Z", "2027-03-28T01:00:00Z"),
            between("2027-03-28T04:00", "2027-03-28T05:00")
        ],
        "half of the hour from 02:00 does not exist"
    );
    assert_eq!(
        open("2027-10-31"),
        [
            utc("2027-10-30T23:00:00Z", "2027-10-31T00:30:00Z"),
            utc("2027-10-31T01:00:00Z", "2027-10-31T01:30:00Z"),
            between("2027-10-31T04:00", "2027-10-31T05:00"),
        ],
        "02:00 to 02:30 happens twice"
    );
    assert_eq!(at("2027-10-31T04:00").to_string(), "2027-10-31T03:00:00Z");
}
