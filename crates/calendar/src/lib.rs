//! Business days, holidays, working hours, windows and clock changes. Pure: no clock, no storage.
//!
//! Local time is `jiff::civil`, instants are [`jiff::Timestamp`]; durations are always counted in
//! elapsed time, so that a night over a clock change has 7 or 9 hours. All intervals are half-open.

mod business;
mod holidays;
mod hours;
mod interval;
mod local;
mod time_of_day;
mod windows;

pub use holidays::{Calendar, DataError, DatedHoliday, Holiday, parse_dated};
pub use hours::{HoursError, HoursProblem, OpenHours, WorkingHours};
pub use interval::Interval;
pub use local::{
    LocalTimeError, day_bounds, day_bounds_in, local_day, local_time, offset_text, resolve_local, warsaw,
};
pub use time_of_day::{Hours, HoursParseError, TimeOfDay};
pub use windows::{Obstacle, check_window, free_windows, longest_gap};
