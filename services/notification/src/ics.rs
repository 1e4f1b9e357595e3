//! iCalendar objects (RFC 5545) as they are written. Here and not by the `icalendar` crate, which gives VTIMEZONE a
//! DTSTAMP and a random UID that the grammar does not allow there.

use std::fmt::Write;

use jiff::{Timestamp, civil::DateTime, tz::AmbiguousOffset};

use crate::message::MailIdentity;
use crate::project::Planned;

/// Poland since 1996: the rule of Directive 2000/84/EC.
const VTIMEZONE: &str = "BEGIN:VTIMEZONE\r\nTZID:Europe/Warsaw\r\n\
BEGIN:DAYLIGHT\r\nDTSTART:19960331T020000\r\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\r\n\
TZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\nTZNAME:CEST\r\nEND:DAYLIGHT\r\n\
BEGIN:STANDARD\r\nDTSTART:19961027T030000\r\nRRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\r\n\
TZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\nTZNAME:CET\r\nEND:STANDARD\r\n\
END:VTIMEZONE\r\n";

/// The head of an object, up to its first event.
pub fn begin(ics: &mut String, method: &str) {
    line(ics, "BEGIN:VCALENDAR");
    line(ics, "VERSION:2.0");
    line(ics, "PRODID:-//SOFTVIG//Przesiadka//PL");
    line(ics, "CALSCALE:GREGORIAN");
    line(ics, &format!("METHOD:{method}"));
}

/// The time zone that the events of an object refer to.
pub fn zone(ics: &mut String) {
    ics.push_str(VTIMEZONE);
}

/// SOFTVIG, who answers for all entries.
pub fn organizer(identity: &MailIdentity) -> String {
    format!("ORGANIZER;CN={}:mailto:{}", quote(&identity.from_name), identity.from)
}

/// A quoted parameter value, which can hold neither quotes nor control characters (RFC 5545, 3.2).
pub fn quote(text: &str) -> String {
    let safe: String =
        text.chars().filter(|c| !c.is_control()).map(|c| if c == '"' { '\'' } else { c }).collect();
    format!("\"{safe}\"")
}

/// Start and end of an event.
pub fn when(ics: &mut String, date: &Planned) {
    match date.day {
        Some(day) => {
            let next = day.tomorrow().unwrap_or(day);
            line(ics, &format!("DTSTART;VALUE=DATE:{}", day.strftime("%Y%m%d")));
            line(ics, &format!("DTEND;VALUE=DATE:{}", next.strftime("%Y%m%d")));
            // A whole day is no appointment that blocks others.
            line(ics, "TRANSP:TRANSPARENT");
        }
        None => {
            line(ics, &format!("DTSTART{}", instant(date.starts_at)));
            line(ics, &format!("DTEND{}", instant(date.ends_at)));
        }
    }
}

/// Reminders by the calendar program: a day and an hour before a window; before a whole day at 9 o'clock of its eve.
pub fn alarms(ics: &mut String, date: &Planned, text: &str) {
    let triggers: &[&str] = if date.day.is_some() { &["-PT15H"] } else { &["-P1D", "-PT1H"] };
    for trigger in triggers {
        line(ics, "BEGIN:VALARM");
        line(ics, "ACTION:DISPLAY");
        line(ics, &format!("DESCRIPTION:{}", escape(text)));
        line(ics, &format!("TRIGGER:{trigger}"));
        line(ics, "END:VALARM");
    }
}

/// Local time with its zone; in UTC where the local time happens twice and would mean the first one.
fn instant(at: Timestamp) -> String {
    let zone = calendar::warsaw();
    let local: DateTime = zone.to_datetime(at);
    match zone.to_ambiguous_timestamp(local).offset() {
        AmbiguousOffset::Unambiguous { .. } => {
            format!(";TZID=Europe/Warsaw:{}", local.strftime("%Y%m%dT%H%M%S"))
        }
        AmbiguousOffset::Fold { .. } | AmbiguousOffset::Gap { .. } => format!(":{}", utc(at)),
    }
}

pub fn utc(at: Timestamp) -> String {
    at.strftime("%Y%m%dT%H%M%SZ").to_string()
}

/// TEXT (RFC 5545, 3.3.11).
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | ';' | ',' => {
                out.push('\\');
                out.push(c);
            }
            '\n' => out.push_str("\\n"),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

/// Folds at 75 octets, between characters (RFC 5545, 3.1).
pub fn line(ics: &mut String, content: &str) {
    let mut octets = 0;
    for c in content.chars() {
        if octets + c.len_utf8() > 75 {
            ics.push_str("\r\n ");
            octets = 1;
        }
        octets += c.len_utf8();
        ics.write_char(c).expect("a string takes every character");
    }
    ics.push_str("\r\n");
}
