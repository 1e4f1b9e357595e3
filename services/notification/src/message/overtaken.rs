//! What was written and has been overtaken: looked at once more right before it is sent.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use platform::{Error, documents, id::CompanyId};

use super::store::StoredMessage;
use super::{Message, MessageId};
use crate::Notification;
use crate::kind::Kind;
use crate::project::{Entry, Morning, Project, Reminder, Unanswered, Verdict};
use crate::questions::{Question, QuestionId};

impl Notification {
    /// The messages that nobody needs any more by the newest known state, and why. A mail server that was away for
    /// days does not make a reminder of yesterday useful, and an invitation to a date that was withdrawn since must not
    /// come after its cancellation.
    pub(crate) async fn overtaken(
        &self,
        company: CompanyId,
        messages: &[StoredMessage],
    ) -> Result<BTreeMap<MessageId, &'static str>, Error> {
        let messages: Vec<&Message> = messages.iter().map(|stored| &stored.value).collect();
        let mut overtaken = self.reminders_overtaken(company, &messages).await?;
        overtaken.extend(self.questions_answered(company, &messages).await?);
        Ok(overtaken)
    }

    async fn reminders_overtaken(
        &self,
        company: CompanyId,
        messages: &[&Message],
    ) -> Result<BTreeMap<MessageId, &'static str>, Error> {
        let now = self.core.clock.now();
        let doubtful = messages.iter().filter(|m| is_doubtful(m));
        let doubtful: Vec<_> = doubtful.filter_map(|m| Some((*m, m.project?))).collect();
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
            // A build before did not keep the dates.
            let is_of = |entry: &Entry| message.dates.first().is_none_or(|date| *date == entry.date);
            let stands = live.is_some_and(is_of);
            return (!stands).then_some(Verdict::MOVED_OR_WITHDRAWN);
        }
        message.parts().find_map(|part| self.why_not_part(message.kind, part, project, now))
    }

    /// None also where the part does not say what it reminds of, as an older build wrote it.
    fn why_not_part(
        &self,
        kind: Kind,
        part: &str,
        project: &Project,
        now: Timestamp,
    ) -> Option<&'static str> {
        match kind {
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

    /// What was to tell SOFTVIG that a question has no answer, and it has one.
    async fn questions_answered(
        &self,
        company: CompanyId,
        messages: &[&Message],
    ) -> Result<BTreeMap<MessageId, &'static str>, Error> {
        let raised = messages.iter().filter(|m| m.kind == Kind::QuestionUnanswered);
        let raised = raised.flat_map(|m| m.parts().map(|part| (m.id, part)));
        let raised: Vec<_> =
            raised.filter_map(|(id, part)| Some((id, part.parse::<QuestionId>().ok()?))).collect();
        let ids = raised.iter().map(|(_, question)| question.0);
        let questions = documents::find_all::<Question>(self.core.db.read(), ids).await?;
        let of = |id| questions.iter().find(|stored| stored.company == company && stored.value.id == id);
        let answered = raised
            .into_iter()
            .filter_map(|(message, question)| Some((message, of(question)?.value.why_not_raised()?)));
        Ok(answered.collect())
    }
}

fn is_doubtful(message: &Message) -> bool {
    let reminds = matches!(
        message.kind,
        Kind::Reminder | Kind::IntegrationsToday | Kind::DatesUnanswered | Kind::DatesStillUnanswered
    );
    reminds || message.invites()
}
