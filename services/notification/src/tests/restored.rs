//! Scheduling's database was restored from a backup: what is known of people and projects follows, and nobody is told.

use platform::auth::Role;
use proto::scheduling::v1::{scheduling_event::Event, *};
use testkit::Backend;

use super::telling::on_both_databases;
use super::world::{World, contact, reason};
use crate::Notification;
use crate::fixtures::{BEATA, COMPANY, TADEK, audit_2, card, migration, name};

fn agree(agreement: &str, date: StageDate) -> Event {
    Event::DateAgreed(DateAgreed { agreement: agreement.into(), date: Some(date), ..Default::default() })
}

fn differs(what: &str, here: &str, there: &str) -> (String, String, String) {
    (what.to_owned(), here.to_owned(), there.to_owned())
}

async fn dates_and_people_are_as_the_snapshot_has_them(backend: Backend) {
    let world = World::new(backend).await;
    // Events 4 to 6; the backup is from after the fifth.
    world
        .tell(Event::StageUnlocked(StageUnlocked { stage: Stage::Audit2.into(), ..Default::default() }))
        .await;
    world.tell(agree("a", audit_2())).await;
    world.tell(agree("m", migration())).await;
    world.tell(Event::ContactCard(card(BEATA))).await;
    let (told, timers) = (world.told().await, world.timers().await);

    let found = world.set_back("scheduling", COMPANY, 5).await;
    let audit = "audit_2 2027-01-10T23:00:00Z";
    let beata = name(BEATA);
    assert_eq!(
        found,
        [
            differs("last_event", "7", "5"),
            differs("contact", &format!("{beata} active technical decision"), ""),
            differs("dates", &format!("{audit}, migration 2027-01-15T21:00:00Z"), audit),
        ]
    );
    assert_eq!(world.told().await, told, "nobody is told");
    assert_eq!(timers.len() - world.timers().await.len(), 3, "the reminders of the migration are gone");
    let export = proto::notification::v1::ExportContactRequest { name: beata.clone(), ..Default::default() };
    let hers = world.call(&super::world::softvig(), Notification::export_contact, export).await;
    assert!(!format!("{hers:?}").contains("Bea"), "nothing is kept of whom scheduling does not know");
    let gone = contact(COMPANY, BEATA, Role::Technical);
    let list = proto::notification::v1::ListMessagesRequest {
        parent: format!("companies/{COMPANY}"),
        ..Default::default()
    };
    let refused = reason(world.call(&gone, Notification::list_messages, list).await);
    assert_eq!(refused, proto::common::v1::ErrorReason::PermissionDenied);

    // What is told from now on is told.
    world.tell(agree("n", migration())).await;
    assert!(world.told().await.len() > told.len());
    world.assert_nothing_parked().await;
}
on_both_databases!(dates_and_people_are_as_the_snapshot_has_them);

#[tokio::test]
async fn who_was_anonymised_stays_so_and_is_named_to_be_anonymised_again() {
    let world = World::new(Backend::Sqlite).await;
    world.tell(Event::ContactAnonymised(ContactAnonymised { contact: name(TADEK) })).await;
    let found = world.set_back("scheduling", COMPANY, 3).await;
    let tadek = name(TADEK);
    let expected = differs("contact", &format!("{tadek} anonymised"), &format!("{tadek} active technical"));
    assert_eq!(found[1..], [expected]);
    world.tell(Event::ContactCard(card(TADEK))).await;
    let mails = world.told().await;
    world.tell(agree("m", migration())).await;
    let told = world.told().await;
    assert!(told.len() > mails.len() && !told.iter().any(|who| who == "date_agreed technical"), "{told:?}");
}

#[tokio::test]
async fn a_project_that_was_opened_after_the_backup_ends() {
    let world = World::new(Backend::Sqlite).await;
    world.tell(Event::ProjectOpened(ProjectOpened {})).await;
    world.tell(agree("m", migration())).await;
    let found = world.set_back("scheduling", COMPANY, 3).await;
    assert_eq!(found[1..], [differs("project", "open contracting", "")]);
    assert_eq!(world.timers().await, [""; 0]);
}
