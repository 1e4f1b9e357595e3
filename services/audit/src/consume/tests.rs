use prost::Message as _;
use rstest::rstest;

use super::{Outcome::*, State::*, *};

fn cells<E>(table: fn(&E, State) -> Outcome, event: E) -> [Outcome; 4] {
    [Unknown, Idle, Auditing, Closed].map(|state| table(&event, state))
}

#[rstest]
#[case::opened(
    Scheduling::ProjectOpened(scheduling::ProjectOpened {}),
    [Apply, Ignore("licensing spoke of the project first"), Raise("the project was opened before"), Raise("the project was opened before")],
)]
#[case::variant(
    Scheduling::VariantChosen(scheduling::VariantChosen::default()),
    [Raise(NEVER_OPENED), Apply, Apply, Ignore(CLOSED)],
)]
#[case::attempt_opened(
    Scheduling::AuditAttemptOpened(scheduling::AuditAttemptOpened::default()),
    [Raise(NEVER_OPENED), Apply, Raise("an attempt is open already"), Raise(CLOSED)],
)]
#[case::attempt_voided(
    Scheduling::AuditAttemptVoided(scheduling::AuditAttemptVoided::default()),
    [Raise(NEVER_OPENED), Apply, Apply, Ignore(CLOSED)],
)]
#[case::cancelled(
    Scheduling::ProjectCancelled(scheduling::ProjectCancelled::default()),
    [Raise(NEVER_OPENED), Apply, Apply, Raise("the project ended before")],
)]
#[case::completed(
    Scheduling::ProjectCompleted(scheduling::ProjectCompleted {}),
    [Raise(NEVER_OPENED), Apply, Apply, Raise("the project ended before")],
)]
#[case::declaration_withdrawn(
    // Scheduling voids the attempts itself.
    Scheduling::ReadinessWithdrawn(scheduling::ReadinessWithdrawn::default()),
    [Ignore(NO_CONCERN); 4],
)]
#[case::contact(Scheduling::ContactCard(scheduling::ContactCard::default()), [Ignore(NO_CONCERN); 4])]
#[case::date(Scheduling::DateAgreed(scheduling::DateAgreed::default()), [Ignore(NO_CONCERN); 4])]
#[case::run(Scheduling::RunStarted(scheduling::RunStarted::default()), [Ignore(NO_CONCERN); 4])]
fn each_event_of_scheduling_has_one_outcome_in_each_state(
    #[case] event: Scheduling,
    #[case] expected: [Outcome; 4],
) {
    assert_eq!(cells(of_scheduling, event), expected);
}

#[rstest]
#[case::status(
    Licensing::LicenceStatusChanged(licensing::LicenceStatusChanged::default()),
    [Apply, Apply, Apply, Ignore(CLOSED)],
)]
#[case::chosen(Licensing::LicenceChosen(licensing::LicenceChosen::default()), [Ignore(NO_CONCERN); 4])]
// The status that follows says what it means.
#[case::withdrawn(Licensing::ProofWithdrawn(licensing::ProofWithdrawn::default()), [Ignore(NO_CONCERN); 4])]
fn each_event_of_licensing_has_one_outcome_in_each_state(
    #[case] event: Licensing,
    #[case] expected: [Outcome; 4],
) {
    assert_eq!(cells(of_licensing, event), expected);
}

#[rstest]
#[case::audit_3(|o: &mut scheduling::AuditAttemptOpened| o.audit = 3, "audit 3")]
#[case::attempt(|o: &mut scheduling::AuditAttemptOpened| o.attempt = "seven".into(), "attempt \"seven\"")]
#[case::number(|o: &mut scheduling::AuditAttemptOpened| o.number = -1, "number -1")]
#[case::window(|o: &mut scheduling::AuditAttemptOpened| o.window_minutes = -1, "window of minutes -1")]
fn an_opening_that_cannot_be_read_is_parked(
    #[case] spoil: fn(&mut scheduling::AuditAttemptOpened),
    #[case] problem: &str,
) {
    let mut opened = scheduling::AuditAttemptOpened {
        attempt: uuid::Uuid::from_u128(1).to_string(),
        audit: 1,
        number: 1,
        ..Default::default()
    };
    assert!(opening(&opened, Timestamp::UNIX_EPOCH).is_ok());
    spoil(&mut opened);
    let error = opening(&opened, Timestamp::UNIX_EPOCH).expect_err("it cannot be read");
    assert_eq!(error.to_string(), format!("undecodable: {problem}"));
}

#[test]
fn what_is_passed_over_changes_nothing_in_any_state() {
    let ignored = |outcomes: [Outcome; 4]| outcomes.iter().all(|outcome| matches!(outcome, Ignore(_)));
    for (name, number) in proto::event::of("scheduling") {
        let event = scheduling::SchedulingEvent::decode(&*proto::event::bare(*number)).expect("an event");
        let of_company = name.starts_with("contact_") || *name == "company_changed";
        let nothing = ignored(cells(of_scheduling, event.event.expect("known"))) && !of_company;
        assert_eq!(!heeded("scheduling").contains(name), nothing, "{name}");
    }
    for (name, number) in proto::event::of("licensing") {
        let event = licensing::LicensingEvent::decode(&*proto::event::bare(*number)).expect("an event");
        let nothing = ignored(cells(of_licensing, event.event.expect("known")));
        assert_eq!(!heeded("licensing").contains(name), nothing, "{name}");
    }
}
