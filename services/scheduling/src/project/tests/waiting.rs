use rstest::rstest;

use super::*;
use crate::project::{stops::StopItem, testing::TECHNICAL, verification::ProblemId};

/// Whose turn it is, the RPC and its subject, of the present stage.
fn waits(world: &mut World) -> Vec<String> {
    let stage = world.project.current_stage();
    let all = world.run(&CRM, |p, ctx| p.waiting_for(stage, ctx));
    let party = |party: Option<crate::actor::Party>| party.map_or("either".to_owned(), |p| p.to_string());
    all.into_iter()
        .map(|w| format!("{} {} {}", party(w.party), w.rpc, w.subject).trim_end().to_owned())
        .collect()
}

fn help_asked() -> World {
    let mut world = World::opened("2026-11-03T10:00");
    world.company.decision = ContactFact::Missing;
    world.run(&DECISION, |p, ctx| p.ask_variant_help("which?", ctx)).expect("asked");
    world
}

fn recommended() -> World {
    let mut world = World::opened("2026-11-03T10:00");
    world.run(&CRM, |p, ctx| p.record_contract(day("2026-11-02"), "", ctx)).expect("recorded");
    let variant = variant("hosted");
    world.run(&CRM, |p, ctx| p.recommend_variant(&variant, "safer", ctx)).expect("recommended");
    world
}

fn chosen() -> World {
    let mut world = World::opened("2026-11-03T10:00");
    world.run(&CRM, |p, ctx| p.record_contract(day("2026-11-02"), "", ctx)).expect("recorded");
    world.choose(&DECISION, "new_server").expect("chosen");
    world
}

fn confirmed() -> World {
    let mut world = World::agreed(&LOOSE);
    world.confirm_all();
    world
}

fn audit_1_open() -> World {
    let mut world = World::declared(&LOOSE);
    world.at("2026-12-16T09:00");
    world.start_audit(AuditNo::One).1.expect("started");
    world
}

fn audit_1_failed() -> World {
    let mut world = World::declared(&LOOSE);
    world.audit(AuditNo::One, "2026-12-16", false);
    world
}

fn stated() -> World {
    let mut world = World::audit_2_passed();
    let erp = StopItem { key: "erp".into(), name: "ERP".into(), owner: String::new() };
    world.company.systems = Some(SystemLists { systems: vec![erp], applications: Vec::new() });
    world
}

fn drop_asked() -> World {
    let mut world = World::finished();
    world.run(&CRM, |p, ctx| p.propose_drop("vw", "gone", ctx)).expect("asked");
    world
}

fn signed_by_the_company() -> World {
    let mut world = World::verified();
    world.run(&DECISION, |p, ctx| p.sign_protocol(1, None, ctx)).expect("signed");
    world
}

#[rstest]
#[case::help_asked(help_asked(), &[
    "softvig RecordContract", "either CreateContact decision", "softvig RecommendVariant",
    "either ProposeDates readiness", "either ProposeDates audit_1", "either ProposeDates audit_2",
    "either ProposeDates migration",
])]
#[case::recommended(recommended(), &[
    "company ChooseVariant hosted",
    "either ProposeDates readiness", "either ProposeDates audit_1", "either ProposeDates audit_2",
    "either ProposeDates migration",
])]
#[case::chosen(chosen(), &[
    "company licensing.ChooseLicence",
    "either ProposeDates readiness", "either ProposeDates audit_1", "either ProposeDates audit_2",
    "either ProposeDates migration",
])]
#[case::agreed(World::agreed(&LOOSE), &[
    "company ConfirmReadinessCondition it_environment",
    "company ConfirmReadinessCondition purchase.server_hardware",
    "company ConfirmReadinessCondition server_prepared",
])]
#[case::confirmed(confirmed(), &["company DeclareReadiness"])]
#[case::declared(World::declared(&LOOSE), &["softvig StartAudit 1"])]
#[case::audit_1_failed(audit_1_failed(), &["either ProposeDates audit_1"])]
#[case::audit_1_passed(World::audit_1_passed(), &["softvig StartAudit 2"])]
#[case::audit_2_passed(World::audit_2_passed(), &["either SetSystems"])]
#[case::lists_stated(stated(), &["either ConfirmStopped erp", "softvig StartRun"])]
#[case::running(World::running(), &["softvig RecordDatabasesRestored"])]
#[case::finished(World::finished(), &["softvig RestoreIntegration volvo", "softvig RestoreIntegration vw"])]
#[case::drop_asked(drop_asked(), &["softvig RestoreIntegration volvo", "company AnswerDrop vw"])]
#[case::integrated(World::integrated(), &["company ConfirmWorks"])]
#[case::verified(World::verified(), &["company SignProtocol 1", "softvig SignProtocol 1"])]
#[case::signed_by_the_company(signed_by_the_company(), &["softvig SignProtocol 1"])]
fn each_stage_says_whose_turn_it_is(#[case] mut world: World, #[case] expected: &[&str]) {
    assert_eq!(waits(&mut world), expected);
}

#[test]
fn an_open_attempt_and_an_open_problem_are_named() {
    let mut world = audit_1_open();
    let attempt = world.project.audit_1.open().expect("an attempt").id;
    assert_eq!(waits(&mut world), [format!("softvig audit.ConcludeAudit {attempt}")]);
    let mut world = World::integrated();
    let problem = ProblemId::new();
    world.run(&TECHNICAL, |p, ctx| p.report_problem(problem, "no prices", None, ctx)).expect("reported");
    assert_eq!(waits(&mut world), [format!("softvig AnswerProblem {problem}")]);
}

/// The other party answers; the proposer's own acceptance does not count.
#[test]
fn dates_agreed_jointly_waits_for_the_other_partys_answer() {
    let mut world = World::contracted();
    let (id, proposed) = world.propose(&CRM, &LOOSE);
    proposed.expect("proposed");
    assert_eq!(waits(&mut world), vec![format!("company AcceptProposal {id}"); 4]);
}

/// A window in three weeks outlives measurements that are fresh today.
#[test]
fn evidence_stale_looks_ahead_to_the_window() {
    let mut world = World::audit_2_passed();
    world.no_stops();
    let items = [("fresh", "2027-01-09T00:00"), ("old", "2027-01-05T00:00")];
    let items = items.map(|(item, until)| (item.to_owned(), Some(local(until)))).into();
    world.run(&Actor::System, |p, ctx| p.evidence_refreshed(items, ctx));
    assert_eq!(waits(&mut world), ["softvig audit.RecordValues old", "softvig StartRun"]);
}

#[test]
fn licence_required_is_waited_for_where_it_holds_a_stage() {
    for mut world in [World::agreed(&LOOSE), World::audit_1_passed(), World::audit_2_passed()] {
        world.licence(&["sql_server"]);
        assert_eq!(waits(&mut world)[0], "either licensing.RecordLicence sql_server");
    }
}

#[test]
fn only_the_present_stage_of_an_open_project_waits() {
    let mut world = World::declared(&LOOSE);
    for stage in Stage::ALL.into_iter().filter(|stage| *stage != Stage::Audit1) {
        assert_eq!(world.run(&CRM, |p, ctx| p.waiting_for(stage, ctx)), [], "{stage}");
    }
    world.run(&CRM, |p, ctx| p.cancel("sold", ctx)).expect("cancelled");
    assert_eq!(world.run(&CRM, |p, ctx| p.waiting_for(Stage::Audit1, ctx)), []);
}
