//! Calendar entries, read by a library that is not ours.

use std::{collections::BTreeMap, path::Path, process::Command};

use proto::scheduling::v1::{scheduling_event::Event, *};
use serde::Deserialize;
use testkit::{Backend, from_tests_run};

use super::world::World;
use crate::fixtures::{DAGMARA, TADEK, audit_2, card_in_state, migration, window};

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
