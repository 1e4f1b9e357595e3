//! Quiet hours, and messages of one kind that are sent as one.

use jiff::SignedDuration;
use platform::{clock::machine_now, harness::request_id};
use proto::{
    notification::v1::{self as pb, MessageState},
    scheduling::v1::{scheduling_event::Event, *},
};
use testkit::Backend;

use super::telling::on_both_databases;
use super::world::{World, describe, softvig};
use crate::Notification;
use crate::fixtures::{BEATA, DAGMARA, TADEK, card, card_in_state, migration, name, window};

fn restored(brand: &str) -> Event {
    Event::IntegrationRestored(IntegrationRestored { brand: brand.into() })
}

fn agreed(agreement: &str, replaces: &str, date: StageDate) -> Event {
    Event::DateAgreed(DateAgreed {
        agreement: agreement.into(),
        date: Some(date),
        replaces: replaces.into(),
        ..Default::default()
    })
}

async fn recommend(world: &World) {
    let recommended = VariantRecommended { variant: "hosted".into(), ..Default::default() };
    world.tell(Event::VariantRecommended(recommended)).await;
}

/// Beata takes Dagmara's place.
async fn replace_dagmara(world: &World) {
    world.tell(Event::ContactCard(card(BEATA))).await;
    let replaced = ContactReplaced { contact: name(DAGMARA), successor: name(BEATA) };
    world.tell(Event::ContactReplaced(replaced)).await;
}

async fn described(world: &World, state: MessageState) -> Vec<String> {
    let mut described: Vec<String> = world.messages_in(state).await.iter().map(describe).collect();
    described.sort();
    described
}

async fn text(world: &World, message: &pb::Message) -> String {
    let get = pb::GetMessageRequest { name: message.name.clone() };
    world.call(&softvig(), Notification::get_message, get).await.expect("readable").text
}

async fn what_comes_up_at_night_waits_until_the_morning(backend: Backend) {
    let world = World::new(backend).await;
    world.advance("2026-12-01T18:55:00Z").await;
    world.tell(Event::Verified(Default::default())).await;
    let held = world.messages_in(MessageState::Held).await;
    let until = held.iter().filter_map(|m| platform::clock::from_wire(m.held_until.as_ref()?));
    // It waits for others of its kind, but not into the night.
    assert_eq!(until.collect::<Vec<_>>(), [crate::fixtures::at("2026-12-01T18:59:00Z"); 3]);
    world.advance("2026-12-01T18:59:00Z").await;
    world.send_now().await;
    assert_eq!(world.files().len(), 3);

    world.advance("2026-12-01T18:59:30Z").await;
    world.tell(agreed("m", "", migration())).await;
    assert_eq!(
        described(&world, MessageState::Pending).await,
        ["date_agreed decision", "date_agreed technical"]
    );
    world.advance("2026-12-01T19:00:00Z").await;
    world.send_now().await;
    assert_eq!(
        described(&world, MessageState::Held).await,
        ["date_agreed decision", "date_agreed softvig", "date_agreed technical"],
        "nobody was written to in time"
    );
    world.tell(Event::ReadinessWithdrawn(Default::default())).await;
    world.advance("2026-12-02T05:59:59Z").await;
    world.send_now().await;
    assert_eq!(world.files().len(), 3);
    assert_eq!(world.service.messages_pending().await.expect("counted"), 0);

    world.advance("2026-12-02T06:00:00Z").await;
    assert_eq!(world.service.messages_pending().await.expect("counted"), 6, "let go by the clock alone");
    world.send_now().await;
    assert_eq!(world.messages_in(MessageState::Sent).await.len(), 9, "nothing was dropped");
}

async fn a_running_migration_knows_no_quiet_hours(backend: Backend) {
    let world = World::new(backend).await;
    world.advance("2027-01-15T21:30:00Z").await;
    world.tell(Event::RunFinished(Default::default())).await;
    world
        .tell(Event::StageUnlocked(StageUnlocked { stage: Stage::Verification.into(), ..Default::default() }))
        .await;
    world.send_now().await;
    assert_eq!(
        described(&world, MessageState::Sent).await,
        ["run_finished decision", "run_finished softvig", "run_finished technical"]
    );
    assert_eq!(
        described(&world, MessageState::Held).await,
        ["stage_unlocked decision", "stage_unlocked technical"]
    );
}

