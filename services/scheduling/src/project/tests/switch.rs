use ErrorReason as R;
use proto::scheduling::v1::{self as pb, scheduling_event::Event};
use rstest::rstest;

use super::*;
use crate::project::{
    events,
    integrations::IntegrationEvent,
    stops::{StopHow, StopItem, StopList, Stopped},
    testing::{TECHNICAL, reasons},
};

fn start(world: &mut World) -> Outcome {
    world.run(&CRM, |p, ctx| p.start_run(None, ctx))
}

fn evidence(world: &mut World, items: &[(&str, Option<&str>)]) {
    let items = items.iter().map(|(item, until)| ((*item).to_owned(), until.map(local))).collect();
    assert!(world.run(&Actor::System, |p, ctx| p.evidence_refreshed(items, ctx)).is_empty());
}

#[test]
fn a_run_needs_its_gate_its_window_licences_and_what_must_stand_still() {
    let mut world = World::audit_2_passed();
    world.licence(&["sql_server"]);
    evidence(&mut world, &[("backup.full_age_d", Some("2027-01-05T09:00")), ("link.mbps", None)]);
    world.at("2027-01-08T17:59");
    let expected = [R::LicenceRequired, R::EvidenceStale, R::SystemsNotStopped, R::RunOutsideWindow];
    assert_eq!(reasons(start(&mut world)), expected);

    world.licence(&[]);
    evidence(&mut world, &[("backup.full_age_d", Some("2027-01-19T09:00"))]);
    world.no_stops();
    assert_eq!(reasons(start(&mut world)), [R::RunOutsideWindow]);
    world.at("2027-01-08T18:00");
    start(&mut world).expect("started");
    assert!(world.project.dates.agreed(DateKind::Migration).is_none(), "the window is used");
}

/// A start that is told late is judged by what was fresh when it happened.
#[test]
fn evidence_stale_is_judged_at_the_start() {
    let mut world = World::audit_2_passed();
    world.no_stops();
    evidence(&mut world, &[("backup.full_age_d", Some("2027-01-08T18:30"))]);
    world.at("2027-01-08T19:00");
    assert_eq!(reasons(start(&mut world))[0], R::EvidenceStale);
    world.run(&CRM, |p, ctx| p.start_run(Some(local("2027-01-08T18:00")), ctx)).expect("fresh by then");
}

#[test]
fn a_run_before_audit_2_is_refused_by_its_gate_alone() {
    let mut world = World::audit_1_passed();
    world.no_stops();
    world.at("2027-01-08T18:00");
    assert_eq!(reasons(start(&mut world)), [R::StageLocked]);
}

#[test]
fn migration_buffer_is_judged_at_the_start_where_no_window_is_agreed() {
    let mut world = World::audit_2_passed();
    world.no_stops();
    world.run(&CRM, |p, ctx| p.withdraw_date(DateKind::Migration, "ill", ctx)).expect("withdrawn");
    world.at("2026-12-30T18:00");
    assert_eq!(reasons(start(&mut world)), [R::MigrationBuffer, R::RunOutsideWindow]);
}

#[test]
fn migration_buffer_is_named_before_the_agreed_window() {
    let mut world = World::audit_2_passed();
    world.no_stops();
    world.at("2026-12-30T18:00");
    assert_eq!(reasons(start(&mut world)), [R::MigrationBuffer, R::RunOutsideWindow]);
}

/// Hours changed behind the agreed window's back are found at the start at the latest.
#[test]
fn outside_working_hours_is_judged_again_at_the_start() {
    let mut world = World::audit_2_passed();
    world.no_stops();
    world.hours = WorkingHours::parse(&[(Weekday::Friday, "08:00-19:00")], &[]).expect("hours");
    world.at("2027-01-08T18:00");
    assert_eq!(reasons(start(&mut world)), [R::OutsideWorkingHours]);
}

#[test]
fn systems_not_stopped_until_each_is_confirmed_within_the_agreed_window() {
    let mut world = World::audit_2_passed();
    let crm = StopItem { key: "crm".into(), name: "CRM".into(), owner: String::new() };
    world.company.systems = Some(SystemLists { systems: vec![crm], applications: Vec::new() });
    world.at("2027-01-08T18:00");
    assert_eq!(reasons(start(&mut world)), [R::SystemsNotStopped]);
    let stopped = [Stopped { list: StopList::Systems, key: "crm".into(), how: StopHow::Stopped }];
    world.run(&TECHNICAL, |p, ctx| p.confirm_stopped(&stopped, None, ctx)).expect("confirmed");
    start(&mut world).expect("started");
}

