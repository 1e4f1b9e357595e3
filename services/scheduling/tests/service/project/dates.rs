//! What of a proposal or a date command cannot be, by rule; and that `validate_only` tells what moves.

use platform::harness::request_id;
use proto::{
    common::v1::ErrorReason::{self, *},
    scheduling::v1 as pb,
};
use rstest::rstest;
use scheduling::Scheduling;
use serde_json::{Value, json};
use testkit::Backend::{self, Postgres, Sqlite};

use super::{
    command::Command::{self, ProposeDates, RecordOverride, WithdrawDate},
    journey::{Journey, Point, window},
};
use crate::world::{crm, fields, operator, reason};

fn one(kind: &str, date: Value) -> Value {
    json!({ "dates": [{ "kind": format!("DATE_KIND_{kind}"), "date": date }] })
}

fn day(day: &str) -> Value {
    json!({ "day": day })
}

/// A migration window of twelve hours that begins at a local time, with a zone and an offset.
fn begins(local: &str, zone: &str, offset: &str, end: &str) -> Value {
    let start = json!({ "local": local, "zone": zone, "offset": offset });
    json!({ "window": { "start": start, "end": { "local": end } } })
}

#[rustfmt::skip]
fn bad_dates() -> Vec<(&'static str, Value, ErrorReason, &'static str)> {
    let saturday = "2027-03-28T20:00";
    vec![
        ("30 February", one("AUDIT_1", day("2027-02-30")), DateInvalid, "dates[0].date"),
        ("no day", one("READINESS", day("soon")), DateInvalid, "dates[0].date"),
        ("nothing", one("READINESS", json!({})), DateInvalid, "dates[0].date"),
        ("the hour that March skips", one("MIGRATION", window("2027-03-28T02:30", saturday)), DateInvalid, "dates[0].date"),
        ("the hour that October repeats", one("MIGRATION", window("2027-10-31T02:30", "2027-10-31T20:00")), DateInvalid, "dates[0].date"),
        ("another zone", one("MIGRATION", begins("2027-01-16T18:00", "Europe/Berlin", "", "2027-01-17T08:00")), DateInvalid, "dates[0].date"),
        ("an offset that is not", one("MIGRATION", begins("2027-01-16T18:00", "", "+02:00", "2027-01-17T08:00")), DateInvalid, "dates[0].date"),
        ("a window for readiness", one("READINESS", window("2027-01-15T09:00", "2027-01-15T10:00")), DateInvalid, "dates[0].date"),
        ("a day for the migration", one("MIGRATION", day("2027-01-16")), DateInvalid, "dates[0].date"),
        ("an end before the start", one("MIGRATION", window("2027-01-16T18:00", "2027-01-16T06:00")), DateInvalid, "dates[0].date"),
        ("an audit over two days", one("AUDIT_1", window("2026-12-16T09:00", "2026-12-17T09:00")), DateInvalid, "dates[0].date"),
        ("the past", one("READINESS", day("2026-11-15")), DateInPast, "dates[0].date"),
        ("no dates", json!({ "dates": [] }), DatesAgreedJointly, "dates"),
        ("no kind", json!({ "dates": [{ "date": day("2026-12-16") }] }), InvalidArgument, "dates[0].kind"),
        ("a kind twice", json!({ "dates": [
            { "kind": "DATE_KIND_AUDIT_1", "date": day("2026-12-16") },
            { "kind": "DATE_KIND_AUDIT_1", "date": day("2026-12-17") },
        ] }), InvalidArgument, "dates[1].kind"),
        ("no proposal's id", json!({ "counters": "the last one" }), InvalidArgument, "counters"),
        ("nobody's proposal", json!({ "counters": uuid::Uuid::now_v7() }), NotFound, "proposal"),
        ("a stale etag", json!({ "dates": [
            { "kind": "DATE_KIND_READINESS", "date": day("2026-11-16"), "etag": "stale" },
        ] }), EtagMismatch, "dates[0].etag"),
    ]
}

