//! Windows for work that must not meet working hours (`OUTSIDE_WORKING_HOURS`, `NO_FREE_WINDOW`).

use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::interval::{gaps, merge};
use crate::local::day_bounds_in;
use crate::{Calendar, Holiday, Interval, OpenHours, WorkingHours};

/// What a window overlaps and must not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// Hours in which the company works.
    WorkingHours(OpenHours),
    /// A statutory holiday other than a Sunday.
    Holiday { day: Date, name: Holiday, interval: Interval },
}

impl Obstacle {
    /// The obstacle as a whole, not only its part inside the window.
    pub fn interval(&self) -> Interval {
        match self {
            Self::WorkingHours(open) => open.interval,
            Self::Holiday { interval, .. } => *interval,
        }
    }
}

/// The longest possible intervals in `within` that lie outside the working hours and last at least so
/// much elapsed time, in order. With `avoid_holidays` statutory holidays other than a Sunday are cut
/// out, from midnight to midnight.
pub fn free_windows(
    hours: &WorkingHours,
    calendar: &Calendar,
    avoid_holidays: bool,
    within: Interval,
    at_least: SignedDuration,
    tz: &TimeZone,
) -> Vec<Interval> {
    let mut windows = all_gaps(hours, calendar, avoid_holidays, within, tz);
    windows.retain(|window| window.elapsed() >= at_least);
    windows
}

/// The longest of all free windows; of equal ones the first. `None` where not a minute is free.
pub fn longest_gap(
    hours: &WorkingHours,
    calendar: &Calendar,
    avoid_holidays: bool,
    within: Interval,
    tz: &TimeZone,
) -> Option<Interval> {
    let gaps = all_gaps(hours, calendar, avoid_holidays, within, tz);
    // max_by_key takes the last of equal ones, so look from the end.
    gaps.into_iter().rev().max_by_key(Interval::elapsed)
}

/// Everything that the window overlaps and must not, in order of time; empty where it is free.
pub fn check_window(
    hours: &WorkingHours,
    calendar: &Calendar,
    avoid_holidays: bool,
    window: Interval,
    tz: &TimeZone,
) -> Vec<Obstacle> {
    let mut obstacles: Vec<Obstacle> = hours.open_hours(window, tz).map(Obstacle::WorkingHours).collect();
    if avoid_holidays {
        obstacles.extend(holidays_in(calendar, window, tz));
    }
    obstacles.sort_by_key(Obstacle::interval);
    obstacles
}

fn all_gaps(
    hours: &WorkingHours,
    calendar: &Calendar,
    avoid_holidays: bool,
    within: Interval,
    tz: &TimeZone,
) -> Vec<Interval> {
    let obstacles = check_window(hours, calendar, avoid_holidays, within, tz);
    gaps(within, &merge(obstacles.iter().map(Obstacle::interval).collect()))
}

fn holidays_in(calendar: &Calendar, window: Interval, tz: &TimeZone) -> impl Iterator<Item = Obstacle> {
    let day_of = |at: Timestamp| tz.to_datetime(at).date();
    let last = day_of(window.end);
    std::iter::successors(Some(day_of(window.start)), |day| day.tomorrow().ok())
        .take_while(move |day| *day <= last)
        .filter(|day| day.weekday() != Weekday::Sunday)
        .filter_map(|day| calendar.holiday_name(day).map(|name| (day, name.clone())))
        .map(|(day, name)| Obstacle::Holiday { day, name, interval: day_bounds_in(day, tz) })
        .filter(move |obstacle| obstacle.interval().overlaps(&window))
}
