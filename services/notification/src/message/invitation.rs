//! Invitations and cancellations (RFC 5546).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Calendar, MailIdentity};
use crate::ics::{alarms, begin, escape, line, organizer, quote, utc, when, zone};
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
        begin(&mut ics, method.name());
        zone(&mut ics);
        line(&mut ics, "BEGIN:VEVENT");
        line(&mut ics, &format!("UID:{}@{}", entry.uid, identity.domain));
        line(&mut ics, &format!("SEQUENCE:{}", entry.sequence));
        line(&mut ics, &format!("DTSTAMP:{}", utc(now)));
        when(&mut ics, &entry.date);
        line(&mut ics, &format!("SUMMARY:{}", escape(summary)));
        line(&mut ics, &format!("DESCRIPTION:{}", escape(description)));
        line(&mut ics, &organizer(identity));
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
        if method == Method::Request {
            alarms(&mut ics, &entry.date, summary);
        }
        line(&mut ics, "END:VEVENT");
        line(&mut ics, "END:VCALENDAR");
        Self { method, ics }
    }
}

fn one_word(address: &str) -> String {
    address.chars().filter(|c| !c.is_control() && !c.is_whitespace()).collect()
}
