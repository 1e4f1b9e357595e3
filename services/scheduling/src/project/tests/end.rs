use ErrorReason as R;
use rstest::rstest;

use super::*;
use crate::project::{
    Status,
    audits::AuditEvent,
    testing::reasons,
    verification::{ProblemId, Reopen},
};

fn report(world: &mut World) -> ProblemId {
    let id = ProblemId::new();
    world.run(&DECISION, |p, ctx| p.report_problem(id, "no prices", None, ctx)).expect("reported");
    id
}

#[test]
fn protocol_signed_by_both_completes_the_project() {
    let mut world = World::verified();
    world.run(&DECISION, |p, ctx| p.sign_protocol(1, None, ctx)).expect("signed");
    assert!(world.project.is_open());
    world.run(&CRM, |p, ctx| p.sign_protocol(1, None, ctx)).expect("signed");
    assert_eq!(world.project.status, Status::Completed { at: world.now });
    assert_eq!(world.project.current_stage(), Stage::Completed);
    assert_eq!(world.state(Stage::Completed), StageState::Done);
    assert_eq!(reasons(world.run(&CRM, |p, ctx| p.cancel("too late", ctx))), [R::ProjectClosed]);
    assert_eq!(world.project.next_tick(world.now), None);
}

#[test]
fn protocol_signed_by_both_needs_a_good_verification() {
    let mut world = World::integrated();
    let signed = world.run(&DECISION, |p, ctx| p.sign_protocol(1, None, ctx));
    assert_eq!(reasons(signed), [R::ProtocolSignedByBoth]);
}

#[test]
fn a_new_problem_before_both_have_signed_voids_the_protocol() {
    let mut world = World::verified();
    world.run(&DECISION, |p, ctx| p.sign_protocol(1, None, ctx)).expect("signed");
    let problem = report(&mut world);
    assert_eq!(world.state(Stage::Verification), StageState::InProgress);
    assert!(world.project.protocol.open().is_none());
    let early = world.run(&DECISION, |p, ctx| p.confirm_works(None, ctx));
    assert_eq!(reasons(early), [R::StageLocked], "while a problem is open");
    world.run(&CRM, |p, ctx| p.answer_problem(problem, "restart it", None, ctx)).expect("answered");
    world.run(&DECISION, |p, ctx| p.confirm_works(None, ctx)).expect("verified");
    assert_eq!(world.project.protocol.open().map(|issue| issue.number), Some(2));
}

#[test]
fn a_declined_signature_returns_to_verification() {
    let mut world = World::verified();
    let events = world.run(&CRM, |p, ctx| p.decline_protocol(1, "a page is missing", ctx)).expect("declined");
    assert!(
        events.iter().any(|e| matches!(e, ProjectEvent::StageReopened { stage: Stage::Verification, .. }))
    );
    assert_eq!(world.state(Stage::Verification), StageState::Unlocked);
}

#[test]
fn a_problem_can_reopen_one_brand_without_a_new_waiting_day() {
    let mut world = World::integrated();
    let problem = report(&mut world);
    let reopen = Some(Reopen::Brand("vw".into()));
    world.run(&CRM, |p, ctx| p.answer_problem(problem, "the key expired", reopen, ctx)).expect("answered");
    assert_eq!(world.state(Stage::Integrations), StageState::InProgress);
    assert_eq!(world.state(Stage::Verification), StageState::Locked);
    world.run(&CRM, |p, ctx| p.restore_brand("vw", None, ctx)).expect("on the same day");
    assert_eq!(world.state(Stage::Verification), StageState::Unlocked);
}

#[test]
fn a_problem_can_reopen_migration_and_resets_what_followed() {
    let mut world = World::integrated();
    let problem = report(&mut world);
    let reopen = Some(Reopen::Migration);
    world.run(&CRM, |p, ctx| p.answer_problem(problem, "data is missing", reopen, ctx)).expect("answered");
    assert_eq!(world.state(Stage::Migration), StageState::Unlocked);
    assert_eq!(world.state(Stage::Integrations), StageState::Locked);
    world.agree(&[(DateKind::Migration, "2027-01-11T18:00/2027-01-12T06:00")]);
    world.at("2027-01-11T18:00");
    world.run(&CRM, |p, ctx| p.start_run(None, ctx)).expect("a new attempt");
}

#[test]
fn a_reopening_that_is_refused_leaves_the_problem_open() {
    let mut world = World::integrated();
    let problem = report(&mut world);
    let before = world.project.clone();
    let reopen = Some(Reopen::Brand("kia".into()));
    let refused = world.run(&CRM, |p, ctx| p.answer_problem(problem, "restart it", reopen, ctx));
    assert_eq!(reasons(refused), [R::NotFound]);
    assert_eq!(world.project, before);
}

#[rstest]
#[case::contracting(World::contracted())]
#[case::agreed(World::agreed(&LOOSE))]
#[case::audit_2_passed(World::audit_2_passed())]
#[case::finished(World::finished())]
#[case::verified(World::verified())]
fn cancel_ends_everything_that_is_open(#[case] mut world: World) {
    let open = world.state(Stage::Migration) != StageState::Done;
    let proposed = world.propose(&CRM, &[(DateKind::Migration, "2027-03-05T18:00/2027-03-06T06:00")]).1;
    assert_eq!(proposed.is_ok(), open);
    let agreed = world.agreed_kinds();
    assert_eq!(reasons(world.run(&DECISION, |p, ctx| p.cancel("sold", ctx))), [R::PermissionDenied]);
    let events = world.run(&CRM, |p, ctx| p.cancel("sold", ctx)).expect("cancelled");
    assert_eq!(withdrawn(&events).iter().map(|w| w.kind).collect::<Vec<_>>(), agreed);
    assert_eq!(events.last(), Some(&ProjectEvent::Cancelled { reason: "sold".into() }));
    assert!(world.agreed_kinds().is_empty() && world.project.proposals.is_empty());
    assert_eq!(world.project.next_tick(world.now), None);
    assert!(world.tick("2027-06-01T00:00").is_empty());
    assert_eq!(reasons(world.propose(&CRM, &LOOSE).1), [R::ProjectClosed]);
}

#[test]
fn cancel_during_run_is_refused_until_it_is_rolled_back() {
    let mut world = World::running();
    assert_eq!(reasons(world.run(&CRM, |p, ctx| p.cancel("sold", ctx))), [R::CancelDuringRun]);
    world.run(&CRM, |p, ctx| p.roll_back("sold", None, ctx)).expect("rolled back");
    world.run(&CRM, |p, ctx| p.cancel("sold", ctx)).expect("cancelled");
}

#[test]
fn cancel_voids_the_open_attempt_whose_result_then_changes_nothing() {
    let mut world = World::declared(&LOOSE);
    world.at("2026-12-16T09:00");
    let (attempt, _) = world.start_audit(AuditNo::One);
    let events = world.run(&CRM, |p, ctx| p.cancel("sold", ctx)).expect("cancelled");
    assert!(events.iter().any(|e| matches!(e, ProjectEvent::Audit { event: AuditEvent::Voided { .. }, .. })));
    let events = world.conclude(AuditNo::One, attempt, true);
    assert!(matches!(events.as_slice(), [ProjectEvent::Audit { event: AuditEvent::ResultKept { .. }, .. }]));
    assert!(matches!(world.project.status, Status::Cancelled { .. }));
}
