//! The project as a whole, rule by rule. A dealership open Monday to Friday 8–17 and Saturday 8–13, a
//! contract signed on Monday 2 November 2026.

mod asked;
mod audits;
mod buffers;
mod cascade;
mod contracting;
mod corrections;
mod end;
mod figures;
mod overrides;
mod plan_properties;
mod proposals;
mod stages;
mod suggest;
mod switch;
mod tick;
mod tick_properties;
mod variant;
mod waiting;

use std::collections::BTreeMap;

use calendar::{Calendar, WorkingHours};
use jiff::{
    Timestamp,
    civil::{Date, Weekday},
};
use platform::id::{CompanyId, ProjectId};
use proto::{common::v1::ErrorReason, refusal::Violation};

use super::{
    AskedDate, AskedTime, AuditNo, CompanyFacts, ContactFact, Context, DateKind, DatePolicy, MigrationTerms,
    Outcome, Project, ProjectEvent, ProposalId, ProposalRequest, Stage, StageState, VariantData,
    audits::AttemptId,
    dates::Withdrawn,
    licence::LicenceStatus,
    readiness::Proof,
    testing::{CRM, DECISION, stored},
};
use crate::{actor::Actor, company::SystemLists};

/// The dates that fit each other as tightly as the rules allow: 14, 28, 2 and 14 days.
const TIGHT: [(DateKind, &str); 4] = [
    (DateKind::Readiness, "2026-11-16"),
    (DateKind::Audit1, "2026-12-14"),
    (DateKind::Audit2, "2026-12-16"),
    (DateKind::Migration, "2026-12-30T18:00/2026-12-31T06:00"),
];

/// Dates that leave some days between each other.
const LOOSE: [(DateKind, &str); 4] = [
    (DateKind::Readiness, "2026-11-16"),
    (DateKind::Audit1, "2026-12-16"),
    (DateKind::Audit2, "2026-12-21"),
    (DateKind::Migration, "2027-01-08T18:00/2027-01-09T06:00"),
];

/// A project with everything around it.
struct World {
    project: Project,
    now: Timestamp,
    calendar: Calendar,
    hours: WorkingHours,
    policy: DatePolicy,
    variant: Option<VariantData>,
    company: CompanyFacts,
}

impl World {
    /// A project that was just opened, with nothing in it.
    fn opened(now: &str) -> Self {
        let now = local(now);
        let weekdays =
            [Weekday::Monday, Weekday::Tuesday, Weekday::Wednesday, Weekday::Thursday, Weekday::Friday];
        let mut weekly: Vec<_> = weekdays.map(|day| (day, "08:00-17:00")).into();
        weekly.push((Weekday::Saturday, "08:00-13:00"));
        Self {
            project: Project::open(ProjectId::new(), CompanyId::new(), &CRM, now).0,
            now,
            calendar: Calendar::poland(),
            hours: WorkingHours::parse(&weekly, &[]).expect("hours"),
            policy: DatePolicy::default(),
            variant: None,
            company: CompanyFacts {
                technical: ContactFact::Reachable,
                decision: ContactFact::Reachable,
                brands: vec!["vw".into(), "volvo".into()],
                systems: None,
            },
        }
    }

    /// Contract day, variant and licence kind are there: dates can be proposed.
    fn contracted_on(now: &str, contract_day: &str) -> Self {
        let mut world = Self::opened(now);
        world.run(&CRM, |p, ctx| p.record_contract(day(contract_day), "", ctx)).expect("recorded");
        world.choose(&DECISION, "new_server").expect("chosen");
        world.licence(&[]);
        world
    }

    fn contracted() -> Self {
        Self::contracted_on("2026-11-03T10:00", "2026-11-02")
    }

    /// All four dates are agreed: contracting is done.
    fn agreed(dates: &[(DateKind, &str)]) -> Self {
        let mut world = Self::contracted();
        world.agree(dates);
        world
    }

    /// Readiness is declared on 16 November.
    fn declared(dates: &[(DateKind, &str)]) -> Self {
        let mut world = Self::agreed(dates);
        world.at("2026-11-16T09:00");
        world.confirm_all();
        world.run(&DECISION, |p, ctx| p.declare_readiness(None, ctx)).expect("declared");
        world
    }

