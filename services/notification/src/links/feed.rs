//! What a subscribed calendar shows: METHOD:PUBLISH, with nobody's name, and without the words that people wrote.

use jiff::Timestamp;

use crate::ics::{begin, escape, line, organizer, utc, when, zone};
use crate::message::{MailIdentity, summary};
use crate::project::Entry;
use crate::recipients::Language;

/// An agreed date of a company.
pub struct Dated {
    pub company: String,
    pub entry: Entry,
}

/// The object, stamped with `now`. Its events have the UIDs of the invitations.
pub fn feed(language: Language, dates: &[Dated], identity: &MailIdentity, now: Timestamp) -> String {
    let mut ics = String::new();
    begin(&mut ics, "PUBLISH");
    // NAME and REFRESH-INTERVAL are RFC 7986's, the others what programs knew before.
    for name in ["NAME", "X-WR-CALNAME"] {
        line(&mut ics, &format!("{name}:Przesiadka"));
    }
    line(&mut ics, "REFRESH-INTERVAL;VALUE=DURATION:PT1H");
    line(&mut ics, "X-PUBLISHED-TTL:PT1H");
    zone(&mut ics);
    for Dated { company, entry } in dates {
        line(&mut ics, "BEGIN:VEVENT");
        line(&mut ics, &format!("UID:{}@{}", entry.uid, identity.domain));
        line(&mut ics, &format!("SEQUENCE:{}", entry.sequence));
        line(&mut ics, &format!("DTSTAMP:{}", utc(now)));
        when(&mut ics, &entry.date);
        line(&mut ics, &format!("SUMMARY:{}", escape(&summary(language, entry, company))));
        line(&mut ics, &organizer(identity));
        line(&mut ics, "STATUS:CONFIRMED");
        line(&mut ics, "END:VEVENT");
    }
    line(&mut ics, "END:VCALENDAR");
    ics
}
