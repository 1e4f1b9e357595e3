//! The process as the domain tells it, for one company with two brands.
//!
//! Written without any of the service's code, so that both can be wrong only in different ways. Left out:
//! times given by hand other than readiness corrected, corrected results and runs, brands added later,
//! closures, holidays added by ops, windows other than a night, and what people are told.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{Timestamp, civil::Date};
use proto::{common::v1::ErrorReason as Rule, scheduling::v1::StageState};

use super::dates::{
    Dates, Exception, Ground, Kind, Stands, Variant, at_hour, is_business_day, local_day, night, plus,
};
pub use what::{CONDITIONS, Party, Reopen, What, Who};

mod commands;
mod next;
mod stages;
mod what;

#[derive(Clone, Debug, Default)]
struct Audit {
    is_open: bool,
    passed: Option<Date>,
    failed: Option<Date>,
    /// When the attempts began that count.
    begun: Vec<Timestamp>,
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

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Brand {
    #[default]
    Open,
    /// SOFTVIG asks to do without it.
    DropAsked,
    Restored,
    Dropped,
}

impl Brand {
    fn is_over(self) -> bool {
        matches!(self, Self::Restored | Self::Dropped)
    }
}

#[derive(Clone, Debug)]
pub struct Process {
    pub now: Timestamp,
    open_late: bool,
    /// The decision contact's address is one to which no mail comes.
    unreachable: bool,
    contract_day: Option<Date>,
    variant: Option<Variant>,
    /// Whether all licences are in place, as licensing last said it of this variant.
    licences: Option<bool>,
    contracted: Option<Timestamp>,
    pub agreed: Dates,
    ever_agreed: BTreeSet<Kind>,
    overrides: Vec<Exception>,
    /// Every agreed date that ended unused, with the rules that ended it; none where a party did.
    pub withdrawn: Vec<(Kind, BTreeSet<Rule>)>,
    /// Oldest first.
    pub proposals: Vec<(Party, Dates)>,
    /// When each condition was confirmed.
    confirmed: BTreeMap<usize, Timestamp>,
    declared: Option<Date>,
    /// The declaration cannot be corrected to before this.
    declarable: Timestamp,
    /// When a declaration was last withdrawn.
    undeclared: Option<Timestamp>,
    audits: BTreeMap<Kind, Audit>,
    /// Some attempt at an audit counts no more.
    pub has_voided: bool,
    /// Audit 2 passed on this day, and waits for the licences.
    held: Option<Date>,
    /// When what was measured expires.
    fresh_until: Option<Timestamp>,
    stopped: Option<Timestamp>,
    run: Run,
    once_finished: bool,
    brands: [Brand; 2],
    /// How many wait for an answer.
    problems: usize,
    works: bool,
    /// The protocol that waits for signatures, with those it has.
    protocol: Option<BTreeSet<Party>>,
    pub ended: bool,
    pub completed: bool,
}

type Verdict = Result<(), BTreeSet<Rule>>;

fn refused(rule: Rule) -> Verdict {
    Err([rule].into())
}

impl Process {
    pub fn opened(now: Timestamp) -> Self {
        Self {
            now,
            open_late: false,
            unreachable: false,
            contract_day: None,
            variant: None,
            licences: None,
            contracted: None,
            agreed: Dates::new(),
            ever_agreed: BTreeSet::new(),
            overrides: Vec::new(),
            withdrawn: Vec::new(),
            proposals: Vec::new(),
            confirmed: BTreeMap::new(),
            declared: None,
            declarable: now,
            undeclared: None,
            audits: [(Kind::Audit1, Audit::default()), (Kind::Audit2, Audit::default())].into(),
            has_voided: false,
            held: None,
            fresh_until: None,
            stopped: None,
            run: Run::None,
            once_finished: false,
            brands: Default::default(),
            problems: 0,
            works: false,
            protocol: None,
            ended: false,
            completed: false,
        }
    }

    pub fn today(&self) -> Date {
        local_day(self.now)
    }

    /// Time passes; what it withdraws is withdrawn.
    pub fn wait_until(&mut self, now: Timestamp) {
        self.now = self.now.max(now);
        self.settle();
    }