#[rstest]
#[tokio::test]
async fn date_invalid_and_its_like_are_named_by_field(#[values(Sqlite, Postgres)] backend: Backend) {
    let journey = Journey::at(backend, Point::Contracted).await;
    let before = (journey.project().await, journey.told().await.len());
    for (what, body, expected, field) in bad_dates() {
        let outcome = ProposeDates.send(&journey, &crm(), body.clone()).await;
        assert_eq!(reason(outcome), expected, "{what}");
        let outcome = ProposeDates.send(&journey, &crm(), body).await;
        let named = fields(outcome);
        assert_eq!(named.first().map(String::as_str), Some(field), "{what}: {named:?}");
    }
    assert_eq!((journey.project().await, journey.told().await.len()), before);
}

#[rstest]
#[tokio::test]
async fn what_is_not_of_the_contract_is_named(#[values(Sqlite, Postgres)] backend: Backend) {
    let journey = Journey::at(backend, Point::Contracted).await;
    let technical = journey.world.dealer.technical.clone();
    let cases = [
        (RecordOverride, operator(), json!({ "rule": "AUDIT_3_BUFFER" }), InvalidArgument, "rule"),
        (RecordOverride, operator(), json!({ "kind": "DATE_KIND_UNSPECIFIED" }), InvalidArgument, "kind"),
        (RecordOverride, operator(), json!({ "day": "2027-02-30" }), DateInvalid, "day"),
        (WithdrawDate, crm(), json!({ "kind": "DATE_KIND_UNSPECIFIED" }), InvalidArgument, "kind"),
        (Command::CancelProject, crm(), json!({ "reason": "x".repeat(2001) }), InvalidArgument, "reason"),
        (Command::ProposeDates, crm(), json!({ "note": "x".repeat(2001) }), InvalidArgument, "note"),
        (Command::CorrectReadiness, crm(), json!({ "occurredAt": null }), InvalidArgument, "occurred_at"),
        (Command::RecordContract, crm(), json!({ "contractDay": "2.11.2026" }), DateInvalid, "contract_day"),
        (Command::ChooseVariant, crm(), json!({ "variant": "cloud" }), InvalidArgument, "variant"),
        (Command::ConfirmCondition, technical, json!({ "condition": "moon" }), InvalidArgument, "condition"),
        (Command::StartAudit, operator(), json!({ "audit": 3 }), InvalidArgument, "audit"),
        (Command::CorrectRun, operator(), json!({ "step": "RUN_STEP_UNSPECIFIED" }), InvalidArgument, "step"),
        (Command::CorrectRun, operator(), json!({ "occurredAt": null }), InvalidArgument, "occurred_at"),
        (Command::SignProtocol, crm(), json!({ "number": -1 }), InvalidArgument, "number"),
        (Command::AnswerProblem, crm(), json!({ "problem": "1" }), InvalidArgument, "problem"),
        (Command::AcceptProposal, crm(), json!({ "proposal": "1" }), InvalidArgument, "proposal"),
    ];
    for (command, caller, body, expected, field) in cases {
        let error = command.send(&journey, &caller, body).await.expect_err("refused");
        let named: Vec<_> = error.violations().iter().map(|v| v.field.as_str()).collect();
        assert_eq!((error.reason(), named), (expected, vec![field]), "{command:?}");
    }
    let request = pb::WithdrawDateRequest {
        name: journey.name.clone(),
        kind: 7, // what JSON has no name for
        reason: "stocktaking".to_owned(),
        request_id: request_id(),
        ..Default::default()
    };
    let outcome = journey.world.harness.call(&crm(), Scheduling::withdraw_date, request).await;
    assert_eq!(fields(outcome), ["kind"]);
}

fn agreed(project: &pb::Project) -> Vec<i32> {
    project.dates.iter().filter(|date| date.agreed.is_some()).map(|date| date.kind).collect()
}