    /// Audit 1 was passed on its day, 16 December.
    fn audit_1_passed() -> Self {
        let mut world = Self::declared(&LOOSE);
        world.audit(AuditNo::One, "2026-12-16", true);
        world
    }

    /// Audit 2 was passed on its day, 21 December.
    fn audit_2_passed() -> Self {
        let mut world = Self::audit_1_passed();
        world.audit(AuditNo::Two, "2026-12-21", true);
        world
    }

    /// A run started when its window began, Friday 8 January 2027, 18:00.
    fn running() -> Self {
        let mut world = Self::audit_2_passed();
        world.no_stops();
        world.at("2027-01-08T18:00");
        world.run(&CRM, |p, ctx| p.start_run(None, ctx)).expect("started");
        world
    }

    /// The run was finished before midnight: the integrations come back on Monday 11 January.
    fn finished() -> Self {
        let mut world = Self::running();
        world.at("2027-01-08T22:00");
        world.run(&CRM, |p, ctx| p.databases_restored(None, ctx)).expect("restored");
        world.at("2027-01-08T23:00");
        world.run(&CRM, |p, ctx| p.finish_run(None, ctx)).expect("finished");
        world
    }

    /// Every brand is back.
    fn integrated() -> Self {
        let mut world = Self::finished();
        world.at("2027-01-11T09:00");
        for brand in ["vw", "volvo"] {
            world.run(&CRM, |p, ctx| p.restore_brand(brand, None, ctx)).expect("restored");
        }
        world
    }

    /// The decision contact has said that it works: the protocol is issued.
    fn verified() -> Self {
        let mut world = Self::integrated();
        world.at("2027-01-12T09:00");
        world.run(&DECISION, |p, ctx| p.confirm_works(None, ctx)).expect("verified");
        world
    }

    fn run<R>(&mut self, actor: &Actor, command: impl FnOnce(&mut Project, &Context) -> R) -> R {
        let ctx = Context {
            now: self.now,
            actor,
            calendar: &self.calendar,
            hours: &self.hours,
            policy: &self.policy,
            variant: self.variant.as_ref(),
            company: &self.company,
        };
        let before = stored(&self.project);
        assert_eq!(before, self.project, "the stored form keeps everything");
        command(&mut self.project, &ctx)
    }

    /// Moves the clock, by local time, without the timer.
    fn at(&mut self, now: &str) {
        self.now = local(now);
    }

    /// Moves the clock and lets the timer fire.
    fn tick(&mut self, now: &str) -> Vec<ProjectEvent> {
        self.at(now);
        self.run(&Actor::System, |p, ctx| p.tick(ctx))
    }

    fn choose(&mut self, actor: &Actor, key: &str) -> Outcome {
        let variant = variant(key);
        let outcome = self.run(actor, |p, ctx| p.choose_variant(&variant, "no room", ctx));
        if outcome.is_ok() {
            self.variant = Some(variant);
        }
        outcome
    }

    fn licence(&mut self, missing: &[&str]) -> Vec<ProjectEvent> {
        let status = LicenceStatus {
            variant: self.variant.as_ref().expect("a variant").key.clone(),
            kind: Some("standard".into()),
            missing: missing.iter().map(|key| (*key).to_owned()).collect(),
        };
        self.run(&Actor::System, |p, ctx| p.licence_changed(status, ctx))
    }

    fn propose(&mut self, actor: &Actor, dates: &[(DateKind, &str)]) -> (ProposalId, Outcome) {
        let id = ProposalId::new();
        let dates = dates.iter().map(|(kind, text)| (*kind, asked(text))).collect();
        let request = ProposalRequest { id, dates, note: String::new(), counters: None };
        (id, self.run(actor, |p, ctx| p.propose_dates(request, ctx)))
    }

    fn accept(&mut self, actor: &Actor, id: ProposalId) -> Outcome {
        self.run(actor, |p, ctx| p.accept_proposal(id, ctx))
    }

    /// SOFTVIG proposes, the decision contact accepts.
    fn agree(&mut self, dates: &[(DateKind, &str)]) -> Vec<ProjectEvent> {
        let (id, proposed) = self.propose(&CRM, dates);
        proposed.expect("proposed");
        self.accept(&DECISION, id).expect("accepted")
    }

