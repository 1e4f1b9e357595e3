//! Each command by the rules of the domain: who may, what refuses it, what it changes.

use super::*;

impl Process {
    /// Which rules a command breaks.
    pub(super) fn judge(&self, what: &What, who: Who) -> Verdict {
        let mut rules = BTreeSet::new();
        let mut unless = |holds: bool, rule| {
            if !holds {
                rules.insert(rule);
            }
        };
        match what {
            Contract(day) => {
                let latest = self.declared.unwrap_or(Date::MAX).min(self.today());
                unless(*day <= latest, Rule::OccurredAtInvalid);
            }
            Propose(asked) => {
                unless(self.contract_day.is_some(), Rule::ContractRequired);
                unless(self.has_variant, Rule::VariantRequired);
                let is_open = |kind| self.proposals.iter().any(|(_, open)| open.contains_key(kind));
                unless(!asked.keys().any(is_open), Rule::DatesAgreedJointly);
                rules.extend(self.against(asked));
            }
            Accept => {
                let Some((by, asked)) = self.proposals.first() else { return refused(Rule::NotFound) };
                unless(*by != who.party(), Rule::DatesAgreedJointly);
                rules.extend(self.against(asked));
            }
            Decline => unless(!self.proposals.is_empty(), Rule::NotFound),
            Withdraw(kind) => {
                let begun = *kind == Kind::Readiness && self.contracted && !self.confirmed.is_empty();
                unless(self.is_ahead(*kind) && !begun, Rule::StageLocked);
                unless(self.agreed.contains_key(kind), Rule::DatesAgreedJointly);
            }
            Confirm(condition) => {
                unless(self.contracted, Rule::StageLocked);
                // What has to be bought is known with the variant.
                unless(self.has_variant || !matches!(condition, 1 | 2), Rule::InvalidArgument);
            }
            Retract(condition) => {
                if self.declared.is_some() {
                    return refused(Rule::StageLocked);
                }
                unless(self.confirmed.contains(condition), Rule::NotFound);
            }
            Declare => {
                unless(self.contracted && self.declared.is_none(), Rule::StageLocked);
                unless(self.licences, Rule::LicenceRequired);
                unless(self.confirmed.len() == 4, Rule::ReadinessConditions);
            }
            WithdrawReadiness => {
                let frozen = self.run != Run::None;
                unless(!frozen && self.declared.is_some(), Rule::StageLocked);
            }
            StartAudit(kind) => {
                let audit = &self.audits[kind];
                let unlocked = self.audit_is_unlocked(*kind);
                let may_start = unlocked && !audit.is_open && audit.passed.is_none();
                let agreed = self.agreed.get(kind) == Some(&self.today());
                unless(may_start && agreed, Rule::AuditLocked);
                if may_start {
                    rules.extend(self.against_today(*kind));
                }
            }
            Conclude(_) => {}
            VoidAudit(kind) => unless(self.audits[kind].is_open, Rule::AuditLocked),
            Stop => unless(self.window().is_some(), Rule::SystemsNotStopped),
            StartRun => {
                let unlocked = self.audits[&Kind::Audit2].passed.is_some();
                unless(unlocked && self.run == Run::None, Rule::StageLocked);
                if !self.has_variant {
                    return refused(Rule::StageLocked);
                }
                unless(self.licences, Rule::LicenceRequired);
                let stopped = self.window().is_some_and(|(start, _)| self.stopped >= Some(start));
                unless(stopped, Rule::SystemsNotStopped);
                let outside = self.window().is_none_or(|(start, end)| self.now < start || self.now >= end);
                if outside && unlocked && self.run == Run::None {
                    let buffer = self.against_today(Kind::Migration).contains(&Rule::MigrationBuffer);
                    unless(!buffer, Rule::MigrationBuffer);
                }
                let hours = jiff::SignedDuration::from_hours(12);
                unless(self.window().is_some_and(|(_, end)| self.now + hours <= end), Rule::RunOutsideWindow);
            }
            Restored => unless(matches!(self.run, Run::Started | Run::Restored(_)), Rule::StageLocked),
            Finish => unless(matches!(self.run, Run::Restored(_)), Rule::StageLocked),
            RollBack => match self.run {
                Run::Finished(_) => unless(false, Rule::RollbackClosed),
                Run::None => unless(false, Rule::StageLocked),
                Run::Started | Run::Restored(_) => {}
            },
            Integrate(_) => {
                let has_come = self.integration_day().is_some_and(|day| day <= self.today());
                unless(has_come, Rule::IntegrationsNextBusinessDay);
            }
            Works => unless(self.is_integrated() && !self.problem && !self.works, Rule::StageLocked),
            Problem => unless(self.is_integrated(), Rule::StageLocked),
            Answer => unless(self.problem, Rule::NotFound),
            Sign => {
                let signed = |protocol: &BTreeSet<Party>| protocol.contains(&who.party());
                unless(self.protocol.as_ref().is_some_and(|p| !signed(p)), Rule::ProtocolSignedByBoth);
            }
            DeclineProtocol => unless(self.protocol.is_some(), Rule::ProtocolSignedByBoth),
            Cancel => unless(!self.is_running(), Rule::CancelDuringRun),
            ChooseVariant => unless(who == Decision, Rule::PermissionDenied),
            LicencesInPlace => {}
        }
        if rules.is_empty() { Ok(()) } else { Err(rules) }
    }

