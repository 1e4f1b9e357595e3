use std::sync::LazyLock;

use rstest::rstest;

use super::*;
use crate::project::testing::{CRM, DECISION, TECHNICAL, allowed, at, reasons, stored};

const ISSUED: &str = "2027-01-26T12:00:00+01:00";
const NOW: &str = "2027-01-27T10:00:00+01:00";

fn minor() -> Vec<MinorFinding> {
    vec![MinorFinding {
        finding: "0190".into(),
        item: "tempdb.files".into(),
        text: "one data file only".into(),
    }]
}

fn issued() -> Protocol {
    let mut protocol = Protocol::default();
    protocol.issue(&minor(), at(ISSUED));
    protocol
}

fn signed_by(by: &Actor) -> Protocol {
    let mut protocol = issued();
    protocol.sign(1, None, by, at(NOW)).expect("signed");
    protocol
}

#[rstest]
#[case::company_first([&DECISION, &CRM], [Party::Company, Party::Softvig])]
#[case::softvig_first([&CRM, &DECISION], [Party::Softvig, Party::Company])]
fn protocol_signed_by_both_completes(#[case] order: [&LazyLock<Actor>; 2], #[case] parties: [Party; 2]) {
    let (mut protocol, occurred_at) = (issued(), at(NOW));
    let signed = |party| ProtocolEvent::Signed { number: 1, party, occurred_at };
    assert_eq!(protocol.sign(1, None, order[0], at(NOW)).expect("signed"), [signed(parties[0])]);
    assert!(!protocol.is_signed());
    let events = protocol.sign(1, None, order[1], at(NOW)).expect("signed");
    assert_eq!(events, [signed(parties[1]), ProtocolEvent::Completed { number: 1 }]);
    let protocol = stored(&protocol);
    let ProtocolState::Signed { company, softvig } = &protocol.issues()[0].state else {
        panic!("signed");
    };
    assert_eq!((&company.by, &softvig.by), (&*DECISION, &*CRM));
}

#[rstest]
#[case::the_company(&DECISION, "the signature of SOFTVIG")]
#[case::softvig(&CRM, "the signature of the company")]
fn protocol_signed_by_both_not_twice_by_one(#[case] by: &Actor, #[case] expected: &str) {
    let mut protocol = signed_by(by);
    let again = protocol.sign(1, None, by, at(NOW));
    assert_eq!(reasons(again.clone()), [ErrorReason::ProtocolSignedByBoth]);
    assert_eq!(allowed(again), expected);
    assert_eq!(protocol, signed_by(by));
}

#[rstest]
#[case::technical_contact(&TECHNICAL)]
#[case::time(&Actor::System)]
fn protocol_signed_by_both_and_by_nobody_else(#[case] by: &Actor) {
    assert_eq!(reasons(issued().sign(1, None, by, at(NOW))), [ErrorReason::PermissionDenied]);
    assert_eq!(reasons(issued().decline(1, "no", by, at(NOW))), [ErrorReason::PermissionDenied]);
}

#[test]
fn protocol_signed_by_both_only_once_issued() {
    let none = Protocol::default().sign(1, None, &DECISION, at(NOW));
    assert_eq!(reasons(none), [ErrorReason::ProtocolSignedByBoth]);
    let early = issued().sign(1, Some(at("2027-01-26T11:59:59+01:00")), &DECISION, at(NOW));
    assert_eq!(reasons(early), [ErrorReason::OccurredAtInvalid]);
}

#[test]
fn protocol_takes_the_minor_findings_left_open() {
    let mut protocol = Protocol::default();
    let events = protocol.issue(&minor(), at(ISSUED));
    assert_eq!(events, [ProtocolEvent::Issued { number: 1, open_minor: minor() }]);
    assert_eq!(protocol.issue(&minor(), at(NOW)), [], "one is open");
}

#[rstest]
#[case::the_company(&DECISION, Party::Company, false)]
#[case::the_company_after_softvig_signed(&DECISION, Party::Company, true)]
#[case::softvig(&CRM, Party::Softvig, false)]
fn protocol_declined_with_a_reason_is_void(
    #[case] by: &Actor,
    #[case] party: Party,
    #[case] half_signed: bool,
) {
    let mut protocol = if half_signed { signed_by(&CRM) } else { issued() };
    assert_eq!(reasons(protocol.decline(1, "", by, at(NOW))), [ErrorReason::InvalidArgument]);
    let reason = "list of users missing".to_owned();
    let events = protocol.decline(1, &reason, by, at(NOW)).expect("declined");
    let declined = ProtocolEvent::Declined { number: 1, party, reason: reason.clone() };
    assert_eq!(events, [declined, ProtocolEvent::Voided { number: 1, reason }]);
    assert!(protocol.open().is_none());
    assert!(
        matches!(&protocol.issues()[0].state, ProtocolState::Voided { signed, .. } if signed.is_some() == half_signed)
    );
    let signed = protocol.sign(1, None, &DECISION, at(NOW));
    assert_eq!(reasons(signed), [ErrorReason::ProtocolSignedByBoth]);
}

#[test]
fn protocol_voided_by_a_new_problem_is_issued_under_the_next_number() {
    let mut protocol = signed_by(&CRM);
    let events = protocol.void("problem reported", &DECISION, at(NOW));
    assert_eq!(events, [ProtocolEvent::Voided { number: 1, reason: "problem reported".into() }]);
    assert_eq!(protocol.void("again", &DECISION, at(NOW)), []);
    protocol.issue(&[], at(NOW));
    assert_eq!(protocol.open().expect("open").number, 2);
    let read_before = protocol.sign(1, None, &DECISION, at(NOW));
    assert_eq!(reasons(read_before.clone()), [ErrorReason::ProtocolSignedByBoth]);
    assert_eq!(allowed(read_before), "2");
    assert!(matches!(protocol.issues()[1].state, ProtocolState::Issued { signed: None }));
}

#[test]
fn protocol_signed_by_both_is_voided_by_nothing() {
    let mut protocol = signed_by(&CRM);
    protocol.sign(1, None, &DECISION, at(NOW)).expect("signed");
    assert_eq!(protocol.void("late problem", &DECISION, at(NOW)), []);
    assert_eq!(reasons(protocol.decline(1, "late", &DECISION, at(NOW))), [ErrorReason::ProtocolSignedByBoth]);
    assert_eq!(protocol.issue(&[], at(NOW)), []);
    assert!(protocol.is_signed());
}
