use std::{fmt, str::FromStr};

use anyhow::Context;
use jiff::{Timestamp, ToSpan, civil::Time};
use platform::id::ProjectId;
use proto::scheduling::v1::Stage;
use serde::Deserialize;

use super::{Entry, IntegrationsPolicy, Project, UnansweredPolicy};
use crate::questions::QuestionPolicy;

/// When people are reminded of a date, of an answer that they owe, and of what comes back; policy data.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReminderPolicy {
    /// Days before the first day of the date.
    pub days_before: Vec<i32>,
    /// Local time in Poland.
    pub at: Time,
    pub unanswered: UnansweredPolicy,
    pub questions: QuestionPolicy,
    pub integrations: IntegrationsPolicy,
}

/// One reminder of one agreement. It is looked at again when it is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reminder {
    pub project: ProjectId,
    pub agreement: String,
    pub days_before: i32,
}

/// What becomes of a reminder that is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict<'a> {
    /// To be sent, with the stage that must still be done before that date.
    Send { entry: &'a Entry, provided_that: Option<Stage> },
    /// Nobody needs it; says why.
    Drop(&'static str),
}

impl Verdict<'_> {
    pub const MOVED_OR_WITHDRAWN: &'static str = "the date was moved or withdrawn";
}

impl ReminderPolicy {
    /// The policy that is shipped.
    pub fn shipped() -> Self {
        toml::from_str(include_str!("../../data/reminders.toml"))
            .expect("the shipped reminder policy is valid")
    }

    fn due_at(&self, entry: &Entry, days_before: i32) -> Option<Timestamp> {
        let day = entry.date.first_day().checked_sub(days_before.days()).ok()?;
        Some(day.to_datetime(self.at).to_zoned(calendar::warsaw()).ok()?.timestamp())
    }

    /// The reminders that a date can have.
    pub fn all(&self, project: ProjectId, agreement: &str) -> impl Iterator<Item = Reminder> {
        let reminder =
            move |days: &i32| Reminder { project, agreement: agreement.into(), days_before: *days };
        self.days_before.iter().map(reminder)
    }

    /// The reminders of a date agreed at `now`, with their due times. Those whose time has come
    /// already are not made up for, and none comes when the date has begun.
    pub fn ahead(&self, project: ProjectId, entry: &Entry, now: Timestamp) -> Vec<(Reminder, Timestamp)> {
        let due = |r: Reminder| {
            let due_at = self.due_at(entry, r.days_before)?;
            (due_at > now && !entry.date.has_begun(due_at)).then_some((r, due_at))
        };
        self.all(project, &entry.agreement).filter_map(due).collect()
    }
}

impl Reminder {
    /// Judges a due reminder against what is known now: the date may have moved, ended or be behind us.
    pub fn judge<'a>(&self, project: &'a Project, policy: &ReminderPolicy, now: Timestamp) -> Verdict<'a> {
        let Some(entry) = project.entry(&self.agreement).filter(|e| e.live) else {
            return Verdict::Drop(Verdict::MOVED_OR_WITHDRAWN);
        };
        if project.is_past(entry.date.kind) {
            return Verdict::Drop("the stage is done");
        }
        // A day later its words would be wrong.
        let due_day = policy.due_at(entry, self.days_before).map(calendar::local_day);
        if due_day.is_none_or(|day| calendar::local_day(now) > day) || entry.date.has_begun(now) {
            return Verdict::Drop("too late to be of use");
        }
        Verdict::Send { entry, provided_that: project.open_gate(entry.date.kind) }
    }
}

/// The key of a reminder's timer.
impl fmt::Display for Reminder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.project, self.days_before, self.agreement)
    }
}

impl FromStr for Reminder {
    type Err = anyhow::Error;

    fn from_str(key: &str) -> Result<Self, Self::Err> {
        let mut parts = key.splitn(3, '/');
        let mut next = || parts.next().with_context(|| format!("{key:?} is no reminder"));
        Ok(Self { project: next()?.parse()?, days_before: next()?.parse()?, agreement: next()?.to_owned() })
    }
}
