use std::collections::BTreeMap;

use proto::scheduling::v1::{scheduling_event::Event, *};
use uuid::Uuid;

use super::{assert_texts, kinds};
use crate::consume::{Book, Outcome, integrations_today, scheduling};
use crate::fixtures::{PROJECT, at, book, event, messages, pb, told};
use crate::kind::Kind;
use crate::message::{Notice, Recipient};
use crate::project::{Integration, Morning, Project};
use crate::recipients::Language;

/// Saturday, 16 January 2027, 00:40 in Poland.
const RESTORED: &str = "2027-01-15T23:40:00Z";

fn announce(day: &str, brands: &[&str]) -> Event {
    announce_after(RESTORED, day, brands)
}

fn announce_after(restored: &str, day: &str, brands: &[&str]) -> Event {
    Event::IntegrationsAnnounced(IntegrationsAnnounced {
        brands: brands.iter().map(|brand| (*brand).to_owned()).collect(),
        day: day.into(),
        databases_restored_at: pb(at(restored)),
    })
}

fn cancel(brands: &[&str]) -> Event {
    let brands = brands.iter().map(|brand| (*brand).to_owned()).collect();
    Event::IntegrationsCancelled(IntegrationsCancelled { brands })
}

fn restore(brand: &str) -> Event {
    Event::IntegrationRestored(IntegrationRestored { brand: brand.into() })
}

fn ask_to_drop(brand: &str) -> Event {
    let (brand, reason) = (brand.into(), "Umowa wygasła".into());
    Event::IntegrationDropAsked(IntegrationDropAsked { brand, reason })
}

fn refuse_to_drop(brand: &str) -> Event {
    Event::IntegrationDropRefused(IntegrationDropRefused { brand: brand.into() })
}

fn drop(brand: &str) -> Event {
    Event::IntegrationDropped(IntegrationDropped { brand: brand.into(), reason: "Umowa wygasła".into() })
}

fn reopen(brand: &str) -> Event {
    Event::IntegrationReopened(IntegrationReopened { brand: brand.into(), reason: "Nie działa".into() })
}

fn unlock(stage: Stage) -> Event {
    Event::StageUnlocked(StageUnlocked { stage: stage.into(), ..Default::default() })
}

fn reopen_stage(stage: Stage) -> Event {
    Event::StageReopened(StageReopened { stage: stage.into(), reason: "Nie działa".into() })
}

fn roll_back() -> Event {
    Event::RunRolledBack(RunRolledBack { attempt: 1, reason: "Brak prądu".into() })
}

/// Hears the events one after another; the kinds that each is told as.
fn hear_all(book: &mut Book, events: Vec<Event>) -> Vec<Vec<Kind>> {
    let hear = |what| scheduling(&event(what), book).expect("a well-formed event");
    events.into_iter().map(hear).map(|outcome| kinds(&outcome)).collect()
}

/// The day for which brands wait, those that wait, and which of the rest were dropped.
fn known(book: &Book) -> (Option<String>, Vec<String>, Vec<(String, bool)>) {
    let integrations = &book.project.as_ref().expect("known").integrations;
    let waiting = integrations.waiting().map(str::to_owned).collect();
    let mut finished = integrations.clone();
    let dropped = |integration: &Integration| matches!(integration, Integration::Dropped { .. });
    let over = finished.finish().iter().map(|(brand, over)| (brand.clone(), dropped(over))).collect();
    (integrations.awaited_day().map(|day| day.to_string()), waiting, over)
}