    /// What it changes by itself.
    pub(super) fn carry_out(&mut self, what: &What, who: Who) {
        let today = self.today();
        match what {
            Contract(day) => self.contract_day = Some(*day),
            ChooseVariant => self.has_variant = true,
            LicencesInPlace => self.licences = true,
            Propose(asked) => self.proposals.push((who.party(), asked.clone())),
            Accept => {
                let (_, asked) = self.proposals.remove(0);
                self.ever_agreed.extend(asked.keys());
                self.agreed.extend(asked);
            }
            Decline => drop(self.proposals.remove(0)),
            Withdraw(kind) => drop(self.agreed.remove(kind)),
            Confirm(condition) => drop(self.confirmed.insert(*condition)),
            Retract(condition) => drop(self.confirmed.remove(condition)),
            Declare => {
                self.declared = Some(today);
                self.agreed.remove(&Kind::Readiness);
            }
            WithdrawReadiness => {
                self.declared = None;
                self.audits.values_mut().for_each(|audit| *audit = Audit::default());
            }
            StartAudit(kind) => {
                self.audit(*kind).is_open = true;
                self.agreed.remove(kind);
            }
            Conclude(passed) => {
                let audit = self.audits.values_mut().find(|audit| audit.is_open).expect("one is open");
                audit.is_open = false;
                if *passed { audit.passed = Some(today) } else { audit.failed = Some(today) }
            }
            VoidAudit(kind) => self.audit(*kind).is_open = false,
            Stop => self.stopped = Some(self.now),
            StartRun => {
                self.run = Run::Started;
                self.stopped = None;
                self.agreed.remove(&Kind::Migration);
            }
            Restored => self.run = Run::Restored(today),
            Finish => {
                if let Run::Restored(day) = self.run {
                    self.run = Run::Finished(day);
                }
            }
            RollBack => self.run = Run::None,
            Integrate(brand) => drop(self.integrated.insert(*brand)),
            Works => {
                self.works = true;
                self.protocol = Some(BTreeSet::new());
            }
            Problem => {
                self.problem = true;
                (self.works, self.protocol) = (false, None);
            }
            Answer => self.problem = false,
            Sign => {
                let signatures = self.protocol.as_mut().expect("judged");
                signatures.insert(who.party());
                self.completed = signatures.len() == 2;
                self.ended = self.completed;
            }
            DeclineProtocol => (self.works, self.protocol) = (false, None),
            Cancel => {
                self.ended = true;
                self.agreed.clear();
                self.proposals.clear();
                self.audits.values_mut().for_each(|audit| audit.is_open = false);
                self.protocol = None;
            }
        }
    }
}

/// Who may, as the domain says it.
pub(super) fn may(what: &What) -> &'static [Who] {
    match what {
        Contract(_) => &[Crm],
        Works => &[Decision],
        // SOFTVIG may after the declaration, which is left out here.
        ChooseVariant => &[Crm, Operator, Decision],
        LicencesInPlace | Conclude(_) => &[Crm, Operator, Auditor, Technical, Decision],
        Propose(_) => &[Crm, Operator, Technical, Decision],
        Accept | Decline | Withdraw(_) | Sign | DeclineProtocol => &[Crm, Operator, Decision],
        Confirm(_) | Retract(_) | Declare | Problem => &[Technical, Decision],
        WithdrawReadiness | StartRun | Restored | Finish | RollBack | Integrate(_) | Answer | Cancel => {
            &[Crm, Operator]
        }
        StartAudit(_) | VoidAudit(_) => &[Crm, Operator, Auditor],
        Stop => &[Crm, Operator, Technical],
    }
}
