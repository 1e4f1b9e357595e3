//! What was written and has been overtaken: looked at once more right before it is sent.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use platform::{Error, documents, id::CompanyId};

use super::store::StoredMessage;
use super::{Message, MessageId};
use crate::Notification;
use crate::kind::Kind;
use crate::project::{Morning, Project, Reminder, Unanswered, Verdict};

impl Notification {
    /// The messages that nobody needs any more by the newest known state, and why. A mail server that was away for
    /// days does not make a reminder of yesterday useful.
    pub(crate) async fn overtaken(
        &self,
        company: CompanyId,
        messages: &[StoredMessage],
    ) -> Result<BTreeMap<MessageId, &'static str>, Error> {
        let now = self.core.clock.now();
        let reminders = messages.iter().map(|stored| &stored.value).filter(|m| is_reminder(m.kind));
        let reminders: Vec<_> = reminders.filter_map(|m| Some((m, m.project?))).collect();
        let ids: BTreeSet<_> = reminders.iter().map(|(_, project)| project.0).collect();
        let projects = documents::find_all::<Project>(self.core.db.read(), ids).await?;
        let of = |id| projects.iter().find(|stored| stored.company == company && stored.value.id == id);
        let overtaken = reminders.into_iter().filter_map(|(message, project)| {
            Some((message.id, self.why_not(message, &of(project)?.value, now)?))
        });
        Ok(overtaken.collect())
    }

    /// None also where the part does not say what it reminds of, as an older build wrote it.
    fn why_not(&self, message: &Message, project: &Project, now: Timestamp) -> Option<&'static str> {
        let part = &message.part;
        match message.kind {
            Kind::Reminder => {
                let due: Reminder = part.parse().ok()?;
                match due.judge(project, &self.reminders, now) {
                    Verdict::Send { .. } => None,
                    Verdict::Drop(why) => Some(why),
                }
            }
            Kind::IntegrationsToday => part.parse::<Morning>().ok()?.judge(project, now).err(),
            _ => part.parse::<Unanswered>().ok()?.judge(project, &self.reminders.unanswered, now).err(),
        }
    }
}

fn is_reminder(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Reminder | Kind::IntegrationsToday | Kind::DatesUnanswered | Kind::DatesStillUnanswered
    )
}