#[test]
fn what_is_known_follows_each_event() {
    use Stage::*;
    let both = || announce("2027-01-18", &["skoda", "vw"]);
    let (waits, kept) = (Some("2027-01-18"), [("vw", false)]);
    type Case = (&'static str, Vec<Event>, Option<&'static str>, &'static [&'static str]);
    let cases: Vec<(Case, &[(&str, bool)])> = vec![
        (("announced", vec![both()], waits, &["skoda", "vw"]), &[]),
        (("on another day", vec![both(), announce("2027-01-19", &["vw"])], Some("2027-01-19"), &["vw"]), &[]),
        (("one is back", vec![both(), restore("vw")], waits, &["skoda"]), &kept),
        (
            (
                "on another day while one is back",
                vec![both(), restore("vw"), announce("2027-01-19", &["skoda"])],
                Some("2027-01-19"),
                &["skoda"],
            ),
            &kept,
        ),
        (("to be dropped", vec![both(), ask_to_drop("vw")], waits, &["skoda", "vw"]), &[]),
        (
            ("not dropped", vec![both(), ask_to_drop("vw"), refuse_to_drop("vw")], waits, &["skoda", "vw"]),
            &[],
        ),
        (("dropped", vec![both(), drop("vw")], waits, &["skoda"]), &[("vw", true)]),
        (("all", vec![both(), drop("vw"), restore("skoda")], None, &[]), &[("skoda", false), ("vw", true)]),
        (("rolled back", vec![both(), roll_back()], None, &[]), &[]),
        (("called off", vec![both(), restore("vw"), cancel(&["skoda"])], None, &[]), &[]),
        (("opened again", vec![both(), restore("vw"), reopen("vw")], waits, &["skoda", "vw"]), &[]),
        (("added late", vec![both(), restore("vw"), reopen("kia")], waits, &["kia", "skoda"]), &kept),
        (("added where there was none", vec![reopen("kia")], None, &["kia"]), &[]),
        (
            ("the stage again", vec![both(), restore("vw"), reopen_stage(Integrations)], waits, &["skoda"]),
            &kept,
        ),
        (("verification again", vec![both(), reopen_stage(Verification)], waits, &["skoda", "vw"]), &[]),
        (("migration again", vec![both(), restore("vw"), reopen_stage(Migration)], None, &[]), &[]),
        (("the stage", vec![both(), unlock(Integrations)], waits, &["skoda", "vw"]), &[]),
        (("the stage is done", vec![both(), restore("vw"), unlock(Verification)], None, &[]), &kept),
        (("completed", vec![both(), Event::ProjectCompleted(ProjectCompleted {})], None, &[]), &[]),
        (("cancelled", vec![both(), Event::ProjectCancelled(Default::default()), both()], None, &[]), &[]),
    ];
    for ((case, events, day, waiting), over) in cases {
        let mut book = book();
        hear_all(&mut book, events);
        let over: Vec<_> = over.iter().map(|(brand, dropped)| ((*brand).to_owned(), *dropped)).collect();
        let waiting: Vec<_> = waiting.iter().map(|brand| (*brand).to_owned()).collect();
        assert_eq!(known(&book), (day.map(str::to_owned), waiting, over), "{case}");
    }
}

#[test]
fn there_is_one_summary_each_time_that_the_integrations_are_done() {
    use Kind::*;
    type Step = (Event, &'static [Kind]);
    let announced = || -> Step { (announce("2027-01-18", &["vw"]), &[IntegrationsAnnounced]) };
    let back = || -> Step { (restore("vw"), &[IntegrationRestored]) };
    let done = || -> Step { (unlock(Stage::Verification), &[IntegrationsSummary, StageUnlocked]) };
    let without = || -> Step { (unlock(Stage::Verification), &[StageUnlocked]) };
    let again = |stage: Stage| -> Step { (reopen_stage(stage), &[StageReopened]) };
    let cases: Vec<(&str, Vec<Step>)> = vec![
        ("the last one is restored", vec![announced(), back(), done()]),
        ("the last one is dropped", vec![announced(), (drop("vw"), &[IntegrationDropped]), done()]),
        ("another stage", vec![announced(), (unlock(Stage::Integrations), &[StageUnlocked])]),
        ("no brand", vec![without()]),
        (
            "opened again",
            vec![
                announced(),
                back(),
                done(),
                (reopen("vw"), &[IntegrationReopened]),
                again(Stage::Integrations),
                back(),
                done(),
            ],
        ),
        (
            "the migration is done again, now without a brand",
            vec![announced(), back(), done(), again(Stage::Migration), without()],
        ),
    ];
    for (case, steps) in cases {
        let (events, expected): (Vec<Event>, Vec<&[Kind]>) = steps.into_iter().unzip();
        assert_eq!(hear_all(&mut book(), events), expected, "{case}");
    }
}

/// The text of each language.
fn texts(book: &Book, notices: &[Notice]) -> BTreeMap<&'static str, String> {
    assert_texts(book, notices);
    messages(book, notices).into_iter().map(|m| (m.language.key(), m.content.text)).collect()
}

fn assert_says(book: &Book, notices: &[Notice], polish: &[&str], english: &[&str]) {
    let texts = texts(book, notices);
    for (language, parts) in [(Language::Pl, polish), (Language::En, english)] {
        let text = &texts[language.key()];
        for part in parts {
            assert!(text.contains(part), "{part:?} in {text}");
        }
    }
}

