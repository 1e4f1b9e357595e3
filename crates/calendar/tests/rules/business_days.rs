use std::collections::BTreeMap;

use calendar::{Calendar, DatedHoliday, parse_dated};
use jiff::civil::Date;
use rstest::rstest;

use crate::day;

/// Made by an independent source; see `make_holidays_pl.py` beside it.
const FIXTURE: &str = include_str!("../fixtures/holidays_pl.csv");

fn fixture() -> BTreeMap<Date, &'static str> {
    let rows = FIXTURE.lines().filter(|line| !line.starts_with('#')).skip(1);
    rows.map(|row| row.split_once(',').expect("two columns")).map(|(date, name)| (day(date), name)).collect()
}

#[test]
fn holidays_are_those_of_the_independent_source_on_each_day_of_2011_to_2040() {
    let (poland, expected) = (Calendar::poland(), fixture());
    assert_eq!(expected.len(), 30 * 13 + 16 + 1, "13 a year, 16 Christmas Eves, 2018-11-12");
    for date in day("2011-01-01").series(jiff::Span::new().days(1)).take_while(|d| d.year() <= 2040) {
        let name = poland.holiday_name(date).map(|holiday| holiday.pl.as_str());
        assert_eq!(name, expected.get(&date).copied(), "{date}");
    }
}

#[rstest]
#[case(2026, 253)]
#[case(2027, 253)]
#[case(2028, 251)]
fn business_days_of_a_year(#[case] year: i16, #[case] count: usize) {
    let range = Date::constant(year, 1, 1)..=Date::constant(year, 12, 31);
    assert_eq!(Calendar::poland().business_days(range).count(), count);
}

#[rstest]
#[case::christmas_eve_before_the_act("2024-12-24", true)]
#[case::christmas_eve_since_the_act("2025-12-24", false)]
#[case::second_of_may("2027-05-04", true)]
#[case::corpus_christi("2027-05-27", false)]
#[case::saturday("2026-11-28", false)]
#[case::sunday("2026-11-29", false)]
#[case::one_off_by_law("2018-11-12", false)]
fn is_business_day(#[case] date: &str, #[case] expected: bool) {
    assert_eq!(Calendar::poland().is_business_day(day(date)), expected);
}

#[rstest]
#[case::from_friday("2026-11-27", "2026-11-30")]
#[case::from_a_business_day_it_is_strictly_after("2026-11-23", "2026-11-24")]
#[case::over_christmas("2026-12-23", "2026-12-28")]
#[case::over_new_year_and_epiphany("2027-01-05", "2027-01-07")]
#[case::over_easter("2027-03-26", "2027-03-30")]
#[case::at_the_calendars_end("9999-12-31", "9999-12-31")]
fn next_business_day(#[case] from: &str, #[case] expected: &str) {
    assert_eq!(Calendar::poland().next_business_day(day(from)), day(expected));
}

#[rstest]
#[case::none_is_on_or_after("2026-11-28", 0, "2026-11-30")]
#[case::none_on_a_business_day("2026-11-27", 0, "2026-11-27")]
#[case::one_from_saturday_is_monday("2026-11-28", 1, "2026-11-30")]
#[case::slack_over_the_independence_day("2026-11-10", 2, "2026-11-13")]
fn add_business_days(#[case] from: &str, #[case] n: u32, #[case] expected: &str) {
    assert_eq!(Calendar::poland().add_business_days(day(from), n), day(expected));
}

#[test]
fn a_dated_list_adds_and_removes_days_without_a_release() {
    let list = parse_dated(
        r#"
        [[dated]]
        change = "added"
        date = "2027-06-14"
        pl = "Dzień wolny"
        en = "Day off"
        [[dated]]
        change = "removed"
        date = "2027-11-11"
        "#,
    )
    .expect("a valid list");
    let poland = Calendar::poland();
    let changed = poland.with_dated(&list);
    assert_eq!(changed.holiday_name(day("2027-06-14")).map(|h| h.en.as_str()), Some("Day off"));
    assert!(!changed.is_business_day(day("2027-06-14")));
    assert!(changed.is_business_day(day("2027-11-11")));
    assert!(poland.is_business_day(day("2027-06-14")), "the original stays as it was");

    let back = changed.with_dated(&[DatedHoliday::Removed { date: day("2027-06-14") }]);
    assert!(back.is_business_day(day("2027-06-14")), "the later entry counts");
}

#[rstest]
#[case::no_such_day("[[dated]]\nchange = \"removed\"\ndate = \"2027-02-30\"")]
#[case::unknown_key("[[dated]]\nchange = \"removed\"\ndate = \"2027-02-20\"\nwhy = \"x\"")]
#[case::no_name("[[dated]]\nchange = \"added\"\ndate = \"2027-02-20\"")]
#[case::unknown_table("[[holidays]]\ndate = \"2027-02-20\"")]
fn a_dated_list_with_a_mistake_is_refused(#[case] toml: &str) {
    assert!(parse_dated(toml).is_err());
}
