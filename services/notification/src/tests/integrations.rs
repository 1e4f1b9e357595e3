//! The morning on which integrations come back, and the summary of all.

use proto::{
    notification::v1::MessageState,
    scheduling::v1::{scheduling_event::Event, *},
};
use testkit::Backend;

use super::telling::on_both_databases;
use super::world::{World, describe};
use crate::fixtures::{at, pb};

/// 07:00 on Monday, 18 January 2027, and on the Tuesday.
const MONDAY: &str = "2027-01-18T06:00:00Z";
const TUESDAY: &str = "2027-01-19T06:00:00Z";

fn announce(day: &str, brands: &[&str]) -> Event {
    Event::IntegrationsAnnounced(IntegrationsAnnounced {
        brands: brands.iter().map(|brand| (*brand).to_owned()).collect(),
        day: day.into(),
        databases_restored_at: pb(at("2027-01-15T22:30:00Z")),
    })
}

fn restore(brand: &str) -> Event {
    Event::IntegrationRestored(IntegrationRestored { brand: brand.into() })
}

fn drop(brand: &str) -> Event {
    Event::IntegrationDropped(IntegrationDropped { brand: brand.into(), reason: "Umowa wygasła".into() })
}

fn reopen(brand: &str) -> Event {
    Event::IntegrationReopened(IntegrationReopened { brand: brand.into(), reason: "Nie działa".into() })
}

fn cancel() -> Event {
    Event::IntegrationsCancelled(IntegrationsCancelled { brands: vec!["vw".into()] })
}

fn done() -> Event {
    Event::StageUnlocked(StageUnlocked { stage: Stage::Verification.into(), ..Default::default() })
}

/// `topic recipient` of the messages about one kind, sorted.
async fn told(world: &World, topic: &str) -> Vec<String> {
    let mut told = world.told().await;
    told.retain(|told| told.starts_with(topic));
    told
}

async fn this_morning(world: &World) -> Vec<String> {
    told(world, "integrations_today").await
}

const BOTH: [&str; 2] = ["integrations_today decision", "integrations_today technical"];
const NONE: [&str; 0] = [];

async fn the_contacts_hear_in_the_morning_what_comes_back(backend: Backend) {
    let world = World::new(backend).await;
    world.tell(announce("2027-01-18", &["vw", "skoda"])).await;
    world.advance("2027-01-18T05:59:59Z").await;
    assert_eq!(this_morning(&world).await, NONE);
    world.advance(MONDAY).await;
    assert_eq!(this_morning(&world).await, BOTH);
    // A holiday that ops add after that hour is told as another day, and has its own morning.
    world.tell(announce("2027-01-19", &["vw", "skoda"])).await;
    world.advance(TUESDAY).await;
    assert_eq!(this_morning(&world).await.len(), 4);
    world.assert_nothing_parked().await;
}

async fn the_morning_follows_what_is_told_meanwhile(backend: Backend) {
    let stage =
        |stage: Stage| Event::StageReopened(StageReopened { stage: stage.into(), ..Default::default() });
    let cases: [(&str, Vec<Event>, Option<&str>); 8] = [
        ("moved", vec![announce("2027-01-19", &["vw"])], Some(TUESDAY)),
        ("called off", vec![cancel()], None),
        ("called off and told anew", vec![cancel(), announce("2027-01-18", &["vw"])], Some(MONDAY)),
        ("rolled back", vec![Event::RunRolledBack(RunRolledBack::default())], None),
        ("migration again", vec![stage(Stage::Migration)], None),
        ("all back", vec![restore("vw")], None),
        ("one dropped, one added", vec![drop("vw"), reopen("kia")], Some(MONDAY)),
        ("cancelled", vec![Event::ProjectCancelled(ProjectCancelled::default())], None),
    ];
    for (case, events, morning) in cases {
        let world = World::new(backend).await;
        world.tell(announce("2027-01-18", &["vw"])).await;
        for event in events {
            world.tell(event).await;
        }
        assert_eq!(world.timers().await.len(), usize::from(morning.is_some()), "{case}");
        for now in [MONDAY, TUESDAY] {
            world.advance(now).await;
            let told = if morning.is_some_and(|morning| morning <= now) { 2 } else { 0 };
            assert_eq!(this_morning(&world).await.len(), told, "{case} at {now}");
        }
        world.assert_nothing_parked().await;
    }
}

