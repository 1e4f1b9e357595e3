use proto::{
    audit::v1::{self as audit_pb, AuditEvent, FindingSummary, audit_event::Event as Audited},
    common::v1::LocalizedText,
    licensing::v1::{self as licensing_pb, LicenceKind, LicensingEvent, licensing_event::Event as Licensed},
    scheduling::v1::{
        AuditAttemptVoided, DateAgreed, DatesProposed, Party, Stage, StageUnlocked, scheduling_event::Event,
    },
};
use uuid::Uuid;

use super::{assert_texts, kinds};
use crate::consume::{Book, Outcome, audit, licensing, reminder, unanswered};
use crate::fixtures::{BEATA, COMPANY, PROJECT, at, audit_2, book, card, hear, messages, migration, now, pb};
use crate::kind::Kind;
use crate::message::Recipient;
use crate::project::{Reminder, ReminderPolicy, Step, Unanswered};
use crate::recipients::Language;

fn project() -> String {
    format!("companies/{COMPANY}/projects/{PROJECT}")
}

fn hear_audit(book: &mut Book, what: Audited) -> Outcome {
    let event = AuditEvent {
        event_id: Uuid::from_u128(1).to_string(),
        company: format!("companies/{COMPANY}"),
        project: project(),
        occurred_at: pb(now()),
        event: Some(what),
        ..Default::default()
    };
    audit(&event, book).expect("a well-formed event")
}

fn hear_licensing(book: &mut Book, what: Licensed) -> Outcome {
    let event = LicensingEvent {
        event_id: Uuid::from_u128(1).to_string(),
        company: format!("companies/{COMPANY}"),
        project: project(),
        occurred_at: pb(now()),
        event: Some(what),
        ..Default::default()
    };
    licensing(&event, book).expect("a well-formed event")
}

fn finding() -> FindingSummary {
    FindingSummary {
        number: 3,
        audit: 1,
        item: "ram.gb".into(),
        question: Some(LocalizedText { pl: "Pamięć RAM".into(), en: "Memory".into() }),
        measured: "8 GB".into(),
        limit: "≥ 16 GB".into(),
        ..Default::default()
    }
}

fn link() -> FindingSummary {
    FindingSummary {
        item: "link.accepted".into(),
        question: Some(LocalizedText { pl: "Odbiór łącza".into(), en: "Link acceptance".into() }),
        measured: "false".into(),
        limit: "= true".into(),
        ..finding()
    }
}

fn concluded(passed: bool) -> Audited {
    Audited::AuditConcluded(audit_pb::AuditConcluded {
        attempt: "t1".into(),
        audit: 1,
        number: 1,
        passed,
        findings: vec![
            finding(),
            FindingSummary { question: None, limit: String::new(), ..finding() },
            link(),
        ],
    })
}

/// The outcome is as the page says, and its texts can be written.
fn assert_told(book: &Book, outcome: &Outcome, expected: &[Kind]) {
    assert_eq!(kinds(outcome), expected);
    if let Outcome::Told(notices) = outcome {
        assert!(!messages(book, notices).is_empty());
        assert_texts(book, notices);
    }
}

#[test]
fn audit_results_and_findings_are_told_and_what_happens_between_is_not() {
    let some = Some(finding());
    let answered =
        audit_pb::FindingAnswered { finding: some.clone(), answer: "Dołożono".into(), files: vec![] };
    let rejected =
        audit_pb::FindingRejected { finding: some.clone(), reason: "Nadal 8 GB".into(), files: vec![] };
    let cases: [(Audited, &[Kind]); 15] = [
        (concluded(true), &[Kind::AuditPassed]),
        (concluded(false), &[Kind::AuditFailed]),
        (Audited::FindingAnswered(answered), &[Kind::FindingAnswered]),
        (Audited::FindingRejected(rejected), &[Kind::FindingRejected]),
        (Audited::FindingOpened(audit_pb::FindingOpened { finding: some.clone() }), &[]),
        (Audited::FindingVerified(audit_pb::FindingVerified { finding: some, ..Default::default() }), &[]),
        (Audited::ValuesRecorded(Default::default()), &[]),
        (Audited::ItemWaived(Default::default()), &[]),
        (Audited::LimitOverridden(Default::default()), &[]),
        (Audited::FilesAttached(Default::default()), &[]),
        (Audited::FileDetached(Default::default()), &[]),
        (Audited::AuditAssigned(Default::default()), &[]),
        (Audited::AuditPaused(Default::default()), &[]),
        (Audited::AuditResumed(Default::default()), &[]),
        (Audited::EvidenceRefreshed(Default::default()), &[]),
    ];
    for (event, expected) in cases {
        let mut book = book();
        let outcome = hear_audit(&mut book, event);
        assert_told(&book, &outcome, expected);
    }
}

