//! A timer is never due again at once: whatever people, time and the audit service do, and in whatever
//! order, the next tick lies ahead. Else it would be fired for ever.

use jiff::{SignedDuration, ToSpan as _};
use proptest::prelude::*;

use super::*;
use crate::project::{DateKind, run::RunStep};

/// What people, time and the other services do. Days are from today on.
#[derive(Clone, Debug)]
enum Op {
    /// The first so many of the dates that are suggested from a day on.
    AgreeSuggested(i64, usize),
    Agree(DateKind, i64),
    Withdraw(DateKind),
    Declare,
    WithdrawDeclaration,
    StartAudit(AuditNo),
    /// The last attempt is passed or not.
    Conclude(AuditNo, bool),
    /// Its result is corrected to the other one.
    Turn(AuditNo),
    Void(AuditNo),
    /// Whether all licences are in place.
    Licence(bool),
    StartRun,
    Restore,
    Finish,
    RollBack,
    /// To so many hours ago.
    CorrectRestoration(i64),
    RestoreBrand,
    Holiday(i64),
    PassHours(i64),
    /// To the next tick, if there is one, and so many seconds more.
    PassToTick(i64),
}

fn op() -> impl Strategy<Value = Op> {
    let kind = || prop::sample::select(DateKind::ALL.to_vec());
    let no = || prop::sample::select(AuditNo::ALL.to_vec());
    prop_oneof![
        5 => (0..3_i64, 1..5_usize).prop_map(|(from, dates)| Op::AgreeSuggested(from, dates)),
        2 => (kind(), 0..40_i64).prop_map(|(kind, days)| Op::Agree(kind, days)),
        1 => kind().prop_map(Op::Withdraw),
        2 => Just(Op::Declare),
        1 => Just(Op::WithdrawDeclaration),
        4 => no().prop_map(Op::StartAudit),
        4 => (no(), any::<bool>()).prop_map(|(no, passed)| Op::Conclude(no, passed)),
        3 => no().prop_map(Op::Turn),
        1 => no().prop_map(Op::Void),
        1 => any::<bool>().prop_map(Op::Licence),
        3 => Just(Op::StartRun),
        2 => Just(Op::Restore),
        1 => Just(Op::Finish),
        1 => Just(Op::RollBack),
        1 => (0..72_i64).prop_map(Op::CorrectRestoration),
        1 => Just(Op::RestoreBrand),
        1 => (0..40_i64).prop_map(Op::Holiday),
        4 => (0..200_i64).prop_map(Op::PassHours),
        4 => (-1..2_i64).prop_map(Op::PassToTick),
    ]
}

/// What is refused changes nothing, which is as good.
fn carry_out(world: &mut World, op: &Op) {
    match *op {
        Op::AgreeSuggested(from, dates) => {
            let from = calendar::local_day(world.now).saturating_add(from.days());
            let Ok(found) = world.run(&CRM, |p, ctx| p.suggest_dates(Some(from), 0, ctx)) else { return };
            let dates: Vec<_> =
                found.earliest.iter().map(|s| (s.kind, s.chosen.date.to_string())).take(dates).collect();
            let dates: Vec<_> = dates.iter().map(|(kind, text)| (*kind, text.as_str())).collect();
            agree(world, &dates);
        }
        Op::Agree(kind, days) => {
            let on = calendar::local_day(world.now).saturating_add(days.days());
            let text = match kind {
                DateKind::Migration => format!("{on}T18:00/{}T06:00", on.tomorrow().expect("a day")),
                _ => on.to_string(),
            };
            agree(world, &[(kind, &text)]);
        }
        Op::Withdraw(kind) => drop(world.run(&CRM, |p, ctx| p.withdraw_date(kind, "ill", ctx))),
        Op::Declare => drop(world.run(&DECISION, |p, ctx| p.declare_readiness(None, ctx))),
        Op::WithdrawDeclaration => drop(world.run(&CRM, |p, ctx| p.withdraw_declaration("not yet", ctx))),
        Op::StartAudit(no) => drop(world.start_audit(no)),
        Op::Conclude(no, passed) => {
            let last = world.project.audit(no).attempts().last().map(|attempt| attempt.id);
            last.into_iter().for_each(|attempt| drop(world.conclude(no, attempt, passed)));
        }
        Op::Turn(no) => {
            let last = world.project.audit(no).attempts().last();
            let known = last.and_then(|attempt| Some((attempt.id, attempt.result()?.passed)));
            known.into_iter().for_each(|(attempt, passed)| drop(world.conclude(no, attempt, !passed)));
        }
        Op::Void(no) => drop(world.run(&CRM, |p, ctx| p.void_audit(no, "ill", ctx))),
        Op::Licence(in_place) => drop(world.licence(if in_place { &[] } else { &["sql_server"] })),
        Op::StartRun => drop(world.run(&CRM, |p, ctx| p.start_run(None, ctx))),
        Op::Restore => drop(world.run(&CRM, |p, ctx| p.databases_restored(None, ctx))),
        Op::Finish => drop(world.run(&CRM, |p, ctx| p.finish_run(None, ctx))),
        Op::RollBack => drop(world.run(&CRM, |p, ctx| p.roll_back("full", None, ctx))),
        Op::CorrectRestoration(hours) => {
            let to = world.now - SignedDuration::from_hours(hours);
            drop(world.run(&CRM, |p, ctx| p.correct_run(RunStep::Restored, to, "a wrong clock", ctx)));
        }
        Op::RestoreBrand => drop(world.run(&CRM, |p, ctx| p.restore_brand("vw", None, ctx))),
        Op::Holiday(days) => {
            let date = calendar::local_day(world.now).saturating_add(days.days());
            let added = calendar::DatedHoliday::Added { date, pl: "x".into(), en: "x".into() };
            world.calendar = world.calendar.with_dated(&[added]);
            world.run(&Actor::System, |p, ctx| p.recheck(ctx));
        }
        Op::PassHours(hours) => world.now += SignedDuration::from_hours(hours),
        Op::PassToTick(seconds) => {
            if let Some(next) = world.project.next_tick(world.now) {
                world.now = world.now.max(next + SignedDuration::from_secs(seconds));
            }
            world.run(&Actor::System, |p, ctx| p.tick(ctx));
        }
    }
}

fn agree(world: &mut World, dates: &[(DateKind, &str)]) {
    let (id, proposed) = world.propose(&CRM, dates);
    if proposed.is_ok() && world.accept(&DECISION, id).is_err() {
        world.run(&CRM, |p, ctx| p.decline_proposal(id, "ill", ctx)).expect("taken back");
    }
}

fn beginning(start: usize) -> World {
    let mut world = match start {
        0 => World::agreed(&LOOSE),
        1..=3 => World::declared(&LOOSE),
        4 => World::audit_1_passed(),
        _ => World::audit_2_passed(),
    };
    match start {
        0 => world.confirm_all(),
        2 | 3 => {
            world.at("2026-12-16T09:00");
            world.start_audit(AuditNo::One).1.expect("started");
        }
        _ => {}
    }
    world
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn the_next_tick_always_lies_ahead(
        start in 0..6_usize,
        ops in prop::collection::vec(op(), 1..40),
    ) {
        let mut world = beginning(start);
        world.no_stops();
        for op in &ops {
            carry_out(&mut world, op);
            // As the service does after whatever was carried out: time that passed since is the timer's.
            world.run(&Actor::System, |p, ctx| p.tick(ctx));
            let next = world.project.next_tick(world.now);
            prop_assert!(next.is_none_or(|next| next > world.now), "{op:?}: {next:?} at {}", world.now);
        }
    }
}
