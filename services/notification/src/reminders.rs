//! Reminders come due: each is judged once more, and told or dropped.

use async_trait::async_trait;
use jiff::Timestamp;
use platform::lane::Lane;
use platform::{
    Error, documents,
    id::{CompanyId, ProjectId},
    timers::{OnTimer, Timer},
    unit::Unit,
};
use uuid::Uuid;

use crate::Notification;
use crate::book::{INTEGRATIONS, OpenBook, QUESTION, REMINDER, UNANSWERED, directory, tell};
use crate::consume::{Book, integrations_today, reminder, unanswered};
use crate::message::Notice;
use crate::project::{Morning, Project, Reminder, Unanswered};
use crate::questions::{Question, QuestionId};
use crate::recipients::Directory;

/// What is told, or why nothing is.
type Judged = Result<Notice, &'static str>;

#[async_trait]
impl OnTimer for Notification {
    async fn fire(&self, unit: &mut Unit, timer: &Timer) -> Result<(), Error> {
        let Lane::Company(company) = unit.lane() else { return Ok(()) };
        let key = &timer.key;
        let due = match timer.kind.as_str() {
            REMINDER => {
                let due: Reminder = key.parse()?;
                let judge = |project: &_, id, now| reminder(&due, project, &self.reminders, id, now);
                of_project(unit, company, due.project, judge).await?
            }
            UNANSWERED => {
                let due: Unanswered = key.parse()?;
                let policy = &self.reminders.unanswered;
                let judge = |project: &_, id, now| unanswered(&due, project, policy, id, now);
                of_project(unit, company, due.project, judge).await?
            }
            INTEGRATIONS => {
                let due: Morning = key.parse()?;
                let judge = |project: &_, id, now| integrations_today(&due, project, id, now);
                of_project(unit, company, due.project, judge).await?
            }
            QUESTION => of_question(unit, company, key.parse().map_err(anyhow::Error::from)?).await?,
            kind => return Err(anyhow::anyhow!("a timer of kind {kind:?}").into()),
        };
        match due {
            Some((directory, Ok(notice))) => tell(unit, &self.renderer, &directory, &[notice]).await,
            Some((_, Err(why))) => {
                tracing::debug!(key, why, "reminder dropped");
                Ok(())
            }
            None => Ok(()),
        }
    }
}

/// `judge`: by the project, an id for what is told, and the time. None of a project that is not known.
async fn of_project(
    unit: &Unit,
    company: CompanyId,
    project: ProjectId,
    judge: impl Fn(&Project, Uuid, Timestamp) -> Judged + Send,
) -> Result<Option<(Directory, Judged)>, Error> {
    let Book { directory, project } = OpenBook::read(unit.db(), company, Some(project)).await?.book;
    Ok(project.map(|project| (directory, judge(&project, Uuid::now_v7(), unit.now()))))
}

/// None of a question that is not known.
async fn of_question(
    unit: &Unit,
    company: CompanyId,
    id: QuestionId,
) -> Result<Option<(Directory, Judged)>, Error> {
    let Some(question) = documents::find::<Question>(unit.db(), company, id.0).await? else {
        return Ok(None);
    };
    let directory = directory(unit.db(), company).await?;
    let judged = question.value.raised(&directory, Uuid::now_v7(), unit.now());
    Ok(Some((directory, judged)))
}
