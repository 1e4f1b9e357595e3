use ErrorReason as R;

use super::*;
use crate::project::testing::{TECHNICAL, reasons};

#[test]
fn contract_required_contacts_required_and_variant_required_before_any_date() {
    let mut world = World::opened("2026-11-03T10:00");
    world.company.technical = ContactFact::Missing;
    world.company.decision = ContactFact::Undeliverable;
    let refused = violations(world.propose(&CRM, &[(DateKind::Readiness, "2026-12-01")]).1);
    let expected = [
        (R::ContractRequired, ""),
        (R::ContactsRequired, "technical"),
        (R::ContactsRequired, "decision"),
        (R::VariantRequired, ""),
    ];
    assert_eq!(refused.iter().map(|v| (v.reason, v.field.as_str())).collect::<Vec<_>>(), expected);
}

#[test]
fn contacts_required_blocks_new_proposals_only() {
    let mut world = World::contracted();
    let (id, _) = world.propose(&CRM, &TIGHT);
    world.company.technical = ContactFact::Undeliverable;
    world.accept(&DECISION, id).expect("an answer is no proposal");
    assert_eq!(world.state(Stage::Contracting), StageState::Done);
    let again = [(DateKind::Readiness, "2026-11-17")];
    assert_eq!(reasons(world.propose(&CRM, &again).1), [R::ContactsRequired]);
}

#[test]
fn contract_day_is_softvigs_and_not_in_the_future() {
    let mut world = World::opened("2026-11-03T10:00");
    let contract = |world: &mut World, actor: &Actor, on: &str| {
        let on = day(on);
        world.run(actor, |p, ctx| p.record_contract(on, "misread", ctx))
    };
    assert_eq!(reasons(contract(&mut world, &DECISION, "2026-11-02")), [R::PermissionDenied]);
    let refused = violations(contract(&mut world, &CRM, "2026-11-04"));
    assert_eq!(told(&refused), [(R::OccurredAtInvalid, "contract_day", "../2026-11-03")]);
    assert_eq!(contract(&mut world, &CRM, "2026-11-03").expect("recorded").len(), 1);
    assert!(contract(&mut world, &CRM, "2026-11-03").expect("known").is_empty());
}

#[test]
fn a_corrected_contract_day_checks_the_dates_again() {
    let mut world = World::agreed(&TIGHT);
    let events =
        world.run(&CRM, |p, ctx| p.record_contract(day("2026-11-03"), "misread", ctx)).expect("corrected");
    let gone = withdrawn(&events);
    assert_eq!(gone.iter().map(|w| w.kind).collect::<Vec<_>>(), [DateKind::Readiness]);
    assert_eq!(gone[0].earliest, Some(day("2026-11-17")));
    assert_eq!(world.project.contracting.entries.len(), 2, "a correction is a new entry");
    assert_eq!(world.state(Stage::Contracting), StageState::Done, "a withdrawal does not reopen it");
}

#[test]
fn contracting_is_done_once_all_is_there_and_unlocks_readiness() {
    let mut world = World::opened("2026-11-03T10:00");
    assert_eq!(world.state(Stage::Contracting), StageState::Unlocked);
    world.run(&CRM, |p, ctx| p.record_contract(day("2026-11-02"), "misread", ctx)).expect("recorded");
    assert_eq!(world.state(Stage::Contracting), StageState::InProgress);
    world.choose(&DECISION, "new_server").expect("chosen");
    world.agree(&TIGHT[..2]);
    world.agree(&TIGHT[2..]);
    assert_eq!(world.state(Stage::Contracting), StageState::InProgress, "the licence kind is missing");
    let events = world.licence(&["sql_server"]);
    assert_eq!(unlocked(&events), [(Stage::Readiness, None)]);
    assert_eq!(world.state(Stage::Contracting), StageState::Done);
}

#[test]
fn a_variant_without_licence_kind_waits_for_none() {
    let mut world = World::opened("2026-11-03T10:00");
    world.run(&CRM, |p, ctx| p.record_contract(day("2026-11-02"), "misread", ctx)).expect("recorded");
    world.choose(&DECISION, "hosted").expect("chosen");
    let mut dates = TIGHT;
    dates[3].1 = "2026-12-30T17:00/2026-12-31T07:00";
    world.agree(&dates);
    assert_eq!(world.state(Stage::Contracting), StageState::Done);
}

#[test]
fn licence_required_is_judged_on_the_declaration() {
    let mut world = World::agreed(&TIGHT);
    world.confirm_all();
    world.licence(&["sql_server"]);
    let refused = violations(world.run(&TECHNICAL, |p, ctx| p.declare_readiness(None, ctx)));
    assert_eq!(refused.iter().map(|v| v.reason).collect::<Vec<_>>(), [R::LicenceRequired]);
    world.licence(&[]);
    world.run(&TECHNICAL, |p, ctx| p.declare_readiness(None, ctx)).expect("declared");
}

#[test]
fn readiness_conditions_and_licence_are_refused_together() {
    let mut world = World::agreed(&TIGHT);
    world.licence(&["sql_server"]);
    let refused = reasons(world.run(&DECISION, |p, ctx| p.declare_readiness(None, ctx)));
    assert_eq!(refused, [R::LicenceRequired, R::ReadinessConditions]);
}

#[test]
fn readiness_is_declared_early_and_without_a_date() {
    let mut world = World::agreed(&TIGHT);
    world
        .run(&CRM, |p, ctx| p.withdraw_date(DateKind::Readiness, "the buyer is ill", ctx))
        .expect("withdrawn");
    world.at("2026-11-05T10:00");
    world.confirm_all();
    let events = world.run(&DECISION, |p, ctx| p.declare_readiness(None, ctx)).expect("declared");
    assert_eq!(unlocked(&events), [(Stage::Audit1, Some(day("2026-12-03")))]);
}
