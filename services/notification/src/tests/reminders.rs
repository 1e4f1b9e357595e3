use proto::{
    notification::v1::MessageState,
    scheduling::v1::{scheduling_event::Event, *},
};
use testkit::Backend;

use super::telling::on_both_databases;
use super::world::World;
use crate::Notification;
use crate::fixtures::{migration, window};

fn agree(agreement: &str, replaces: &str, date: StageDate) -> Event {
    Event::DateAgreed(DateAgreed {
        agreement: agreement.into(),
        date: Some(date),
        replaces: replaces.into(),
        ..Default::default()
    })
}

fn withdraw(agreement: &str) -> Event {
    Event::DateWithdrawn(DateWithdrawn {
        agreement: agreement.into(),
        date: Some(migration()),
        ..Default::default()
    })
}

async fn reminders(world: &World) -> Vec<String> {
    let messages = world.messages().await;
    let mut subjects: Vec<String> =
        messages.into_iter().filter(|m| m.topic == "reminder").map(|m| m.subject).collect();
    subjects.sort();
    subjects
}

async fn both_contacts_are_reminded_7_days_and_1_day_before_and_in_the_morning(backend: Backend) {
    let world = World::new(backend).await;
    world
        .tell(Event::StageUnlocked(StageUnlocked { stage: Stage::Audit2.into(), ..Default::default() }))
        .await;
    world.tell(agree("m", "", migration())).await;
    world.advance("2027-01-08T05:59:59Z").await;
    assert!(reminders(&world).await.is_empty());
    world.advance("2027-01-08T06:00:00Z").await;
    let week = reminders(&world).await;
    assert_eq!(week.len(), 2, "technical and decision, not SOFTVIG: {week:?}");
    assert!(week[0].starts_with("In 7 days – migration: Friday, 15 January 2027"), "{week:?}");
    assert!(week[1].starts_with("Za 7 dni – migracja: piątek, 15 stycznia 2027"), "{week:?}");
    for (now, polish, english) in [
        ("2027-01-14T06:00:00Z", "Jutro – migracja: piątek", "Tomorrow – migration: Friday"),
        ("2027-01-15T06:00:00Z", "Dziś – migracja: piątek", "Today – migration: Friday"),
    ] {
        let before = reminders(&world).await.len();
        world.advance(now).await;
        let all = reminders(&world).await;
        assert_eq!(all.len(), before + 2);
        for begin in [polish, english] {
            assert!(all.iter().any(|s| s.starts_with(begin)), "{all:?}");
        }
    }

    let messages = world.messages().await;
    let one = messages.iter().find(|m| m.topic == "reminder" && m.language == "en").expect("an English one");
    let get = proto::notification::v1::GetMessageRequest { name: one.name.clone() };
    let text =
        world.call(&super::world::softvig(), Notification::get_message, get).await.expect("readable").text;
    assert!(text.contains("provided that audit 2 passes"), "{text}");
}

async fn reminders_follow_a_date_that_moves(backend: Backend) {
    let world = World::new(backend).await;
    world.tell(agree("m", "", migration())).await;
    let later = window(DateKind::Migration, "2027-01-22T21:00:00Z", "2027-01-23T05:00:00Z");
    world.tell(agree("m2", "m", later)).await;
    world.advance("2027-01-14T06:00:00Z").await;
    assert!(reminders(&world).await.is_empty(), "the old date's are gone");
    for now in ["2027-01-15T06:00:00Z", "2027-01-21T06:00:00Z", "2027-01-22T06:00:00Z"] {
        world.advance(now).await;
    }
    let all = reminders(&world).await;
    assert_eq!(all.len(), 6);
    assert!(all.iter().all(|s| s.contains("22 stycznia 2027") || s.contains("22 January 2027")), "{all:?}");
}

async fn nobody_is_reminded_of_a_date_that_was_withdrawn(backend: Backend) {
    let world = World::new(backend).await;
    world.tell(agree("m", "", migration())).await;
    world.tell(withdraw("m")).await;
    world.advance("2027-01-15T06:00:00Z").await;
    assert!(reminders(&world).await.is_empty());
    world.assert_nothing_parked().await;
}

async fn reminders_are_not_sent_late(backend: Backend) {
    let world = World::new(backend).await;
    world.tell(agree("m", "", migration())).await;
    // The service was away for a week and a half.
    world.advance("2027-01-14T05:00:00Z").await;
    assert!(reminders(&world).await.is_empty(), "the one of 7 days before would be wrong by now");
    world.advance("2027-01-14T20:00:00Z").await;
    assert_eq!(reminders(&world).await.len(), 2, "on the same day it still helps");
}

async fn a_reminder_that_waits_is_looked_at_again_when_it_is_sent(backend: Backend) {
    let world = World::new(backend).await;
    world.tell(agree("m", "", migration())).await;
    world.send().await;
    // The mail server is away from here on.
    world.advance("2027-01-14T06:00:00Z").await;
    world.advance("2027-01-15T06:00:00Z").await;
    assert_eq!(reminders(&world).await.len(), 4);
    world.send().await;
    let dropped = world.messages_in(MessageState::Dropped).await;
    // They had been joined, each with the one of today, which goes out by itself.
    assert_eq!(dropped.len(), 4, "it says tomorrow, and that is today: {dropped:?}");
    assert_eq!(dropped.iter().filter(|m| m.joins.len() == 2).count(), 2, "{dropped:?}");
    assert!(dropped.iter().all(|m| m.outcome == "too late to be of use"), "{dropped:?}");
    assert_eq!(world.files().iter().filter(|file| file.contains("Today")).count(), 1);

    let moved = window(DateKind::Migration, "2027-01-22T21:00:00Z", "2027-01-23T05:00:00Z");
    world.tell(agree("m2", "m", moved)).await;
    world.send().await;
    world.advance("2027-01-21T06:00:00Z").await;
    world.tell(withdraw("m2")).await;
    world.send().await;
    let dropped = world.messages_in(MessageState::Dropped).await;
    let withdrawn = dropped.iter().filter(|m| m.outcome == "the date was moved or withdrawn");
    assert_eq!(withdrawn.count(), 2, "withdrawn between the timer and the mail: {dropped:?}");
}

on_both_databases! {
    both_contacts_are_reminded_7_days_and_1_day_before_and_in_the_morning,
    reminders_follow_a_date_that_moves,
    nobody_is_reminded_of_a_date_that_was_withdrawn,
    reminders_are_not_sent_late,
    a_reminder_that_waits_is_looked_at_again_when_it_is_sent,
}
