//! Each command by the rules of the domain: what refuses it, what it changes.

use What::*;

use super::*;

/// Which rule can be overridden for which date.
fn can_be_overridden(kind: Kind, rule: Rule) -> bool {
    match rule {
        Rule::RepeatBuffer | Rule::AuditOnBusinessDay => kind.is_audit(),
        _ => rule == kind.buffer(),
    }
}

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
            AskHelp | Recommend(_) => unless(!self.is_frozen(), Rule::VariantFrozen),
            Choose(_) => {
                unless(!self.is_frozen(), Rule::VariantFrozen);
                match self.declared {
                    None => unless(who == Who::Decision, Rule::PermissionDenied),
                    Some(_) => unless(who.party() == Party::Softvig, Rule::VariantFrozen),
                }
            }
            Propose(asked) | Counter(asked) => {
                let instead = usize::from(matches!(what, Counter(_)));
                if self.proposals.len() < instead {
                    return refused(Rule::NotFound);
                }
                unless(self.contract_day.is_some(), Rule::ContractRequired);
                unless(self.variant.is_some(), Rule::VariantRequired);
                unless(!self.unreachable, Rule::ContactsRequired);
                let own = self.proposals.iter().take(instead).any(|(by, _)| *by == who.party());
                let others = || self.proposals.iter().skip(instead);
                let twice = asked.keys().any(|kind| others().any(|(_, open)| open.contains_key(kind)));
                unless(!own && !twice, Rule::DatesAgreedJointly);
                rules.extend(self.against(asked));
            }
            Accept => {
                let Some((by, asked)) = self.proposals.first() else { return refused(Rule::NotFound) };
                unless(*by != who.party(), Rule::DatesAgreedJointly);
                rules.extend(self.against(asked));
            }
            Decline => unless(!self.proposals.is_empty(), Rule::NotFound),
            Withdraw(kind) => {
                let begun =
                    *kind == Kind::Readiness && self.contracted.is_some() && !self.confirmed.is_empty();
                unless(self.is_ahead(*kind) && !begun, Rule::StageLocked);
                unless(self.agreed.contains_key(kind), Rule::DatesAgreedJointly);
            }
            Override((kind, day, rule)) => {
                if !can_be_overridden(*kind, *rule) {
                    return refused(Rule::OverrideNotAllowed);
                }
                unless(*day >= self.today(), Rule::DateInPast);
            }
            Confirm(condition) => {
                unless(self.contracted.is_some(), Rule::StageLocked);
                unless(self.demands(*condition), Rule::InvalidArgument);
            }
            Retract(condition) => {
                if self.declared.is_some() {
                    return refused(Rule::StageLocked);
                }
                unless(self.confirmed.contains_key(condition), Rule::NotFound);
            }
            Declare => {
                unless(self.contracted.is_some() && self.declared.is_none(), Rule::StageLocked);
                unless(self.has_licences(), Rule::LicenceRequired);
                unless(self.is_ready(), Rule::ReadinessConditions);
            }
            CorrectReadiness(at) => {
                if self.declared.is_none() {
                    return refused(Rule::StageLocked);
                }
                let latest = self.audits[&Kind::Audit1].begun.first().copied().unwrap_or(self.now);
                unless(self.declarable <= *at && *at <= latest, Rule::OccurredAtInvalid);
            }
            WithdrawReadiness => unless(!self.is_frozen() && self.declared.is_some(), Rule::StageLocked),
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
            VoidAudit(kind) => unless(self.audits[kind].is_open, Rule::AuditLocked),
            Stop => unless(self.window().is_some(), Rule::SystemsNotStopped),
            RetractStop => unless(self.stopped.is_some(), Rule::NotFound),
            StartRun => {
                let Some(variant) = self.variant else { return refused(Rule::StageLocked) };
                let unlocked = self.audits[&Kind::Audit2].passed.is_some() && self.run == Run::None;
                unless(unlocked, Rule::StageLocked);
                unless(self.has_licences(), Rule::LicenceRequired);
                unless(self.fresh_until.is_none_or(|until| self.now < until), Rule::EvidenceStale);
                let stopped = self.window().is_some_and(|(start, _)| self.stopped >= Some(start));
                unless(stopped, Rule::SystemsNotStopped);
                if self.window().is_none() && unlocked {
                    let buffer = self.against_today(Kind::Migration).contains(&Rule::MigrationBuffer);
                    unless(!buffer, Rule::MigrationBuffer);
                }
                let fits = self.window().is_some_and(|(_, end)| self.now + variant.hours() <= end);
                unless(fits, Rule::RunOutsideWindow);
            }
            Restored => unless(self.is_running(), Rule::StageLocked),
            Finish => unless(matches!(self.run, Run::Restored(_)), Rule::StageLocked),
            RollBack => match self.run {
                Run::Finished(_) => unless(false, Rule::RollbackClosed),
                Run::None => unless(false, Rule::StageLocked),
                Run::Started | Run::Restored(_) => {}
            },
            Integrate(brand) => {
                let has_come = self.integration_day().is_some_and(|day| day <= self.today());
                unless(has_come, Rule::IntegrationsNextBusinessDay);
                unless(!self.brands[*brand].is_over(), Rule::StageLocked);
            }
            AskDrop(brand) => unless(self.is_finished() && !self.brands[*brand].is_over(), Rule::StageLocked),
            AnswerDrop(brand, _) => unless(self.brands[*brand] == Brand::DropAsked, Rule::StageLocked),
            Works => {
                unless(self.is_integrated() && self.problems == 0 && !self.works, Rule::StageLocked);
            }
            Problem => unless(self.is_integrated(), Rule::StageLocked),
            Answer(reopen) => {
                if self.problems == 0 {
                    return refused(Rule::NotFound);
                }
                match reopen {
                    Reopen::Nothing => {}
                    Reopen::Brand(brand) => unless(self.brands[*brand].is_over(), Rule::StageLocked),
                    Reopen::Migration => unless(self.is_finished(), Rule::StageLocked),
                }
            }
            Sign => {
                let signed = |protocol: &BTreeSet<Party>| protocol.contains(&who.party());
                unless(self.protocol.as_ref().is_some_and(|p| !signed(p)), Rule::ProtocolSignedByBoth);
            }
            DeclineProtocol => unless(self.protocol.is_some(), Rule::ProtocolSignedByBoth),
            Cancel => unless(!self.is_running(), Rule::CancelDuringRun),
            LicencesInPlace(_) | Conclude(_) | LateResult | Measured(_) | Unreachable(_) | Replaced
            | OpenLate(_) => {}
        }
        if rules.is_empty() { Ok(()) } else { Err(rules) }
    }

    /// What it changes by itself.
    pub(super) fn carry_out(&mut self, what: &What, who: Who) {
        let today = self.today();
        match what {
            LicencesInPlace(all) => self.licences_are(*all),
            Conclude(passed) => self.conclude(*passed),
            // It is kept and moves nothing.
            LateResult => {}
            Measured(days) => self.fresh_until = Some(self.now + jiff::SignedDuration::from_hours(24 * days)),
            Unreachable(since) => self.unreachable = *since,
            Replaced => self.unreachable = false,
            OpenLate(late) => self.open_late = *late,
            Contract(day) => self.contract_day = Some(*day),
            AskHelp | Recommend(_) => {}
            Choose(variant) => self.choose(*variant),
            Propose(asked) => self.proposals.push((who.party(), asked.clone())),
            Counter(asked) => {
                self.proposals.remove(0);
                self.proposals.push((who.party(), asked.clone()));
            }
            Accept => {
                for (kind, day) in self.proposals.remove(0).1 {
                    if self.agreed.get(&kind) != Some(&day) {
                        self.end_date(kind);
                    }
                    self.agreed.insert(kind, day);
                    self.ever_agreed.insert(kind);
                }
            }
            Decline => drop(self.proposals.remove(0)),
            Withdraw(kind) => self.withdraw(*kind, BTreeSet::new()),
            Override(permitted) => self.overrides.push(*permitted),
            Confirm(condition) => drop(self.confirmed.insert(*condition, self.now)),
            Retract(condition) => drop(self.confirmed.remove(condition)),
            Declare => {
                let before = self.confirmed.values().copied().chain(self.contracted).chain(self.undeclared);
                self.declarable = before.max().expect("contracting is done");
                self.declared = Some(today);
                self.end_date(Kind::Readiness);
            }
            CorrectReadiness(at) => self.declared = Some(local_day(*at)),
            WithdrawReadiness => self.undeclare(),
            StartAudit(kind) => {
                let now = self.now;
                self.audit(*kind).is_open = true;
                self.audit(*kind).begun.push(now);
                self.end_date(*kind);
            }
            VoidAudit(kind) => {
                self.audit(*kind).is_open = false;
                self.audit(*kind).begun.pop();
                self.has_voided = true;
                self.held = None;
            }
            Stop => self.stopped = Some(self.now),
            RetractStop => self.stopped = None,
            StartRun => {
                self.run = Run::Started;
                self.stopped = None;
                self.end_date(Kind::Migration);
            }
            Restored => self.run = Run::Restored(today),
            Finish => {
                if let Run::Restored(day) = self.run {
                    self.run = Run::Finished(day);
                    self.once_finished = true;
                }
            }
            RollBack => self.run = Run::None,
            Integrate(brand) => self.brands[*brand] = Brand::Restored,
            AskDrop(brand) => self.brands[*brand] = Brand::DropAsked,
            AnswerDrop(brand, consent) => {
                self.brands[*brand] = if *consent { Brand::Dropped } else { Brand::Open };
            }
            Works => {
                self.works = true;
                self.protocol = Some(BTreeSet::new());
            }
            Problem => {
                self.problems += 1;
                self.verify_again();
            }
            Answer(reopen) => {
                self.problems -= 1;
                match reopen {
                    Reopen::Nothing => {}
                    Reopen::Brand(brand) => self.brands[*brand] = Brand::Open,
                    Reopen::Migration => {
                        self.run = Run::None;
                        self.brands = Default::default();
                    }
                }
            }
            Sign => {
                let signatures = self.protocol.as_mut().expect("judged");
                signatures.insert(who.party());
                self.completed = signatures.len() == 2;
                self.ended = self.completed;
            }
            DeclineProtocol => self.verify_again(),
            Cancel => {
                Kind::ALL.into_iter().for_each(|kind| self.withdraw(kind, BTreeSet::new()));
                self.ended = true;
                self.proposals.clear();
                self.audits.values_mut().for_each(|audit| audit.is_open = false);
                self.held = None;
                self.protocol = None;
            }
        }
    }

    fn verify_again(&mut self) {
        (self.works, self.protocol) = (false, None);
    }

    /// Another variant: nothing that rested on the one before counts any more.
    fn choose(&mut self, variant: Variant) {
        let previous = self.variant.replace(variant);
        if previous != Some(variant) {
            self.licences = None;
        }
        if previous.is_some_and(|previous| previous != variant) {
            self.confirmed.clear();
            self.undeclare();
        }
    }

    fn undeclare(&mut self) {
        if self.declared.take().is_some() {
            self.undeclared = Some(self.now);
        }
        self.has_voided |= self.audits.values().any(|audit| !audit.begun.is_empty());
        self.audits.values_mut().for_each(|audit| *audit = Audit::default());
        self.held = None;
    }

    fn licences_are(&mut self, all: bool) {
        if self.ended {
            return;
        }
        self.licences = Some(all);
        if let Some(day) = self.held.filter(|_| all) {
            self.pass(Kind::Audit2, day);
        }
    }

    fn conclude(&mut self, passed: bool) {
        let (kind, audit) = self.audits.iter_mut().find(|(_, audit)| audit.is_open).expect("one is open");
        let (kind, today) = (*kind, local_day(self.now));
        self.held = None;
        if !passed {
            audit.is_open = false;
            audit.failed = Some(today);
        } else if kind == Kind::Audit2 && !self.has_licences() {
            self.held = Some(today);
        } else {
            self.pass(kind, today);
        }
    }

    fn pass(&mut self, kind: Kind, day: Date) {
        self.held = None;
        let audit = self.audit(kind);
        audit.is_open = false;
        audit.passed = Some(day);
        audit.failed = None;
    }
}
