//! Calendar entries, read by a library that is not ours.

use std::{collections::BTreeMap, path::Path, process::Command};

use platform::harness::request_id;
use proto::{
    notification::v1 as pb,
    scheduling::v1::{scheduling_event::Event, *},
};
use serde::Deserialize;
use testkit::{Backend, from_tests_run};

use super::world::{World, softvig};
use crate::Notification;
use crate::fixtures::{DAGMARA, TADEK, audit_2, card, card_in_state, migration, name, window};

#[derive(Debug, Deserialize)]
pub struct Report {
    /// By address.
    people: BTreeMap<String, Person>,
    /// Subscribed calendars, by file.
    pub feeds: BTreeMap<String, Vec<Said>>,
}

/// What one person's calendar was told.
#[derive(Debug, Deserialize)]
struct Person {
    said: Vec<Said>,
    /// The most entries at one time.
    most: usize,
    /// What is left at the end, in whichever order the mails came.
    left: Vec<String>,
}

#[derive(Debug, Deserialize)]
pub struct Said {
    method: String,
    pub uid: String,
    pub sequence: u32,
    start: String,
    end: String,
    pub summary: String,
}

/// 31 October 2027, from 02:30 in winter time on: an hour that happens twice.
fn clock_change() -> StageDate {
    window(DateKind::Migration, "2027-10-31T01:30:00Z", "2027-10-31T09:00:00Z")
}

fn agree(agreement: &str, replaces: &str, date: StageDate) -> Event {
    Event::DateAgreed(DateAgreed {
        agreement: agreement.into(),
        date: Some(date),
        replaces: replaces.into(),
        ..Default::default()
    })
}

fn withdraw(agreement: &str) -> Event {
    Event::DateWithdrawn(DateWithdrawn { agreement: agreement.into(), ..Default::default() })
}

/// What Python's `icalendar` understands of the mails and the `.ics` files in a folder.
pub fn read(folder: &Path) -> Report {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/tests/read_calendars.py");
    let output = Command::new("python3")
        .arg(script)
        .arg(folder)
        .env("PYTHONPATH", from_tests_run("PRZESIADKA_TEST_ICALENDAR"))
        .output()
        .expect("Python runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("a report")
}

#[tokio::test]
async fn calendars_that_apply_what_they_are_sent_end_empty() {
    let world = World::new(Backend::Sqlite).await;
    let name: String = "Auto; \"Łęcki\", Syn\\Spółka 🚗: ".repeat(8).chars().take(200).collect();
    let name = name.trim().to_owned();
    world
        .tell(Event::CompanyChanged(CompanyChanged { display_name: name.clone(), ..Default::default() }))
        .await;
    world.tell(agree("m", "", migration())).await;
    world.tell(agree("a", "", audit_2())).await;
    // What is moved before it was sent is not sent.
    world.send().await;
    world.tell(agree("m2", "m", clock_change())).await;
    world.send().await;
    world.tell(Event::ContactCard(card_in_state(TADEK, ContactState::Left))).await;
    world.tell(withdraw("m2")).await;
    world.tell(withdraw("a")).await;
    world.send().await;

    let Report { people, feeds } = read(&world.mails);
    assert!(feeds.is_empty(), "only mails lie there: {feeds:?}");
    assert_eq!(people.len(), 2, "SOFTVIG gets no entries");
    for contact in [TADEK, DAGMARA] {
        let person = &people[&format!("{contact}@auto-lecki.example")];
        assert_eq!(person.left, [""; 0], "{contact}: {:#?}", person.said);
        assert_eq!(person.most, 2);
        let said: Vec<_> =
            person.said.iter().map(|s| (s.method.as_str(), s.uid.as_str(), s.sequence)).collect();
        // Somebody who leaves counts as a change of every entry.
        let [m, a] = ["m@przesiadka.softvig.pl", "a@przesiadka.softvig.pl"];
        let (gone_m, gone_a) = if contact == TADEK { (2, 1) } else { (3, 2) };
        assert_eq!(said[..3], [("REQUEST", m, 0), ("REQUEST", a, 0), ("REQUEST", m, 1)]);
        let mut gone = said[3..].to_vec();
        gone.sort_by_key(|(_, uid, _)| *uid);
        assert_eq!(gone, [("CANCEL", a, gone_a), ("CANCEL", m, gone_m)]);
        let times: Vec<_> = person.said[..3].iter().map(|s| (s.start.as_str(), s.end.as_str())).collect();
        assert_eq!(
            times,
            [
                ("2027-01-15T21:00:00+00:00", "2027-01-16T05:00:00+00:00"),
                ("2027-01-11", "2027-01-12"),
                ("2027-10-31T01:30:00+00:00", "2027-10-31T09:00:00+00:00")
            ]
        );
        assert!(person.said.iter().all(|s| s.summary.ends_with(&name)), "{:#?}", person.said);
    }
}

/// A typing error in an address is mended after the dates were agreed, and later the address changes.
#[tokio::test]
async fn dates_follow_a_contact_to_another_address() {
    let world = World::new(Backend::Sqlite).await;
    let tadek = |email: &str| Event::ContactCard(ContactCard { email: email.into(), ..card(TADEK) });
    world.tell(tadek("tadek@nowhere.invalid")).await;
    world.tell(agree("m", "", migration())).await;
    world.send().await;
    for email in ["tadek@stary.example", "tadek@nowy.example"] {
        world.tell(tadek(email)).await;
        world.send().await;
    }
    let Report { people, .. } = read(&world.mails);
    let said = |email: &str| -> Vec<_> {
        people[email].said.iter().map(|s| (s.method.as_str(), s.sequence)).collect()
    };
    assert_eq!(said("tadek@stary.example"), [("REQUEST", 0), ("CANCEL", 1)]);
    assert_eq!(people["tadek@stary.example"].left, [""; 0]);
    assert_eq!(said("tadek@nowy.example"), [("REQUEST", 2)]);
    let old = world.files().into_iter().find(|mail| mail.contains("method=CANCEL")).expect("sent");
    assert!(old.contains("tadek@stary.example") && !old.contains("nowy"), "{old}");
}

/// SOFTVIG says that an address works after all: what it did not take is sent once more.
#[tokio::test]
async fn dates_come_to_an_address_that_works_after_all() {
    let world = World::new(Backend::Sqlite).await;
    world.tell(agree("m", "", migration())).await;
    let mut refusing = card(TADEK);
    refusing.email = "tadek@nowhere.invalid".into();
    world.tell(Event::ContactCard(refusing)).await;
    world.send().await;
    let entries = async || {
        let messages = world.messages().await;
        messages.iter().filter(|m| m.topic == "entry_added" && m.contact == name(TADEK)).count()
    };
    let before = entries().await;
    let contact = name(TADEK);
    let clear = pb::ClearUndeliverableRequest { contact, request_id: request_id(), ..Default::default() };
    world.call(&softvig(), Notification::clear_undeliverable, clear).await.expect("cleared");
    assert_eq!(entries().await, before + 1);
    world.assert_nothing_parked().await;
}
