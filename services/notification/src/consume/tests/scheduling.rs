use proto::scheduling::v1::{scheduling_event::Event, *};

use super::{assert_texts, kinds};
use crate::consume::{Book, Outcome, scheduling};
use crate::fixtures::{
    BEATA, DAGMARA, PROJECT, TADEK, at, audit_2, book, card, card_in_state, day, event, hear, messages,
    migration, name, now, pb, told,
};
use crate::kind::Kind;
use crate::message::{Calendar, Method, Recipient};
use crate::project::Project;
use crate::recipients::Language;

fn agree(agreement: &str, replaces: &str, date: StageDate) -> Event {
    Event::DateAgreed(DateAgreed {
        agreement: agreement.into(),
        date: Some(date),
        provided_that: Stage::Audit1.into(),
        replaces: replaces.into(),
    })
}

fn withdraw(agreement: &str, rule: &str) -> Event {
    Event::DateWithdrawn(DateWithdrawn {
        agreement: agreement.into(),
        date: Some(audit_2()),
        rule: rule.into(),
        note: "Choroba".into(),
        earliest: "2027-01-12".into(),
    })
}

fn proposed(by: Party, counters: &str) -> Event {
    Event::DatesProposed(DatesProposed {
        proposal: "p1".into(),
        proposed_by: by.into(),
        dates: vec![audit_2(), migration()],
        would_withdraw: vec![DateKind::Migration.into()],
        counters: counters.into(),
    })
}

/// A project on its way: audit 1 is the open gate, audit 2 and the migration are agreed.
fn on_its_way() -> Book {
    let mut book = book();
    hear(
        &mut book,
        Event::StageUnlocked(StageUnlocked { stage: Stage::Audit1.into(), ..Default::default() }),
    );
    hear(&mut book, agree("a2", "", audit_2()));
    hear(&mut book, agree("m", "", migration()));
    book
}

fn closed() -> Book {
    let mut book = on_its_way();
    hear(&mut book, Event::ProjectCompleted(ProjectCompleted {}));
    book
}

