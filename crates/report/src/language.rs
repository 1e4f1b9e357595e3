//! The language of a document: which of two texts is said, and how days and instants are written.

use std::str::FromStr;

use jiff::{ToSpan as _, Zoned, civil::Date, tz::TimeZone};
use pbjson_types::Timestamp;
use proto::common::v1::LocalizedText;

use crate::timestamp;

/// Polish or English.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    Polish,
    English,
}

impl FromStr for Language {
    type Err = ();

    /// "pl" or "en", as contacts state theirs.
    fn from_str(key: &str) -> Result<Self, ()> {
        match key {
            "pl" => Ok(Self::Polish),
            "en" => Ok(Self::English),
            _ => Err(()),
        }
    }
}

impl Language {
    pub fn key(self) -> &'static str {
        self.say("pl", "en")
    }

    pub(crate) fn say<'a>(self, pl: &'a str, en: &'a str) -> &'a str {
        match self {
            Self::Polish => pl,
            Self::English => en,
        }
    }

    /// The text in this language; empty for none.
    pub(crate) fn text(self, text: Option<&LocalizedText>) -> &str {
        text.map(|text| self.say(&text.pl, &text.en)).unwrap_or_default()
    }

    /// "14.01.2027, 10:00", Polish time.
    pub(crate) fn instant(self, at: &Timestamp) -> String {
        let Some(local) = local(at) else { return String::new() };
        format!("{}, {:02}:{:02}", self.date(local.date()), local.hour(), local.minute())
    }

    /// The last day of something that ends with the midnight `end`.
    pub(crate) fn last_day(self, end: &Timestamp) -> String {
        let last = local(end).and_then(|end| end.checked_sub(1.second()).ok());
        last.map(|last| self.date(last.date())).unwrap_or_default()
    }

    /// A day in ISO 8601, as people write it.
    pub(crate) fn day(self, iso: &str) -> String {
        iso.parse().map_or_else(|_| iso.to_owned(), |day| self.date(day))
    }

    fn date(self, day: Date) -> String {
        // A no-break space keeps an English day on one line.
        day.strftime(self.say("%d.%m.%Y", "%-d\u{a0}%b\u{a0}%Y")).to_string()
    }
}

fn local(at: &Timestamp) -> Option<Zoned> {
    let zone = TimeZone::get("Europe/Warsaw").expect("the zone is compiled in");
    Some(timestamp(at)?.to_zoned(zone))
}
