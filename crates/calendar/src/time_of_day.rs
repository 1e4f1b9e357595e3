//! Minutes of a day and the hours between two of them, written "08:00-17:00".

use std::fmt;
use std::str::FromStr;

use jiff::SignedDuration;
use jiff::civil::{Date, DateTime, Time};
use serde::{Deserialize, Serialize};

const DAY: u16 = 24 * 60;

/// A minute of a local day, 00:00 to 24:00 (24:00 is the end of the day). Written "HH:MM".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimeOfDay(u16);

impl TimeOfDay {
    /// 00:00, the start of the day.
    pub const MIDNIGHT: Self = Self(0);
    /// 24:00, the end of the day.
    pub const END_OF_DAY: Self = Self(DAY);

    /// `None` past 24:00 or with 60 minutes and more.
    pub fn new(hour: u8, minute: u8) -> Option<Self> {
        let minutes = u16::from(hour) * 60 + u16::from(minute);
        (minute < 60 && minutes <= DAY).then_some(Self(minutes))
    }

    /// On a day; 24:00 is midnight of the next.
    pub fn on(self, day: Date) -> DateTime {
        let minutes = SignedDuration::from_mins(self.0.into());
        day.to_datetime(Time::midnight()).saturating_add(minutes)
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

/// What is wrong with written hours.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HoursParseError {
    /// The text is no "HH:MM" between 00:00 and 24:00.
    #[error("{0:?} is not a time of day like 08:00")]
    Time(String),
    /// There is no "-" between two times.
    #[error("{0:?} is not a pair of times like 08:00-17:00")]
    Form(String),
    /// Start and end are the same, or nothing of the day is left.
    #[error("{0:?} is empty; the whole day is 00:00-24:00")]
    Empty(String),
}

impl HoursParseError {
    /// The message in Polish.
    pub fn polish(&self) -> String {
        match self {
            Self::Time(text) => format!("{text:?} nie jest godziną taką jak 08:00"),
            Self::Form(text) => format!("{text:?} nie jest parą godzin taką jak 08:00-17:00"),
            Self::Empty(text) => format!("{text:?} nic nie obejmuje; cała doba to 00:00-24:00"),
        }
    }
}

impl FromStr for TimeOfDay {
    type Err = HoursParseError;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        let number =
            |s: &str| (s.len() == 2 && s.bytes().all(|b| b.is_ascii_digit())).then(|| s.parse().ok())?;
        s.split_once(':')
            .and_then(|(hour, minute)| Self::new(number(hour)?, number(minute)?))
            .ok_or_else(|| HoursParseError::Time(s.to_owned()))
    }
}

/// From a time of day up to, but not including, another. Over midnight where the end is not after
/// the start ("22:00-06:00"); never empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Hours {
    start: TimeOfDay,
    end: TimeOfDay,
}

impl Hours {
    /// 00:00-24:00.
    pub const WHOLE_DAY: Self = Self { start: TimeOfDay::MIDNIGHT, end: TimeOfDay::END_OF_DAY };

    /// `None` where start and end are the same, or the start is 24:00.
    pub fn new(start: TimeOfDay, end: TimeOfDay) -> Option<Self> {
        (start != end && start < TimeOfDay::END_OF_DAY).then_some(Self { start, end })
    }

    /// The first minute.
    pub fn start(&self) -> TimeOfDay {
        self.start
    }

    /// The minute after the last; not after the start where the hours go over midnight.
    pub fn end(&self) -> TimeOfDay {
        self.end
    }

    /// The part on the day itself, and the part after midnight if there is one.
    pub fn split_at_midnight(self) -> (Self, Option<Self>) {
        if self.start < self.end {
            return (self, None);
        }
        let today = Self { start: self.start, end: TimeOfDay::END_OF_DAY };
        (today, Self::new(TimeOfDay::MIDNIGHT, self.end))
    }
}

impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.start, self.end)
    }
}

impl FromStr for Hours {
    type Err = HoursParseError;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        let (start, end) = s.split_once('-').ok_or_else(|| HoursParseError::Form(s.to_owned()))?;
        let (start, end): (TimeOfDay, TimeOfDay) = (start.trim().parse()?, end.trim().parse()?);
        Self::new(start, end).ok_or_else(|| HoursParseError::Empty(s.to_owned()))
    }
}

impl TryFrom<String> for Hours {
    type Error = HoursParseError;

    fn try_from(s: String) -> Result<Self, Self::Error> {
        s.parse()
    }
}

impl From<Hours> for String {
    fn from(hours: Hours) -> Self {
        hours.to_string()
    }
}