/// A project's event, and the kinds that it is told as while the project is on its way.
fn project_events() -> Vec<(Event, &'static [Kind])> {
    use Kind as K;
    let text = || "Bo tak".to_owned();
    let brand = || "skoda".to_owned();
    vec![
        (Event::ProjectOpened(ProjectOpened {}), &[]),
        (Event::ContractRecorded(ContractRecorded { contract_day: "2026-11-16".into() }), &[]),
        (Event::VariantHelpAsked(VariantHelpAsked { note: text() }), &[K::VariantHelpAsked]),
        (
            Event::VariantRecommended(VariantRecommended { variant: "hosted".into(), note: text() }),
            &[K::VariantRecommended],
        ),
        (
            Event::VariantChosen(VariantChosen { variant: "fourth_one".into(), ..Default::default() }),
            &[K::VariantChosen],
        ),
        (proposed(Party::Softvig, ""), &[K::DatesProposed]),
        (proposed(Party::Company, "p0"), &[K::DatesCountered]),
        (Event::ProposalClosed(ProposalClosed::default()), &[]),
        (agree("a2b", "", audit_2()), &[K::DateAgreed]),
        (agree("a2b", "a2", audit_2()), &[K::DateMoved]),
        (withdraw("a2", ""), &[K::DateWithdrawn]),
        (withdraw("a2", "AUDIT2_BUFFER"), &[K::DateWithdrawn]),
        (withdraw("a2", "DATE_MISSED"), &[K::DateMissed]),
        (withdraw("long gone", ""), &[]),
        (
            Event::OverrideRecorded(OverrideRecorded {
                kind: DateKind::Audit1.into(),
                rule: "AUDIT1_BUFFER".into(),
                day: "2027-01-05".into(),
                person: "Piotr Zając".into(),
                note: text(),
            }),
            &[K::OverrideRecorded],
        ),
        (Event::ReadinessOverdue(ReadinessOverdue { day: "2026-11-30".into() }), &[K::ReadinessOverdue]),
        (
            Event::StageUnlocked(StageUnlocked {
                stage: Stage::Audit2.into(),
                earliest_start: "2027-01-04".into(),
            }),
            &[K::StageUnlocked],
        ),
        (
            Event::ReadinessDeclared(ReadinessDeclared {
                audit_1_earliest: "2026-12-29".into(),
                corrected: false,
            }),
            &[K::ReadinessDeclared],
        ),
        (Event::ReadinessWithdrawn(ReadinessWithdrawn { reason: text() }), &[K::ReadinessWithdrawn]),
        (Event::AuditAttemptOpened(AuditAttemptOpened::default()), &[]),
        (Event::AuditAttemptVoided(AuditAttemptVoided::default()), &[]),
        (
            Event::RunPrepared(RunPrepared {
                systems: vec![System { key: "wms".into(), name: "Magazyn".into(), owner: "Jan".into() }],
                applications: vec![],
                stop_at: pb(now()),
            }),
            &[K::RunPrepared],
        ),
        (
            Event::RunStarted(RunStarted { attempt: 1, reserve_at: pb(now()), window_ends_at: pb(now()) }),
            &[K::RunStarted],
        ),
        (Event::DatabasesRestored(DatabasesRestored { attempt: 1 }), &[K::DatabasesRestored]),
        (Event::RunFinished(RunFinished { attempt: 2 }), &[K::RunFinished]),
        (Event::RunRolledBack(RunRolledBack { attempt: 1, reason: text() }), &[K::RunRolledBack]),
        (Event::ReserveReached(ReserveReached { attempt: 1 }), &[K::ReserveReached]),
        (Event::WindowOverrun(WindowOverrun { attempt: 1 }), &[K::WindowOverrun]),
        (
            Event::IntegrationsAnnounced(IntegrationsAnnounced {
                brands: vec![brand(), "vw".into()],
                day: "2027-01-18".into(),
                databases_restored_at: pb(now()),
            }),
            &[K::IntegrationsAnnounced],
        ),
        (
            Event::IntegrationsCancelled(IntegrationsCancelled { brands: vec![brand()] }),
            &[K::IntegrationsCancelled],
        ),
        (Event::IntegrationRestored(IntegrationRestored { brand: brand() }), &[K::IntegrationRestored]),
        (
            Event::IntegrationDropAsked(IntegrationDropAsked { brand: brand(), reason: text() }),
            &[K::IntegrationDropAsked],
        ),
        (
            Event::IntegrationDropRefused(IntegrationDropRefused { brand: brand() }),
            &[K::IntegrationDropRefused],
        ),
        (
            Event::AuditPassHeld(AuditPassHeld { attempt: "a".into(), missing: vec![text()] }),
            &[K::AuditPassHeld],
        ),
        (Event::LicenceMissing(LicenceMissing { missing: vec![text()] }), &[]),
        (
            Event::IntegrationDropped(IntegrationDropped { brand: brand(), reason: text() }),
            &[K::IntegrationDropped],
        ),
        (
            Event::IntegrationReopened(IntegrationReopened { brand: brand(), reason: text() }),
            &[K::IntegrationReopened],
        ),
        (Event::VerificationRequested(VerificationRequested {}), &[K::VerificationRequested]),
        (
            Event::ProblemReported(ProblemReported { problem: "1".into(), description: text() }),
            &[K::ProblemReported],
        ),
        (
            Event::ProblemAnswered(ProblemAnswered { problem: "1".into(), answer: text() }),
            &[K::ProblemAnswered],
        ),
        (Event::Verified(Verified {}), &[K::Verified]),
        (
            Event::StageReopened(StageReopened { stage: Stage::Migration.into(), reason: text() }),
            &[K::StageReopened],
        ),
        (Event::ProtocolIssued(ProtocolIssued { number: 1 }), &[K::ProtocolIssued]),
        (
            Event::ProtocolSigned(ProtocolSigned { number: 1, party: Party::Softvig.into() }),
            &[K::ProtocolSigned],
        ),
        (
            Event::ProtocolDeclined(ProtocolDeclined {
                number: 1,
                party: Party::Company.into(),
                reason: text(),
            }),
            &[K::ProtocolDeclined],
        ),
        (Event::ProtocolVoided(ProtocolVoided::default()), &[]),
        (Event::ProjectCompleted(ProjectCompleted {}), &[K::ProjectCompleted]),
        (
            Event::ProjectCancelled(ProjectCancelled { reason: text() }),
            &[K::ProjectCancelled, K::DateWithdrawn, K::DateWithdrawn],
        ),
    ]
}

