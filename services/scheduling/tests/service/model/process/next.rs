//! What would be done next by people who want to arrive, so that random walks come far.

use What::*;
use Who::*;

use super::*;

impl Process {
    /// What brings the process on, and who does it; none where time has to pass first, until the second.
    pub fn next(&self) -> Result<(What, Who), Timestamp> {
        if self.unreachable {
            return Ok((Unreachable(false), Crm));
        }
        if self.contract_day.is_none() {
            return Ok((Contract(self.today()), Crm));
        }
        let Some(variant) = self.variant else { return Ok((Choose(Variant::NewServer), Decision)) };
        if variant != Variant::Hosted && self.licences != Some(true) {
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
            let earliest = self.ground().earliest_days(&self.agreed);
            return Ok((Propose(needed.into_iter().map(|kind| (kind, earliest[&kind])).collect()), Crm));
        }
        let unconfirmed = |which: &usize| self.demands(*which) && !self.confirmed.contains_key(which);
        if let Some(condition) = (0..CONDITIONS.len()).find(unconfirmed) {
            return Ok((Confirm(condition), Technical));
        }
        if self.declared.is_none() {
            return Ok((Declare, Decision));
        }
        for (kind, audit) in &self.audits {
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

    fn towards_run(&self, variant: Variant) -> Result<(What, Who), Timestamp> {
        let (start, end) = night(self.agreed[&Kind::Migration]);
        if self.now < start {
            return Err(start);
        }
        if self.stopped < Some(start) {
            return Ok((Stop, Technical));
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
