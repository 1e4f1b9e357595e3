use jiff::Timestamp;
use proto::scheduling::v1::DateKind;
use uuid::Uuid;

use crate::kind::Kind;
use crate::message::{Fact, Notice};
use crate::project::{Project, Reminder, ReminderPolicy, Verdict};

use super::scheduling::gate_fact;

/// A reminder that is due: what is told, or why nothing is. `event_id` is the reminder's own.
pub fn reminder(
    reminder: &Reminder,
    project: &Project,
    policy: &ReminderPolicy,
    event_id: Uuid,
    now: Timestamp,
) -> Result<Notice, &'static str> {
    match reminder.judge(project, policy, now) {
        Verdict::Drop(why) => Err(why),
        Verdict::Send { entry, provided_that } => {
            // By its part it is judged again when it is sent.
            let notice = Notice::new(Kind::Reminder, event_id, Some(project.id), now);
            Ok(Notice { part: reminder.to_string(), ..notice }
                .fact("today", Fact::Flag(reminder.days_before == 0))
                .fact("tomorrow", Fact::Flag(reminder.days_before == 1))
                .fact("days", Fact::Number(reminder.days_before.into()))
                .about_date(&entry.date)
                .fact("migration", Fact::Flag(entry.date.kind == DateKind::Migration))
                .fact("provided_that", gate_fact(provided_that)))
        }
    }
}
