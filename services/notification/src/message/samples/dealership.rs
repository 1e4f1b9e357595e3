//! The dealership of the samples. There is no such company, person or project; its dates are in 2027.

use jiff::{
    Timestamp,
    civil::{Date, DateTime, date},
};
use platform::id::{CompanyId, ContactId, ProjectId};
use proto::scheduling::v1::{ContactCard, ContactRole, DateKind};
use uuid::Uuid;

use crate::kind::Kind;
use crate::project::{Entry, Planned};
use crate::recipients::{Directory, Language};

const COMPANY: CompanyId = CompanyId(Uuid::from_u128(0x5A01));
pub const PROJECT: ProjectId = ProjectId(Uuid::from_u128(0x5A02));
pub const CONTACT: ContactId = ContactId(Uuid::from_u128(0x5A03));

/// Monday.
pub const READINESS: Date = date(2027, 1, 11);
/// Tuesday.
pub const AUDIT_1: Date = date(2027, 2, 9);
/// Friday.
pub const AUDIT_2: Date = date(2027, 2, 12);
/// Friday, in the evening.
pub const MIGRATION: DateTime = date(2027, 2, 26).at(22, 0, 0, 0);
/// Saturday, in the morning.
pub const MIGRATION_ENDS: DateTime = date(2027, 2, 27).at(6, 0, 0, 0);
/// Monday.
pub const INTEGRATIONS: Date = date(2027, 3, 1);

/// When the samples happen.
pub fn now() -> Timestamp {
    at(date(2027, 1, 5).at(10, 0, 0, 0))
}

/// In Poland's time.
pub fn at(local: DateTime) -> Timestamp {
    calendar::warsaw().to_ambiguous_timestamp(local).compatible().expect("a time that is")
}

/// The company with one contact, who holds both roles and reads that language; who is one no more where the message
/// tells them so.
pub fn directory(kind: Kind, language: Language) -> Directory {
    let mut directory = Directory::new(COMPANY);
    directory.rename("Auto Kowalczyk sp. z o.o.");
    let card = ContactCard {
        display_name: "Anna Kowalczyk".to_owned(),
        email: "anna@auto-kowalczyk.example".to_owned(),
        language: language.key().to_owned(),
        roles: [ContactRole::Technical, ContactRole::Decision].map(i32::from).into(),
        ..Default::default()
    };
    directory.apply_card(CONTACT, &card);
    if kind == Kind::EntryRemoved {
        directory.leave(CONTACT);
    }
    directory
}

/// A date on a day.
pub fn day(kind: DateKind, day: Date) -> Planned {
    let bounds = calendar::day_bounds(day);
    Planned { kind, day: Some(day), starts_at: bounds.start, ends_at: bounds.end }
}

/// A date from an hour to an hour.
pub fn window(kind: DateKind, from: DateTime, to: DateTime) -> Planned {
    Planned { kind, day: None, starts_at: at(from), ends_at: at(to) }
}

pub fn migration() -> Planned {
    window(DateKind::Migration, MIGRATION, MIGRATION_ENDS)
}

/// All four, in their order.
pub fn dates() -> [Planned; 4] {
    let morning = |hour| AUDIT_2.at(hour, 0, 0, 0);
    [
        day(DateKind::Readiness, READINESS),
        day(DateKind::Audit1, AUDIT_1),
        window(DateKind::Audit2, morning(9), morning(13)),
        migration(),
    ]
}

/// As it stands in calendars.
pub fn entry(date: Planned) -> Entry {
    Entry { uid: "sample".to_owned(), sequence: 0, agreement: "sample".to_owned(), date, live: true }
}
