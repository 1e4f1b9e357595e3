use std::{fmt, str::FromStr};

use anyhow::Context;
use calendar::Calendar;
use jiff::{Timestamp, civil::Time};
use platform::{actor::Party, id::ProjectId};
use serde::{Deserialize, Serialize};

use super::{Planned, Project};

/// When it is told that a proposal waits for its answer; policy data.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnansweredPolicy {
    /// Business days after the day of the proposal, until those who owe the answer are reminded.
    pub remind_after: u32,
    /// The same, until everybody is told.
    pub escalate_after: u32,
    /// Local time in Poland.
    pub at: Time,
}

/// Dates that were proposed and wait for an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    pub id: String,
    /// The side that owes the answer.
    pub asked: Party,
    pub dates: Vec<Planned>,
    pub proposed_at: Timestamp,
}

/// How far it has come with a proposal that nobody answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Remind,
    Escalate,
}

impl Step {
    const ALL: [Self; 2] = [Self::Remind, Self::Escalate];

    const fn key(self) -> &'static str {
        match self {
            Self::Remind => "remind",
            Self::Escalate => "escalate",
        }
    }
}

/// One step of one proposal. It is looked at again when it is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unanswered {
    pub project: ProjectId,
    pub step: Step,
    pub proposal: String,
}

/// That time on the so many-th business day after the local day of an instant.
pub fn business_days_after(instant: Timestamp, days: u32, at: Time) -> Option<Timestamp> {
    let day = Calendar::poland().add_business_days(calendar::local_day(instant), days);
    Some(day.to_datetime(at).to_zoned(calendar::warsaw()).ok()?.timestamp())
}

impl UnansweredPolicy {
    fn due_at(&self, proposal: &Proposal, step: Step) -> Option<Timestamp> {
        let days = match step {
            Step::Remind => self.remind_after,
            Step::Escalate => self.escalate_after,
        };
        business_days_after(proposal.proposed_at, days, self.at)
    }

    /// The steps that a proposal can take.
    pub fn all(project: ProjectId, proposal: &str) -> impl Iterator<Item = Unanswered> {
        Step::ALL.into_iter().map(move |step| Unanswered { project, step, proposal: proposal.into() })
    }

    /// The steps of a proposal that are still to come at `now`, with their due times.
    pub fn ahead(
        &self,
        project: ProjectId,
        proposal: &Proposal,
        now: Timestamp,
    ) -> Vec<(Unanswered, Timestamp)> {
        let due = |step: Unanswered| {
            let due_at = self.due_at(proposal, step.step).filter(|due_at| *due_at > now)?;
            Some((step, due_at))
        };
        Self::all(project, &proposal.id).filter_map(due).collect()
    }
}

impl Unanswered {
    /// The proposal, if it still waits; else why nobody need hear of it.
    pub fn judge<'a>(
        &self,
        project: &'a Project,
        policy: &UnansweredPolicy,
        now: Timestamp,
    ) -> Result<&'a Proposal, &'static str> {
        let proposal = project.proposal(&self.proposal).ok_or("the proposal is no longer open")?;
        let escalated = policy.due_at(proposal, Step::Escalate).is_some_and(|due_at| now >= due_at);
        if self.step == Step::Remind && escalated {
            return Err("everybody is told by now");
        }
        Ok(proposal)
    }
}

/// The key of its timer.
impl fmt::Display for Unanswered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.project, self.step.key(), self.proposal)
    }
}

impl FromStr for Unanswered {
    type Err = anyhow::Error;

    fn from_str(key: &str) -> Result<Self, Self::Err> {
        let mut parts = key.splitn(3, '/');
        let mut next = || parts.next().with_context(|| format!("{key:?} is no step of a proposal"));
        let project = next()?.parse()?;
        let step = next()?;
        let step = Step::ALL.into_iter().find(|s| s.key() == step).context("an unknown step")?;
        Ok(Self { project, step, proposal: next()?.to_owned() })
    }
}