    /// Carries a command or a fact out, or says which rules it breaks. A fact breaks none.
    pub fn apply(&mut self, what: &What, who: Who) -> Verdict {
        if !what.is_fact() {
            if !what.may().contains(&who) {
                return refused(Rule::PermissionDenied);
            }
            if self.ended {
                return refused(Rule::ProjectClosed);
            }
            self.judge(what, who)?;
        }
        self.carry_out(what, who);
        self.settle();
        Ok(())
    }

    /// What follows from any change: contracting, missed dates, dates that can no longer hold.
    fn settle(&mut self) {
        if self.ended {
            return;
        }
        let complete = self.contract_day.is_some()
            && self.variant.is_some()
            && (self.licences.is_some() || self.variant == Some(Variant::Hosted))
            && self.ever_agreed.len() == 4;
        if complete && self.contracted.is_none() {
            self.contracted = Some(self.now);
        }
        for (kind, day) in self.agreed.clone() {
            let missed = match kind {
                Kind::Readiness => false,
                Kind::Audit1 | Kind::Audit2 => self.today() > day,
                Kind::Migration => self.now >= night(day).1,
            };
            if missed {
                self.withdraw(kind, [Rule::DateMissed].into());
            }
        }
        for (kind, rules) in self.ground().broken(&self.agreed, &Dates::new()) {
            self.withdraw(kind, rules);
        }
        let moot = |asked: &Dates| asked.keys().any(|kind| !self.is_ahead(*kind));
        let open: Vec<_> = self.proposals.iter().filter(|(_, asked)| !moot(asked)).cloned().collect();
        self.proposals = open;
    }

    /// An agreed date ends before its work began.
    fn withdraw(&mut self, kind: Kind, rules: BTreeSet<Rule>) {
        if self.end_date(kind) {
            self.withdrawn.push((kind, rules));
        }
    }

    /// Also where the work begins: an override ends with its date. Answers whether there was one.
    fn end_date(&mut self, kind: Kind) -> bool {
        let Some(day) = self.agreed.remove(&kind) else { return false };
        self.overrides.retain(|(of, on, _)| (*of, *on) != (kind, day));
        true
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
            variant: self.variant,
            open_late: self.open_late,
            contracted: self.contracted.is_some(),
            stands: Kind::ALL.map(|kind| (kind, self.stands(kind))).into(),
            failed: self.audits.iter().filter_map(failed).collect(),
            overrides: self.overrides.clone(),
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

    /// The agreed readiness day is over and nothing is declared.
    pub fn is_overdue(&self) -> bool {
        self.agreed.get(&Kind::Readiness).is_some_and(|day| *day < self.today())
    }

    /// Everything that the variant demands; nothing is known to be demanded before one is chosen.
    fn has_licences(&self) -> bool {
        match self.variant {
            None | Some(Variant::Hosted) => true,
            Some(Variant::NewServer | Variant::SameServer) => self.licences == Some(true),
        }
    }

    /// Whether licensing has anything to say.
    pub fn can_need_licences(&self) -> bool {
        self.variant.is_some_and(|variant| variant != Variant::Hosted)
    }

    fn demands(&self, condition: usize) -> bool {
        match CONDITIONS[condition].0 {
            None => true,
            Some(variant) => self.variant == Some(variant),
        }
    }

    fn is_ready(&self) -> bool {
        (0..CONDITIONS.len()).all(|which| !self.demands(which) || self.confirmed.contains_key(&which))
    }

    fn audit(&mut self, kind: Kind) -> &mut Audit {
        self.audits.get_mut(&kind).expect("an audit")
    }

    pub fn audit_is_open(&self) -> bool {
        self.audits.values().any(|audit| audit.is_open)
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

    fn is_finished(&self) -> bool {
        matches!(self.run, Run::Finished(_))
    }

    /// From the first start of a run until it is rolled back, and once one is finished.
    fn is_frozen(&self) -> bool {
        self.is_running() || self.once_finished
    }

    fn integration_day(&self) -> Option<Date> {
        let Run::Finished(restored) = self.run else { return None };
        (1..).map(|n| plus(restored, n)).find(|day| is_business_day(*day))
    }

    fn is_integrated(&self) -> bool {
        self.is_finished() && self.brands.iter().all(|brand| brand.is_over())
    }
}
