use jiff::{Timestamp, civil::Time};
use serde::Deserialize;
use uuid::Uuid;

use super::Question;
use crate::kind::Kind;
use crate::message::{Fact, Notice};
use crate::project::business_days_after;
use crate::recipients::Directory;

/// When SOFTVIG is told that a question has no answer; policy data.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuestionPolicy {
    /// Business days after the day on which it was asked.
    pub raise_after: u32,
    /// Local time in Poland.
    pub at: Time,
}

impl QuestionPolicy {
    pub fn due_at(&self, question: &Question) -> Option<Timestamp> {
        business_days_after(question.asked_at, self.raise_after, self.at)
    }
}

impl Question {
    /// Why nobody need hear any more that it has no answer.
    pub fn why_not_raised(&self) -> Option<&'static str> {
        if !self.is_open() {
            return Some("the question was answered");
        }
        self.text.is_empty().then_some("the asker was anonymised")
    }

    /// It waits too long: what is told, or why nothing is. `event_id` is this notice's own.
    pub fn raised(
        &self,
        directory: &Directory,
        event_id: Uuid,
        now: Timestamp,
    ) -> Result<Notice, &'static str> {
        if let Some(why) = self.why_not_raised() {
            return Err(why);
        }
        let asker = directory.contact(self.asker).map(|contact| contact.name.clone());
        Ok(self
            .notice(Kind::QuestionUnanswered, event_id, now)
            .text("asker", asker.unwrap_or_default())
            .fact("since", Fact::Instant(self.asked_at)))
    }

    /// A notice with its words.
    pub(super) fn notice(&self, kind: Kind, event_id: Uuid, now: Timestamp) -> Notice {
        let notice = Notice::new(kind, event_id, self.project, now)
            .text("subject", &self.subject)
            .text("question", &self.text);
        // By its part it is judged again when it is sent, and mail programs keep its mails together.
        let part = self.id.to_string();
        Notice { part, about: Some(self.answer_to), mentions: vec![self.asker, self.answer_to], ..notice }
    }
}
