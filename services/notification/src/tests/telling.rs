use jiff::SignedDuration;
use platform::{auth::Role, clock::machine_now, id::CompanyId};
use prost::Message as _;
use proto::{
    audit::v1::{AuditConcluded, AuditEvent, audit_event},
    common::v1::ErrorReason,
    licensing::v1::{LicenceChosen, LicenceKind, LicensingEvent, licensing_event},
    notification::v1::{GetMessageRequest, ListMessagesRequest, MessageState},
    scheduling::v1::{scheduling_event::Event, *},
};
use testkit::Backend;
use uuid::Uuid;

use super::world::{World, claim, contact, describe, reason, softvig};
use crate::Notification;
use crate::fixtures::{COMPANY, DAGMARA, PROJECT, TADEK, card, event, migration, name, now, pb};

fn agreed() -> Event {
    Event::DateAgreed(DateAgreed { agreement: "m".into(), date: Some(migration()), ..Default::default() })
}

async fn an_event_becomes_one_message_for_each_who_hears_it(backend: Backend) {
    let world = World::new(backend).await;
    let message = world.tell(agreed()).await;
    let expected = ["date_agreed decision", "date_agreed softvig", "date_agreed technical"];
    assert_eq!(world.told().await, expected);
    // Handed to the consumer once more, as after a crash before the acknowledgement.
    world.receive(message).await;
    assert_eq!(world.told().await, expected);

    world.send().await;
    world.send().await;
    let files = world.files();
    assert_eq!(files.len(), 3);
    assert_eq!(files.iter().filter(|f| f.contains("text/calendar")).count(), 2, "SOFTVIG gets no entry");
    assert_eq!(world.messages_in(MessageState::Sent).await.len(), 3);
    assert_eq!(world.outbox_kinds().await, ["message_sent"; 3]);
    world.assert_nothing_parked().await;
}

async fn the_other_services_events_are_told_too(backend: Backend) {
    let world = World::new(backend).await;
    let (company, project) =
        (format!("companies/{COMPANY}"), format!("companies/{COMPANY}/projects/{PROJECT}"));
    let audit = AuditEvent {
        event_id: Uuid::now_v7().to_string(),
        company: company.clone(),
        project: project.clone(),
        occurred_at: pb(now()),
        event: Some(audit_event::Event::AuditConcluded(AuditConcluded {
            audit: 1,
            passed: true,
            ..Default::default()
        })),
        ..Default::default()
    };
    let licensing = LicensingEvent {
        event_id: Uuid::now_v7().to_string(),
        company,
        project,
        occurred_at: pb(now()),
        event: Some(licensing_event::Event::LicenceChosen(LicenceChosen {
            kind: LicenceKind::Runtime.into(),
            ..Default::default()
        })),
        ..Default::default()
    };
    world.hear("audit", COMPANY, "audit_concluded", &audit).await;
    world.hear("licensing", COMPANY, "licence_chosen", &licensing).await;
    world.assert_nothing_parked().await;
    assert_eq!(
        world.told().await,
        [
            "audit_passed decision",
            "audit_passed softvig",
            "audit_passed technical",
            "licence_chosen decision",
            "licence_chosen softvig"
        ]
    );
}

async fn what_cannot_be_understood_is_parked_and_seen(backend: Backend) {
    let foreign = format!("companies/{}", Uuid::from_u128(7));
    let cases: [(Vec<u8>, &str); 4] = [
        (vec![0xff], "undecodable"),
        (SchedulingEvent { event: None, ..event(agreed()) }.encode_to_vec(), "unknown type"),
        (SchedulingEvent { company: foreign, ..event(agreed()) }.encode_to_vec(), "on the lane of"),
        (event(Event::DateAgreed(DateAgreed::default())).encode_to_vec(), "the agreed date"),
    ];
    for (payload, expected) in cases {
        let world = World::new(backend).await;
        world.tell_payload(payload).await;
        world.tell(agreed()).await;
        let parked = world.service.core.parked_after(None, 100).await.expect("readable");
        assert_eq!(parked.len(), 1);
        assert!(parked[0].error.contains(expected), "{:?}", parked[0]);
        assert!(world.messages().await.is_empty(), "what comes behind it waits");
    }
}

fn anonymised() -> Event {
    Event::ContactAnonymised(ContactAnonymised { contact: name(TADEK) })
}

fn left() -> Event {
    Event::ContactReplaced(ContactReplaced { contact: name(TADEK), successor: String::new() })
}

