//! Reminders come due: each is judged once more, and told or dropped.

use async_trait::async_trait;
use platform::lane::Lane;
use platform::{
    Error,
    timers::{OnTimer, Timer},
    unit::Unit,
};
use uuid::Uuid;

use crate::Notification;
use crate::book::{OpenBook, REMINDER, UNANSWERED, tell};
use crate::consume::{reminder, unanswered};
use crate::project::{Reminder, Unanswered};

#[async_trait]
impl OnTimer for Notification {
    async fn fire(&self, unit: &mut Unit, timer: &Timer) -> Result<(), Error> {
        let Lane::Company(company) = unit.lane() else { return Ok(()) };
        let due: Due = match timer.kind.as_str() {
            REMINDER => Due::Date(timer.key.parse()?),
            UNANSWERED => Due::Answer(timer.key.parse()?),
            kind => return Err(anyhow::anyhow!("a timer of kind {kind:?}").into()),
        };
        let id = match &due {
            Due::Date(due) => due.project,
            Due::Answer(due) => due.project,
        };
        let open = OpenBook::read(unit.db(), company, Some(id)).await?;
        let Some(project) = &open.book.project else { return Ok(()) };
        let (event_id, now) = (Uuid::now_v7(), unit.now());
        let notice = match &due {
            Due::Date(due) => reminder(due, project, &self.reminders, event_id, now),
            Due::Answer(due) => unanswered(due, project, &self.reminders.unanswered, event_id, now),
        };
        match notice {
            Ok(notice) => tell(unit, &self.renderer, &open.book.directory, &[notice]).await,
            Err(why) => {
                tracing::debug!(key = timer.key, why, "reminder dropped");
                Ok(())
            }
        }
    }
}

/// What people are reminded of.
enum Due {
    Date(Reminder),
    Answer(Unanswered),
}
