//! Links to subscribed calendars.

use std::{fs, sync::Arc};

use platform::{
    Error,
    auth::{Principal, Role},
    db::query_all,
    harness::request_id,
    id::{CompanyId, ContactId},
    secret::Secret,
};
use proto::{
    common::v1::ErrorReason,
    notification::v1::{
        CreateCalendarLinkRequest, ListCalendarLinksRequest, RevokeCalendarLinkRequest,
        RevokeCalendarLinkResponse,
    },
    scheduling::v1::{scheduling_event::Event, *},
};
use testkit::Backend;
use uuid::Uuid;

use super::calendar::read;
use super::telling::on_both_databases;
use super::world::{World, contact, reason, softvig};
use crate::Notification;
use crate::fixtures::{BEATA, COMPANY, DAGMARA, TADEK, audit_2, card, card_in_state, event, migration, name};

const ALL: &str = "companies/-";

fn tadek() -> Principal {
    contact(COMPANY, TADEK, Role::Technical)
}

fn company() -> String {
    format!("companies/{COMPANY}")
}

async fn create(world: &World, who: &Principal, parent: &str) -> proto::notification::v1::CalendarLink {
    world.call(who, Notification::create_calendar_link, of(parent)).await.expect("made")
}

fn of(parent: &str) -> CreateCalendarLinkRequest {
    CreateCalendarLinkRequest { parent: parent.to_owned(), request_id: request_id(), ..Default::default() }
}

async fn revoke(world: &World, who: &Principal, name: &str) -> Result<RevokeCalendarLinkResponse, Error> {
    let request =
        RevokeCalendarLinkRequest { name: name.to_owned(), request_id: request_id(), ..Default::default() };
    world.call(who, Notification::revoke_calendar_link, request).await
}

/// The links that somebody sees.
async fn listed(world: &World, who: &Principal, parent: &str) -> Vec<String> {
    let request = ListCalendarLinksRequest { parent: parent.to_owned(), ..Default::default() };
    let listed = world.call(who, Notification::list_calendar_links, request).await.expect("listed");
    assert!(listed.calendar_links.iter().all(|link| link.url.is_empty()), "shown once");
    listed.calendar_links.into_iter().map(|link| link.name).collect()
}

/// What a calendar program finds there.
async fn found(world: &World, url: &str) -> Option<String> {
    let secret =
        url.strip_prefix("webcal://127.0.0.1:8080/notification/v1/calendars/").expect("where it lies");
    let secret = Secret::sent(secret.strip_suffix(".ics").expect("its ending"));
    Arc::clone(&world.service).calendar(secret).await.expect("readable").map(|found| found.text)
}

fn agree(agreement: &str, replaces: &str, date: StageDate) -> Event {
    Event::DateAgreed(DateAgreed {
        agreement: agreement.into(),
        date: Some(date),
        replaces: replaces.into(),
        ..Default::default()
    })
}

async fn a_link_shows_the_dates_that_are_agreed_now_and_nobodys_name(backend: Backend) {
    let world = World::new(backend).await;
    let link = create(&world, &tadek(), &company()).await;
    assert_eq!(link.contact, name(TADEK));
    world.tell(agree("m", "", migration())).await;
    world.tell(agree("a", "", audit_2())).await;
    world.tell(agree("m2", "m", migration())).await;
    fs::create_dir_all(&world.mails).expect("a folder");
    let both = found(&world, &link.url).await.expect("alive");
    assert!(
        !both.contains("Tadeusz") && !both.contains("Dagmara") && !both.contains("@auto-lecki"),
        "{both}"
    );
    world.tell(Event::DateWithdrawn(DateWithdrawn { agreement: "a".into(), ..Default::default() })).await;
    let one = found(&world, &link.url).await.expect("alive");
    world.tell(Event::ProjectCancelled(ProjectCancelled::default())).await;
    let none = found(&world, &link.url).await.expect("alive");
    for (file, text) in [("both", both), ("one", one), ("none", none)] {
        fs::write(world.mails.join(file).with_extension("ics"), text).expect("written");
    }
    let feeds = read(&world.mails).feeds;
    let shown = |feed: &str| -> Vec<(String, u32, String)> {
        let mut shown: Vec<_> =
            feeds[feed].iter().map(|s| (s.uid.clone(), s.sequence, s.summary.clone())).collect();
        shown.sort();
        shown
    };
    let entry = |uid: &str, sequence, what: &str| {
        (format!("{uid}@przesiadka.softvig.pl"), sequence, format!("{what} – Auto Łęcki sp. z o.o."))
    };
    assert_eq!(shown("both"), [entry("a", 0, "Audyt II"), entry("m", 1, "migracja")]);
    assert_eq!(shown("one"), [entry("m", 1, "migracja")]);
    assert_eq!(shown("none"), []);
}

async fn a_new_link_ends_the_former_one_and_a_revoked_one_is_dead_at_once(backend: Backend) {
    let world = World::new(backend).await;
    let first = create(&world, &tadek(), &company()).await;
    let second = create(&world, &tadek(), &company()).await;
    assert_ne!(first.url, second.url);
    assert_eq!(found(&world, &first.url).await, None);
    assert!(found(&world, &second.url).await.is_some());
    assert_eq!(listed(&world, &tadek(), &company()).await, [second.name.as_str()]);

    // Another contact neither sees nor ends it.
    let dagmara = contact(COMPANY, DAGMARA, Role::Decision);
    assert_eq!(listed(&world, &dagmara, &company()).await, [""; 0]);
    assert_eq!(reason(revoke(&world, &dagmara, &second.name).await), ErrorReason::NotFound);
    assert!(found(&world, &second.url).await.is_some());

    revoke(&world, &tadek(), &second.name).await.expect("its own");
    assert_eq!(found(&world, &second.url).await, None);
    assert_eq!(reason(revoke(&world, &tadek(), &second.name).await), ErrorReason::NotFound);
}

