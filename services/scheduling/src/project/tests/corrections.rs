//! "A correction is a new entry and recomputes what depends on it": when readiness was declared. See
//! `contracting.rs` for the contract day, `switch.rs` for the steps of a run.

use ErrorReason as R;
use rstest::rstest;

use super::*;
use crate::project::{readiness::ReadinessEvent, testing::reasons};

fn correct(world: &mut World, actor: &Actor, to: &str) -> Outcome {
    world.run(actor, |p, ctx| p.correct_readiness(local(to), "told by telephone", ctx))
}

/// Audit 1 is agreed for 16 December: 28 days after 18 November.
#[rstest]
#[case::still_in_time("2026-11-18T23:59:59", &[], "2026-12-16")]
#[case::a_day_too_late("2026-11-19T00:00", &[DateKind::Audit1], "2026-12-17")]
fn audit1_buffer_counts_from_the_corrected_declaration(
    #[case] to: &str,
    #[case] gone: &[DateKind],
    #[case] earliest: &str,
) {
    let mut world = World::declared(&LOOSE);
    world.at("2026-11-20T09:00");
    let events = correct(&mut world, &CRM, to).expect("corrected");
    let corrected = ReadinessEvent::Corrected {
        was: local("2026-11-16T09:00"),
        occurred_at: local(to),
        reason: "told by telephone".into(),
    };
    assert_eq!(events[0], ProjectEvent::Readiness(corrected));
    assert_eq!(withdrawn(&events).iter().map(|w| w.kind).collect::<Vec<_>>(), gone);
    let found = world.run(&CRM, |p, ctx| p.earliest_day(DateKind::Audit1, ctx));
    assert_eq!(found, Some(day(earliest)));
}

#[rstest]
#[case::before_a_confirmation(World::declared(&LOOSE), "2026-11-16T08:59:59")]
#[case::in_the_future(World::declared(&LOOSE), "2026-12-30T00:00")]
#[case::after_the_audit_that_rests_on_it(World::audit_1_passed(), "2026-12-16T09:00:01")]
fn occurred_at_invalid_for_a_declaration_corrected(#[case] mut world: World, #[case] to: &str) {
    world.at("2026-12-29T09:00");
    assert_eq!(reasons(correct(&mut world, &CRM, to)), [R::OccurredAtInvalid]);
}

/// What is confirmed anew after the declaration is no step before it.
#[test]
fn a_declaration_is_corrected_though_a_condition_was_confirmed_anew() {
    let mut world = World::declared(&LOOSE);
    world.at("2026-11-20T09:00");
    world.confirm_all();
    correct(&mut world, &CRM, "2026-11-16T10:00").expect("corrected");
}

#[test]
fn a_declaration_is_corrected_by_softvig_with_a_reason_while_it_holds() {
    let mut world = World::declared(&LOOSE);
    assert_eq!(reasons(correct(&mut world, &DECISION, "2026-11-16T09:00")), [R::PermissionDenied]);
    let unsaid = world.run(&CRM, |p, ctx| p.correct_readiness(ctx.now, " ", ctx));
    assert_eq!(reasons(unsaid), [R::InvalidArgument]);
    let mut world = World::agreed(&LOOSE);
    assert_eq!(reasons(correct(&mut world, &CRM, "2026-11-03T10:00")), [R::StageLocked]);
}
