use jiff::{Timestamp, civil::Date};
use platform::clock::from_wire;
use proto::{
    common::v1::planned_date,
    scheduling::v1::{DateKind, StageDate},
};
use serde::{Deserialize, Serialize};

/// An agreed or proposed date of a stage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Planned {
    pub kind: DateKind,
    /// The day, where the whole day is meant and not a window.
    pub day: Option<Date>,
    pub starts_at: Timestamp,
    /// Exclusive.
    pub ends_at: Timestamp,
}

impl Planned {
    /// Reads the contract's form. `None` if it is not one, which only a fault of the producer makes.
    pub fn read(date: &StageDate) -> Option<Self> {
        let day = match date.date.as_ref()?.date.as_ref()? {
            planned_date::Date::Day(day) => Some(day.parse().ok()?),
            planned_date::Date::Window(_) => None,
        };
        let planned = Self {
            kind: date.kind(),
            day,
            starts_at: from_wire(date.starts_at.as_ref()?)?,
            ends_at: from_wire(date.ends_at.as_ref()?)?,
        };
        (planned.kind != DateKind::Unspecified).then_some(planned)
    }

    /// The local day on which it begins.
    pub fn first_day(&self) -> Date {
        self.day.unwrap_or_else(|| calendar::local_day(self.starts_at))
    }

    /// Whether it begins before `end` and is not over at `now`.
    pub fn falls_into(&self, now: Timestamp, end: Timestamp) -> bool {
        self.starts_at < end && now < self.ends_at
    }

    /// Whether a reminder of it comes too late. A whole day has no hour at which it begins: it is ahead of people
    /// until it is over.
    pub fn has_begun(&self, now: Timestamp) -> bool {
        now >= if self.day.is_some() { self.ends_at } else { self.starts_at }
    }
}
