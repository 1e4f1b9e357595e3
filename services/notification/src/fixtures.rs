//! What the tests share: one company, its contacts, and every event of scheduling.

use std::sync::LazyLock;

use jiff::{Timestamp, civil::date};
use pbjson_types::Timestamp as PbTimestamp;
use platform::id::{CompanyId, ContactId, ProjectId};
use proto::{
    common::v1::{LocalDateTime, PlannedDate, Window, planned_date},
    scheduling::v1::{
        ContactCard, ContactRole, ContactState, DateKind, SchedulingEvent, StageDate, scheduling_event::Event,
    },
};
use uuid::Uuid;

use crate::consume::{Book, Head, Outcome, scheduling};
use crate::kind::Kind;
use crate::message::{MailIdentity, Message, Notice, Renderer, SendingPolicy, Templates};
use crate::recipients::{Directory, Language, Softvig};

pub const COMPANY: CompanyId = CompanyId(Uuid::from_u128(0xC0));
pub const PROJECT: ProjectId = ProjectId(Uuid::from_u128(0xB0));
/// Technical, Polish.
pub const TADEK: ContactId = ContactId(Uuid::from_u128(0xA1));
/// Decision, English.
pub const DAGMARA: ContactId = ContactId(Uuid::from_u128(0xA2));
/// Both roles, Polish.
pub const BEATA: ContactId = ContactId(Uuid::from_u128(0xA3));

/// Tuesday, 1 December 2026, 10:00 in Poland.
pub fn now() -> Timestamp {
    at("2026-12-01T09:00:00Z")
}

pub fn at(instant: &str) -> Timestamp {
    instant.parse().expect("a fixed instant")
}

pub fn pb(t: Timestamp) -> Option<PbTimestamp> {
    Some(platform::clock::to_wire(t))
}

pub fn name(contact: ContactId) -> String {
    format!("companies/{COMPANY}/contacts/{contact}")
}

pub fn card(contact: ContactId) -> ContactCard {
    let (display_name, language, roles): (_, _, &[ContactRole]) = match contact {
        TADEK => ("Tadeusz Łęcki", "pl", &[ContactRole::Technical]),
        DAGMARA => ("Dagmara O'Neill", "en", &[ContactRole::Decision]),
        _ => ("Beata \"Bea\" Żak", "pl", &[ContactRole::Technical, ContactRole::Decision]),
    };
    ContactCard {
        contact: name(contact),
        roles: roles.iter().map(|r| *r as i32).collect(),
        state: ContactState::Active.into(),
        display_name: display_name.into(),
        email: format!("{contact}@auto-lecki.example"),
        language: language.into(),
    }
}

pub fn card_in_state(contact: ContactId, state: ContactState) -> ContactCard {
    ContactCard { state: state.into(), ..card(contact) }
}

/// A company with Tadek and Dagmara.
pub fn directory() -> Directory {
    let mut directory = Directory::new(COMPANY);
    directory.rename("Auto Łęcki sp. z o.o.");
    for id in [TADEK, DAGMARA] {
        directory.apply_card(id, &card(id));
    }
    directory
}

pub fn book() -> Book {
    Book { directory: directory(), project: None }
}

static SHIPPED: LazyLock<Templates> =
    LazyLock::new(|| Templates::load(None).expect("the shipped templates are good"));

pub fn renderer() -> Renderer {
    Renderer {
        identity: MailIdentity {
            from: "przesiadka@softvig.example".into(),
            from_name: "SOFTVIG Przesiadka".into(),
            domain: "przesiadka.softvig.example".into(),
        },
        softvig: Softvig {
            name: "SOFTVIG".into(),
            email: "migracje@softvig.example".into(),
            language: Language::Pl,
        },
        sending: SendingPolicy::shipped(),
        templates: SHIPPED.clone(),
        public_host: "przesiadka.softvig.example".into(),
    }
}

/// Where a contact would switch a kind off; it has no underscores, by which tests find keys in texts.
pub fn unsubscribe_link(contact: ContactId, kind: Kind) -> String {
    format!("https://przesiadka.softvig.example/{contact}/{}", kind.name().replace('_', "-"))
}

pub fn event(event: Event) -> SchedulingEvent {
    SchedulingEvent {
        event_id: Uuid::from_u128(0xE1).to_string(),
        company: format!("companies/{COMPANY}"),
        project: format!("companies/{COMPANY}/projects/{PROJECT}"),
        occurred_at: pb(now()),
        recorded_at: pb(now()),
        actor: None,
        event: Some(event),
    }
}

pub fn head() -> Head {
    Head { event_id: Uuid::from_u128(0xE1), company: COMPANY, project: Some(PROJECT), occurred_at: now() }
}

/// Hears one event.
pub fn hear(book: &mut Book, what: Event) -> Outcome {
    scheduling(&event(what), book).expect("a well-formed event")
}

/// Hears one event that tells something.
pub fn told(book: &mut Book, what: Event) -> Vec<Notice> {
    match hear(book, what) {
        Outcome::Told(notices) => notices,
        other => panic!("nobody was told: {other:?}"),
    }
}

/// The messages of an event's notices.
pub fn messages(book: &Book, notices: &[Notice]) -> Vec<Message> {
    let render = |n| {
        renderer()
            .messages(n, &book.directory, &unsubscribe_link, now(), now())
            .expect("every template renders")
    };
    notices.iter().flat_map(render).collect()
}

pub fn day(kind: DateKind, day: &str) -> StageDate {
    let parsed: jiff::civil::Date = day.parse().expect("a fixed day");
    let bounds = calendar::day_bounds(parsed);
    StageDate {
        kind: kind.into(),
        date: Some(PlannedDate { date: Some(planned_date::Date::Day(day.into())) }),
        starts_at: pb(bounds.start),
        ends_at: pb(bounds.end),
    }
}

/// A window given by its instants.
pub fn window(kind: DateKind, from: &str, to: &str) -> StageDate {
    let local = |t: &str| {
        let local = calendar::warsaw().to_datetime(at(t)).to_string();
        Some(LocalDateTime { local, ..Default::default() })
    };
    StageDate {
        kind: kind.into(),
        date: Some(PlannedDate {
            date: Some(planned_date::Date::Window(Window { start: local(from), end: local(to) })),
        }),
        starts_at: pb(at(from)),
        ends_at: pb(at(to)),
    }
}

/// Friday 15 January 2027 22:00 to Saturday 06:00 in Poland.
pub fn migration() -> StageDate {
    window(DateKind::Migration, "2027-01-15T21:00:00Z", "2027-01-16T05:00:00Z")
}

/// Monday 11 January 2027.
pub fn audit_2() -> StageDate {
    assert_eq!(date(2027, 1, 11).weekday(), jiff::civil::Weekday::Monday);
    day(DateKind::Audit2, "2027-01-11")
}