    fn confirm_all(&mut self) {
        let demanded = self.run(&DECISION, |p, ctx| p.demanded(ctx));
        for condition in demanded {
            let proof = Proof { note: "done".into(), evidence: Vec::new() };
            self.run(&DECISION, |p, ctx| p.confirm_condition(condition, proof, None, ctx))
                .expect("confirmed");
        }
    }

    fn no_stops(&mut self) {
        self.company.systems = Some(SystemLists::default());
    }

    fn start_audit(&mut self, no: AuditNo) -> (AttemptId, Outcome) {
        let attempt = AttemptId::new();
        (attempt, self.run(&CRM, |p, ctx| p.start_audit(no, attempt, None, ctx)))
    }

    fn conclude(&mut self, no: AuditNo, attempt: AttemptId, passed: bool) -> Vec<ProjectEvent> {
        let now = self.now;
        self.run(&Actor::System, |p, ctx| p.audit_concluded(no, attempt, passed, now, Vec::new(), ctx))
    }

    /// An audit from 9:00 to 15:00 on a day for which it is agreed.
    fn audit(&mut self, no: AuditNo, on: &str, passed: bool) -> Vec<ProjectEvent> {
        self.at(&format!("{on}T09:00"));
        let (attempt, started) = self.start_audit(no);
        started.expect("started");
        self.at(&format!("{on}T15:00"));
        self.conclude(no, attempt, passed)
    }

    fn agreed_kinds(&self) -> Vec<DateKind> {
        DateKind::ALL.into_iter().filter(|kind| self.project.dates.agreed(*kind).is_some()).collect()
    }

    fn state(&self, stage: Stage) -> StageState {
        self.project.stage_state(stage)
    }
}

fn variant(key: &str) -> VariantData {
    VariantData {
        key: key.into(),
        licence_kind_required: key != "hosted",
        purchases: vec!["server_hardware".into()],
        licences: vec!["sql_server".into()],
        data_crosses_link: key != "same_server",
        audit_1_checklist: "2026-11".into(),
        audit_2_checklist: "2026-11".into(),
        migration: MigrationTerms {
            buffer_days: if key == "same_server" { 7 } else { 14 },
            planned_hours: if key == "hosted" { 10 } else { 8 },
            reserve_hours: 4,
        },
        names: BTreeMap::new(),
    }
}

fn day(text: &str) -> Date {
    text.parse().expect("a day")
}

/// An instant by its local time in Poland.
fn local(text: &str) -> Timestamp {
    let local: jiff::civil::DateTime = text.parse().expect("a local time");
    local.to_zoned(calendar::warsaw()).expect("a time that exists").timestamp()
}

/// "2026-12-14", or a window "2026-12-14T09:00/2026-12-14T12:00"; offsets by "+01:00" after a time.
fn asked(text: &str) -> AskedDate {
    let time = |text: &str| match text.split_once('+') {
        Some((local, offset)) => {
            AskedTime { local: local.into(), zone: String::new(), offset: format!("+{offset}") }
        }
        None => AskedTime { local: text.into(), ..AskedTime::default() },
    };
    match text.split_once('/') {
        Some((start, end)) => AskedDate::Window { start: time(start), end: time(end) },
        None => AskedDate::Day(text.into()),
    }
}

fn violations<T: std::fmt::Debug>(result: Result<T, proto::refusal::Refusal>) -> Vec<Violation> {
    result.expect_err("a refusal").violations().to_vec()
}

/// Each violation as (reason, field, allowed).
fn told(violations: &[Violation]) -> Vec<(ErrorReason, &str, &str)> {
    violations.iter().map(|v| (v.reason, v.field.as_str(), v.allowed.as_str())).collect()
}

fn withdrawn(events: &[ProjectEvent]) -> Vec<&Withdrawn> {
    events
        .iter()
        .filter_map(|event| match event {
            ProjectEvent::DateWithdrawn(withdrawn) => Some(withdrawn),
            _ => None,
        })
        .collect()
}

fn unlocked(events: &[ProjectEvent]) -> Vec<(Stage, Option<Date>)> {
    events
        .iter()
        .filter_map(|event| match event {
            ProjectEvent::StageUnlocked { stage, earliest_start } => Some((*stage, *earliest_start)),
            _ => None,
        })
        .collect()
}