async fn the_morning_is_not_made_up_for(backend: Backend) {
    let world = World::new(backend).await;
    world.advance(MONDAY).await;
    world.tell(announce("2027-01-18", &["vw"])).await;
    world.advance("2027-01-18T12:00:00Z").await;
    assert_eq!(this_morning(&world).await, NONE, "its hour had come when the day was told");

    let away = World::new(backend).await;
    away.tell(announce("2027-01-18", &["vw"])).await;
    away.advance("2027-01-18T23:00:00Z").await;
    assert_eq!(this_morning(&away).await, NONE, "today is another day");
}

async fn a_morning_that_waits_is_looked_at_again_when_it_is_sent(backend: Backend) {
    let too_late = "too late to be of use";
    let cases: [(Event, &str, &str); 4] = [
        (restore("vw"), MONDAY, "no integration waits any more"),
        (cancel(), MONDAY, "the day was moved or called off"),
        (announce("2027-01-19", &["vw"]), MONDAY, "the day was moved or called off"),
        (reopen("kia"), "2027-01-18T23:00:00Z", too_late),
    ];
    for (event, sent_at, why) in cases {
        let world = World::new(backend).await;
        world.tell(announce("2027-01-18", &["vw"])).await;
        world.send().await;
        // The mail server is away.
        world.advance(MONDAY).await;
        world.tell(event).await;
        world.advance(sent_at).await;
        world.send().await;
        // At night it was held once more.
        world.send().await;
        let dropped = world.messages_in(MessageState::Dropped).await;
        let mut dropped: Vec<_> = dropped.iter().map(|m| (describe(m), m.outcome.as_str())).collect();
        dropped.sort();
        assert_eq!(dropped, BOTH.map(|message| (message.to_owned(), why)));
    }
}

async fn all_hear_one_summary_each_time_that_the_last_one_is_back(backend: Backend) {
    let world = World::new(backend).await;
    let all = ["decision", "softvig", "technical"].map(|to| format!("integrations_summary {to}"));
    world.tell(announce("2027-01-18", &["vw", "skoda"])).await;
    world.advance("2027-01-18T09:00:00Z").await;
    world.send().await;
    world.tell(restore("vw")).await;
    world.tell(drop("skoda")).await;
    assert_eq!(told(&world, "integrations_summary").await, NONE);
    let heard = world.tell(done()).await;
    assert_eq!(told(&world, "integrations_summary").await, all);
    world.receive(heard).await;
    assert_eq!(told(&world, "integrations_summary").await, all, "once");
    assert_eq!(told(&world, "integration_restored").await.len(), 3, "each is told as well");

    world.tell(reopen("vw")).await;
    world.tell(restore("vw")).await;
    world.tell(done()).await;
    assert_eq!(told(&world, "integrations_summary").await.len(), 6, "the stage was done once more");
    world.send().await;
    let sent = world.messages_in(MessageState::Sent).await.len();
    let joined = world.messages_in(MessageState::Joined).await.len();
    assert_eq!(sent + joined, world.messages().await.len());
    world.assert_nothing_parked().await;
}

on_both_databases! {
    the_contacts_hear_in_the_morning_what_comes_back,
    the_morning_follows_what_is_told_meanwhile,
    the_morning_is_not_made_up_for,
    a_morning_that_waits_is_looked_at_again_when_it_is_sent,
    all_hear_one_summary_each_time_that_the_last_one_is_back,
}
