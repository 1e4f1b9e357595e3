//! The plan against a second, slower reading of the rules: never keeps a date that violates, never
//! withdraws one that holds.

use jiff::ToSpan;
use proptest::prelude::*;

use super::*;
use crate::project::{
    Moment, PlannedDate, Window,
    dates::{Agreed, AgreementId},
};

/// A project with the contract of 2 November 2026 and, as days after it, whatever dates.
#[derive(Clone, Debug)]
struct Case {
    today: i64,
    readiness: Option<i64>,
    audit_1: Option<i64>,
    audit_2: Option<i64>,
    migration: Option<i64>,
    declared: Option<i64>,
    passed: Option<i64>,
}

fn case() -> impl Strategy<Value = Case> {
    let date = |range| prop::option::weighted(0.8, range);
    (
        12..60_i64,
        date(10..40_i64),
        date(38..75_i64),
        date(40..80_i64),
        date(50..110_i64),
        prop::option::of(0..20_i64),
        prop::option::of(0..15_i64),
    )
        .prop_map(|(today, readiness, audit_1, audit_2, migration, ago, passed_ago)| {
            let declared = ago.map(|ago| (today - ago).max(2));
            let passed = passed_ago.map(|ago| today - ago).filter(|p| declared.is_some_and(|d| d <= *p));
            Case { today, readiness, audit_1, audit_2, migration, declared, passed }
        })
}

fn after_contract(days: i64) -> Date {
    day("2026-11-02").saturating_add(days.days())
}

/// A window of 12 hours from 18:00; it meets Saturday's opening, or a holiday, on some days.
fn window(start: Date) -> PlannedDate {
    let at = start.at(18, 0, 0, 0).to_zoned(calendar::warsaw()).expect("18:00 exists").timestamp();
    PlannedDate::Window(Window {
        start: Moment::of(at),
        end: Moment::of(at + jiff::SignedDuration::from_hours(12)),
    })
}

fn build(case: &Case) -> World {
    let mut world = World::agreed(&LOOSE);
    let terms = world.run(&CRM, |_, ctx| ctx.terms());
    world.confirm_all();
    if let Some(declared) = case.declared {
        world.at(&format!("{}T09:00", after_contract(declared)));
        world.run(&DECISION, |p, ctx| p.declare_readiness(None, ctx)).expect("declared");
    }
    if let Some(passed) = case.passed {
        world.at(&format!("{}T09:00", after_contract(passed)));
        // The start's own rules are judged elsewhere; here only the day of the pass matters.
        let attempt = AttemptId::new();
        let now = world.now;
        let gate = crate::project::audits::StartGate {
            unlocked_at: Some(Timestamp::MIN),
            buffers: &[],
            agreed: Some(PlannedDate::Day(calendar::local_day(now))),
        };
        world.project.audit_1.start(attempt, &gate, None, &CRM, now).expect("started");
        world.conclude(AuditNo::One, attempt, true);
    }
    world.at(&format!("{}T00:00", after_contract(case.today)));
    let dates = [
        (
            DateKind::Readiness,
            case.readiness.filter(|_| case.declared.is_none()).map(|d| PlannedDate::Day(after_contract(d))),
        ),
        (
            DateKind::Audit1,
            case.audit_1.filter(|_| case.passed.is_none()).map(|d| PlannedDate::Day(after_contract(d))),
        ),
        (DateKind::Audit2, case.audit_2.map(|d| PlannedDate::Day(after_contract(d)))),
        (DateKind::Migration, case.migration.map(|d| window(after_contract(d)))),
    ];
    for (kind, date) in dates {
        let slot = world.project.dates.slot_mut(kind);
        // What lies in the past is missed, not planned.
        let date =
            date.filter(|date| kind == DateKind::Readiness || date.day() >= after_contract(case.today));
        slot.overdue = kind == DateKind::Readiness;
        slot.agreed = date.map(|date| Agreed {
            id: AgreementId { proposal: ProposalId::new(), kind },
            date,
            terms,
            agreed_at: world.now,
            accepted_by: DECISION.clone(),
        });
    }
    world
}

/// The rules read day by day, without the model's code: where each stage is possible first, and whether a
/// date holds given the dates before it.
struct Oracle<'a> {
    world: &'a World,
    case: &'a Case,
}