#[test]
fn findings_are_listed_in_the_readers_language() {
    let mut book = book();
    let Outcome::Told(notices) = hear_audit(&mut book, concluded(false)) else { panic!("told") };
    let texts: Vec<String> = messages(&book, &notices).into_iter().map(|m| m.content.text).collect();
    assert!(texts[0].contains("- Pamięć RAM (wynik: 8 GB; oczekiwano: ≥ 16 GB)\n"), "{}", texts[0]);
    assert!(texts[1].contains("- Memory (measured: 8 GB; expected: ≥ 16 GB)\n"), "{}", texts[1]);
    assert!(texts[1].contains("- ram.gb (measured: 8 GB)\n"), "{}", texts[1]);
    assert!(texts[0].contains("- Odbiór łącza (wynik: nie; oczekiwano: tak)\n"), "{}", texts[0]);
    assert!(texts[1].contains("- Link acceptance (measured: no; expected: yes)\n"), "{}", texts[1]);
}

#[test]
fn the_result_of_a_voided_attempt_moves_nobody() {
    let mut book = book();
    let voided = AuditAttemptVoided { attempt: "t1".into(), audit: 1, reason: "Zmiana wariantu".into() };
    hear(&mut book, Event::AuditAttemptVoided(voided));
    assert!(matches!(hear_audit(&mut book, concluded(true)), Outcome::Ignored(_)));
}

#[test]
fn licences_are_told_to_those_who_decide() {
    let (kind, text) = (LicenceKind::Runtime.into(), "Bo tak".to_owned());
    let rule = "RUNTIME_ONLY_AUTOSTACJA".to_owned();
    let demand = "sql_server".to_owned();
    let previous = LicenceKind::Standard.into();
    let misfit = licensing_pb::AdviceRemark {
        rule: "CAL_FOR_ALL".into(),
        text: Some(LocalizedText {
            pl: "CAL na użytkownika: wybrano do kupienia 24, potrzeba 30.".into(),
            en: "User CAL: chosen to buy 24, needed 30.".into(),
        }),
    };
    let cases: [(Licensed, &[Kind]); 13] = [
        (
            Licensed::LicenceRecommended(licensing_pb::LicenceRecommended { kind, note: text.clone() }),
            &[Kind::LicenceRecommended],
        ),
        (
            Licensed::LicenceChosen(licensing_pb::LicenceChosen { kind, previous, ..Default::default() }),
            &[Kind::LicenceChosen],
        ),
        (
            Licensed::LicenceChosen(licensing_pb::LicenceChosen {
                kind,
                previous: kind,
                ..Default::default()
            }),
            &[Kind::LicenceChosen],
        ),
        (
            Licensed::LicenceChoiceOutdated(licensing_pb::LicenceChoiceOutdated {
                kind,
                misfits: vec![misfit],
            }),
            &[Kind::LicenceChoiceOutdated],
        ),
        (
            Licensed::LicenceChoiceEnded(licensing_pb::LicenceChoiceEnded { kind, rule }),
            &[Kind::LicenceChoiceEnded],
        ),
        (
            Licensed::ProofWithdrawn(licensing_pb::ProofWithdrawn { demand, reason: text }),
            &[Kind::ProofWithdrawn],
        ),
        (Licensed::LicenceStatusChanged(Default::default()), &[]),
        (Licensed::LicenceOrdered(Default::default()), &[]),
        (Licensed::LicenceOrderCancelled(Default::default()), &[]),
        (Licensed::LicenceRecorded(Default::default()), &[]),
        (Licensed::OfferReserved(Default::default()), &[]),
        (Licensed::OfferAccepted(Default::default()), &[]),
        (Licensed::OfferReleased(Default::default()), &[]),
    ];
    for (event, expected) in cases {
        let mut book = book();
        let outcome = hear_licensing(&mut book, event);
        assert_told(&book, &outcome, expected);
        if let Outcome::Told(notices) = &outcome {
            let to: Vec<Recipient> = messages(&book, notices).iter().map(|m| m.recipient).collect();
            assert_eq!(to, [Recipient::Contact(crate::fixtures::DAGMARA), Recipient::Softvig]);
        }
    }
}

