use std::sync::Arc;

use platform::{
    Error,
    auth::{Principal, Role},
    harness::{self, request_id},
    id::CompanyId,
    secret::Secret,
};
use proto::{
    common::v1::ErrorReason,
    notification::v1::{
        Channel, ContactPreferences, ContactPreferencesChanged, CreateCalendarLinkRequest,
        GetContactPreferencesRequest, NotificationEvent, UpdateContactPreferencesRequest,
        notification_event::Event as Told,
    },
    scheduling::v1::{
        ContactAnonymised, ContactCard, ContactState, DateAgreed, Stage, StageUnlocked,
        scheduling_event::Event,
    },
};
use testkit::Backend;
use uuid::Uuid;

use super::telling::on_both_databases;
use super::world::{World, contact, reason, softvig};
use crate::Notification;
use crate::fixtures::{COMPANY, DAGMARA, TADEK, card, card_in_state, migration, name};

fn tadek() -> Principal {
    contact(COMPANY, TADEK, Role::Technical)
}

fn preferences() -> String {
    format!("{}/preferences", name(TADEK))
}

fn wish(language: &str, topics: &[&str]) -> ContactPreferences {
    ContactPreferences {
        name: preferences(),
        language: language.into(),
        muted_topics: topics.iter().map(|topic| (*topic).to_owned()).collect(),
        ..Default::default()
    }
}

fn update(wish: ContactPreferences) -> UpdateContactPreferencesRequest {
    UpdateContactPreferencesRequest {
        preferences: Some(wish),
        request_id: request_id(),
        ..Default::default()
    }
}

async fn change(
    world: &World,
    who: &Principal,
    request: UpdateContactPreferencesRequest,
) -> Result<ContactPreferences, Error> {
    world.call(who, Notification::update_contact_preferences, request).await
}

async fn get(world: &World, who: &Principal) -> Result<ContactPreferences, Error> {
    let request = GetContactPreferencesRequest { name: preferences() };
    world.call(who, Notification::get_contact_preferences, request).await
}

fn unlocked() -> Event {
    Event::StageUnlocked(StageUnlocked { stage: Stage::Audit1.into(), ..Default::default() })
}

async fn what_a_contact_wants_holds_for_everything_written_from_then_on(backend: Backend) {
    let world = World::new(backend).await;
    let before = get(&world, &tadek()).await.expect("its own");
    assert_eq!((before.channel(), before.language.as_str()), (Channel::Email, ""));
    assert!(before.muted_topics.is_empty() && before.optional_topics.contains(&"stage_unlocked".to_owned()));

    let changed = change(&world, &tadek(), update(wish("en", &["stage_unlocked"]))).await.expect("allowed");
    assert_eq!(changed.muted_topics, ["stage_unlocked"]);
    assert_eq!(get(&world, &softvig()).await.expect("readable"), changed);
    // A new card changes neither.
    world.tell(Event::ContactCard(ContactCard { display_name: "Tadek".into(), ..card(TADEK) })).await;
    world.tell(unlocked()).await;
    assert_eq!(world.told().await, ["stage_unlocked decision"]);
    let agreed = DateAgreed { agreement: "a".into(), date: Some(migration()), ..Default::default() };
    world.tell(Event::DateAgreed(agreed)).await;
    let written = world.messages().await.into_iter().find(|m| m.contact == name(TADEK));
    assert_eq!(written.expect("dates are always told").language, "en");
    let link = CreateCalendarLinkRequest {
        parent: format!("companies/{COMPANY}"),
        request_id: request_id(),
        ..Default::default()
    };
    let url = world.call(&tadek(), Notification::create_calendar_link, link).await.expect("made").url;
    let secret = url.rsplit('/').next().and_then(|file| file.strip_suffix(".ics")).expect("a secret");
    let calendar = Arc::clone(&world.service).calendar(Secret::sent(secret)).await.expect("readable");
    assert!(calendar.expect("alive").text.contains("SUMMARY:migration"), "in English, too");

    let back = change(&world, &softvig(), update(wish("", &[]))).await.expect("SOFTVIG may, too");
    assert!(back.muted_topics.is_empty() && back.language.is_empty());
    world.tell(unlocked()).await;
    let told = world.told().await;
    assert!(told.contains(&"stage_unlocked technical".to_owned()), "{told:?}");
}

