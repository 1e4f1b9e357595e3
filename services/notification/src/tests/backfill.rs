//! An empty database in place of one that was lost, or of none: old history is followed, not told again.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use platform::{bus::Message, db::query_all};
use prost::Message as _;
use proto::scheduling::v1::{scheduling_event::Event, *};
use testkit::Backend;

use super::telling::on_both_databases;
use super::world::World;
use crate::fixtures::{BEATA, COMPANY, DAGMARA, TADEK, audit_2, card, event, migration, name, window};

fn agree(agreement: &str, replaces: &str, date: StageDate) -> Event {
    Event::DateAgreed(DateAgreed {
        agreement: agreement.into(),
        date: Some(date),
        replaces: replaces.into(),
        ..Default::default()
    })
}

fn propose(proposal: &str) -> Event {
    Event::DatesProposed(DatesProposed {
        proposal: proposal.into(),
        proposed_by: Party::Softvig.into(),
        dates: vec![audit_2()],
        ..Default::default()
    })
}

/// Dates that are agreed, moved and withdrawn, a contact who is replaced, and integrations of which one is back.
fn history() -> Vec<Event> {
    let later = window(DateKind::Migration, "2027-01-22T21:00:00Z", "2027-01-23T05:00:00Z");
    let replaced = ContactReplaced { contact: name(TADEK), successor: name(BEATA) };
    let announced = IntegrationsAnnounced {
        brands: vec!["vw".into(), "kia".into()],
        day: "2027-01-25".into(),
        ..Default::default()
    };
    let withdrawn = DateWithdrawn {
        agreement: "a".into(),
        date: Some(audit_2()),
        note: "n".into(),
        ..Default::default()
    };
    vec![
        Event::CompanyChanged(CompanyChanged { display_name: "Auto Łęcki".into(), ..Default::default() }),
        Event::ContactCard(card(TADEK)),
        Event::ContactCard(card(DAGMARA)),
        Event::ProjectOpened(ProjectOpened::default()),
        Event::StageUnlocked(StageUnlocked { stage: Stage::Audit2.into(), ..Default::default() }),
        propose("answered"),
        Event::ProposalClosed(ProposalClosed { proposal: "answered".into(), ..Default::default() }),
        agree("a", "", audit_2()),
        agree("m", "", migration()),
        agree("m2", "m", later),
        Event::DateWithdrawn(withdrawn),
        Event::ContactCard(card(BEATA)),
        Event::ContactReplaced(replaced),
        Event::IntegrationsAnnounced(announced),
        Event::IntegrationRestored(IntegrationRestored { brand: "vw".into() }),
    ]
}

/// What is known of companies, people and projects, and of whom will be reminded when.
async fn known(world: &World) -> BTreeMap<&'static str, Vec<String>> {
    let mut known = BTreeMap::new();
    for (table, what) in [
        ("directory", "cast(body as text)"),
        ("project", "cast(body as text)"),
        ("timer", "key || ' ' || cast(due_at as text)"),
        ("contact", "company || technical || decision"),
        ("cursor", "source || '/' || lane || '/' || seq || parked"),
    ] {
        let sql = format!("select {what} as what from {table} order by 1");
        let rows = query_all(world.service.core.db.read(), &sql, vec![]).await.expect("readable");
        known.insert(table, rows.iter().map(|row| row.try_get("", "what").expect("text")).collect());
    }
    known
}

async fn a_new_database_follows_old_history_and_tells_nobody_about_it(backend: Backend) {
    let lived = World::empty(backend).await;
    let mut heard = Vec::new();
    for event in history() {
        heard.push(lived.tell(event).await);
    }
    assert_eq!(lived.told().await.len(), 26, "the first database told it");
    // The reminder of a week before is over, the one of a day before is still to come.
    lived.advance("2027-01-18T12:00:00Z").await;
    heard.push(lived.tell_at("2027-01-18T12:00:00Z", propose("open")).await);

    let late = World::empty(backend).await;
    late.advance("2027-01-18T12:00:00Z").await;
    // Another process of the producer numbers on where the first one stopped.
    for message in heard {
        late.message("scheduling", message.lane, "test", vec![]);
        let sequenced_at = message.sequenced_at - SignedDuration::from_hours(25);
        late.receive(Message { sequenced_at, ..message }).await;
    }
    late.assert_nothing_parked().await;
    assert_eq!(known(&late).await, known(&lived).await);
    assert_eq!(known(&late).await["timer"].len(), 5, "the reminders that are still to come");
    assert_eq!(late.told().await, [""; 0]);

    // From here on both tell the same.
    lived.send().await;
    let before = lived.told().await.len();
    for world in [&lived, &late] {
        world.tell(Event::RunStarted(started())).await;
        world.advance("2027-01-21T06:00:00Z").await;
        world.send().await;
    }
    let told = late.told().await;
    assert_eq!(
        told,
        [
            "dates_unanswered another",
            "dates_unanswered decision",
            "reminder another",
            "reminder decision",
            "run_started another",
            "run_started decision",
            "run_started softvig"
        ]
    );
    assert_eq!(lived.told().await.len(), before + told.len());
    assert_eq!(late.files().len(), told.len());
}

fn started() -> RunStarted {
    let ends = migration().ends_at;
    RunStarted { attempt: 1, window_ends_at: ends, ..Default::default() }
}

async fn what_happened_in_the_day_before_the_database_was_made_is_told(backend: Backend) {
    let world = World::empty(backend).await;
    for what in [Event::ContactCard(card(DAGMARA)), agree("m", "", migration())] {
        let message = world.message("scheduling", COMPANY.into(), "test", event(what).encode_to_vec());
        let sequenced_at = message.sequenced_at - SignedDuration::from_hours(23);
        world.receive(Message { sequenced_at, ..message }).await;
    }
    assert_eq!(world.told().await, ["date_agreed decision", "date_agreed softvig"]);
}

on_both_databases! {
    a_new_database_follows_old_history_and_tells_nobody_about_it,
    what_happened_in_the_day_before_the_database_was_made_is_told,
}
