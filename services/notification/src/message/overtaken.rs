//! What was written and has been overtaken: looked at once more right before it is sent.

use std::collections::BTreeMap;

use platform::{Error, documents, id::CompanyId};

use super::MessageId;
use super::store::StoredMessage;
use crate::Notification;
use crate::kind::Kind;
use crate::project::{Project, Reminder, Verdict};

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
        for message in messages.iter().map(|stored| &stored.value).filter(|m| m.kind == Kind::Reminder) {
            let reminder: Reminder = message.part.parse()?;
            let project =
                documents::find::<Project>(self.core.db.read(), company, reminder.project.0).await?;
            let verdict = project.as_ref().map(|stored| reminder.judge(&stored.value, &self.reminders, now));
            if let Some(Verdict::Drop(why)) = verdict {
                overtaken.insert(message.id, why);
            }
        }
        Ok(overtaken)
    }
}
