//! Business days: Monday to Friday, less the statutory holidays.

use jiff::civil::{Date, Weekday};

use crate::Calendar;

impl Calendar {
    /// Monday to Friday and no statutory holiday.
    pub fn is_business_day(&self, day: Date) -> bool {
        !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday) && !self.is_holiday(day)
    }

    /// The first business day strictly after the day; [`Date::MAX`] where the calendar ends before.
    pub fn next_business_day(&self, day: Date) -> Date {
        day.tomorrow().map(|next| self.business_day_on_or_after(next)).unwrap_or(Date::MAX)
    }

    /// The day itself if it is a business day, else the next one.
    pub fn business_day_on_or_after(&self, day: Date) -> Date {
        days(day).find(|d| self.is_business_day(*d)).unwrap_or(Date::MAX)
    }

    /// The n-th business day strictly after the day; with 0 the business day on or after it.
    pub fn add_business_days(&self, day: Date, n: u32) -> Date {
        self.business_day_on_or_after((0..n).fold(day, |d, _| self.next_business_day(d)))
    }

    /// The business days between two days, both included, in order.
    pub fn business_days(&self, range: std::ops::RangeInclusive<Date>) -> impl Iterator<Item = Date> + '_ {
        let (first, last) = range.into_inner();
        days(first).take_while(move |d| *d <= last).filter(|d| self.is_business_day(*d))
    }
}

fn days(from: Date) -> impl Iterator<Item = Date> {
    std::iter::successors(Some(from), |d| d.tomorrow().ok())
}