async fn a_date_that_begins_before_the_morning_knows_no_quiet_hours(backend: Backend) {
    let world = World::new(backend).await;
    world.advance("2027-01-14T20:00:00Z").await;
    world.tell(agreed("m", "", migration())).await;
    assert_eq!(world.messages_in(MessageState::Held).await.len(), 3, "it begins the evening after");
    // Moved to five in the morning, and nobody hears of the evening any more.
    let early = window(DateKind::Migration, "2027-01-15T04:00:00Z", "2027-01-15T06:00:00Z");
    world.tell(agreed("m2", "m", early)).await;
    world.send_now().await;
    assert_eq!(
        described(&world, MessageState::Sent).await,
        ["date_moved decision", "date_moved softvig", "date_moved technical"]
    );
    world.send().await;
    let mails = world.files();
    assert_eq!(mails.iter().filter(|mail| mail.contains("method=REQUEST")).count(), 2);
    let dropped = world.messages_in(MessageState::Dropped).await;
    assert!(dropped.iter().all(|m| m.outcome == "the date was moved or withdrawn"), "{dropped:?}");
    assert_eq!(dropped.len(), 2, "SOFTVIG, which has no entry, reads both");
}

async fn a_date_that_is_moved_away_from_tonight_is_told_tonight(backend: Backend) {
    let world = World::new(backend).await;
    world.tell(agreed("m", "", migration())).await;
    world.send().await;
    world.advance("2027-01-15T19:30:00Z").await;
    let later = window(DateKind::Migration, "2027-01-22T21:00:00Z", "2027-01-23T05:00:00Z");
    world.tell(agreed("m2", "m", later)).await;
    world.send_now().await;
    let sent = world.messages_in(MessageState::Sent).await;
    assert_eq!(sent.iter().filter(|m| m.topic == "date_moved").count(), 3);
}

async fn what_was_switched_off_meanwhile_is_not_sent(backend: Backend) {
    let world = World::new(backend).await;
    world.tell(restored("audi")).await;
    let name = format!("{}/preferences", name(TADEK));
    let muted_topics = vec!["integration_restored".to_owned()];
    let preferences = Some(pb::ContactPreferences { name, muted_topics, ..Default::default() });
    let update =
        pb::UpdateContactPreferencesRequest { preferences, request_id: request_id(), ..Default::default() };
    world.call(&softvig(), Notification::update_contact_preferences, update).await.expect("allowed");
    world.send().await;
    assert_eq!(described(&world, MessageState::Dropped).await, ["integration_restored technical"]);
    assert_eq!(described(&world, MessageState::Sent).await.len(), 2);
}

/// Who was replaced, and is anonymised before the news went out: the successor gets it all the same.
async fn what_was_meant_for_who_is_anonymised_goes_to_the_successor(backend: Backend) {
    let world = World::new(backend).await;
    // The first two are one mail by now.
    recommend(&world).await;
    recommend(&world).await;
    world.wait_out().await;
    recommend(&world).await;
    replace_dagmara(&world).await;
    world.tell(Event::ContactAnonymised(ContactAnonymised { contact: name(DAGMARA) })).await;
    world.send().await;
    let sent = world.messages_in(MessageState::Sent).await;
    let hers = sent.iter().filter(|m| m.topic == "variant_recommended" && m.contact == name(BEATA));
    assert_eq!(hers.map(|m| m.joins.len()).collect::<Vec<_>>(), [3], "in one mail: {sent:?}");
    world.assert_nothing_parked().await;
}