#[rstest]
#[tokio::test]
async fn validate_only_answers_what_would_move(#[values(Sqlite, Postgres)] backend: Backend) {
    let journey = Journey::at(backend, Point::Agreed).await;
    let before = (journey.project().await, journey.told().await.len());
    let move_audit_1 = |validate_only: bool| {
        let mut body = one("AUDIT_1", day("2026-12-28"));
        body["validateOnly"] = json!(validate_only);
        body
    };
    let answer = ProposeDates.send(&journey, &crm(), move_audit_1(true)).await.expect("allowed");
    let would = [pb::DateKind::Audit2, pb::DateKind::Migration].map(i32::from);
    assert_eq!(answer.proposals[0].would_withdraw, would);
    assert_eq!((journey.project().await, journey.told().await.len()), before);

    ProposeDates.send(&journey, &crm(), move_audit_1(false)).await.expect("proposed");
    let decision = journey.world.dealer.decision.clone();
    let accept = Command::AcceptProposal.send(&journey, &decision, json!({ "validateOnly": true })).await;
    let left = [pb::DateKind::Readiness, pb::DateKind::Audit1].map(i32::from);
    assert_eq!(agreed(&accept.expect("allowed")), left);
    assert_eq!(agreed(&journey.project().await).len(), 4, "agreed dates hold until the set is accepted");
    let accepted = journey.done(Command::AcceptProposal, &decision).await;
    assert_eq!(agreed(&accepted), left);

    let withdraw = json!({ "kind": "DATE_KIND_AUDIT_1", "validateOnly": true });
    let answer = WithdrawDate.send(&journey, &crm(), withdraw).await.expect("allowed");
    assert_eq!(agreed(&answer), [i32::from(pb::DateKind::Readiness)]);
    assert_eq!(agreed(&journey.project().await), left);
}

#[rstest]
#[tokio::test]
async fn a_date_that_moved_has_another_etag(#[values(Sqlite, Postgres)] backend: Backend) {
    let journey = Journey::at(backend, Point::Agreed).await;
    let etag = |project: &pb::Project, kind: usize| project.dates[kind].etag.clone();
    let seen = journey.project().await;
    let audit_2 = json!({ "kind": "DATE_KIND_AUDIT_2", "etag": etag(&seen, 2) });
    let withdrawn = WithdrawDate.send(&journey, &crm(), audit_2.clone()).await.expect("seen as it is");
    assert_eq!(etag(&withdrawn, 1), etag(&seen, 1), "a change elsewhere does not spoil it");
    assert_ne!(etag(&withdrawn, 2), etag(&seen, 2));
    assert_eq!(reason(WithdrawDate.send(&journey, &crm(), audit_2).await), EtagMismatch);
}

#[rstest]
#[tokio::test]
async fn suggested_dates_can_be_agreed(#[values(Sqlite, Postgres)] backend: Backend) {
    let journey = Journey::at(backend, Point::Contracted).await;
    let harness = &journey.world.harness;
    let suggest = |from_day: &str, alternatives| pb::SuggestDatesRequest {
        name: journey.name.clone(),
        from_day: from_day.to_owned(),
        alternatives,
    };
    let technical = &journey.world.dealer.technical;
    let answer = harness.call(technical, Scheduling::suggest_dates, suggest("", 2)).await.expect("suggested");
    let set = answer.earliest.expect("a set").dates;
    assert_eq!(set.len(), 4);
    assert!(!set[3].integrations_day.is_empty(), "the day of the integrations is told");
    assert!(answer.alternatives.iter().all(|a| a.dates.len() <= 2));
    let proposed = set.iter().map(|s| json!({ "kind": s.kind, "date": s.date })).collect::<Vec<_>>();
    ProposeDates.send(&journey, &crm(), json!({ "dates": proposed })).await.expect("breaks no rule");

    let refused = harness.call(technical, Scheduling::suggest_dates, suggest("2027-02-30", 2)).await;
    assert_eq!(reason(refused), DateInvalid);
    for alternatives in [-1, 21] {
        let refused = harness.call(technical, Scheduling::suggest_dates, suggest("", alternatives)).await;
        assert_eq!(reason(refused), InvalidArgument);
    }
}

#[rstest]
#[tokio::test]
async fn contract_required_before_dates_are_suggested(#[values(Sqlite, Postgres)] backend: Backend) {
    let journey = Journey::at(backend, Point::Opened).await;
    let request = pb::SuggestDatesRequest { name: journey.name.clone(), ..Default::default() };
    let outcome = journey.world.harness.call(&crm(), Scheduling::suggest_dates, request).await;
    assert_eq!(reason(outcome), ContractRequired);
}
