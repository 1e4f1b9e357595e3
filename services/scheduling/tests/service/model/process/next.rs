//! What would be done next by people who want to arrive, so that random walks come far.

use super::*;

impl Process {
    /// What brings the process on, and who does it; none where time has to pass first, until the second.
    pub fn next(&self) -> Result<(What, Who), Timestamp> {
        let soon = self.now + jiff::SignedDuration::from_hours(1);
        if self.contract_day.is_none() {
            return Ok((Contract(self.today()), Crm));
        }
        if !self.has_variant {
            return Ok((ChooseVariant, Decision));
        }
        if !self.licences {
            return Ok((LicencesInPlace, Crm));
        }
        let needed: Vec<Kind> = if self.contracted {
            let stage = |kind: &Kind| {
                !self.agreed.contains_key(kind) && self.is_ahead(*kind) && *kind != Kind::Readiness
            };
            Kind::ALL.into_iter().filter(stage).collect()
        } else {
            Kind::ALL.into_iter().filter(|kind| !self.agreed.contains_key(kind)).collect()
        };
        if let Some((by, _)) = self.proposals.first() {
            return Ok((Accept, if *by == Party::Softvig { Decision } else { Crm }));
        }
        if !needed.is_empty() && !self.is_running() {
            let earliest = self.ground().earliest_days(&self.agreed);
            return Ok((Propose(needed.into_iter().map(|kind| (kind, earliest[&kind])).collect()), Crm));
        }
        if let Some(condition) = (0..4).find(|condition| !self.confirmed.contains(condition)) {
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
                let day = self.agreed[kind];
                let morning = day.at(9, 0, 0, 0).to_zoned(TimeZone::get("Europe/Warsaw").expect("known"));
                let morning = morning.expect("no such hour").timestamp();
                return if morning <= self.now { Ok((StartAudit(*kind), Auditor)) } else { Err(morning) };
            }
        }
        match self.run {
            Run::None => {
                let Some(day) = self.agreed.get(&Kind::Migration) else { return Err(soon) };
                let (start, end) = night(*day);
                if self.now < start {
                    return Err(start);
                }
                if self.stopped < Some(start) {
                    return Ok((Stop, Technical));
                }
                if self.now + jiff::SignedDuration::from_hours(12) > end {
                    return Err(end);
                }
                return Ok((StartRun, Operator));
            }
            Run::Started => return Ok((Restored, Operator)),
            Run::Restored(_) => return Ok((Finish, Operator)),
            Run::Finished(_) => {}
        }
        let day = self.integration_day().expect("a run is finished");
        if let Some(brand) = (0..2).find(|brand| !self.integrated.contains(brand)) {
            let morning = day.at(9, 0, 0, 0).to_zoned(TimeZone::get("Europe/Warsaw").expect("known"));
            let morning = morning.expect("no such hour").timestamp();
            return if day <= self.today() { Ok((Integrate(brand), Operator)) } else { Err(morning) };
        }
        if self.problem {
            return Ok((Answer, Crm));
        }
        match &self.protocol {
            None => Ok((Works, Decision)),
            Some(signed) if signed.contains(&Party::Company) => Ok((Sign, Crm)),
            Some(_) => Ok((Sign, Decision)),
        }
    }
}
