use std::collections::BTreeMap;

use jiff::{Timestamp, civil::Date};
use platform::{
    actor::Party,
    id::{ContactId, ProjectId},
};
use uuid::Uuid;

use crate::kind::Kind;
use crate::project::{Entry, Planned, date_key};

/// What is to be told, before anybody's language.
#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    pub kind: Kind,
    /// The event that it tells of.
    pub event_id: Uuid,
    /// Distinguishes several notices of one event and kind, such as one for each date; else empty.
    pub part: String,
    pub project: Option<ProjectId>,
    pub occurred_at: Timestamp,
    /// By the name that templates use.
    pub facts: Facts,
    /// Which side is asked for an answer.
    pub asked: Option<Party>,
    /// The contact who asked, or whose calendar or address it is about.
    pub about: Option<ContactId>,
    /// Where a contact is written to, if not at the present address.
    pub address: Option<String>,
    /// Contacts whose personal data the words hold; anonymising them scrubs the message.
    pub mentions: Vec<ContactId>,
    /// The dates that it is about.
    pub dates: Vec<Planned>,
    pub calendar: Option<Calendar>,
    /// Tells what became of a message of a running migration, and is as urgent.
    pub urgent: bool,
}

impl Notice {
    /// A notice that tells of an event, without facts yet.
    pub fn new(kind: Kind, event_id: Uuid, project: Option<ProjectId>, occurred_at: Timestamp) -> Self {
        Self {
            kind,
            event_id,
            part: String::new(),
            project,
            occurred_at,
            facts: Facts::new(),
            asked: None,
            about: None,
            address: None,
            mentions: Vec::new(),
            dates: Vec::new(),
            calendar: None,
            urgent: false,
        }
    }

    pub fn fact(mut self, name: &'static str, fact: Fact) -> Self {
        self.facts.insert(name, fact);
        self
    }

    /// People's own words; an empty text is a fact, too.
    pub fn text(self, name: &'static str, text: impl Into<String>) -> Self {
        self.fact(name, Fact::Text(text.into()))
    }

    pub fn word(self, name: &'static str, table: &'static str, key: impl Into<String>) -> Self {
        self.fact(name, Fact::word(table, key))
    }

    /// A date, as `what` and `when`.
    pub fn about_date(mut self, date: &Planned) -> Self {
        self.dates = vec![date.clone()];
        self.word("what", "date", date_key(date.kind)).fact("when", Fact::Date(date.clone()))
    }

    /// Several, as `dates`, each with `what` and `when`.
    pub fn about_dates(mut self, dates: &[Planned]) -> Self {
        self.dates = dates.to_vec();
        let fact = |date: &Planned| {
            Fact::Group(Facts::from([
                ("what", Fact::word("date", date_key(date.kind))),
                ("when", Fact::Date(date.clone())),
            ]))
        };
        self.fact("dates", Fact::List(dates.iter().map(fact).collect()))
    }

    /// What happens to a date's entry in the calendars; such a notice is one of several of its event.
    pub fn calendar(mut self, calendar: Calendar) -> Self {
        self.part = calendar.entry().uid.clone();
        self.calendar = Some(calendar);
        self
    }
}

/// The facts of a notice by the name that its template uses.
pub type Facts = BTreeMap<&'static str, Fact>;

/// What happens to the entry in the recipient's calendar.
#[derive(Clone, Debug, PartialEq)]
pub enum Calendar {
    /// Put in, or changed.
    Request(Entry),
    /// The date itself ended.
    Cancel(Entry),
    /// Only this person is taken off.
    Remove(Entry),
}

impl Calendar {
    pub fn entry(&self) -> &Entry {
        match self {
            Self::Request(entry) | Self::Cancel(entry) | Self::Remove(entry) => entry,
        }
    }
}

/// A value that is put into words in the recipient's language.
#[derive(Clone, Debug, PartialEq)]
pub enum Fact {
    /// People's own words, or a name.
    Text(String),
    /// A text that comes in both languages.
    Both {
        pl: String,
        en: String,
    },
    Number(i64),
    Flag(bool),
    Day(Date),
    Instant(Timestamp),
    Date(Planned),
    /// A key of a table in `data/words`; one that is not there is shown as it is.
    Word(&'static str, String),
    /// The name of a rule, said by the table of error reasons.
    Rule(String),
    List(Vec<Fact>),
    Group(Facts),
}

impl Fact {
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// A day in ISO 8601; empty where there is none.
    pub fn day(iso: &str) -> Self {
        iso.parse().map_or_else(|_| Self::text(""), Self::Day)
    }

    pub fn word(table: &'static str, key: impl Into<String>) -> Self {
        Self::Word(table, key.into())
    }
}
