//! The process as the domain tells it, for one company with the variant `new_server` and two brands.
//!
//! Written without any of the service's code, so that both can be wrong only in different ways. Left out:
//! overrides, changes of the variant, licences after the declaration, times given by hand, drops of brands.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use proto::{
    common::v1::ErrorReason as Rule,
    scheduling::v1::{StageState, StageState::*},
};

use super::dates::{Dates, Ground, Kind, Stands, is_business_day, night, plus};

mod commands;
mod next;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    Crm,
    Operator,
    Auditor,
    Technical,
    Decision,
}

use Who::*;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Party {
    Company,
    Softvig,
}

impl Who {
    pub fn party(self) -> Party {
        match self {
            Crm | Operator | Auditor => Party::Softvig,
            Technical | Decision => Party::Company,
        }
    }
}

/// A command, or what another service tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    Contract(Date),
    ChooseVariant,
    LicencesInPlace,
    Propose(Dates),
    Accept,
    Decline,
    Withdraw(Kind),
    /// One of the four conditions.
    Confirm(usize),
    Retract(usize),
    Declare,
    WithdrawReadiness,
    StartAudit(Kind),
    /// The audit service's result for the open attempt.
    Conclude(bool),
    VoidAudit(Kind),
    Stop,
    StartRun,
    Restored,
    Finish,
    RollBack,
    /// One of the two brands.
    Integrate(usize),
    Works,
    Problem,
    Answer,
    Sign,
    DeclineProtocol,
    Cancel,
}

use What::*;

#[derive(Clone, Debug, Default)]
struct Audit {
    is_open: bool,
    passed: Option<Date>,
    failed: Option<Date>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Run {
    #[default]
    None,
    Started,
    /// The databases are up since this day.
    Restored(Date),
    Finished(Date),
}

#[derive(Clone, Debug)]
pub struct Process {
    pub now: Timestamp,
    contract_day: Option<Date>,
    has_variant: bool,
    licences: bool,
    contracted: bool,
    pub agreed: Dates,
    ever_agreed: BTreeSet<Kind>,
    /// Oldest first.
    pub proposals: Vec<(Party, Dates)>,
    confirmed: BTreeSet<usize>,
    declared: Option<Date>,
    audits: BTreeMap<Kind, Audit>,
    stopped: Option<Timestamp>,
    run: Run,
    integrated: BTreeSet<usize>,
    problem: bool,
    works: bool,
    /// The protocol that waits for signatures, with those it has.
    protocol: Option<BTreeSet<Party>>,
    pub ended: bool,
    completed: bool,
}

type Verdict = Result<(), BTreeSet<Rule>>;

fn refused(rule: Rule) -> Verdict {
    Err([rule].into())
}

impl Process {
    pub fn opened(now: Timestamp) -> Self {
        Self {
            now,
            contract_day: None,
            has_variant: false,
            licences: false,
            contracted: false,
            agreed: Dates::new(),
            ever_agreed: BTreeSet::new(),
            proposals: Vec::new(),
            confirmed: BTreeSet::new(),
            declared: None,
            audits: [(Kind::Audit1, Audit::default()), (Kind::Audit2, Audit::default())].into(),
            stopped: None,
            run: Run::None,
            integrated: BTreeSet::new(),
            problem: false,
            works: false,
            protocol: None,
            ended: false,
            completed: false,
        }
    }

    pub fn today(&self) -> Date {
        self.now.to_zoned(TimeZone::get("Europe/Warsaw").expect("known")).date()
    }

    /// Time passes; what it withdraws is withdrawn.
    pub fn wait_until(&mut self, now: Timestamp) {
        self.now = self.now.max(now);
        self.settle();
    }

    /// Whether the service is asked at all: some things are left out of the model in some states.
    pub fn knows(&self, what: &What) -> bool {
        match what {
            ChooseVariant => !self.has_variant,
            LicencesInPlace => self.has_variant && !self.ended,
            Conclude(_) => self.audits.values().any(|audit| audit.is_open),
            Integrate(brand) => !self.integrated.contains(brand),
            // What is missing of the licences without a variant is the service's to say.
            Declare => self.has_variant,
            _ => true,
        }
    }

    /// Carries a command out, or says which rules it breaks.
    pub fn apply(&mut self, what: &What, who: Who) -> Verdict {
        if !commands::may(what).contains(&who) {
            return refused(Rule::PermissionDenied);
        }
        if self.ended {
            return refused(Rule::ProjectClosed);
        }
        self.judge(what, who)?;
        self.carry_out(what, who);
        self.settle();
        Ok(())
    }