async fn softvig_has_a_link_for_all_companies_and_ends_anybodys(backend: Backend) {
    let world = World::new(backend).await;
    let theirs = create(&world, &tadek(), &company()).await;
    let all = create(&world, &softvig(), ALL).await;
    assert!(all.contact.is_empty() && !all.holder.is_empty());
    let other = CompanyId(Uuid::from_u128(0xC1));
    for (id, agreement) in [(COMPANY, "m"), (other, "o")] {
        let agreed = SchedulingEvent {
            event_id: Uuid::now_v7().to_string(),
            company: format!("companies/{id}"),
            project: format!("companies/{id}/projects/{}", Uuid::now_v7()),
            ..event(agree(agreement, "", migration()))
        };
        world.hear("scheduling", id, "date_agreed", &agreed).await;
    }
    let shown = |text: &str| text.matches("BEGIN:VEVENT").count();
    assert_eq!(shown(&found(&world, &all.url).await.expect("alive")), 2);
    assert_eq!(shown(&found(&world, &theirs.url).await.expect("alive")), 1, "its own company's");
    assert_eq!(listed(&world, &softvig(), ALL).await, [theirs.name.clone(), all.name.clone()]);
    assert_eq!(listed(&world, &softvig(), &company()).await, [theirs.name.as_str()]);

    let refused = world.call(&tadek(), Notification::create_calendar_link, of(ALL)).await;
    assert_eq!(reason(refused), ErrorReason::PermissionDenied);
    for name in [&theirs.name, &all.name] {
        revoke(&world, &softvig(), name).await.expect("SOFTVIG ends any");
    }
    assert_eq!(found(&world, &theirs.url).await, None);
    assert_eq!(found(&world, &all.url).await, None);
    world.assert_nothing_parked().await;
}

async fn a_link_dies_with_its_holders_part_and_stays_dead(backend: Backend) {
    let left = |contact: ContactId| Event::ContactCard(card_in_state(contact, ContactState::Left));
    let replaced =
        |contact| Event::ContactReplaced(ContactReplaced { contact: name(contact), successor: name(BEATA) });
    let anonymised = |contact| Event::ContactAnonymised(ContactAnonymised { contact: name(contact) });
    for gone in [left(TADEK), replaced(TADEK), anonymised(TADEK)] {
        let world = World::new(backend).await;
        world.tell(Event::ContactCard(card(BEATA))).await;
        let link = create(&world, &tadek(), &company()).await;
        let stays = create(&world, &contact(COMPANY, DAGMARA, Role::Decision), &company()).await;
        world.tell(gone).await;
        assert_eq!(found(&world, &link.url).await, None);
        world.tell(Event::ContactCard(card(TADEK))).await;
        assert_eq!(found(&world, &link.url).await, None, "also for somebody who comes back");
        assert!(found(&world, &stays.url).await.is_some());
    }
}

async fn of_a_secret_only_the_digest_is_kept(backend: Backend) {
    let world = World::new(backend).await;
    let link = create(&world, &tadek(), &company()).await;
    let secret = link.url.rsplit('/').next().and_then(|last| last.strip_suffix(".ics")).expect("a secret");
    assert_eq!(secret.len(), 43, "256 bits");
    for (table, what) in [
        ("calendar_link", "company || holder || digest"),
        ("history", "kind || actor || cast(body as text)"),
        ("request", "key || resource"),
    ] {
        let sql = format!("select {what} as kept from {table}");
        let rows = query_all(world.service.core.db.read(), &sql, vec![]).await.expect("readable");
        let kept: Vec<String> = rows.iter().map(|row| row.try_get("", "kept").expect("text")).collect();
        assert!(!kept.is_empty() && kept.iter().all(|kept| !kept.contains(secret)), "{table}: {kept:?}");
    }
}

async fn a_repeated_request_makes_no_second_link_and_shows_no_secret(backend: Backend) {
    let world = World::new(backend).await;
    let request =
        CreateCalendarLinkRequest { parent: company(), request_id: "once".to_owned(), ..Default::default() };
    let judged = CreateCalendarLinkRequest { validate_only: true, ..request.clone() };
    let judged = world.call(&tadek(), Notification::create_calendar_link, judged).await.expect("allowed");
    assert!(judged.url.is_empty() && listed(&world, &tadek(), &company()).await.is_empty());
    let [first, second] = [request.clone(), request];
    let first = world.call(&tadek(), Notification::create_calendar_link, first).await.expect("made");
    let second = world.call(&tadek(), Notification::create_calendar_link, second).await.expect("repeated");
    assert_eq!((second.name, second.url.as_str()), (first.name, ""));
    assert!(found(&world, &first.url).await.is_some(), "the first one lives");
}

on_both_databases! {
    a_link_shows_the_dates_that_are_agreed_now_and_nobodys_name,
    a_new_link_ends_the_former_one_and_a_revoked_one_is_dead_at_once,
    softvig_has_a_link_for_all_companies_and_ends_anybodys,
    a_link_dies_with_its_holders_part_and_stays_dead,
    of_a_secret_only_the_digest_is_kept,
    a_repeated_request_makes_no_second_link_and_shows_no_secret,
}
