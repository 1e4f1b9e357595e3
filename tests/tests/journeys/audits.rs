//! Audit 1 failed and repeated; a declaration that comes late.

use jiff::ToSpan as _;
use journeys::Layout::{self, Embedded, Spread};
use proto::{
    audit::v1::{AuditState, FindingState, GetFindingRequest},
    common::v1::ErrorReason,
    scheduling::v1::{AuditAttemptState, DateKind, Stage, StageState},
};
use rstest::rstest;
use story::{Facts, Proposer, Through};

use crate::common::{Theatre, agreed_day, refused, stage, told};

#[rstest]
#[tokio::test]
async fn a_failed_audit_1_is_repeated_and_passed(#[values(Embedded, Spread)] layout: Layout) {
    let theatre = Theatre::open(layout).await;
    let d = theatre.dealership(&Facts::AUTODOM).await;
    d.go_through(Through::Readiness).await.expect("ready");

    let first = d.begin_audit(1).await.expect("started");
    d.record_too_little_memory(&first).await.expect("recorded");
    d.measure(&first).await.expect("measured");
    let failed = d.conclude(&first).await.expect("concluded");
    assert_eq!((failed.state(), failed.failing), (AuditState::Failed, vec!["ram.gb".to_owned()]));

    let project = d.read().await.expect("read");
    assert_ne!(stage(&project, Stage::Audit1), StageState::Done);
    assert_eq!(stage(&project, Stage::Audit2), StageState::Locked);
    assert_eq!(agreed_day(&project, DateKind::Audit1), None, "a new date is to be agreed");

    // The same day is too soon, whoever asks.
    let today = calendar::local_day(theatre.world.now());
    let again = d.propose(Proposer::Softvig, [(DateKind::Audit1, client::day(today))], "", "").await;
    assert_eq!(refused(again), ErrorReason::RepeatBuffer);
    assert_eq!(refused(d.start_audit(1).await), ErrorReason::RepeatBuffer);

    let answered = d.answer_findings("Dołożono pamięć.").await.expect("answered");
    assert_eq!(answered.len(), 1, "{answered:?}");
    let second = d.begin_audit(1).await.expect("started again");
    d.record_enough_memory(&second).await.expect("recorded");
    let measured = d.measure(&second).await.expect("measured");
    let carried = measured.items.iter().filter(|item| item.carried_from == first).count();
    assert!(carried > 10, "what passed carries over: {carried}");
    assert_eq!(d.conclude(&second).await.expect("concluded").state(), AuditState::Passed);

    let finding = GetFindingRequest { name: answered[0].name.clone() };
    let finding = d.technical.portal.call(finding).await.expect("the finding");
    assert_eq!(finding.state(), FindingState::Verified);
    let project = d.read().await.expect("read");
    let attempts: Vec<_> = project.audit_attempts.iter().map(|a| (a.audit, a.number, a.state())).collect();
    let expected = [(1, 1, AuditAttemptState::Failed), (1, 2, AuditAttemptState::Passed)];
    assert_eq!(attempts, expected);
    assert_eq!(stage(&project, Stage::Audit2), StageState::Unlocked);

    for topics in told(&d).await {
        for topic in ["audit_failed", "finding_answered", "audit_passed"] {
            assert!(topics.iter().any(|t| t == topic), "{topic}: {topics:?}");
        }
    }
    d.stage(Through::Audit2).await.expect("audit 2 follows");
}

#[rstest]
#[tokio::test]
async fn a_late_declaration_moves_what_comes_after_it(#[values(Embedded, Spread)] layout: Layout) {
    let theatre = Theatre::open(layout).await;
    let d = theatre.dealership(&Facts::AUTODOM).await;
    let project = d.go_through(Through::Contracting).await.expect("contracted");
    d.record_licences().await.expect("licences");
    d.confirm_conditions().await.expect("confirmed");
    let day = agreed_day(&project, DateKind::Readiness).expect("agreed");

    let late = day.checked_add(12.days()).expect("a day").at(15, 0, 0, 0);
    theatre.world.until(late.to_zoned(calendar::warsaw()).expect("exists").timestamp()).await.expect("later");
    let project = d.read().await.expect("read");
    let readiness = project.dates.iter().find(|date| date.kind() == DateKind::Readiness);
    assert!(readiness.is_some_and(|date| date.overdue), "{project:?}");
    assert_eq!(agreed_day(&project, DateKind::Audit1), None, "28 days no longer fit");

    let project = d.declare_ready().await.expect("declaring late is allowed");
    let earliest = late.date().checked_add(28.days()).expect("a day");
    let audit_1 = project.dates.iter().find(|date| date.kind() == DateKind::Audit1).expect("a status");
    assert_eq!(audit_1.earliest, earliest.to_string());
    let too_soon = earliest.yesterday().expect("a day");
    let asked = d.propose(Proposer::Company, [(DateKind::Audit1, client::day(too_soon))], "", "").await;
    assert_eq!(refused(asked), ErrorReason::Audit1Buffer);

    d.stage(Through::Audit1).await.expect("audit 1, later");
    let [technical, decision, softvig] = told(&d).await;
    for topics in [technical, decision, softvig] {
        assert!(topics.iter().any(|topic| topic == "date_withdrawn"), "{topics:?}");
    }
}