/// Tadek takes part, and is anonymised: what scheduling tells then.
async fn anonymise_while_taking_part(world: &World) {
    let card =
        ContactCard { contact: name(TADEK), state: ContactState::Anonymised.into(), ..Default::default() };
    for event in [Event::ContactCard(card), left(), anonymised()] {
        world.tell(event).await;
    }
    world.assert_nothing_parked().await;
}

/// Everything that is kept, as text.
async fn kept(world: &World) -> String {
    let db = world.service.core.db.read();
    let mut kept = String::new();
    for table in ["message", "directory", "project", "question"] {
        let sql = format!("select cast(body as text) as body from {table}");
        for row in platform::db::query_all(db, &sql, vec![]).await.expect("readable") {
            kept.push_str(&row.try_get::<String>("", "body").expect("text"));
        }
    }
    for row in platform::db::query_all(db, "select payload from outbox", vec![]).await.expect("readable") {
        let payload: Vec<u8> = row.try_get("", "payload").expect("bytes");
        kept.push_str(&String::from_utf8_lossy(&payload));
    }
    kept
}

async fn is_forgotten(world: &World) -> bool {
    let kept = kept(world).await;
    !["Tadeusz", "Łęcki\"", &format!("{TADEK}@")].iter().any(|trace| kept.contains(trace))
}

async fn anonymising_removes_the_person_everywhere(backend: Backend) {
    let world = World::new(backend).await;
    world.tell(agreed()).await;
    world.send().await;
    for event in [left(), anonymised(), Event::ContactCard(card(TADEK))] {
        world.tell(event).await;
    }
    world.assert_nothing_parked().await;
    world.send().await;
    assert!(is_forgotten(&world).await, "{}", kept(&world).await);
    let told = world.messages().await;
    assert!(told.iter().any(|m| describe(m) == "date_agreed technical"), "the history keeps its shape");
    // What names him and was not sent yet is not sent; the others are.
    let dropped: Vec<String> = world.messages_in(MessageState::Dropped).await.iter().map(describe).collect();
    assert!(dropped.contains(&"contact_replaced softvig".to_owned()), "{dropped:?}");
}

async fn who_is_anonymised_while_taking_part_first_gets_the_dates_out_of_the_calendar(backend: Backend) {
    let world = World::new(backend).await;
    world.tell(agreed()).await;
    world.send().await;
    anonymise_while_taking_part(&world).await;
    assert!(!is_forgotten(&world).await, "a mail is still on its way");
    world.send().await;
    let mails = world.files();
    let taken_out = mails.iter().filter(|mail| mail.contains("method=CANCEL"));
    assert_eq!(taken_out.filter(|mail| mail.contains(&format!("{TADEK}@"))).count(), 1);
    assert!(is_forgotten(&world).await, "{}", kept(&world).await);
    let sent: Vec<String> = world.messages_in(MessageState::Sent).await.iter().map(describe).collect();
    for told in ["contact_replaced decision", "contact_replaced softvig"] {
        assert!(sent.contains(&told.to_owned()), "told without a name: {sent:?}");
    }
}

async fn what_was_taken_before_somebody_was_anonymised_is_not_sent_to_or_about_them(backend: Backend) {
    let world = World::new(backend).await;
    for event in [agreed(), left()] {
        world.tell(event).await;
    }
    world.wait_out().await;
    let now = machine_now();
    let (hand, lease) = claim(&world.service, now).await;
    world.tell(anonymised()).await;
    world.service.send(hand, lease, || now).await.expect("works");
    let mut sent: Vec<String> = world.messages_in(MessageState::Sent).await.iter().map(describe).collect();
    sent.sort();
    assert_eq!(sent, ["date_agreed decision", "date_agreed softvig"]);
    assert_eq!(world.files().len(), 2, "nothing else was handed over");
    world.assert_nothing_parked().await;
}

async fn who_is_anonymised_and_cannot_be_told_is_forgotten_after_a_day(backend: Backend) {
    let world = World::new(backend).await;
    world.tell(agreed()).await;
    anonymise_while_taking_part(&world).await;
    std::fs::write(&world.mails, "in the way").expect("a file");
    world.send().await;
    assert!(!is_forgotten(&world).await, "tried again for a day");
    world.advance("2026-12-02T09:00:00Z").await;
    let later = machine_now() + SignedDuration::from_mins(1);
    let (hand, lease) = claim(&world.service, later).await;
    world.service.send(hand, lease, || later).await.expect("works");
    assert!(is_forgotten(&world).await, "{}", kept(&world).await);
}

