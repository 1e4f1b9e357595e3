//! iCalendar objects (RFC 5545, 5546). Written here and not by the `icalendar` crate, which gives
//! VTIMEZONE a DTSTAMP and a random UID that the grammar does not allow there.

use std::fmt::Write;

use jiff::{Timestamp, civil::DateTime, tz::AmbiguousOffset};
use serde::{Deserialize, Serialize};

use super::{Calendar, MailIdentity};
use crate::project::Planned;
use crate::recipients::Contact;

/// What a calendar program is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    Request,
    Cancel,
}

impl Method {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Request => "REQUEST",
            Self::Cancel => "CANCEL",
        }
    }
}

/// A calendar object for one recipient.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invitation {
    /// The same as METHOD in the object; the mail's `method=` must equal it.
    pub method: Method,
    pub ics: String,
}

/// Poland since 1996: the rule of Directive 2000/84/EC.
const VTIMEZONE: &str = "BEGIN:VTIMEZONE\r\nTZID:Europe/Warsaw\r\n\
BEGIN:DAYLIGHT\r\nDTSTART:19960331T020000\r\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\r\n\
TZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\nTZNAME:CEST\r\nEND:DAYLIGHT\r\n\
BEGIN:STANDARD\r\nDTSTART:19961027T030000\r\nRRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\r\n\
TZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\nTZNAME:CET\r\nEND:STANDARD\r\n\
END:VTIMEZONE\r\n";

impl Invitation {
    /// The object for one attendee, stamped with `now`.
    pub fn new(
        calendar: &Calendar,
        summary: &str,
        description: &str,
        attendee: &Contact,
        identity: &MailIdentity,
        now: Timestamp,
    ) -> Self {
        let (method, entry, status) = match calendar {
            Calendar::Request(entry) => (Method::Request, entry, Some("CONFIRMED")),
            Calendar::Cancel(entry) => (Method::Cancel, entry, Some("CANCELLED")),
            // The date goes on without this person: no STATUS (RFC 5546, 3.2.5).
            Calendar::Remove(entry) => (Method::Cancel, entry, None),
        };
        let mut ics = String::new();
        line(&mut ics, "BEGIN:VCALENDAR");
        line(&mut ics, "VERSION:2.0");
        line(&mut ics, "PRODID:-//SOFTVIG//Przesiadka//PL");
        line(&mut ics, "CALSCALE:GREGORIAN");
        line(&mut ics, &format!("METHOD:{}", method.name()));
        ics.push_str(VTIMEZONE);
        line(&mut ics, "BEGIN:VEVENT");
        line(&mut ics, &format!("UID:{}@{}", entry.uid, identity.domain));
        line(&mut ics, &format!("SEQUENCE:{}", entry.sequence));
        line(&mut ics, &format!("DTSTAMP:{}", utc(now)));
        when(&mut ics, &entry.date);
        line(&mut ics, &format!("SUMMARY:{}", escape(summary)));
        line(&mut ics, &format!("DESCRIPTION:{}", escape(description)));
        line(&mut ics, &format!("ORGANIZER;CN={}:mailto:{}", quote(&identity.from_name), identity.from));
        // RSVP=FALSE: a calendar's reply is no answer to a proposal.
        line(
            &mut ics,
            &format!(
                "ATTENDEE;CN={};ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=FALSE:mailto:{}",
                quote(&attendee.name),
                one_word(&attendee.email)
            ),
        );
        if let Some(status) = status {
            line(&mut ics, &format!("STATUS:{status}"));
        }
        line(&mut ics, "END:VEVENT");
        line(&mut ics, "END:VCALENDAR");
        Self { method, ics }
    }
}

fn when(ics: &mut String, date: &Planned) {
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

fn utc(at: Timestamp) -> String {
    at.strftime("%Y%m%dT%H%M%SZ").to_string()
}

/// TEXT (RFC 5545, 3.3.11).
fn escape(text: &str) -> String {
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

/// A quoted parameter value, which can hold neither quotes nor control characters (RFC 5545, 3.2).
fn quote(text: &str) -> String {
    let safe: String =
        text.chars().filter(|c| !c.is_control()).map(|c| if c == '"' { '\'' } else { c }).collect();
    format!("\"{safe}\"")
}

fn one_word(address: &str) -> String {
    address.chars().filter(|c| !c.is_control() && !c.is_whitespace()).collect()
}

/// Folds at 75 octets, between characters (RFC 5545, 3.1).
fn line(ics: &mut String, content: &str) {
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