async fn messages_of_one_kind_within_ten_minutes_are_one(backend: Backend) {
    let world = World::new(backend).await;
    for (at, brand) in [("09:00:00", "audi"), ("09:04:00", "vw"), ("09:09:59", "skoda")] {
        world.advance(&format!("2026-12-01T{at}Z")).await;
        world.tell(restored(brand)).await;
    }
    world
        .tell(Event::ProblemAnswered(ProblemAnswered { answer: "A.\n\nB.".into(), ..Default::default() }))
        .await;
    world.send_now().await;
    assert!(world.files().is_empty(), "none of them has waited for ten minutes");
    world.advance("2026-12-01T09:10:00Z").await;
    world.send_now().await;
    assert_eq!(world.files().len(), 3, "one to each");
    assert_eq!(world.messages_in(MessageState::Joined).await.len(), 9);

    let sent = world.messages_in(MessageState::Sent).await;
    let tadeks = sent.iter().find(|m| m.contact == name(TADEK)).expect("told");
    assert_eq!(tadeks.subject, "Sprzęg przywrócony: Audi (+2)");
    assert_eq!(tadeks.joins.len(), 3);
    let words = text(&world, tadeks).await;
    for brand in ["Audi", "VW", "Skoda"] {
        assert_eq!(words.matches(&format!("koncernowy {brand} znowu działa.")).count(), 1, "{words}");
    }
    assert_eq!(words.matches("Dzień dobry").count(), 1, "{words}");
    let joined = world.messages_in(MessageState::Joined).await;
    assert_eq!(joined.iter().filter(|m| m.joined_into == tadeks.name).count(), 3);

    // Another one is a new one.
    world.tell(restored("seat")).await;
    world.send().await;
    let sent = world.messages_in(MessageState::Sent).await;
    let seat = sent.iter().find(|m| m.topic == "integration_restored" && m.joins.is_empty());
    assert!(seat.is_some_and(|m| m.subject.ends_with("Seat")), "{sent:?}");
    assert_eq!(world.outbox_kinds().await.len(), world.messages_in(MessageState::Sent).await.len());
    world.assert_nothing_parked().await;
}

async fn calendar_entries_are_never_joined(backend: Backend) {
    let world = World::new(backend).await;
    world.tell(agreed("a", "", crate::fixtures::audit_2())).await;
    world.tell(agreed("m", "", migration())).await;
    world.send().await;
    let files = world.files();
    assert_eq!(files.iter().filter(|f| f.contains("method=REQUEST")).count(), 4);
    let sent = world.messages_in(MessageState::Sent).await;
    assert_eq!(
        sent.iter().filter(|m| m.joins.len() == 2).map(describe).collect::<Vec<_>>(),
        ["date_agreed softvig"]
    );
}

async fn no_replica_joins_what_another_one_has_joined(backend: Backend) {
    let world = World::new(backend).await;
    for brand in ["audi", "vw", "skoda", "seat"] {
        world.tell(restored(brand)).await;
    }
    world.advance("2026-12-01T09:10:00Z").await;
    let (a, b) = (world.replica().await, world.replica().await);
    let drain = async |service: &Notification| {
        while service.release().await.expect("works") {}
        while service.send_due().await.expect("works") > 0 {}
    };
    tokio::join!(drain(&a), drain(&b), drain(&world.service));
    let sent = world.messages_in(MessageState::Sent).await;
    assert_eq!(sent.iter().map(|m| m.joins.len()).collect::<Vec<_>>(), [4, 4, 4]);
    assert_eq!(world.files().len(), 3);
}

async fn what_was_meant_for_a_contact_who_leaves_goes_to_the_successor(backend: Backend) {
    let world = World::new(backend).await;
    recommend(&world).await;
    replace_dagmara(&world).await;
    world.send().await;
    // The successor's waits for others of its kind from then on.
    world.send().await;
    let sent = world.messages_in(MessageState::Sent).await;
    let hers = sent.iter().find(|m| m.topic == "variant_recommended" && m.contact == name(BEATA));
    let words = text(&world, hers.expect("passed on")).await;
    assert!(words.contains("Beata") && !words.contains("Dagmara"), "{words}");
    let dropped = world.messages_in(MessageState::Dropped).await;
    let old = dropped.iter().find(|m| m.topic == "variant_recommended").expect("kept in the log");
    assert_eq!(old.outcome, "passed on to the contact's successor");
    world.assert_nothing_parked().await;
}

