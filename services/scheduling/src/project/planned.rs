//! Planned dates: what is asked for in local time, and what it resolves to.

use std::fmt;

use calendar::{Interval, day_bounds, warsaw};
use jiff::{
    SignedDuration, Timestamp,
    civil::{Date, DateTime},
};
use serde::{Deserialize, Serialize};

/// The four dates that are agreed jointly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DateKind {
    Readiness,
    #[serde(rename = "audit_1")]
    Audit1,
    #[serde(rename = "audit_2")]
    Audit2,
    Migration,
}

impl DateKind {
    /// In stage order, which is also the order of the plan.
    pub const ALL: [Self; 4] = [Self::Readiness, Self::Audit1, Self::Audit2, Self::Migration];

    /// The name on the wire, also used as the name of the request's field.
    pub fn name(self) -> &'static str {
        match self {
            Self::Readiness => "readiness",
            Self::Audit1 => "audit_1",
            Self::Audit2 => "audit_2",
            Self::Migration => "migration",
        }
    }

    /// The stage to which the date belongs.
    pub fn stage(self) -> super::Stage {
        match self {
            Self::Readiness => super::Stage::Readiness,
            Self::Audit1 => super::Stage::Audit1,
            Self::Audit2 => super::Stage::Audit2,
            Self::Migration => super::Stage::Migration,
        }
    }
}

impl fmt::Display for DateKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A planned instant: the local time that people agreed on and the instant it resolves to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    /// Local date and time in Europe/Warsaw, the only zone of the process.
    pub local: DateTime,
    /// The same on the UTC line.
    pub at: Timestamp,
}

/// A window of local time; the end is exclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    pub start: Moment,
    pub end: Moment,
}

/// A proposed or agreed date: a day, or a window with start and end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlannedDate {
    Day(Date),
    Window(Window),
}

impl PlannedDate {
    /// The local day on which it begins.
    pub fn day(&self) -> Date {
        match self {
            Self::Day(day) => *day,
            Self::Window(window) => window.start.local.date(),
        }
    }

    /// The same on the UTC line; a day from midnight to midnight.
    pub fn span(&self) -> Interval {
        match self {
            Self::Day(day) => day_bounds(*day),
            Self::Window(window) => Interval::new(window.start.at, window.end.at),
        }
    }

    /// The window, where it is one.
    pub fn window(&self) -> Option<&Window> {
        match self {
            Self::Day(_) => None,
            Self::Window(window) => Some(window),
        }
    }
}

impl fmt::Display for PlannedDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Day(day) => write!(f, "{day}"),
            Self::Window(w) => write!(f, "{}/{}", w.start.local, w.end.local),
        }
    }
}

impl Moment {
    /// The local time that an instant has in Poland.
    pub fn of(at: Timestamp) -> Self {
        Self { local: warsaw().to_datetime(at), at }
    }
}

impl Window {
    /// The window that starts here and lasts so much elapsed time.
    pub fn starting(at: Timestamp, length: SignedDuration) -> Self {
        let end = at.saturating_add(length).expect("a duration has no calendar units");
        Self { start: Moment::of(at), end: Moment::of(end) }
    }
}
