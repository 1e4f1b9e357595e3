//! A date as the caller wrote it, and what makes it one that exists (`DATE_INVALID`).

use calendar::{LocalTimeError, offset_text, resolve_local, warsaw};
use jiff::{
    civil::{Date, DateTime},
    tz::Offset,
};
use proto::{
    common::v1::ErrorReason,
    refusal::{Violation, Words, words},
};

use super::{DateKind, Moment, PlannedDate, Window};

/// A date as asked for, unread: ISO 8601 without offset, in Europe/Warsaw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AskedDate {
    /// "2027-01-15"
    Day(String),
    Window {
        start: AskedTime,
        end: AskedTime,
    },
}

/// A local time as asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AskedTime {
    /// "2027-01-16T22:00"
    pub local: String,
    /// Empty or "Europe/Warsaw".
    pub zone: String,
    /// "+02:00", needed only for an hour that happens twice; else empty.
    pub offset: String,
}

impl AskedDate {
    /// Reads the date and checks the form its stage needs: readiness is a day, an audit a day or a
    /// window within one day, migration a window.
    pub fn read(&self, kind: DateKind) -> Result<PlannedDate, Violation> {
        let invalid = |asked: &str, allowed: Words| {
            Violation::new(ErrorReason::DateInvalid).field(kind.name()).asked(asked).allowed(allowed)
        };
        match self {
            Self::Day(text) if kind == DateKind::Migration => {
                Err(invalid(text, words("a window with start and end", "okno z początkiem i końcem")))
            }
            Self::Day(text) => read_day(text).map(PlannedDate::Day).map_err(|allowed| invalid(text, allowed)),
            Self::Window { start, .. } if kind == DateKind::Readiness => {
                Err(invalid(&start.local, words("a day", "dzień")))
            }
            Self::Window { start, end } => {
                let read = |time: &AskedTime| time.read().map_err(|allowed| invalid(&time.local, allowed));
                let window = Window { start: read(start)?, end: read(end)? };
                if window.end.at <= window.start.at {
                    let start = window.start.local;
                    let allowed = words(format!("an end after {start}"), format!("koniec po {start}"));
                    return Err(invalid(&end.local, allowed));
                }
                if kind != DateKind::Migration && window.start.local.date() != window.end.local.date() {
                    let day = window.start.local.date();
                    let allowed = words(format!("an end on {day}"), format!("koniec w dniu {day}"));
                    return Err(invalid(&end.local, allowed));
                }
                Ok(PlannedDate::Window(window))
            }
        }
    }
}

impl AskedTime {
    fn read(&self) -> Result<Moment, Words> {
        if !matches!(self.zone.as_str(), "" | "Europe/Warsaw") {
            return Err(words("the zone Europe/Warsaw", "strefa Europe/Warsaw"));
        }
        let local = read_local(&self.local)?;
        let offset = match self.offset.as_str() {
            "" => None,
            text => Some(
                read_offset(text)
                    .ok_or_else(|| words("an offset like +01:00", "przesunięcie, np. +01:00"))?,
            ),
        };
        match resolve_local(local, offset, &warsaw()) {
            Ok(at) => Ok(Moment { local, at }),
            Err(error) => Err(instead(error)),
        }
    }
}

/// What could be asked for instead of a local time that the clock does not show once.
fn instead(error: LocalTimeError) -> Words {
    let en = error.to_string();
    match error {
        LocalTimeError::Skipped { next_valid, .. } => next_valid.into(),
        LocalTimeError::AmbiguousNeedsOffset { asked, first, second } => {
            let offsets = [first, second].map(offset_text).join(" lub ");
            words(en, format!("{asked} wypada dwa razy: podaj przesunięcie {offsets}"))
        }
        LocalTimeError::OffsetWrong { asked, given, first, second } => {
            let right: Vec<_> = [Some(first), second].into_iter().flatten().map(offset_text).collect();
            let (given, right) = (offset_text(given), right.join(" lub "));
            words(en, format!("{asked} nie ma przesunięcia {given}, lecz {right}"))
        }
        LocalTimeError::OutOfRange { asked } => words(en, format!("{asked} jest poza zakresem")),
    }
}

// jiff reads more forms than the contract has ("2027-01-16T22:00[UTC]" is a day to it), so the form is
// checked first.
fn has_form(text: &str, form: &str) -> bool {
    text.len() == form.len()
        && text.bytes().zip(form.bytes()).all(|(t, f)| if f == b'9' { t.is_ascii_digit() } else { t == f })
}

/// A day as the contract writes it, or how it should read.
pub fn read_day(text: &str) -> Result<Date, Words> {
    let day = has_form(text, "9999-99-99").then(|| text.parse().ok()).flatten();
    day.ok_or_else(|| words("a day that exists, like 2027-01-15", "dzień, który istnieje, np. 2027-01-15"))
}

fn read_local(text: &str) -> Result<DateTime, Words> {
    let formed = has_form(text, "9999-99-99T99:99") || has_form(text, "9999-99-99T99:99:99");
    let local = formed.then(|| text.parse().ok()).flatten();
    local.ok_or_else(|| {
        words(
            "a local time that exists, like 2027-01-16T22:00, without offset",
            "czas lokalny, który istnieje, np. 2027-01-16T22:00, bez przesunięcia",
        )
    })
}

fn read_offset(text: &str) -> Option<Offset> {
    let sign = match text.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    has_form(&text[1..], "99:99").then_some(())?;
    let (hours, minutes): (i32, i32) = (text[1..3].parse().ok()?, text[4..6].parse().ok()?);
    Offset::from_seconds(sign * (hours * 3600 + minutes * 60)).ok()
}