#[test]
fn what_of_a_choice_fits_no_more_is_listed_in_the_readers_language() {
    let text =
        LocalizedText { pl: "Pakiet: wybrano 4, potrzeba 8.".into(), en: "Pack: chosen 4, needed 8.".into() };
    let misfit = licensing_pb::AdviceRemark { rule: "CORE_PACKS".into(), text: Some(text) };
    let kind = LicenceKind::Standard.into();
    let outdated = licensing_pb::LicenceChoiceOutdated { kind, misfits: vec![misfit] };
    let mut book = book();
    let Outcome::Told(notices) = hear_licensing(&mut book, Licensed::LicenceChoiceOutdated(outdated)) else {
        panic!("told")
    };
    let texts: Vec<String> = messages(&book, &notices).into_iter().map(|m| m.content.text).collect();
    for text in &texts {
        let listed = ["- Pakiet: wybrano 4, potrzeba 8.\n", "- Pack: chosen 4, needed 8.\n"];
        assert_eq!(listed.iter().filter(|line| text.contains(*line)).count(), 1, "{text}");
    }
}

#[test]
fn a_reminder_says_provided_that_where_a_gate_is_open() {
    for (stage, polish, english) in [
        (Stage::Audit1, Some("pod warunkiem, że Audyt I"), Some("provided that audit 1 passes")),
        (Stage::Migration, None, None),
    ] {
        let mut book = book();
        let agreed = DateAgreed { agreement: "m".into(), date: Some(migration()), ..Default::default() };
        hear(&mut book, Event::DateAgreed(agreed));
        hear(&mut book, Event::StageUnlocked(StageUnlocked { stage: stage.into(), ..Default::default() }));
        let due = Reminder { project: PROJECT, agreement: "m".into(), days_before: 1 };
        let project = book.project.as_ref().expect("known");
        let now = at("2027-01-14T06:00:00Z");
        let notice = reminder(&due, project, &ReminderPolicy::shipped(), Uuid::from_u128(2), now);
        let texts: Vec<String> = messages(&book, &[notice.expect("still agreed")])
            .into_iter()
            .map(|m| m.content.subject + "\n" + &m.content.text)
            .collect();
        assert_eq!(texts.len(), 2, "the technical and the decision contact");
        for (text, condition) in texts.iter().zip([polish, english]) {
            assert_eq!(text.contains("pod warunkiem") || text.contains("provided"), condition.is_some());
            assert!(condition.is_none_or(|c| text.contains(c)), "{text}");
        }
        assert!(texts[0].starts_with("Jutro") && texts[1].starts_with("Tomorrow"), "{texts:?}");
    }
}

#[test]
fn a_missing_answer_is_asked_for_in_both_languages() {
    for (by, expected) in [
        (Party::Softvig, ["SOFTVIG proponuje", "Proposed by SOFTVIG on Tuesday, 1 December 2026"]),
        (Party::Company, ["Firma proponuje", "Proposed by the company on Tuesday, 1 December 2026"]),
    ] {
        let mut book = book();
        book.directory.apply_card(BEATA, &card(BEATA));
        let proposed = DatesProposed {
            proposal: "p".into(),
            proposed_by: by.into(),
            dates: vec![audit_2(), migration()],
            ..Default::default()
        };
        hear(&mut book, Event::DatesProposed(proposed));
        for step in [Step::Remind, Step::Escalate] {
            let due = Unanswered { project: PROJECT, step, proposal: "p".into() };
            let project = book.project.as_ref().expect("known");
            let policy = ReminderPolicy::shipped().unanswered;
            let notice = unanswered(&due, project, &policy, Uuid::from_u128(2), now()).expect("open");
            assert_texts(&book, std::slice::from_ref(&notice));
            for message in messages(&book, &[notice]) {
                let expected = expected[usize::from(message.language == Language::En)];
                let text = message.content.text;
                assert!(text.contains(expected) && text.contains("15"), "{text}");
            }
        }
    }
}
