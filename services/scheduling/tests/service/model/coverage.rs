//! What the walks have seen, so that the test proves what it claims.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use proto::{common::v1::ErrorReason as Rule, scheduling::v1::StageState};

use super::process::{Process, What};

/// Every rule by which the model refuses.
const RULES: [Rule; 30] = [
    Rule::PermissionDenied,
    Rule::NotFound,
    Rule::InvalidArgument,
    Rule::OccurredAtInvalid,
    Rule::ProjectClosed,
    Rule::StageLocked,
    Rule::ContractRequired,
    Rule::ContactsRequired,
    Rule::VariantRequired,
    Rule::VariantFrozen,
    Rule::LicenceRequired,
    Rule::DatesAgreedJointly,
    Rule::DateInPast,
    Rule::ReadinessBuffer,
    Rule::Audit1Buffer,
    Rule::Audit2Buffer,
    Rule::MigrationBuffer,
    Rule::RepeatBuffer,
    Rule::AuditOnBusinessDay,
    Rule::OverrideNotAllowed,
    Rule::ReadinessConditions,
    Rule::AuditLocked,
    Rule::OutsideWorkingHours,
    Rule::SystemsNotStopped,
    Rule::RunOutsideWindow,
    Rule::EvidenceStale,
    Rule::RollbackClosed,
    Rule::IntegrationsNextBusinessDay,
    Rule::ProtocolSignedByBoth,
    Rule::CancelDuringRun,
];

#[derive(Default)]
pub struct Coverage {
    sequences: usize,
    steps: usize,
    completed: usize,
    cancelled: usize,
    /// How often each command or fact was done.
    done: BTreeMap<String, usize>,
    refused: BTreeMap<String, usize>,
    /// How often a refusal named each rule.
    rules: BTreeMap<&'static str, usize>,
    withdrawn: BTreeMap<&'static str, usize>,
    /// Number of a stage, and how far it was seen.
    stages: BTreeSet<(usize, StageState)>,
}

/// Every command and fact, by name.
const COMMANDS: &str = "LicencesInPlace Conclude LateResult Measured Unreachable Replaced OpenLate Contract AskHelp \
    Recommend Choose Propose Counter Accept Decline Withdraw Override Confirm Retract Declare \
    CorrectReadiness WithdrawReadiness StartAudit VoidAudit Stop RetractStop StartRun Restored Finish \
    RollBack Integrate AskDrop AnswerDrop Works Problem Answer Sign DeclineProtocol Cancel";

/// Why agreed dates end unused.
const CAUSES: [Rule; 6] = [
    Rule::DateMissed,
    Rule::ReadinessBuffer,
    Rule::Audit1Buffer,
    Rule::Audit2Buffer,
    Rule::MigrationBuffer,
    Rule::OutsideWorkingHours,
];

impl Coverage {
    pub fn asked(&mut self, what: &What, came: &Result<(), BTreeSet<Rule>>) {
        let counts = if came.is_ok() { &mut self.done } else { &mut self.refused };
        *counts.entry(what.name()).or_default() += 1;
        for rule in came.as_ref().err().into_iter().flatten() {
            *self.rules.entry(rule.name()).or_default() += 1;
        }
    }

    pub fn stands(&mut self, model: &Process) {
        self.stages.extend(model.stages().into_iter().enumerate());
    }

    pub fn walked(&mut self, steps: usize, model: &Process) {
        self.sequences += 1;
        self.steps += steps;
        self.completed += usize::from(model.completed);
        self.cancelled += usize::from(model.ended && !model.completed);
        for rule in model.withdrawn.iter().flat_map(|(_, rules)| rules) {
            *self.withdrawn.entry(rule.name()).or_default() += 1;
        }
    }

    /// What of all that is claimed was never seen.
    pub fn missing(&self) -> Vec<String> {
        let rules = RULES.iter().filter(|rule| !self.rules.contains_key(rule.name()));
        let causes = CAUSES.iter().filter(|rule| !self.withdrawn.contains_key(rule.name()));
        let states = [StageState::Unlocked, StageState::InProgress, StageState::Done];
        // The protocol is issued at once, so that acceptance is never unlocked without it.
        let stages = (0..8).flat_map(|stage| states.map(|state| (stage, state)));
        let stages = stages.filter(|seen| *seen != (7, StageState::Unlocked));
        let never = |what: &str, name: &str| format!("{what} {name}");
        let mut missing: Vec<_> = rules.map(|rule| never("refusal by", rule.name())).collect();
        missing.extend(causes.map(|rule| never("date withdrawn by", rule.name())));
        missing.extend(
            COMMANDS.split(' ').filter(|c| !c.is_empty() && !self.done.contains_key(*c)).map(str::to_owned),
        );
        missing
            .extend(stages.filter(|seen| !self.stages.contains(seen)).map(|seen| format!("stage {seen:?}")));
        missing.extend((self.completed * 10 < self.sequences).then(|| "the end by one in ten".to_owned()));
        missing
    }
}

impl fmt::Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let commands: usize = self.done.values().chain(self.refused.values()).sum();
        let (sequences, steps) = (self.sequences, self.steps);
        let (completed, cancelled) = (self.completed, self.cancelled);
        writeln!(f, "{sequences} sequences, {steps} steps, {commands} commands and facts")?;
        writeln!(f, "{completed} came to completed, {cancelled} were cancelled")?;
        for (what, counts) in [("done", &self.done), ("refused", &self.refused)] {
            writeln!(f, "{what}: {}", listed(counts))?;
        }
        writeln!(f, "rules that refused: {}", listed(&self.rules))?;
        writeln!(f, "rules that withdrew dates: {}", listed(&self.withdrawn))
    }
}

fn listed<K: fmt::Display>(counts: &BTreeMap<K, usize>) -> String {
    counts.iter().map(|(key, count)| format!("{key} {count}")).collect::<Vec<_>>().join(", ")
}