async fn who_has_no_dates_ahead_is_forgotten_at_once(backend: Backend) {
    let world = World::new(backend).await;
    anonymise_while_taking_part(&world).await;
    assert!(is_forgotten(&world).await, "{}", kept(&world).await);
}

async fn a_contact_sees_its_companys_messages_and_no_others(backend: Backend) {
    let world = World::new(backend).await;
    world.tell(agreed()).await;
    let other = CompanyId(Uuid::from_u128(0xBAD));
    let list = |parent: CompanyId| ListMessagesRequest {
        parent: format!("companies/{parent}"),
        page_size: 1,
        ..Default::default()
    };
    let tadek = || contact(COMPANY, TADEK, Role::Technical);

    let first =
        world.call(&tadek(), Notification::list_messages, list(COMPANY)).await.expect("his own company's");
    let second = ListMessagesRequest { page_token: first.next_page_token.clone(), ..list(COMPANY) };
    let second = world.call(&tadek(), Notification::list_messages, second).await.expect("the next page");
    let seen: Vec<String> = first.messages.iter().chain(&second.messages).map(describe).collect();
    assert_eq!(seen, ["date_agreed decision", "date_agreed technical"], "not SOFTVIG's, newest first");
    assert_eq!(second.next_page_token, "");
    assert!(first.messages[0].text.is_empty(), "lists hold no texts");

    let stolen = ListMessagesRequest { page_token: first.next_page_token.clone(), ..list(COMPANY) };
    assert_eq!(
        reason(world.call(&softvig(), Notification::list_messages, stolen).await),
        ErrorReason::PageTokenInvalid
    );
    assert_eq!(
        reason(world.call(&tadek(), Notification::list_messages, list(other)).await),
        ErrorReason::NotFound
    );
    let stranger = contact(other, DAGMARA, Role::Decision);
    assert_eq!(
        reason(world.call(&stranger, Notification::list_messages, list(COMPANY)).await),
        ErrorReason::NotFound
    );
    for (project, of) in [
        (format!("companies/{other}/projects/{PROJECT}"), String::new()),
        (String::new(), format!("companies/{other}/contacts/{TADEK}")),
    ] {
        let foreign = ListMessagesRequest { project, contact: of, ..list(COMPANY) };
        let refused = world.call(&softvig(), Notification::list_messages, foreign).await;
        assert_eq!(reason(refused), ErrorReason::InvalidArgument);
    }
    let left = contact(COMPANY, platform::id::ContactId(Uuid::from_u128(0xDEAD)), Role::Decision);
    assert_eq!(
        reason(world.call(&left, Notification::list_messages, list(COMPANY)).await),
        ErrorReason::PermissionDenied
    );

    let get = |name: &str| GetMessageRequest { name: name.to_owned() };
    let mine = world
        .call(&tadek(), Notification::get_message, get(&first.messages[0].name))
        .await
        .expect("readable");
    assert!(mine.text.contains("Saturday") && mine.calendar.contains("METHOD:REQUEST"));
    let all = world.messages().await;
    let softvigs = all.iter().find(|m| m.contact.is_empty()).expect("one to SOFTVIG");
    assert_eq!(
        reason(world.call(&tadek(), Notification::get_message, get(&softvigs.name)).await),
        ErrorReason::NotFound
    );
    world.call(&softvig(), Notification::get_message, get(&softvigs.name)).await.expect("SOFTVIG sees it");
}

macro_rules! on_both_databases {
    ($($test:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test] async fn $test() { super::$test(testkit::Backend::Sqlite).await; })*
        }
        mod postgres {
            $(#[tokio::test] async fn $test() { super::$test(testkit::Backend::Postgres).await; })*
        }
    };
}
pub(super) use on_both_databases;

on_both_databases! {
    an_event_becomes_one_message_for_each_who_hears_it,
    the_other_services_events_are_told_too,
    what_cannot_be_understood_is_parked_and_seen,
    anonymising_removes_the_person_everywhere,
    who_is_anonymised_while_taking_part_first_gets_the_dates_out_of_the_calendar,
    what_was_taken_before_somebody_was_anonymised_is_not_sent_to_or_about_them,
    who_is_anonymised_and_cannot_be_told_is_forgotten_after_a_day,
    who_has_no_dates_ahead_is_forgotten_at_once,
    a_contact_sees_its_companys_messages_and_no_others,
}
