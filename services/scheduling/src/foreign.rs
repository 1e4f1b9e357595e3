//! What people and operators write: planned times, hours and data files. Nothing panics, and what is refused says so.

use calendar::{Hours, TimeOfDay, WorkingHours, parse_dated};
use jiff::civil::Weekday;
use proptest::prelude::*;
use proto::common::v1::ErrorReason;
use testkit::foreign;

use crate::{
    brands::Brands,
    policy,
    project::{AskedDate, AskedTime, DateKind, PlannedDate, asked::read_day},
    variants::Catalogue,
};

const TIMES: [&str; 6] = [
    "2027-01-16T22:00",
    "2027-03-28T02:30:00",
    "2027-10-31T02:30",
    "9999-12-31T23:59",
    "-999-01-01T00:00",
    "2027-01-16T22:00[UTC]",
];

fn time() -> impl Strategy<Value = AskedTime> {
    let zone = prop_oneof![3 => Just(String::new()), 1 => foreign::text(["Europe/Warsaw"])];
    let offset = prop_oneof![2 => Just(String::new()), 2 => foreign::text(["+01:00", "+02:00", "-99:99"])];
    (foreign::text(TIMES), zone, offset).prop_map(|(local, zone, offset)| AskedTime { local, zone, offset })
}

proptest! {
    #![proptest_config(foreign::cases())]

    #[test]
    fn a_planned_date_is_read_or_refused(start in time(), end in time(), day in foreign::text(["2027-01-15", "2027-02-30"])) {
        let window = AskedDate::Window { start, end };
        for kind in [DateKind::Readiness, DateKind::Audit1, DateKind::Migration] {
            for asked in [&window, &AskedDate::Day(day.clone())] {
                match asked.read(kind) {
                    Ok(PlannedDate::Window(window)) => prop_assert!(window.start.at < window.end.at),
                    Ok(PlannedDate::Day(read)) => prop_assert_eq!(read.to_string(), day.as_str()),
                    Err(violation) => prop_assert_eq!(violation.reason, ErrorReason::DateInvalid),
                }
            }
        }
        if let Ok(read) = read_day(&day) {
            prop_assert_eq!(read.to_string(), day);
        }
    }

    #[test]
    fn hours_are_read_or_refused(text in foreign::text(["08:00-18:00", "22:00-24:00", "00:00-06:00"])) {
        if let Ok(hours) = text.parse::<Hours>() {
            prop_assert_eq!(hours.to_string().parse::<Hours>().expect("as written"), hours);
        }
        drop(text.parse::<TimeOfDay>());
        drop(WorkingHours::parse(&[(Weekday::Monday, &text)], &[]));
    }

    #[test]
    fn a_data_file_is_read_or_refused(
        text in foreign::text([
            include_str!("../data/variants.toml"),
            include_str!("../data/brands.toml"),
            include_str!("../data/policy.toml"),
            "[[day]]\ndate = 2027-05-04\nname = { pl = \"a\", en = \"a\" }\n[[day]]\ndate = \"2027-05-05\"\nholiday = false\n",
        ])
    ) {
        drop(Catalogue::shipped().with(&text));
        drop(Brands::shipped().with(&text));
        drop(policy::with(&text));
        drop(parse_dated(&text));
    }
}