#[test]
fn each_event_is_told_as_the_page_says_in_each_state() {
    for (event, expected) in project_events() {
        let about_dates = matches!(event, Event::DateAgreed(_) | Event::DateWithdrawn(_));
        for (state, mut book) in [("unknown", book()), ("on its way", on_its_way()), ("closed", closed())] {
            let got = kinds(&hear(&mut book, event.clone()));
            let expected = match (&event, state) {
                // Nothing was agreed that could end.
                (Event::DateWithdrawn(_), "unknown") => Vec::new(),
                (Event::ProjectCancelled(_), "unknown" | "closed") => vec![Kind::ProjectCancelled],
                (_, "closed") if about_dates => Vec::new(),
                _ => expected.to_vec(),
            };
            assert_eq!(got, expected, "{event:?} while {state}");
        }
    }
}

#[test]
fn each_text_renders_in_both_languages_with_the_facts_of_its_event() {
    let contact =
        (Event::ContactReplaced(ContactReplaced { contact: name(TADEK), successor: name(BEATA) }), 3);
    for (event, _) in project_events() {
        let mut book = on_its_way();
        book.directory.apply_card(BEATA, &card(BEATA));
        if let Outcome::Told(notices) = hear(&mut book, event) {
            assert_texts(&book, &notices);
        }
    }
    let mut book = on_its_way();
    book.directory.apply_card(BEATA, &card(BEATA));
    let notices = told(&mut book, contact.0);
    assert_eq!(notices.len(), contact.1);
    assert_texts(&book, &notices);
}

#[test]
fn the_side_that_answers_is_asked() {
    for (by, asked) in
        [(Party::Softvig, vec![Recipient::Contact(DAGMARA)]), (Party::Company, vec![Recipient::Softvig])]
    {
        let mut book = on_its_way();
        let notices = told(&mut book, proposed(by, ""));
        let recipients: Vec<Recipient> = messages(&book, &notices).iter().map(|m| m.recipient).collect();
        assert_eq!(recipients, asked);
    }
}

#[test]
fn the_message_says_dates_as_a_person_would() {
    let mut book = on_its_way();
    let notices = told(&mut book, agree("m2", "m", migration()));
    let messages = messages(&book, &notices);
    let text = |language| {
        let message = messages.iter().find(|m| m.language == language && m.recipient != Recipient::Softvig);
        message.expect("one in each language").content.text.clone()
    };
    let polish = "piątek, 15 stycznia 2027, godz. 22:00 – sobota, 16 stycznia 2027, godz. 6:00";
    assert!(text(Language::Pl).contains(polish), "{}", text(Language::Pl));
    assert!(text(Language::Pl).contains("pod warunkiem, że Audyt I zakończy się wynikiem pozytywnym"));
    let english = "Friday, 15 January 2027, 22:00 – Saturday, 16 January 2027, 6:00";
    assert!(text(Language::En).contains(english), "{}", text(Language::En));
    assert!(text(Language::En).contains("provided that audit 1 passes"));
}

#[test]
fn a_moved_date_keeps_its_entry_and_a_withdrawn_one_ends_it() {
    let mut book = on_its_way();
    let entry = |book: &Book, agreement: &str| {
        let entry = book.project.as_ref().and_then(|p| p.entry(agreement)).expect("known").clone();
        (entry.uid, entry.sequence, entry.live)
    };
    assert_eq!(entry(&book, "a2"), ("a2".into(), 0, true));
    hear(&mut book, agree("a2b", "a2", day(DateKind::Audit2, "2027-01-12")));
    assert_eq!(entry(&book, "a2b"), ("a2".into(), 1, true));

    let notices = told(&mut book, withdraw("a2b", "AUDIT2_BUFFER"));
    assert!(matches!(&notices[0].calendar, Some(Calendar::Cancel(e)) if e.uid == "a2" && e.sequence == 2));
    assert_eq!(entry(&book, "a2b"), ("a2".into(), 2, false));

    hear(&mut book, agree("a2c", "", audit_2()));
    assert_eq!(entry(&book, "a2c"), ("a2c".into(), 0, true));
    // The older agreement's end arrives again in another form: it is not this one's.
    assert!(matches!(hear(&mut book, withdraw("a2b", "")), Outcome::Ignored(_)));
}

#[test]
fn a_repeated_audit_leaves_the_entry_of_the_failed_one_alone() {
    let mut book = on_its_way();
    let notices = told(&mut book, agree("again", "", day(DateKind::Audit2, "2027-01-13")));
    assert_eq!(notices.len(), 1);
    assert!(
        matches!(&notices[0].calendar, Some(Calendar::Request(e)) if e.uid == "again" && e.sequence == 0)
    );
}

