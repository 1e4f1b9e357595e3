use calendar::{Calendar, Interval, Obstacle, WorkingHours, check_window, free_windows, longest_gap, warsaw};
use jiff::SignedDuration;
use rstest::rstest;

use crate::{at, between, day, dealership};

fn hours(n: i64) -> SignedDuration {
    SignedDuration::from_hours(n)
}

fn free(avoid_holidays: bool, within: Interval, at_least: i64) -> Vec<Interval> {
    free_windows(&dealership(), &Calendar::poland(), avoid_holidays, within, hours(at_least), &warsaw())
}

#[test]
fn outside_working_hours_evenings_nights_and_the_weekend_are_free() {
    assert_eq!(
        free(true, between("2026-11-26T12:00", "2026-11-30T12:00"), 12),
        [
            between("2026-11-26T17:00", "2026-11-27T08:00"),
            between("2026-11-27T17:00", "2026-11-28T09:00"),
            between("2026-11-28T14:00", "2026-11-30T08:00"),
        ]
    );
    let long = free(true, between("2026-11-26T12:00", "2026-11-30T12:00"), 16);
    assert_eq!(long.len(), 2, "15 hours are too short");
}

#[test]
fn outside_working_hours_a_statutory_holiday_is_cut_out_but_for_a_sunday() {
    let closed_over_christmas =
        dealership().closed_on(day("2026-12-24")).closed_on(day("2026-12-25")).closed_on(day("2026-12-26"));
    let within = between("2026-12-23T12:00", "2026-12-28T12:00");
    let find =
        |avoid| free_windows(&closed_over_christmas, &Calendar::poland(), avoid, within, hours(1), &warsaw());
    assert_eq!(
        find(true),
        [between("2026-12-23T17:00", "2026-12-24T00:00"), between("2026-12-27T00:00", "2026-12-28T08:00")]
    );
    assert_eq!(
        find(false),
        [between("2026-12-23T17:00", "2026-12-28T08:00")],
        "where the policy allows holidays"
    );

    let easter = free(true, between("2027-03-27T14:00", "2027-03-30T08:00"), 1);
    assert_eq!(
        easter,
        [between("2027-03-27T14:00", "2027-03-29T00:00"), between("2027-03-30T00:00", "2027-03-30T08:00")],
        "Easter Sunday is a Sunday, Easter Monday is cut out"
    );
    assert_eq!(easter[0].elapsed(), hours(33), "the clock change takes an hour");
}

#[rstest]
#[case::spring("2027-03-27T22:00", "2027-03-28T06:00", 7)]
#[case::autumn("2027-10-30T22:00", "2027-10-31T06:00", 9)]
fn outside_working_hours_length_is_elapsed_time(#[case] start: &str, #[case] end: &str, #[case] length: i64) {
    let night = between(start, end);
    assert_eq!(free(true, night, length), [night]);
    assert_eq!(free(true, night, length + 1), []);
}

#[test]
fn no_free_window_names_the_longest_gap() {
    let within = between("2026-11-23T12:00", "2026-12-01T12:00");
    let gap = |hours: &WorkingHours| longest_gap(hours, &Calendar::poland(), true, within, &warsaw());
    assert_eq!(gap(&dealership()), Some(between("2026-11-28T14:00", "2026-11-30T08:00")));
    assert_eq!(gap(&WorkingHours::around_the_clock()), None);
    assert_eq!(
        gap(&WorkingHours::around_the_clock().closed_on(day("2026-11-29"))),
        Some(between("2026-11-29T00:00", "2026-11-30T00:00")),
        "a dated closure opens a day"
    );
    let two_nights = between("2026-11-23T17:00", "2026-11-25T08:00");
    assert_eq!(
        longest_gap(&dealership(), &Calendar::poland(), true, two_nights, &warsaw()),
        Some(between("2026-11-23T17:00", "2026-11-24T08:00")),
        "of equal gaps the first"
    );
}

#[test]
fn outside_working_hours_a_refusal_says_what_is_overlapped() {
    let window = between("2026-12-23T16:00", "2026-12-28T08:00");
    let obstacles = check_window(&dealership(), &Calendar::poland(), true, window, &warsaw());
    let said: Vec<String> = obstacles
        .iter()
        .map(|obstacle| match obstacle {
            Obstacle::WorkingHours(open) => format!("{} {}", open.day, open.hours),
            Obstacle::Holiday { day, name, .. } => format!("{day} {}", name.en),
        })
        .collect();
    assert_eq!(
        said,
        [
            "2026-12-23 08:00-17:00",
            "2026-12-24 Christmas Eve",
            "2026-12-24 08:00-17:00",
            "2026-12-25 Christmas Day",
            "2026-12-25 08:00-17:00",
            "2026-12-26 Second Day of Christmas",
            "2026-12-26 09:00-14:00",
        ]
    );
    assert_eq!(obstacles[0].interval().start, at("2026-12-23T08:00"), "the whole of it");
    let weekend = between("2026-11-28T14:00", "2026-11-30T08:00");
    assert_eq!(check_window(&dealership(), &Calendar::poland(), true, weekend, &warsaw()), []);
}
