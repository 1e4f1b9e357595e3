use calendar::{Calendar, Interval, WorkingHours, check_window, free_windows, warsaw};
use jiff::civil::{Date, Weekday};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use crate::at;

const HALF_HOUR: SignedDuration = SignedDuration::from_mins(30);

/// Half-hourly instants, so that hours written in half hours can be probed one by one.
fn half_hours(within: Interval) -> impl Iterator<Item = Timestamp> {
    std::iter::successors(Some(within.start), |at| Some(*at + HALF_HOUR))
        .take_while(move |at| *at < within.end)
}

/// Slow and simple: asks the wall clock.
fn is_blocked(hours: &WorkingHours, calendar: &Calendar, avoid_holidays: bool, at: Timestamp) -> bool {
    let local = warsaw().to_datetime(at);
    let now = format!("{:02}:{:02}", local.hour(), local.minute());
    let open =
        hours.on(local.date()).iter().any(|h| h.start().to_string() <= now && now < h.end().to_string());
    let holiday = local.weekday() != Weekday::Sunday && calendar.is_holiday(local.date());
    open || (avoid_holidays && holiday)
}

fn time() -> impl Strategy<Value = String> {
    (0..24u8, prop_oneof![Just(0u8), Just(30)]).prop_map(|(h, m)| format!("{h:02}:{m:02}"))
}

fn working_hours() -> impl Strategy<Value = WorkingHours> {
    let hours = (time(), time()).prop_map(|(start, end)| format!("{start}-{end}"));
    prop::collection::vec((0..7i8, hours), 0..10).prop_map(|all| {
        // Each alone is valid unless it is empty; overlapping ones are joined by the union.
        let single = |(day, text): (i8, String)| {
            let weekday = Weekday::from_monday_zero_offset(day).expect("0 to 6");
            WorkingHours::parse(&[(weekday, &text)], &[]).ok()
        };
        WorkingHours::union(&all.into_iter().filter_map(single).collect::<Vec<_>>())
    })
}

/// A stretch of up to ten days, around the clock changes, Christmas, Easter and in between.
fn stretch() -> impl Strategy<Value = Interval> {
    let from = prop::sample::select(vec![
        "2026-10-22T00:00",
        "2026-11-20T00:00",
        "2026-12-22T00:00",
        "2027-03-24T00:00",
        "2027-10-28T00:00",
    ]);
    (from, 0..240i64, 1..480i64).prop_map(|(from, skip, length)| {
        let start = at(from) + HALF_HOUR * skip as i32;
        Interval::new(start, start + HALF_HOUR * length as i32)
    })
}

fn any_day() -> impl Strategy<Value = Date> {
    (2011..2100i16, 1..=12i8, 1..=28i8).prop_map(|(y, m, d)| Date::constant(y, m, d))
}

proptest! {
    #[test]
    fn next_business_day_is_strictly_after_and_the_first(day in any_day()) {
        let poland = Calendar::poland();
        let next = poland.next_business_day(day);
        prop_assert!(next > day);
        prop_assert!(poland.is_business_day(next));
        prop_assert_eq!(poland.business_days(day.tomorrow()?..=next).collect::<Vec<_>>(), [next]);
    }

    #[test]
    fn adding_business_days_skips_exactly_so_many(day in any_day(), n in 1..40u32) {
        let poland = Calendar::poland();
        let last = poland.add_business_days(day, n);
        prop_assert_eq!(poland.business_days(day.tomorrow()?..=last).count(), n as usize);
        prop_assert!(poland.is_business_day(last));
    }

    #[test]
    fn open_intervals_are_those_of_the_wall_clock(hours in working_hours(), within in stretch()) {
        let open = hours.open_intervals(within.start, within.end, &warsaw());
        for at in half_hours(within) {
            let expected = is_blocked(&hours, &Calendar::poland(), false, at);
            prop_assert_eq!(open.iter().any(|i| i.contains(at)), expected, "{}", at);
        }
        prop_assert!(open.windows(2).all(|pair| pair[0].end < pair[1].start), "sorted, apart");
    }

    #[test]
    fn free_windows_are_free_long_enough_and_maximal(
        hours in working_hours(), within in stretch(), avoid in any::<bool>(), least in 1..40i64,
    ) {
        let (poland, tz) = (Calendar::poland(), warsaw());
        let at_least = SignedDuration::from_mins(30 * least);
        let windows = free_windows(&hours, &poland, avoid, within, at_least, &tz);
        let blocked = |at| is_blocked(&hours, &poland, avoid, at);
        for window in &windows {
            prop_assert!(within.covers(window) && window.elapsed() >= at_least);
            prop_assert!(!hours.is_open_during(*window, &tz));
            prop_assert_eq!(check_window(&hours, &poland, avoid, *window, &tz), []);
            prop_assert!(window.start == within.start || blocked(window.start - HALF_HOUR));
            prop_assert!(window.end == within.end || blocked(window.end));
        }
        // None is missing: every run of free half hours that is long enough lies in a window.
        let mut run: Option<Interval> = None;
        for at in half_hours(within) {
            run = (!blocked(at)).then(|| Interval::new(run.map_or(at, |r| r.start), at + HALF_HOUR));
            if let Some(run) = run.filter(|run| run.elapsed() >= at_least) {
                prop_assert!(windows.iter().any(|window| window.covers(&run)), "{:?}", run);
            }
        }
    }

    #[test]
    fn hours_are_read_as_they_were_written(hours in working_hours()) {
        let json = serde_json::to_string(&hours)?;
        prop_assert_eq!(serde_json::from_str::<WorkingHours>(&json)?, hours);
    }
}
