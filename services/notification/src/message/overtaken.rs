//! What was written and has been overtaken: looked at once more right before it is sent.

use std::collections::BTreeMap;

use jiff::Timestamp;
use platform::{Error, documents, id::CompanyId};

use super::store::StoredMessage;
use super::{Message, MessageId};
use crate::Notification;
use crate::kind::Kind;
use crate::project::{Project, Reminder, Unanswered, Verdict};

impl Notification {
    /// The messages that nobody needs any more by the newest known state, and why. A mail server that was away for
    /// days does not make a reminder of yesterday useful.
    pub(crate) async fn overtaken(
        &self,
        company: CompanyId,
        messages: &[StoredMessage],
    ) -> Result<BTreeMap<MessageId, &'static str>, Error> {
        let now = self.core.clock.now();
        let mut overtaken = BTreeMap::new();
        for message in messages.iter().map(|stored| &stored.value).filter(|m| is_reminder(m.kind)) {
            let Some(project) = message.project else { continue };
            let project = documents::find::<Project>(self.core.db.read(), company, project.0).await?;
            let Some(project) = project else { continue };
            if let Some(why) = self.why_not(message, &project.value, now) {
                overtaken.insert(message.id, why);
            }
        }
        Ok(overtaken)
    }

    /// None also where the part does not say what it reminds of, as an older build wrote it.
    fn why_not(&self, message: &Message, project: &Project, now: Timestamp) -> Option<&'static str> {
        if message.kind == Kind::Reminder {
            let due: Reminder = message.part.parse().ok()?;
            return match due.judge(project, &self.reminders, now) {
                Verdict::Send { .. } => None,
                Verdict::Drop(why) => Some(why),
            };
        }
        let due: Unanswered = message.part.parse().ok()?;
        due.judge(project, &self.reminders.unanswered, now).err()
    }
}

fn is_reminder(kind: Kind) -> bool {
    matches!(kind, Kind::Reminder | Kind::DatesUnanswered | Kind::DatesStillUnanswered)
}
