use DateKind::*;
use ErrorReason as R;
use rstest::rstest;

use super::*;
use crate::project::{
    proposals::ProposalOutcome,
    testing::{TECHNICAL, reasons},
};

fn closed(proposal: ProposalId, outcome: ProposalOutcome, reason: &str) -> ProjectEvent {
    ProjectEvent::ProposalClosed { proposal, outcome, reason: reason.into() }
}

#[test]
fn dates_agreed_jointly_counts_only_the_other_partys_acceptance() {
    let mut world = World::contracted();
    let (by_softvig, _) = world.propose(&CRM, &TIGHT);
    for actor in [&*CRM, &*TECHNICAL, &Actor::System] {
        assert_eq!(reasons(world.accept(actor, by_softvig)), [R::DatesAgreedJointly], "{actor:?}");
    }
    world.accept(&DECISION, by_softvig).expect("accepted");

    let (by_company, _) = world.propose(&TECHNICAL, &[(Readiness, "2026-11-17")]);
    assert_eq!(reasons(world.accept(&DECISION, by_company)), [R::DatesAgreedJointly]);
    world.accept(&CRM, by_company).expect("accepted");
}

#[test]
fn dates_agreed_jointly_takes_a_set_as_a_whole() {
    let mut world = World::contracted();
    let mut dates = TIGHT;
    dates[3].1 = "2026-12-29T18:00/2026-12-30T06:00";
    let before = world.project.clone();
    assert_eq!(reasons(world.propose(&CRM, &dates).1), [R::MigrationBuffer]);
    assert_eq!(world.project, before, "a refusal changes nothing");
    assert_eq!(reasons(world.propose(&CRM, &[]).1), [R::DatesAgreedJointly]);
}

#[test]
fn dates_agreed_jointly_allows_one_open_proposal_for_a_date() {
    let mut world = World::contracted();
    let (open, _) = world.propose(&CRM, &TIGHT[..1]);
    let refused = violations(world.propose(&DECISION, &TIGHT[..1]).1);
    let allowed = format!("an answer to proposal {open}");
    assert_eq!(told(&refused), [(R::DatesAgreedJointly, "readiness", allowed.as_str())]);
    world.propose(&DECISION, &TIGHT[1..]).1.expect("other dates are free");
}

#[test]
fn a_counter_closes_the_proposal_that_it_answers() {
    let mut world = World::contracted();
    let (first, _) = world.propose(&CRM, &TIGHT);
    let counter = |world: &mut World, actor: &Actor, counters| {
        let id = ProposalId::new();
        let dates = LOOSE.iter().map(|(kind, text)| (*kind, asked(text))).collect();
        let request = ProposalRequest { id, dates, note: "later".into(), counters: Some(counters) };
        (id, world.run(actor, |p, ctx| p.propose_dates(request, ctx)))
    };
    assert_eq!(reasons(counter(&mut world, &CRM, first).1), [R::DatesAgreedJointly], "one's own");
    let (second, outcome) = counter(&mut world, &DECISION, first);
    let events = outcome.expect("countered");
    assert_eq!(events[0], closed(first, ProposalOutcome::Countered, "later"));
    assert_eq!(reasons(world.accept(&DECISION, first)), [R::NotFound]);
    world.accept(&CRM, second).expect("accepted");
    assert_eq!(world.agreed_kinds(), DateKind::ALL);
}

#[test]
fn a_proposal_is_taken_back_or_declined_by_who_may() {
    for (actor, outcome) in [(&*CRM, ProposalOutcome::Withdrawn), (&*DECISION, ProposalOutcome::Declined)] {
        let mut world = World::contracted();
        let (id, _) = world.propose(&CRM, &TIGHT);
        assert_eq!(
            reasons(world.run(&TECHNICAL, |p, ctx| p.decline_proposal(id, "ill", ctx))),
            [R::PermissionDenied]
        );
        let events = world.run(actor, |p, ctx| p.decline_proposal(id, "ill", ctx)).expect("closed");
        assert_eq!(events, [closed(id, outcome, "ill")]);
    }
}

#[test]
fn acceptance_judges_the_dates_as_of_now() {
    let mut world = World::contracted();
    let (id, _) = world.propose(&CRM, &TIGHT);
    world.at("2026-11-17T00:00");
    let refused = violations(world.accept(&DECISION, id));
    assert_eq!(told(&refused)[0], (R::DateInPast, "readiness", "2026-11-17"));
}