/// Whatever the server does in between: no entry may come after what takes it out.
async fn an_invitation_that_waited_is_not_sent_after_its_cancellation(backend: Backend) {
    let world = World::new(backend).await;
    std::fs::write(&world.mails, "in the way").expect("a file");
    world.tell(agreed("m", "", migration())).await;
    world.send().await;
    world
        .tell(Event::DateWithdrawn(DateWithdrawn {
            agreement: "m".into(),
            date: Some(migration()),
            ..Default::default()
        }))
        .await;
    // Tadek leaves meanwhile; what takes the date out of his calendar still goes to him.
    world
        .tell(Event::ContactReplaced(ContactReplaced { contact: name(TADEK), successor: String::new() }))
        .await;
    std::fs::remove_file(&world.mails).expect("out of the way");
    let later = machine_now() + SignedDuration::from_hours(25);
    for _ in 0..3 {
        let lease = world.service.lease(later);
        for hand in world.service.claim(lease, later).await.expect("works") {
            world.service.send(hand, lease, || later).await.expect("works");
        }
    }
    let mails = world.files();
    assert_eq!(mails.iter().filter(|mail| mail.contains("method=REQUEST")).count(), 0);
    assert_eq!(mails.iter().filter(|mail| mail.contains("method=CANCEL")).count(), 2);
    let again = pb::ResendMessageRequest {
        name: world.messages_in(MessageState::Dropped).await.remove(0).name,
        request_id: request_id(),
        ..Default::default()
    };
    world.call(&softvig(), Notification::resend_message, again).await.expect("it has its words");
    world.send().await;
    assert!(world.files().iter().all(|mail| !mail.contains("method=REQUEST")), "nor by hand");
}

/// What speaks of somebody who is anonymised before it went out takes nothing else along.
async fn what_is_joined_with_words_about_an_anonymised_contact_goes_out_without_them(backend: Backend) {
    let world = World::new(backend).await;
    let successor = |id| ContactReplaced { contact: name(TADEK), successor: name(id) };
    for id in [BEATA, DAGMARA] {
        world.tell(Event::ContactCard(card(id))).await;
        world.tell(Event::ContactCard(card(TADEK))).await;
        world.tell(Event::ContactReplaced(successor(id))).await;
    }
    world.wait_out().await;
    let whole = world.messages_in(MessageState::Pending).await;
    assert!(whole.iter().any(|m| m.topic == "contact_replaced" && m.joins.len() == 2), "{whole:?}");
    world.tell(Event::ContactCard(card_in_state(BEATA, ContactState::Left))).await;
    world.tell(Event::ContactAnonymised(ContactAnonymised { contact: name(BEATA) })).await;
    world.send().await;
    let sent = world.messages_in(MessageState::Sent).await;
    let softvigs: Vec<_> =
        sent.iter().filter(|m| m.topic == "contact_replaced" && m.contact.is_empty()).collect();
    assert_eq!(softvigs.len(), 1, "{softvigs:?}");
    assert!(text(&world, softvigs[0]).await.contains("Dagmara"));
    world.assert_nothing_parked().await;
}

on_both_databases! {
    a_date_that_is_moved_away_from_tonight_is_told_tonight,
    what_was_switched_off_meanwhile_is_not_sent,
    what_was_meant_for_who_is_anonymised_goes_to_the_successor,
    what_is_joined_with_words_about_an_anonymised_contact_goes_out_without_them,
    an_invitation_that_waited_is_not_sent_after_its_cancellation,
    what_comes_up_at_night_waits_until_the_morning,
    a_running_migration_knows_no_quiet_hours,
    a_date_that_begins_before_the_morning_knows_no_quiet_hours,
    messages_of_one_kind_within_ten_minutes_are_one,
    calendar_entries_are_never_joined,
    no_replica_joins_what_another_one_has_joined,
    what_was_meant_for_a_contact_who_leaves_goes_to_the_successor,
}