    /// What follows from any change: contracting, missed dates, dates that can no longer hold.
    fn settle(&mut self) {
        if self.ended {
            return;
        }
        self.contracted |=
            self.contract_day.is_some() && self.has_variant && self.licences && self.ever_agreed.len() == 4;
        let (today, now) = (self.today(), self.now);
        let missed = |kind: Kind, day: Date| match kind {
            Kind::Readiness => false,
            Kind::Audit1 | Kind::Audit2 => today > day,
            Kind::Migration => now >= night(day).1,
        };
        self.agreed.retain(|kind, day| !missed(*kind, *day));
        let broken = self.ground().broken(&self.agreed, &Dates::new());
        self.agreed.retain(|kind, _| !broken.contains_key(kind));
        let moot = |asked: &Dates| asked.keys().any(|kind| !self.is_ahead(*kind));
        let open: Vec<_> = self.proposals.iter().filter(|(_, asked)| !moot(asked)).cloned().collect();
        self.proposals = open;
    }

    /// The rules against beginning a stage today, whatever day is agreed.
    fn against_today(&self, kind: Kind) -> BTreeSet<Rule> {
        let mut dates = self.agreed.clone();
        dates.insert(kind, self.today());
        self.ground().broken(&dates, &Dates::new()).remove(&kind).unwrap_or_default()
    }

    /// The rules that a set of dates breaks.
    fn against(&self, asked: &Dates) -> BTreeSet<Rule> {
        let broken = self.ground().broken(&self.agreed, asked);
        let mut rules: BTreeSet<_> =
            asked.keys().filter_map(|kind| broken.get(kind)).flatten().copied().collect();
        if !asked.keys().all(|kind| self.is_ahead(*kind)) {
            rules.insert(Rule::StageLocked);
        }
        rules
    }

    pub fn ground(&self) -> Ground {
        let failed = |(kind, audit): (&Kind, &Audit)| Some((*kind, audit.failed?));
        Ground {
            today: self.today(),
            now: self.now,
            contract_day: self.contract_day,
            has_variant: self.has_variant,
            contracted: self.contracted,
            stands: Kind::ALL.map(|kind| (kind, self.stands(kind))).into(),
            failed: self.audits.iter().filter_map(failed).collect(),
        }
    }

    fn stands(&self, kind: Kind) -> Stands {
        let done = |day: Option<Date>, under_way| match day {
            Some(day) => Stands::Done(day),
            None if under_way => Stands::UnderWay,
            None => Stands::Ahead,
        };
        match kind {
            Kind::Readiness => done(self.declared, false),
            Kind::Audit1 | Kind::Audit2 => done(self.audits[&kind].passed, self.audits[&kind].is_open),
            Kind::Migration => match self.run {
                Run::None => Stands::Ahead,
                Run::Started | Run::Restored(_) => Stands::UnderWay,
                Run::Finished(day) => Stands::Done(day),
            },
        }
    }

    fn is_ahead(&self, kind: Kind) -> bool {
        self.stands(kind) == Stands::Ahead
    }

    fn audit(&mut self, kind: Kind) -> &mut Audit {
        self.audits.get_mut(&kind).expect("an audit")
    }

    fn audit_is_unlocked(&self, kind: Kind) -> bool {
        match kind {
            Kind::Audit2 => self.audits[&Kind::Audit1].passed.is_some(),
            _ => self.declared.is_some(),
        }
    }

    /// The agreed window, while it lasts.
    fn window(&self) -> Option<(Timestamp, Timestamp)> {
        let (start, end) = night(*self.agreed.get(&Kind::Migration)?);
        (start <= self.now && self.now < end).then_some((start, end))
    }

    fn is_running(&self) -> bool {
        matches!(self.run, Run::Started | Run::Restored(_))
    }

    fn integration_day(&self) -> Option<Date> {
        let Run::Finished(restored) = self.run else { return None };
        (1..).map(|n| plus(restored, n)).find(|day| is_business_day(*day))
    }

    fn is_integrated(&self) -> bool {
        self.integration_day().is_some() && self.integrated.len() == 2
    }

    /// The eight stages in order.
    pub fn stages(&self) -> [StageState; 8] {
        let (audit_1, audit_2) = (&self.audits[&Kind::Audit1], &self.audits[&Kind::Audit2]);
        let finished = matches!(self.run, Run::Finished(_));
        let raw = [
            (self.contracted, self.contract_day.is_some() || self.has_variant),
            (self.declared.is_some(), !self.confirmed.is_empty()),
            (audit_1.passed.is_some(), audit_1.is_open),
            (audit_2.passed.is_some(), audit_2.is_open),
            (finished, self.is_running()),
            (self.is_integrated(), !self.integrated.is_empty()),
            (self.works && !self.problem, self.problem),
            (self.completed, self.protocol.is_some()),
        ];
        let mut unlocked = true;
        raw.map(|(done, begun)| {
            let state = match (unlocked, done, begun) {
                (false, ..) => Locked,
                (true, true, _) => Done,
                (true, false, true) => InProgress,
                (true, false, false) => Unlocked,
            };
            unlocked = state == Done;
            state
        })
    }
}