#[test]
fn a_rollback_cancels_the_announced_day_and_waits_for_a_new_window() {
    let mut world = World::running();
    world.at("2027-01-08T23:00");
    let events = world.run(&CRM, |p, ctx| p.databases_restored(None, ctx)).expect("restored");
    let announced = ProjectEvent::Integrations(IntegrationEvent::Announced {
        day: day("2027-01-11"),
        brands: vec!["vw".into(), "volvo".into()],
    });
    assert!(events.contains(&announced));
    let events = world.run(&CRM, |p, ctx| p.roll_back("the disk is full", None, ctx)).expect("rolled back");
    assert!(matches!(events[1], ProjectEvent::Integrations(IntegrationEvent::Cancelled { .. })));
    assert_eq!(world.state(Stage::Migration), StageState::Unlocked);
    assert_eq!(reasons(start(&mut world)), [R::RunOutsideWindow], "needs a new agreed window");

    world.agree(&[(DateKind::Migration, "2027-01-09T18:00/2027-01-10T06:00")]);
    world.at("2027-01-09T18:00");
    start(&mut world).expect("the buffer is not counted again");
    assert_eq!(world.project.migration.runs().len(), 2);
}

#[test]
fn a_corrected_restoration_moves_the_day_of_the_integrations() {
    let mut world = World::running();
    world.at("2027-01-09T05:00");
    world.run(&CRM, |p, ctx| p.databases_restored(Some(local("2027-01-08T23:30")), ctx)).expect("restored");
    world.run(&CRM, |p, ctx| p.finish_run(None, ctx)).expect("finished");
    assert_eq!(world.project.integrations.day(), Some(day("2027-01-11")));
    world.at("2027-01-11T08:00");
    let step = crate::project::run::RunStep::Finished;
    world
        .run(&CRM, |p, ctx| p.correct_run(step, local("2027-01-11T01:00"), "a wrong clock", ctx))
        .expect("corrected");
    let step = crate::project::run::RunStep::Restored;
    world
        .run(&CRM, |p, ctx| p.correct_run(step, local("2027-01-11T00:40"), "a wrong clock", ctx))
        .expect("corrected");
    assert_eq!(world.project.integrations.day(), Some(day("2027-01-12")));
    let early = world.run(&CRM, |p, ctx| p.restore_brand("vw", None, ctx));
    assert_eq!(reasons(early), [R::IntegrationsNextBusinessDay]);
}

#[rstest]
#[case::before_the_verification(World::integrated())]
#[case::before_both_have_signed(World::verified())]
fn a_brand_added_before_the_protocol_reopens_the_stage(#[case] mut world: World) {
    world.company.brands.push("kia".into());
    let events = world.run(&CRM, |p, ctx| p.brands_changed(ctx));
    assert!(
        matches!(&events[0], ProjectEvent::Integrations(IntegrationEvent::Reopened { brand, .. }) if brand == "kia")
    );
    let reopened =
        |e: &ProjectEvent| matches!(e, ProjectEvent::StageReopened { stage: Stage::Integrations, .. });
    assert!(events.iter().any(reopened), "{events:?}");
    assert_eq!(world.state(Stage::Integrations), StageState::InProgress);
    assert_eq!(world.state(Stage::Verification), StageState::Locked);
    assert!(world.project.protocol.open().is_none());
    let events = world.run(&CRM, |p, ctx| p.restore_brand("kia", None, ctx)).expect("restored");
    assert_eq!(unlocked(&events), [(Stage::Verification, None)], "please verify again");
}

/// Both lists as they are told with an event, by the names of their entries; nothing where none is told.
fn lists_told(world: &mut World, events: Vec<ProjectEvent>) -> Vec<[Vec<String>; 2]> {
    let names = |list: Vec<pb::System>| list.into_iter().map(|system| system.name).collect();
    let lists = |event| match event {
        Event::RunPrepared(told) => Some([names(told.systems), names(told.applications)]),
        _ => None,
    };
    let public = world.run(&CRM, |p, ctx| {
        events.into_iter().flat_map(|event| events::public(event, p, ctx)).collect::<Vec<_>>()
    });
    public.into_iter().filter_map(lists).collect()
}

fn lists() -> SystemLists {
    let item = |key: &str| StopItem { key: key.into(), name: key.into(), owner: String::new() };
    SystemLists { systems: vec![item("print_server")], applications: vec![] }
}

#[test]
fn systems_not_stopped_what_to_stop_is_told_with_the_window_only_once_it_is_stated() {
    let mut world = World::contracted();
    let agreed = world.agree(&TIGHT);
    assert!(lists_told(&mut world, agreed).is_empty(), "two empty lists would say that nothing is to stop");
    world.company.systems = Some(lists());
    let stated = world.project.systems_stated();
    assert_eq!(lists_told(&mut world, stated), [[vec!["print_server".to_owned()], vec![]]]);
    let moved = world.agree(&[(DateKind::Migration, "2027-01-08T18:00/2027-01-09T06:00")]);
    assert_eq!(lists_told(&mut world, moved).len(), 1);
}

#[test]
fn systems_not_stopped_is_not_told_anew_without_a_window_ahead() {
    assert!(World::contracted().project.systems_stated().is_empty(), "no window is agreed");
    assert!(World::running().project.systems_stated().is_empty(), "the window is used");
    let mut cancelled = World::agreed(&TIGHT);
    cancelled.run(&CRM, |p, ctx| p.cancel("sold", ctx)).expect("cancelled");
    assert!(cancelled.project.systems_stated().is_empty());
}