#[test]
fn the_day_is_told_for_each_brand_and_why_not_earlier() {
    let notices = told(&mut book(), announce("2027-01-18", &["skoda", "vw"]));
    assert_says(
        &book(),
        &notices,
        &[
            "- Skoda: poniedziałek, 18 stycznia 2027\n- VW: poniedziałek, 18 stycznia 2027\n",
            "Bazy odtworzono w dniu: sobota, 16 stycznia 2027.\n\nDni wolne pomiędzy:\n\n- niedziela, 17 stycznia 2027\n",
        ],
        &[
            "- Skoda: Monday, 18 January 2027\n- VW: Monday, 18 January 2027\n",
            "restored on Saturday, 16 January 2027.\n\nDays off in between:\n\n- Sunday, 17 January 2027\n",
        ],
    );
    // Epiphany is a Wednesday. Ops' list makes the Thursday a day off, too.
    let notices = told(&mut book(), announce_after("2027-01-05T22:00:00Z", "2027-01-08", &["vw"]));
    assert_says(
        &book(),
        &notices,
        &["- środa, 6 stycznia 2027 – Święto Trzech Króli\n- czwartek, 7 stycznia 2027\n\nO każdym"],
        &["- Wednesday, 6 January 2027 – Epiphany\n- Thursday, 7 January 2027\n\nWe write"],
    );
    for (restored, said) in [(pb(at("2027-01-18T20:00:00Z")), true), (None, false)] {
        let announced = Event::IntegrationsAnnounced(IntegrationsAnnounced {
            brands: vec!["vw".into()],
            day: "2027-01-19".into(),
            databases_restored_at: restored,
        });
        let polish = &texts(&book(), &told(&mut book(), announced))["pl"];
        assert_eq!(polish.contains("Bazy odtworzono"), said, "{polish}");
        assert!(!polish.contains("Dni wolne"), "no day lies between: {polish}");
    }
}

#[test]
fn only_a_rollback_is_given_as_the_reason_where_there_was_one() {
    for (before, rolled_back) in [(vec![roll_back()], true), (vec![], false)] {
        let mut book = book();
        hear_all(&mut book, vec![announce("2027-01-18", &["vw"])]);
        hear_all(&mut book, before);
        let notices = told(&mut book, cancel(&["vw"]));
        let texts = texts(&book, &notices);
        assert_eq!(texts["pl"].contains("bo przywrócono stan sprzed migracji"), rolled_back);
        assert_eq!(texts["en"].contains("because the migration was rolled back"), rolled_back);
        assert_eq!(texts["pl"].contains("Jeśli wyznaczymy nowy, napiszemy"), !rolled_back);
    }
}

#[test]
fn the_morning_says_what_comes_back_and_what_to_check() {
    let mut book = book();
    hear_all(&mut book, vec![announce("2027-01-18", &["skoda", "vw", "kia"]), drop("kia"), restore("vw")]);
    let morning = Morning { project: PROJECT, day: jiff::civil::date(2027, 1, 18) };
    let project = book.project.as_ref().expect("known");
    let notice = integrations_today(&morning, project, Uuid::from_u128(2), at("2027-01-18T06:00:00Z"));
    let notices = [notice.expect("one waits")];
    assert_says(
        &book,
        &notices,
        &["Dziś przywracamy sprzęgi koncernowe:\n\n- Skoda\n\nO każdym", "Prosimy wtedy sprawdzić"],
        &["Today we restore the manufacturer integrations:\n\n- Skoda\n\nWe write", "Then please check"],
    );
    let to: Vec<Recipient> = messages(&book, &notices).iter().map(|m| m.recipient).collect();
    assert!(to.len() == 2 && !to.contains(&Recipient::Softvig), "{to:?}");
}

#[test]
fn the_summary_says_what_became_of_each_brand() {
    let mut book = book();
    hear_all(&mut book, vec![announce("2027-01-18", &["skoda", "vw", "kia"]), drop("kia")]);
    for (brand, instant) in [("vw", "2027-01-18T09:00:00Z"), ("skoda", "2027-01-18T23:30:00Z")] {
        let restored = SchedulingEvent { occurred_at: pb(at(instant)), ..event(restore(brand)) };
        scheduling(&restored, &mut book).expect("a well-formed event");
    }
    let done = event(unlock(Stage::Verification));
    let Ok(Outcome::Told(notices)) = scheduling(&done, &mut book) else { panic!("told") };
    assert_says(
        &book,
        &notices[..1],
        &[
            "- Kia: nie będzie przywracany, za zgodą osoby decyzyjnej. Powód: Umowa wygasła\n",
            "- Skoda: przywrócony, wtorek, 19 stycznia 2027\n- VW: przywrócony, poniedziałek, 18 stycznia 2027\n",
        ],
        &[
            "- Kia: not restored, with the decision contact's consent. Reason: Umowa wygasła\n",
            "- Skoda: restored, Tuesday, 19 January 2027\n- VW: restored, Monday, 18 January 2027\n",
        ],
    );
    assert_eq!(messages(&book, &notices[..1]).len(), 3, "technical, decision and SOFTVIG");
}

#[test]
fn a_project_that_was_kept_before_integrations_were_is_read() {
    let project = Project::new(crate::fixtures::COMPANY, PROJECT);
    let mut kept = serde_json::to_value(&project).expect("serialises");
    kept.as_object_mut().and_then(|kept| kept.remove("integrations")).expect("it is there");
    assert_eq!(serde_json::from_value::<Project>(kept).expect("read"), project);
}
