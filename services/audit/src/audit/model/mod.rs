//! The pure model: one dossier per project. It holds every attempt of both audits, so that findings,
//! waivers and carried-over items need no other document.
//!
//! A method either refuses and changes nothing, or changes the dossier and returns what happened.

mod assign;
mod attach;
mod attempt;
mod compare;
mod conclude;
mod event;
mod evidence;
mod finding;
mod import;
mod lifecycle;
mod limits;
mod outcome;
mod record;
mod set_back;
mod terms;
#[cfg(test)]
mod tests;
mod waive;

use std::fmt::Display;

use platform::id::{CompanyId, ProjectId};
use proto::{
    common::v1::ErrorReason,
    refusal::{Refusal, Violation, Words},
};
use serde::{Deserialize, Serialize};

pub use self::{
    assign::{Assignment, Pause},
    attach::Attachment,
    attempt::{Attempt, AttemptState, Conclusion, Entry, Recorded},
    compare::{Change, ItemComparison},
    conclude::step_prefix,
    event::Event,
    evidence::Evidence,
    finding::{Finding, FindingState, FindingStep, Said},
    import::{Collected, Import, ImportOutcome, Origin},
    lifecycle::{LicenceStatus, Opening},
    limits::LimitOverride,
    outcome::{Outcome, Verdict},
    record::Measurement,
    terms::Terms,
    waive::Waiver,
};

platform::id! {
    /// An attempt of an audit; issued by the scheduling service.
    pub AttemptId
}
platform::id! {
    /// Something that an audit wants corrected.
    pub FindingId
}

/// All audits of a project.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Dossier {
    pub company: CompanyId,
    pub project: ProjectId,
    /// In the order in which they were opened.
    pub attempts: Vec<Attempt>,
    /// In the order in which they were found; `number` counts them from 1.
    pub findings: Vec<Finding>,
    pub waivers: Vec<Waiver>,
    /// Other limits than the checklist's, for this company; the latest of an item counts.
    #[serde(default)]
    pub overrides: Vec<LimitOverride>,
    /// The present variant, for judging whether a licence status is meant for it.
    pub variant: Option<String>,
    /// The last status that licensing told.
    pub licence: Option<LicenceStatus>,
    /// Why nothing can be changed any more: the project was completed or cancelled.
    pub closed: Option<String>,
}

impl Dossier {
    pub fn new(company: CompanyId, project: ProjectId) -> Self {
        Self {
            company,
            project,
            attempts: Vec::new(),
            findings: Vec::new(),
            waivers: Vec::new(),
            overrides: Vec::new(),
            variant: None,
            licence: None,
            closed: None,
        }
    }

    pub fn attempt(&self, id: AttemptId) -> Result<&Attempt, Refusal> {
        self.attempts.iter().find(|a| a.id == id).ok_or_else(|| not_found(id))
    }

    pub fn finding(&self, id: FindingId) -> Result<&Finding, Refusal> {
        self.findings.iter().find(|f| f.id == id).ok_or_else(|| not_found(id))
    }

    /// An attempt that is open, to change it.
    fn open_attempt(&mut self, id: AttemptId, asked: Words) -> Result<&mut Attempt, Refusal> {
        self.check_not_closed()?;
        let index = self.index_of(id)?;
        self.attempts[index].check_open(asked)?;
        Ok(&mut self.attempts[index])
    }

    fn index_of(&self, id: AttemptId) -> Result<usize, Refusal> {
        self.attempts.iter().position(|a| a.id == id).ok_or_else(|| not_found(id))
    }

    /// Whether an attempt's results count; those of a voided one are kept and do not.
    pub fn counts(&self, id: AttemptId) -> bool {
        self.attempts.iter().any(|a| a.id == id && !a.is_voided())
    }

    fn check_not_closed(&self) -> Result<(), Refusal> {
        match &self.closed {
            Some(why) => Err(Violation::new(ErrorReason::ProjectClosed).asked(why).into()),
            None => Ok(()),
        }
    }
}

fn not_found(id: impl Display) -> Refusal {
    Violation::new(ErrorReason::NotFound).field("name").asked(id).into()
}