#[test]
fn agreed_dates_hold_until_the_new_set_is_accepted() {
    let mut world = World::agreed(&TIGHT);
    let (id, outcome) = world.propose(&CRM, &[(Readiness, "2026-11-23")]);
    let events = outcome.expect("proposed");
    let [ProjectEvent::DatesProposed { proposal, .. }] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(proposal.would_withdraw, [Audit1, Audit2, Migration]);
    assert_eq!(world.agreed_kinds(), DateKind::ALL);

    let events = world.accept(&DECISION, id).expect("accepted");
    let gone: Vec<_> = withdrawn(&events).iter().map(|w| (w.kind, w.earliest)).collect();
    let earliest = [(Audit1, "2026-12-21"), (Audit2, "2026-12-23"), (Migration, "2027-01-07")];
    assert_eq!(gone, earliest.map(|(kind, on)| (kind, Some(day(on)))), "6 January is a holiday");
    let moved = events.iter().any(|event| {
        matches!(event, ProjectEvent::DateAgreed { kind: Readiness, replaces: Some(old), .. }
            if old.date.day() == day("2026-11-16"))
    });
    assert!(moved, "{events:?}");
}

#[test]
fn each_date_has_its_own_version() {
    let versions = |world: &World| DateKind::ALL.map(|kind| world.project.dates.slot(kind).version);
    let mut world = World::agreed(&LOOSE);
    let before = versions(&world);
    let (id, _) = world.propose(&CRM, &[(Audit2, "2026-12-18")]);
    world.accept(&DECISION, id).expect("accepted");
    let changed: Vec<_> = versions(&world).iter().zip(before).map(|(now, before)| *now != before).collect();
    assert_eq!(changed, [false, false, true, false]);
}

#[test]
fn an_agreed_date_is_withdrawn_by_either_party_with_a_reason() {
    for actor in [&*CRM, &*DECISION] {
        let mut world = World::agreed(&LOOSE);
        let withdraw = |world: &mut World, actor: &Actor, note: &str| {
            world.run(actor, |p, ctx| p.withdraw_date(Audit1, note, ctx))
        };
        assert_eq!(reasons(withdraw(&mut world, &TECHNICAL, "ill")), [R::PermissionDenied]);
        assert_eq!(reasons(withdraw(&mut world, actor, " ")), [R::InvalidArgument]);
        let events = withdraw(&mut world, actor, "ill").expect("withdrawn");
        assert_eq!(withdrawn(&events)[0].earliest, Some(day("2026-12-14")));
        assert_eq!(world.agreed_kinds(), [Readiness, Audit2, Migration], "the others stay agreed");
        assert_eq!(reasons(withdraw(&mut world, actor, "ill")), [R::DatesAgreedJointly]);
        world.agree(&[(Audit1, "2026-12-17")]);
    }
}

/// Every stage with a date, in progress: its date is used or, of readiness, held. See
/// `dates_agreed_jointly_…` for who may withdraw before.
#[rstest]
#[case::readiness({ let mut w = World::agreed(&LOOSE); w.at("2026-11-10T09:00"); w.confirm_all(); w }, Readiness)]
#[case::audit_1({ let mut w = World::declared(&LOOSE); w.at("2026-12-16T09:00"); w.start_audit(AuditNo::One).1.expect("started"); w }, Audit1)]
#[case::audit_2({ let mut w = World::audit_1_passed(); w.at("2026-12-21T09:00"); w.start_audit(AuditNo::Two).1.expect("started"); w }, Audit2)]
#[case::migration(World::running(), Migration)]
fn dates_agreed_jointly_keeps_one_party_from_withdrawing_the_date_of_a_stage_in_progress(
    #[case] mut world: World,
    #[case] kind: DateKind,
) {
    assert_eq!(world.state(kind.stage()), StageState::InProgress);
    for actor in [&*CRM, &*DECISION] {
        let refused = world.run(actor, |p, ctx| p.withdraw_date(kind, "ill", ctx));
        assert_eq!(
            reasons(refused)[0],
            if kind == Readiness { R::StageLocked } else { R::DatesAgreedJointly }
        );
    }
}

#[test]
fn dates_agreed_jointly_moves_the_readiness_day_though_the_stage_is_in_progress() {
    let mut world = World::agreed(&LOOSE);
    world.at("2026-11-10T09:00");
    world.confirm_all();
    world.agree(&[(Readiness, "2026-11-17")]);
}

#[test]
fn a_date_of_a_stage_under_way_or_over_is_closed() {
    let mut world = World::declared(&LOOSE);
    assert_eq!(reasons(world.propose(&CRM, &[(Readiness, "2026-11-20")]).1), [R::StageLocked]);
    let (moot, outcome) = world.propose(&CRM, &[(Audit1, "2026-12-17")]);
    outcome.expect("proposed");
    world.at("2026-12-16T09:00");
    let events = world.start_audit(AuditNo::One).1.expect("started");
    assert!(events.contains(&closed(moot, ProposalOutcome::Invalid, "")));
    assert_eq!(reasons(world.propose(&CRM, &[(Audit1, "2026-12-17")]).1), [R::StageLocked]);
}
