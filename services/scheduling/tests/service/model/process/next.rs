//! What would be done next by people who want to arrive, so that random walks come far.

use What::*;
use Who::*;

use super::*;

impl Process {
    /// What brings the process on, and who does it; none where time has to pass first, until the second.
    pub fn next(&self) -> Result<(What, Who), Timestamp> {
        if self.contract_day.is_none() {
            return Ok((Contract(plus(self.today(), -10)), Crm));
        }
        let Some(variant) = self.variant else { return Ok((Choose(Variant::NewServer), Decision)) };
        if self.licences.is_none() && variant != Variant::Hosted {
            return Ok((LicencesInPlace(true), Crm));
        }
        if let Some((by, _)) = self.proposals.first() {
            let other = if *by == Party::Softvig { Decision } else { Crm };
            let answer = if self.judge(&Accept, other).is_ok() { Accept } else { Decline };
            return Ok((answer, other));
        }
        let needed = |kind: &Kind| {
            let is_due = *kind != Kind::Readiness || self.contracted.is_none();
            is_due && self.is_ahead(*kind) && !self.agreed.contains_key(kind)
        };
        let needed: Vec<Kind> = Kind::ALL.into_iter().filter(needed).collect();
        if !needed.is_empty() && !self.is_running() {
            if self.unreachable {
                return Ok((Unreachable(false), Crm));
            }
            let earliest = self.ground().earliest_days(&self.agreed);
            return Ok((Propose(needed.into_iter().map(|kind| (kind, earliest[&kind])).collect()), Crm));
        }
        let unconfirmed = |which: &usize| self.demands(*which) && !self.confirmed.contains_key(which);
        if let Some(condition) = (0..CONDITIONS.len()).find(unconfirmed) {
            return Ok((Confirm(condition), Technical));
        }
        if !self.has_licences() && (self.declared.is_none() || self.held.is_some()) {
            return Ok((LicencesInPlace(true), Crm));
        }
        if self.declared.is_none() {
            return Ok((Declare, Decision));
        }
        for (kind, audit) in &self.audits {
            if audit.is_open && *kind == Kind::Audit2 && self.fresh_until.is_none() {
                return Ok((Measured(7), Auditor));
            }
            if audit.is_open {
                return Ok((Conclude(true), Auditor));
            }
            if audit.passed.is_none() {
                return self.at_nine(self.agreed[kind], StartAudit(*kind), Auditor);
            }
        }
        match self.run {
            Run::None => self.towards_run(variant),
            Run::Started => Ok((Restored, Operator)),
            Run::Restored(_) => Ok((Finish, Operator)),
            Run::Finished(_) => self.towards_end(),
        }
    }

    /// Something that could be done now by somebody who may, and leads somewhere; `which` of it.
    pub fn possible(&self, which: usize) -> Option<(What, Who)> {
        let idle = |what: &What| {
            let back = matches!(what, Choose(_) | Withdraw(_) | Retract(_) | Cancel);
            back || matches!(what, AskHelp | Recommend(_) | Confirm(_))
        };
        let possible = |what: What| {
            let who = what.may().iter().find(|who| self.judge(&what, **who).is_ok())?;
            Some((what, *who))
        };
        let commands = What::without_days().into_iter().filter(|what| !idle(what));
        let mut possible: Vec<_> = commands.filter_map(possible).collect();
        (!possible.is_empty()).then(|| possible.swap_remove(which % possible.len()))
    }

    /// What is next goes wrong: an audit fails, somebody is too early or too late or of another mind.
    pub fn setback(&self) -> Vec<(What, Who)> {
        let Ok((what, who)) = self.next() else { return Vec::new() };
        vec![match what {
            Conclude(_) => {
                let failed = self.audits.iter().find(|(_, audit)| audit.is_open).map(|(kind, _)| *kind);
                let again = failed.map(|kind| (kind, self.today())).into_iter().collect();
                return vec![(Conclude(false), who), (Propose(again), Crm)];
            }
            Confirm(_) => (Declare, who),
            Propose(dates) => {
                (Propose(dates.into_iter().map(|(kind, day)| (kind, plus(day, -1))).collect()), who)
            }
            Accept => (Counter(self.proposals[0].1.clone()), who),
            LicencesInPlace(_) | Measured(_) | Stop => (StartRun, Operator),
            Restored | Finish => (Cancel, who),
            Integrate(_) => (RollBack, who),
            next => (next, who),
        }]
    }

    fn towards_run(&self, variant: Variant) -> Result<(What, Who), Timestamp> {
        let (start, end) = night(self.agreed[&Kind::Migration]);
        if self.now < start {
            return Err(start);
        }
        if self.stopped < Some(start) {
            return Ok((Stop, Technical));
        }
        if !self.has_licences() {
            return Ok((LicencesInPlace(true), Crm));
        }
        if self.fresh_until.is_some_and(|until| until <= self.now) {
            return Ok((Measured(7), Auditor));
        }
        if self.now + variant.hours() > end {
            return Err(end);
        }
        Ok((StartRun, Operator))
    }

    fn towards_end(&self) -> Result<(What, Who), Timestamp> {
        let day = self.integration_day().expect("a run is finished");
        if let Some(brand) = (0..2).find(|brand| self.brands[*brand] == Brand::DropAsked) {
            return Ok((AnswerDrop(brand, true), Decision));
        }
        if let Some(brand) = (0..2).find(|brand| !self.brands[*brand].is_over()) {
            return self.at_nine(day, Integrate(brand), Operator);
        }
        if self.problems > 0 {
            return Ok((Answer(Reopen::Nothing), Crm));
        }
        Ok(match &self.protocol {
            None => (Works, Decision),
            Some(signed) if signed.contains(&Party::Company) => (Sign, Crm),
            Some(_) => (Sign, Decision),
        })
    }

    /// From 9:00 of a day on.
    fn at_nine(&self, day: Date, what: What, who: Who) -> Result<(What, Who), Timestamp> {
        let morning = at_hour(day, 9);
        if morning <= self.now { Ok((what, who)) } else { Err(morning) }
    }
}