#[test]
fn who_joins_gets_the_entries_and_who_leaves_loses_them() {
    let mut book = on_its_way();
    let joined = told(&mut book, Event::ContactCard(card(BEATA)));
    assert_eq!(joined.iter().map(|n| n.kind).collect::<Vec<_>>(), [Kind::EntryAdded; 2]);
    let added = messages(&book, &joined);
    assert!(added.iter().all(|m| m.recipient == Recipient::Contact(BEATA)));
    assert_ne!(added[0].part, added[1].part, "one message for each date");

    let left = told(
        &mut book,
        Event::ContactReplaced(ContactReplaced { contact: name(TADEK), successor: name(BEATA) }),
    );
    let removed: Vec<_> =
        messages(&book, &left).into_iter().filter(|m| m.recipient == Recipient::Contact(TADEK)).collect();
    assert_eq!(removed.len(), 2);
    for message in removed {
        let invitation = message.content.invitation.expect("an entry to take away");
        assert_eq!(invitation.method, Method::Cancel);
        assert!(!invitation.ics.contains("STATUS:"), "the date itself goes on");
        assert!(!message.content.text.contains("portal"), "which is closed to them");
    }
    // The card that says the same a little later is no news.
    assert_eq!(hear(&mut book, Event::ContactCard(card_in_state(TADEK, ContactState::Left))), Outcome::Kept);
}

/// An audit's day, and the window of a migration.
#[test]
fn who_joins_while_a_date_goes_on_gets_its_entry_and_not_those_that_are_over() {
    for (instant, entries) in [
        ("2027-01-11T05:30:00Z", 2),
        ("2027-01-11T22:59:59Z", 2),
        ("2027-01-11T23:00:00Z", 1),
        ("2027-01-16T04:59:59Z", 1),
        ("2027-01-16T05:00:00Z", 0),
    ] {
        let mut book = on_its_way();
        let joins =
            SchedulingEvent { occurred_at: pb(at(instant)), ..event(Event::ContactCard(card(BEATA))) };
        let told = match scheduling(&joins, &mut book).expect("well-formed") {
            Outcome::Told(notices) => notices.len(),
            Outcome::Kept | Outcome::Ignored(_) => 0,
        };
        assert_eq!(told, entries, "{instant}");
    }
}

#[test]
fn a_replaced_contact_is_told_to_those_who_decide_and_named_only_for_them() {
    let mut book = book();
    book.directory.apply_card(BEATA, &card(BEATA));
    let notices = told(
        &mut book,
        Event::ContactReplaced(ContactReplaced { contact: name(TADEK), successor: name(BEATA) }),
    );
    let messages = messages(&book, &notices);
    let to: Vec<Recipient> = messages.iter().map(|m| m.recipient).collect();
    assert_eq!(to, [Recipient::Contact(DAGMARA), Recipient::Contact(BEATA), Recipient::Softvig]);
    assert!(messages[0].content.text.contains("Tadeusz Łęcki is no longer a contact"));
    assert_eq!(messages[0].mentions, [TADEK, BEATA]);
}

#[test]
fn help_with_the_variant_goes_to_softvig_and_to_who_asked() {
    let mut book = book();
    let mut event = crate::fixtures::event(Event::VariantHelpAsked(VariantHelpAsked { note: "?".into() }));
    event.actor = Some(Actor { party: Party::Company.into(), contact: name(DAGMARA), ..Default::default() });
    let Outcome::Told(notices) = scheduling(&event, &mut book).expect("well-formed") else {
        panic!("told");
    };
    let to: Vec<Recipient> = messages(&book, &notices).iter().map(|m| m.recipient).collect();
    assert_eq!(to, [Recipient::Contact(DAGMARA), Recipient::Softvig]);
}

#[test]
fn a_malformed_event_is_refused() {
    let good = crate::fixtures::event(Event::Verified(Verified {}));
    let broken = [
        SchedulingEvent { event: None, ..good.clone() },
        SchedulingEvent { event_id: "x".into(), ..good.clone() },
        SchedulingEvent { company: "companies/x".into(), ..good.clone() },
        SchedulingEvent { project: String::new(), ..good.clone() },
        SchedulingEvent { occurred_at: None, ..good.clone() },
        SchedulingEvent { event: Some(agree("a", "", StageDate::default())), ..good.clone() },
    ];
    for event in broken {
        assert!(scheduling(&event, &mut book()).is_err(), "{event:?}");
    }
}

#[test]
fn an_unknown_project_is_taken_up_when_first_heard_of() {
    let mut book = book();
    hear(&mut book, Event::Verified(Verified {}));
    assert_eq!(book.project, Some(Project::new(crate::fixtures::COMPANY, PROJECT)));
}
