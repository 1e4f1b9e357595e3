use jiff::{
    Timestamp, ToSpan,
    civil::{Date, Time},
};
use proto::scheduling::v1::Stage;
use serde::{Deserialize, Serialize};

use super::{Entry, Project};

/// When people are reminded of a date; policy data.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReminderPolicy {
    /// Days before the first day of the date.
    pub days_before: Vec<i32>,
    /// Local time in Poland.
    pub at: Time,
}

/// One reminder of one agreement. It is looked at again when it is due.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reminder {
    pub agreement: String,
    pub days_before: i32,
    pub due_at: Timestamp,
}

/// What becomes of a reminder that is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict<'a> {
    /// To be sent, with the stage that must still be done before that date.
    Send { entry: &'a Entry, provided_that: Option<Stage> },
    /// Nobody needs it; says why.
    Drop(&'static str),
}

impl ReminderPolicy {
    /// The policy that is shipped.
    pub fn shipped() -> Self {
        toml::from_str(include_str!("../../data/reminders.toml"))
            .expect("the shipped reminder policy is valid")
    }

    fn due(&self, day: Date) -> Option<Timestamp> {
        Some(day.to_datetime(self.at).to_zoned(calendar::warsaw()).ok()?.timestamp())
    }

    /// The reminders of a date agreed at `now`. Those whose time has come already are not made up for.
    pub fn reminders(&self, entry: &Entry, now: Timestamp) -> Vec<Reminder> {
        let due = |days_before: i32| {
            let day = entry.date.first_day().checked_sub(days_before.days()).ok()?;
            let due_at = self.due(day).filter(|due_at| *due_at > now)?;
            Some(Reminder { agreement: entry.agreement.clone(), days_before, due_at })
        };
        self.days_before.iter().filter_map(|days| due(*days)).collect()
    }
}

impl Reminder {
    /// Judges a due reminder against what is known now: the date may have moved, ended or be behind us.
    pub fn judge<'a>(&self, project: &'a Project, now: Timestamp) -> Verdict<'a> {
        let Some(entry) = project.entry(&self.agreement).filter(|e| e.live) else {
            return Verdict::Drop("the date was moved or withdrawn");
        };
        if project.closed {
            return Verdict::Drop("the project is closed");
        }
        if project.is_past(entry.date.kind) {
            return Verdict::Drop("the stage is done");
        }
        // A day later its words would be wrong.
        if calendar::local_day(now) > calendar::local_day(self.due_at) || now >= entry.date.starts_at {
            return Verdict::Drop("too late to be of use");
        }
        Verdict::Send { entry, provided_that: project.open_gate(entry.date.kind) }
    }
}
