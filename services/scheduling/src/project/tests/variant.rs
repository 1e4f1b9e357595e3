use ErrorReason as R;
use rstest::rstest;

use super::*;
use crate::project::testing::{TECHNICAL, reasons};

#[test]
fn the_decision_contact_asks_for_help_and_confirms_what_softvig_recommends() {
    let mut world = World::opened("2026-11-03T10:00");
    let hosted = variant("hosted");
    let ask = |world: &mut World, actor: &Actor| world.run(actor, |p, ctx| p.ask_variant_help("which?", ctx));
    assert_eq!(reasons(ask(&mut world, &TECHNICAL)), [R::PermissionDenied]);
    ask(&mut world, &DECISION).expect("asked");
    assert!(world.project.variant.help.is_some());
    let recommend =
        |world: &mut World, note: &str| world.run(&CRM, |p, ctx| p.recommend_variant(&hosted, note, ctx));
    assert_eq!(reasons(recommend(&mut world, "")), [R::InvalidArgument]);
    recommend(&mut world, "you have no server room").expect("recommended");
    assert_eq!(world.project.variant.help, None, "answered");
    assert_eq!(reasons(world.choose(&CRM, "hosted")), [R::PermissionDenied]);
    world.choose(&DECISION, "hosted").expect("confirmed");
    assert!(world.choose(&DECISION, "hosted").expect("known").is_empty());
}

#[test]
fn a_variant_changed_before_the_declaration_clears_and_checks_again() {
    let mut world = World::agreed(&TIGHT);
    world.confirm_all();
    let events = world.choose(&DECISION, "hosted").expect("changed");
    let gone: Vec<_> = withdrawn(&events).iter().map(|w| w.kind).collect();
    assert_eq!(gone, [DateKind::Migration], "14 hours do not fit a window of 12");
    assert!(world.project.readiness.confirmations().is_empty());
    assert_eq!(
        world.run(&CRM, |p, ctx| p.licences_missing(ctx)),
        ["sql_server"],
        "licences are checked again"
    );
}

#[test]
fn variant_frozen_for_the_company_after_the_declaration() {
    let mut world = World::audit_1_passed();
    assert_eq!(reasons(world.choose(&DECISION, "same_server")), [R::VariantFrozen]);
    world.choose(&CRM, "same_server").expect("changed by SOFTVIG");
    assert_eq!(world.project.current_stage(), Stage::Readiness, "back to readiness");
    assert_eq!(world.project.audit_1.attempts().len(), 1, "results are kept");
    assert_eq!(world.project.audit_1.passed(), None, "and count no more");
    assert_eq!(world.state(Stage::Contracting), StageState::Done);
}

#[rstest]
#[case::during_a_run(World::running(), false)]
#[case::after_it_is_finished(World::finished(), false)]
#[case::after_it_was_rolled_back(rolled_back(), true)]
fn variant_frozen_by_a_run(#[case] mut world: World, #[case] may: bool) {
    let outcome = world.choose(&CRM, "same_server");
    let declared = world.project.readiness.declared().is_some();
    match may {
        true => assert!(outcome.is_ok() && !declared),
        false => assert_eq!(reasons(outcome), [R::VariantFrozen]),
    }
}

fn rolled_back() -> World {
    let mut world = World::running();
    world.run(&CRM, |p, ctx| p.roll_back("the disk is full", None, ctx)).expect("rolled back");
    world
}