impl Oracle<'_> {
    fn date(&self, kind: DateKind) -> Option<Date> {
        self.world.project.dates.agreed(kind).map(|agreed| agreed.date.day())
    }

    fn business(&self, d: Date) -> bool {
        self.world.calendar.is_business_day(d)
    }

    fn leaves_day(&self, d: Date) -> bool {
        (2..=5_i64).any(|n| self.business(d.saturating_add(n.days())))
    }

    fn first(&self, from: Date, fits: impl Fn(Date) -> bool) -> Date {
        let mut d = from.max(after_contract(self.case.today));
        while !fits(d) {
            d = d.tomorrow().expect("a day");
        }
        d
    }

    fn readiness(&self) -> Date {
        let today = after_contract(self.case.today);
        self.case
            .declared
            .map(after_contract)
            .unwrap_or_else(|| self.date(DateKind::Readiness).map_or(today, |agreed| agreed.max(today)))
    }

    fn audit_1(&self) -> Date {
        let earliest = self.readiness().saturating_add(28.days());
        self.case
            .passed
            .map(after_contract)
            .or(self.date(DateKind::Audit1))
            .unwrap_or_else(|| self.first(earliest, |d| self.business(d) && self.leaves_day(d)))
    }

    fn audit_2(&self) -> Date {
        let from = self.audit_1().saturating_add(2.days());
        self.date(DateKind::Audit2).unwrap_or_else(|| {
            let to = self.audit_1().saturating_add(5.days());
            let d = self.first(from, |d| self.business(d));
            let bound = self.case.passed.is_some() || self.date(DateKind::Audit1).is_some();
            // Nothing left in the range: an override could still permit its first day.
            let left = !bound
                || d <= to
                || (self.case.passed.is_some()
                    && !self.leaves_day(self.audit_1())
                    && d <= self.first_after(to));
            if left { d } else { from.max(after_contract(self.case.today)) }
        })
    }

    fn first_after(&self, d: Date) -> Date {
        let mut d = d.tomorrow().expect("a day");
        while !self.business(d) {
            d = d.tomorrow().expect("a day");
        }
        d
    }

    fn holds(&self, kind: DateKind, date: &PlannedDate) -> bool {
        let d = date.day();
        match kind {
            DateKind::Readiness => d >= after_contract(14),
            DateKind::Audit1 => self.business(d) && d >= self.readiness().saturating_add(28.days()),
            DateKind::Audit2 => {
                let base = self.audit_1();
                let in_range = (2..=5_i64).any(|n| base.saturating_add(n.days()) == d);
                let fixed = self.case.passed.is_some() || self.date(DateKind::Audit1).is_some();
                let late = d > base.saturating_add(5.days());
                let excused = self.case.passed.is_some()
                    && !self.leaves_day(base)
                    && d == self.first_after(base.saturating_add(5.days()));
                self.business(d) && (in_range || (late && (!fixed || excused)))
            }
            DateKind::Migration => {
                let window = date.window().expect("a window");
                let mut at = window.start.at;
                let mut free = true;
                while at < window.end.at {
                    let minute = calendar::Interval::new(at, at + jiff::SignedDuration::from_mins(15));
                    let here = calendar::local_day(at);
                    let sunday = here.weekday() == Weekday::Sunday;
                    free &= !self.world.hours.is_open_during(minute, &calendar::warsaw());
                    free &= sunday || !self.world.calendar.is_holiday(here);
                    at = minute.end;
                }
                free && d >= self.audit_2().saturating_add(14.days())
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn the_plan_withdraws_exactly_what_can_no_longer_hold(case in case()) {
        let mut world = build(&case);
        let events = world.run(&Actor::System, |p, ctx| p.recheck(ctx));
        let oracle = Oracle { world: &world, case: &case };
        for kind in DateKind::ALL {
            if let Some(agreed) = world.project.dates.agreed(kind) {
                prop_assert!(oracle.holds(kind, &agreed.date), "{kind} is kept: {}", agreed.date);
            }
        }
        for gone in withdrawn(&events) {
            prop_assert!(!oracle.holds(gone.kind, &gone.date), "{} is withdrawn: {}", gone.kind, gone.date);
        }
        let again = world.run(&Actor::System, |p, ctx| p.recheck(ctx));
        prop_assert!(again.is_empty(), "a second look finds nothing: {again:?}");
    }

    /// What a withdrawal names as the earliest day is taken, and the day before is not.
    #[test]
    fn the_earliest_day_of_a_withdrawal_is_the_earliest(case in case()) {
        let mut world = build(&case);
        let events = world.run(&Actor::System, |p, ctx| p.recheck(ctx));
        for gone in withdrawn(&events).into_iter().filter(|gone| gone.kind != DateKind::Migration) {
            let Some(earliest) = gone.earliest else { continue };
            let mut judged = |on: Date| {
                let text = on.to_string();
                let (id, outcome) = world.propose(&CRM, &[(gone.kind, &text)]);
                if outcome.is_ok() {
                    world.run(&CRM, |p, ctx| p.decline_proposal(id, "ill", ctx)).expect("taken back");
                }
                outcome.is_ok()
            };
            prop_assert!(judged(earliest), "{} on {earliest}", gone.kind);
            prop_assert!(!judged(earliest.yesterday().expect("a day")), "{} before {earliest}", gone.kind);
        }
    }
}
