//! What was written and has been overtaken: looked at once more right before it is sent.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use platform::{Error, documents, id::CompanyId};

use super::store::StoredMessage;
use super::{Message, MessageId};
use crate::Notification;
use crate::kind::Kind;
use crate::project::{Project, Reminder, Unanswered, Verdict};

impl Notification {
    /// The messages that nobody needs any more by the newest known state, and why. A mail server that was away for
    /// days does not make a reminder of yesterday useful, and an invitation to a date that was withdrawn since must not
    /// come after its cancellation.
    pub(crate) async fn overtaken(
        &self,
        company: CompanyId,
        messages: &[StoredMessage],
    ) -> Result<BTreeMap<MessageId, &'static str>, Error> {
        let now = self.core.clock.now();
        let doubtful = messages.iter().map(|stored| &stored.value).filter(|m| is_doubtful(m));
        let doubtful: Vec<_> = doubtful.filter_map(|m| Some((m, m.project?))).collect();
        let ids: BTreeSet<_> = doubtful.iter().map(|(_, project)| project.0).collect();
        let projects = documents::find_all::<Project>(self.core.db.read(), ids).await?;
        let of = |id| projects.iter().find(|stored| stored.company == company && stored.value.id == id);
        let overtaken = doubtful.into_iter().filter_map(|(message, project)| {
            Some((message.id, self.why_not(message, &of(project)?.value, now)?))
        });
        Ok(overtaken.collect())
    }

    /// Of several in one: why one of them is not needed.
    fn why_not(&self, message: &Message, project: &Project, now: Timestamp) -> Option<&'static str> {
        if message.invites() {
            let live = project.live_entries().find(|entry| entry.uid == message.part);
            let stands = live.is_some_and(|entry| message.dates.contains(&entry.date));
            return (!stands).then_some(Verdict::MOVED_OR_WITHDRAWN);
        }
        let parts = message.joins.iter().map(|one| one.part.as_str()).chain([message.part.as_str()]);
        parts.filter_map(|part| self.why_not_part(message.kind, part, project, now)).next()
    }

    /// None also where the part does not say what it reminds of, as an older build wrote it.
    fn why_not_part(
        &self,
        kind: Kind,
        part: &str,
        project: &Project,
        now: Timestamp,
    ) -> Option<&'static str> {
        if kind == Kind::Reminder {
            let due: Reminder = part.parse().ok()?;
            return match due.judge(project, &self.reminders, now) {
                Verdict::Send { .. } => None,
                Verdict::Drop(why) => Some(why),
            };
        }
        let due: Unanswered = part.parse().ok()?;
        due.judge(project, &self.reminders.unanswered, now).err()
    }
}

fn is_doubtful(message: &Message) -> bool {
    let reminds = matches!(message.kind, Kind::Reminder | Kind::DatesUnanswered | Kind::DatesStillUnanswered);
    reminds || message.invites()
}