async fn a_change_is_told_once_and_names_nothing_of_the_person(backend: Backend) {
    let world = World::new(backend).await;
    let request = update(wish("en", &["reminder"]));
    let judged = UpdateContactPreferencesRequest { validate_only: true, ..request.clone() };
    let judged = change(&world, &tadek(), judged).await.expect("it would be");
    assert_eq!(judged.muted_topics, ["reminder"]);
    assert!(get(&world, &tadek()).await.expect("readable").muted_topics.is_empty(), "nothing was kept");
    let first = change(&world, &tadek(), request.clone()).await.expect("changed");
    assert_eq!(change(&world, &tadek(), request).await.expect("repeated"), first);
    let same = update(wish("en", &["reminder"]));
    assert_eq!(change(&world, &tadek(), same).await.expect("nothing to do"), first);

    let told: Vec<(String, NotificationEvent)> = world.outbox().await;
    let told: Vec<_> = told.into_iter().map(|(kind, event)| (kind, event.event)).collect();
    let changed = Told::ContactPreferencesChanged(ContactPreferencesChanged { contact: name(TADEK) });
    assert_eq!(told, [("contact_preferences_changed".to_owned(), Some(changed))]);
    let history = world.history().await;
    let history: Vec<_> = history.iter().map(|line| (line.kind.as_str(), line.actor.as_str())).collect();
    assert_eq!(history, [("contact_preferences_changed", name(TADEK).as_str())]);
}

async fn only_the_contact_and_softvig_see_and_change_preferences(backend: Backend) {
    let world = World::new(backend).await;
    let dagmara = contact(COMPANY, DAGMARA, Role::Decision);
    let stranger = contact(CompanyId(Uuid::from_u128(0xC1)), TADEK, Role::Technical);
    for (who, why) in [
        (&dagmara, ErrorReason::PermissionDenied),
        (&harness::softvig(Role::Auditor), ErrorReason::PermissionDenied),
        (&stranger, ErrorReason::NotFound),
    ] {
        assert_eq!(reason(get(&world, who).await), why);
        assert_eq!(reason(change(&world, who, update(wish("en", &[]))).await), why);
    }
    change(&world, &harness::softvig(Role::Operator), update(wish("en", &[])))
        .await
        .expect("an operator may");
}

async fn what_cannot_be_wished_is_refused_and_changes_nothing(backend: Backend) {
    let world = World::new(backend).await;
    let read = get(&world, &tadek()).await.expect("readable");
    let refused = change(&world, &tadek(), update(wish("de", &["date_agreed", "reminder"]))).await;
    let error = refused.expect_err("neither");
    let fields: Vec<_> = error.violations().iter().map(|v| v.field.as_str()).collect();
    assert_eq!(fields, ["preferences.language", "preferences.muted_topics[0]"]);
    assert_eq!(get(&world, &tadek()).await.expect("readable"), read);

    let seen = UpdateContactPreferencesRequest { etag: read.etag.clone(), ..update(wish("en", &[])) };
    change(&world, &tadek(), seen).await.expect("as it was read");
    let stale = UpdateContactPreferencesRequest { etag: read.etag, ..update(wish("pl", &[])) };
    assert_eq!(reason(change(&world, &softvig(), stale).await), ErrorReason::EtagMismatch);
    let nothing = UpdateContactPreferencesRequest { request_id: request_id(), ..Default::default() };
    assert_eq!(reason(change(&world, &tadek(), nothing).await), ErrorReason::InvalidArgument);
}

async fn who_takes_part_no_more_has_no_preferences(backend: Backend) {
    let world = World::new(backend).await;
    change(&world, &tadek(), update(wish("en", &["reminder"]))).await.expect("changed");
    world.tell(Event::ContactCard(card_in_state(TADEK, ContactState::Left))).await;
    assert_eq!(reason(get(&world, &tadek()).await), ErrorReason::PermissionDenied);
    let gone = async || {
        assert_eq!(reason(get(&world, &softvig()).await), ErrorReason::NotFound);
        assert_eq!(reason(change(&world, &softvig(), update(wish("pl", &[]))).await), ErrorReason::NotFound);
    };
    gone().await;
    world.tell(Event::ContactAnonymised(ContactAnonymised { contact: name(TADEK) })).await;
    gone().await;
    let mut nobody = update(wish("pl", &[]));
    nobody.preferences.as_mut().expect("given").name =
        format!("companies/{COMPANY}/contacts/{}/preferences", Uuid::from_u128(9));
    assert_eq!(reason(change(&world, &softvig(), nobody).await), ErrorReason::NotFound);
}

on_both_databases! {
    what_a_contact_wants_holds_for_everything_written_from_then_on,
    a_change_is_told_once_and_names_nothing_of_the_person,
    only_the_contact_and_softvig_see_and_change_preferences,
    what_cannot_be_wished_is_refused_and_changes_nothing,
    who_takes_part_no_more_has_no_preferences,
}
