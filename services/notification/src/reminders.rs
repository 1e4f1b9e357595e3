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
use crate::book::{OpenBook, REMINDER, tell};
use crate::consume::reminder;
use crate::project::Reminder;

#[async_trait]
impl OnTimer for Notification {
    async fn fire(&self, unit: &mut Unit, timer: &Timer) -> Result<(), Error> {
        let Lane::Company(company) = unit.lane() else { return Ok(()) };
        if timer.kind != REMINDER {
            return Err(anyhow::anyhow!("a timer of kind {:?}", timer.kind).into());
        }
        let due: Reminder = timer.key.parse()?;
        let open = OpenBook::read(unit.db(), company, Some(due.project)).await?;
        let Some(project) = &open.book.project else { return Ok(()) };
        match reminder(&due, project, &self.reminders, Uuid::now_v7(), unit.now()) {
            Ok(notice) => tell(unit, &self.renderer, &open.book.directory, &[notice]).await,
            Err(why) => {
                tracing::debug!(key = timer.key, why, "reminder dropped");
                Ok(())
            }
        }
    }
}
