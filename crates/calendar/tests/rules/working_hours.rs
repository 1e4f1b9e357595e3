use calendar::{Hours, WorkingHours, day_bounds, warsaw};
use jiff::civil::Weekday::{self, *};
use rstest::rstest;

use crate::{at, between, day, dealership};

fn written(hours: &[Hours]) -> Vec<String> {
    hours.iter().map(Hours::to_string).collect()
}

#[rstest]
#[case::one(&["08:00-17:00"], &["08:00-17:00"])]
#[case::several_in_any_order(&["13:00-17:00", "08:00-12:00"], &["08:00-12:00", "13:00-17:00"])]
#[case::touching_are_joined(&["08:00-12:00", "12:00-17:00"], &["08:00-17:00"])]
#[case::to_the_end_of_the_day(&["18:00-24:00"], &["18:00-24:00"])]
#[case::midnight_as_end(&["18:00-00:00"], &["18:00-24:00"])]
#[case::whole_day(&["00:00-24:00"], &["00:00-24:00"])]
fn hours_of_a_weekday(#[case] texts: &[&str], #[case] expected: &[&str]) {
    let weekly: Vec<_> = texts.iter().map(|text| (Monday, *text)).collect();
    let hours = WorkingHours::parse(&weekly, &[]).expect("valid hours");
    assert_eq!(written(hours.regular(Monday)), expected);
    assert!(hours.regular(Tuesday).is_empty());
}

#[rstest]
#[case::no_time("8-17", "\"8\" is not a time of day like 08:00")]
#[case::no_pair("08:00", "\"08:00\" is not a pair of times like 08:00-17:00")]
#[case::hour_25("08:00-25:00", "\"25:00\" is not a time of day like 08:00")]
#[case::minute_60("08:60-12:00", "\"08:60\" is not a time of day like 08:00")]
#[case::past_the_end("08:00-24:01", "\"24:01\" is not a time of day like 08:00")]
#[case::empty("08:00-08:00", "\"08:00-08:00\" is empty; the whole day is 00:00-24:00")]
#[case::from_24("24:00-08:00", "\"24:00-08:00\" is empty; the whole day is 00:00-24:00")]
#[case::overlap("16:00-18:00", "08:00-17:00 overlaps 16:00-18:00")]
fn wrong_hours_are_refused_naming_the_weekday(#[case] text: &str, #[case] problem: &str) {
    let error = WorkingHours::parse(&[(Friday, "08:00-17:00"), (Friday, text)], &[]).expect_err(text);
    assert_eq!(error.to_string(), format!("friday: {problem}"));
}

#[test]
fn all_problems_are_named_at_once() {
    let date = day("2026-12-31");
    let error = WorkingHours::parse(&[(Monday, "x"), (Sunday, "9")], &[(date, &["y"]), (date, &[])])
        .expect_err("wrong on three days");
    let days: Vec<_> = error.0.iter().map(|p| p.day.as_str()).collect();
    assert_eq!(days, ["monday", "sunday", "2026-12-31", "2026-12-31"]);
}

#[test]
fn hours_over_midnight_belong_to_the_next_day() {
    let hours = WorkingHours::parse(
        &[
            (Friday, "22:00-06:00"),
            (Saturday, "05:00-09:00"),
            (Sunday, "22:00-02:00"),
            (Monday, "08:00-16:00"),
        ],
        &[(day("2026-12-31"), &["20:00-03:00"])],
    )
    .expect("valid hours");
    assert_eq!(written(hours.regular(Friday)), ["22:00-24:00"]);
    assert_eq!(written(hours.regular(Saturday)), ["00:00-09:00"]);
    assert_eq!(written(hours.regular(Monday)), ["00:00-02:00", "08:00-16:00"], "Sunday wraps to Monday");
    assert_eq!(written(hours.on(day("2026-12-31"))), ["20:00-24:00"]);
    assert_eq!(written(hours.on(day("2027-01-01"))), ["00:00-03:00", "22:00-24:00"], "a Friday's hours stay");
    assert!(
        hours.closed_on(day("2026-11-28")).on(day("2026-11-28")).is_empty(),
        "what came over midnight too"
    );
}

