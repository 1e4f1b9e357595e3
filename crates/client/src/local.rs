//! Days, hours and windows in Polish local time.

use jiff::{Timestamp, civil};
use proto::common::v1::{LocalDateTime, PlannedDate, Window, planned_date::Date};

/// The instant of a local date and time, "2026-11-10 09:30".
///
/// # Panics
/// For a text that is no date and time, or an hour that the clock change skips.
pub fn at(local: &str) -> Timestamp {
    let time: civil::DateTime = local.parse().expect("a local date and time");
    calendar::resolve_local(time, None, &calendar::warsaw()).expect("a local time that exists once")
}

/// A planned day.
pub fn day(day: impl ToString) -> PlannedDate {
    PlannedDate { date: Some(Date::Day(day.to_string())) }
}

/// A planned window of local time.
pub fn window(start: civil::DateTime, end: civil::DateTime) -> PlannedDate {
    let local = |time: civil::DateTime| LocalDateTime {
        local: time.strftime("%Y-%m-%dT%H:%M").to_string(),
        ..LocalDateTime::default()
    };
    let window = Window { start: Some(local(start)), end: Some(local(end)) };
    PlannedDate { date: Some(Date::Window(window)) }
}
