use StageState::*;
use rstest::rstest;

use super::*;

#[rstest]
#[case::opened(World::opened("2026-11-03T10:00"), Stage::Contracting, [Unlocked, Locked, Locked, Locked, Locked, Locked, Locked, Locked])]
#[case::contracted(World::contracted(), Stage::Contracting, [InProgress, Locked, Locked, Locked, Locked, Locked, Locked, Locked])]
#[case::agreed(World::agreed(&LOOSE), Stage::Readiness, [Done, Unlocked, Locked, Locked, Locked, Locked, Locked, Locked])]
#[case::declared(World::declared(&LOOSE), Stage::Audit1, [Done, Done, Unlocked, Locked, Locked, Locked, Locked, Locked])]
#[case::audit_1_passed(World::audit_1_passed(), Stage::Audit2, [Done, Done, Done, Unlocked, Locked, Locked, Locked, Locked])]
#[case::audit_2_passed(World::audit_2_passed(), Stage::Migration, [Done, Done, Done, Done, Unlocked, Locked, Locked, Locked])]
#[case::running(World::running(), Stage::Migration, [Done, Done, Done, Done, InProgress, Locked, Locked, Locked])]
#[case::finished(World::finished(), Stage::Integrations, [Done, Done, Done, Done, Done, Unlocked, Locked, Locked])]
#[case::integrated(World::integrated(), Stage::Verification, [Done, Done, Done, Done, Done, Done, Unlocked, Locked])]
#[case::verified(World::verified(), Stage::Acceptance, [Done, Done, Done, Done, Done, Done, Done, InProgress])]
fn stage_follows_stage(#[case] world: World, #[case] current: Stage, #[case] states: [StageState; 8]) {
    assert_eq!(world.project.stage_states().map(|(_, state)| state), states);
    assert_eq!(world.project.current_stage(), current);
    assert_eq!(world.state(Stage::Completed), Locked);
}

#[test]
fn an_unlocked_stage_says_from_when() {
    let mut world = World::declared(&LOOSE);
    let stages = world.run(&CRM, |p, ctx| p.stages(ctx));
    assert_eq!(stages[2].earliest_start, Some(day("2026-12-14")));
    assert_eq!(stages[3].earliest_start, None, "locked");
    let mut world = World::finished();
    let stages = world.run(&CRM, |p, ctx| p.stages(ctx));
    assert_eq!(
        stages[5].earliest_start,
        Some(day("2027-01-11")),
        "Friday's databases, Monday's integrations"
    );
}

#[test]
fn without_brands_the_integrations_are_skipped() {
    let mut world = World::running();
    world.company.brands.clear();
    world.at("2027-01-08T22:00");
    world.run(&CRM, |p, ctx| p.databases_restored(None, ctx)).expect("restored");
    let events = world.run(&CRM, |p, ctx| p.finish_run(None, ctx)).expect("finished");
    assert_eq!(world.state(Stage::Integrations), Skipped);
    assert_eq!(unlocked(&events), [(Stage::Verification, None)]);
}