#[test]
fn an_exception_replaces_the_hours_of_its_day() {
    let hours = WorkingHours::parse(
        &[(Thursday, "08:00-17:00")],
        &[
            (day("2026-12-24"), &[]),
            (day("2026-12-31"), &["08:00-12:00"]),
            (day("2026-11-29"), &["10:00-14:00"]),
        ],
    )
    .expect("valid hours");
    assert!(hours.on(day("2026-12-24")).is_empty());
    assert_eq!(written(hours.on(day("2026-12-31"))), ["08:00-12:00"]);
    assert_eq!(written(hours.on(day("2026-11-29"))), ["10:00-14:00"], "a trading Sunday");
    assert_eq!(written(hours.on(day("2026-11-26"))), ["08:00-17:00"]);
}

#[test]
fn several_sites_are_open_when_one_of_them_is() {
    let workshop = WorkingHours::parse(
        &[(Monday, "06:00-09:00"), (Monday, "18:00-22:00"), (Sunday, "10:00-12:00")],
        &[(day("2026-11-30"), &[])],
    )
    .expect("valid hours");
    let union = WorkingHours::union(&[dealership(), workshop]);
    assert_eq!(written(union.regular(Monday)), ["06:00-17:00", "18:00-22:00"]);
    assert_eq!(written(union.regular(Sunday)), ["10:00-12:00"]);
    assert_eq!(
        written(union.on(day("2026-11-30"))),
        ["08:00-17:00"],
        "one closed site does not close the other"
    );
    assert_eq!(WorkingHours::union(&[]), WorkingHours::always_closed());
}

#[test]
fn open_intervals_are_clipped_and_joined() {
    let hours = dealership();
    let open = hours.open_intervals(at("2026-11-27T12:00"), at("2026-11-30T09:00"), &warsaw());
    assert_eq!(
        open,
        [
            between("2026-11-27T12:00", "2026-11-27T17:00"),
            between("2026-11-28T09:00", "2026-11-28T14:00"),
            between("2026-11-30T08:00", "2026-11-30T09:00"),
        ]
    );
    let all = WorkingHours::around_the_clock();
    let (first, last) = (day_bounds(day("2027-03-27")), day_bounds(day("2027-03-29")));
    assert_eq!(all.open_intervals(first.start, last.end, &warsaw()).len(), 1, "days join at midnight");
    assert!(WorkingHours::always_closed().open_intervals(first.start, last.end, &warsaw()).is_empty());
}

#[rstest]
#[case::ends_when_it_opens("2026-11-23T06:00", "2026-11-23T08:00", false)]
#[case::a_minute_too_late("2026-11-23T06:00", "2026-11-23T08:01", true)]
#[case::starts_when_it_closes("2026-11-23T17:00", "2026-11-23T22:00", false)]
#[case::a_minute_too_early("2026-11-23T16:59", "2026-11-23T22:00", true)]
#[case::inside("2026-11-23T10:00", "2026-11-23T11:00", true)]
#[case::around("2026-11-23T07:00", "2026-11-23T18:00", true)]
fn intervals_are_half_open(#[case] start: &str, #[case] end: &str, #[case] open: bool) {
    assert_eq!(dealership().is_open_during(between(start, end), &warsaw()), open);
}

#[test]
fn hours_are_written_so_that_people_can_read_them() {
    let hours =
        WorkingHours::parse(&[(Monday, "08:00-12:00"), (Monday, "13:00-24:00")], &[(day("2026-12-31"), &[])])
            .expect("valid hours");
    let json = serde_json::to_value(&hours).expect("serialisable");
    assert_eq!(json["weekly"]["monday"], serde_json::json!(["08:00-12:00", "13:00-24:00"]));
    assert_eq!(json["exceptions"], serde_json::json!({"2026-12-31": []}));
    assert_eq!(serde_json::from_value::<WorkingHours>(json).expect("readable"), hours);

    let short: WorkingHours =
        serde_json::from_str(r#"{"weekly": {"friday": ["08:00-17:00"]}}"#).expect("days may be left out");
    assert_eq!(written(short.regular(Friday)), ["08:00-17:00"]);
    for wrong in [r#"{"weekly": {"freitag": []}}"#, r#"{"weekly": {"friday": ["17"]}}"#, r#"{"hours": {}}"#] {
        assert!(serde_json::from_str::<WorkingHours>(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn always_and_never() {
    for weekday in Weekday::Monday.cycle_forward().take(7) {
        assert_eq!(written(WorkingHours::around_the_clock().regular(weekday)), ["00:00-24:00"]);
        assert!(WorkingHours::always_closed().regular(weekday).is_empty());
    }
}
