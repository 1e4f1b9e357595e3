//! Business days, hours and windows, by table and by property.

mod business_days;
mod clock_changes;
mod properties;
mod windows;
mod working_hours;

use calendar::{Interval, WorkingHours, resolve_local, warsaw};
use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Weekday};

fn day(s: &str) -> Date {
    s.parse().expect(s)
}

/// A local time in Poland that happens once.
fn at(s: &str) -> Timestamp {
    let local: DateTime = s.parse().expect(s);
    resolve_local(local, None, &warsaw()).expect(s)
}

fn between(start: &str, end: &str) -> Interval {
    Interval::new(at(start), at(end))
}

/// Monday to Friday 08:00-17:00, Saturday 09:00-14:00.
fn dealership() -> WorkingHours {
    use Weekday::*;
    let days = [Monday, Tuesday, Wednesday, Thursday, Friday].map(|weekday| (weekday, "08:00-17:00"));
    let weekly: Vec<_> = days.into_iter().chain([(Saturday, "09:00-14:00")]).collect();
    WorkingHours::parse(&weekly, &[]).expect("valid hours")
}
