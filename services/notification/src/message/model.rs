use std::fmt;

use jiff::{SignedDuration, Timestamp};
use platform::id::{CompanyId, ContactId, ProjectId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Invitation, Method};
use crate::kind::Kind;
use crate::project::Planned;
use crate::recipients::Language;

platform::id! {
    /// A message.
    pub MessageId
}

/// Who a message is for. The address is looked up when it is sent, so that a corrected one is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recipient {
    Contact(ContactId),
    Softvig,
}

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Contact(id) => id.fmt(f),
            Self::Softvig => f.write_str("softvig"),
        }
    }
}

/// One mail to one recipient about one event; unique by event, recipient, kind and part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    pub id: MessageId,
    pub company: CompanyId,
    pub project: Option<ProjectId>,
    pub event_id: Uuid,
    pub part: String,
    pub kind: Kind,
    pub recipient: Recipient,
    pub language: Language,
    /// Contacts whose personal data the words hold, besides the recipient.
    pub mentions: Vec<ContactId>,
    pub content: Content,
    /// Where a contact is written to, if not at the address that it has when the message is sent.
    #[serde(default)]
    pub address: Option<String>,
    /// The dates that it is about.
    #[serde(default)]
    pub dates: Vec<Planned>,
    /// As [`Notice::urgent`](super::Notice::urgent).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub urgent: bool,
    /// The messages that it takes the place of, oldest first.
    #[serde(default)]
    pub joins: Vec<Part>,
    /// Of the templates that it was written from; empty for one that is older than versions.
    #[serde(default)]
    pub template_version: String,
    /// W3C traceparent of what it tells about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<String>,
    /// Business time.
    pub created_at: Timestamp,
    pub attempts: u32,
    /// The mail server's last answer without addresses, or why it was dropped.
    pub outcome: String,
    pub state: State,
    /// What became of each try, oldest first; no more than the last 100.
    #[serde(default)]
    pub tries: Vec<Try>,
    /// Machine time of the first try since it was written or sent again.
    #[serde(default)]
    pub tried_since: Option<Timestamp>,
    /// How often it was sent again: by SOFTVIG, or because it had not arrived and could now.
    #[serde(default)]
    pub resends: u32,
    /// The last time.
    #[serde(default)]
    pub resent: Option<Resent>,
}

/// One of the messages that are sent as one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    pub message: MessageId,
    /// As [`Message::part`].
    pub part: String,
}

/// Since when a message is sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resent {
    /// When the mail is from; business time.
    pub at: Timestamp,
    /// How often it had been tried until then.
    pub after: u32,
    /// Because it had not arrived and could then, and not by hand.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub by_itself: bool,
}

/// A try that was recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Try {
    /// Machine time.
    pub at: Timestamp,
    /// The mail server's, without addresses; of a notice that came later, what it says.
    pub answer: String,
}

/// What the recipient reads.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    pub subject: String,
    pub text: String,
    pub html: String,
    /// The text without greeting and closing.
    #[serde(default)]
    pub body: String,
    pub invitation: Option<Invitation>,
    /// Where a contact switches this kind off; none where it cannot.
    #[serde(default)]
    pub unsubscribe: Option<String>,
}

/// Where a message is on its way. Tries and leases are machine time, the rest business time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Waits for the end of the quiet hours, or for others of its kind.
    Held {
        until: Timestamp,
    },
    Pending {
        next_try: Timestamp,
    },
    Sending {
        lease: Lease,
    },
    Sent {
        at: Timestamp,
    },
    Undeliverable {
        at: Timestamp,
    },
    Dropped {
        at: Timestamp,
    },
    /// Sent as a part of another one.
    Joined {
        into: MessageId,
    },
    /// No server took it in all that time, or one refused it for good, but not for its address.
    GivenUp {
        at: Timestamp,
    },
    /// A server took it, and a notice came later that it does not arrive (RFC 3464).
    Bounced {
        at: Timestamp,
        sent: Timestamp,
    },
}

/// The two times at which something is recorded.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    pub business: Timestamp,
    pub machine: Timestamp,
}

/// The right of one replica to send a message, until it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    pub token: Uuid,
    pub until: Timestamp,
}

/// Longer than a night, or a weekend's window with what goes wrong in it.
const LONGEST_MIGRATION: SignedDuration = SignedDuration::from_hours(24);

/// Another replica took the message over, or may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the lease on the message was lost")]
pub struct LeaseLost;

impl Message {
    /// The label that lists filter by.
    pub const fn label(&self) -> &'static str {
        match self.state {
            State::Held { .. } => "held",
            State::Pending { .. } => "pending",
            State::Sending { .. } => "sending",
            State::Sent { .. } => "sent",
            State::Undeliverable { .. } => "undeliverable",
            State::Dropped { .. } => "dropped",
            State::Joined { .. } => "joined",
            State::GivenUp { .. } => "given_up",
            State::Bounced { .. } => "bounced",
        }
    }

    /// When it wants attention: its next try, or the end of a lease that somebody died with.
    pub const fn due_at(&self) -> Option<Timestamp> {
        match self.state {
            State::Pending { next_try } => Some(next_try),
            State::Sending { lease } => Some(lease.until),
            State::Held { .. }
            | State::Sent { .. }
            | State::Undeliverable { .. }
            | State::Dropped { .. }
            | State::Joined { .. }
            | State::GivenUp { .. }
            | State::Bounced { .. } => None,
        }
    }

    /// Until when it is held, in business time.
    pub const fn held_until(&self) -> Option<Timestamp> {
        match self.state {
            State::Held { until } => Some(until),
            _ => None,
        }
    }

    /// Whether it is still to be sent, as far as is known.
    pub const fn is_on_its_way(&self) -> bool {
        matches!(self.state, State::Held { .. } | State::Pending { .. } | State::Sending { .. })
    }

    /// Whether it puts a date into the recipient's calendar.
    pub fn invites(&self) -> bool {
        self.content.invitation.as_ref().is_some_and(|invitation| invitation.method == Method::Request)
    }

    /// Whether it takes a date out of the recipient's calendar.
    pub fn uninvites(&self) -> bool {
        self.content.invitation.as_ref().is_some_and(|invitation| invitation.method == Method::Cancel)
    }

    /// Whether it leaves at once, by itself and before everything else.
    pub const fn is_urgent(&self) -> bool {
        self.urgent || self.kind.is_of_a_running_migration()
    }

    /// The same, of a migration that may still be running: of an earlier one nobody is woken.
    pub fn is_urgent_at(&self, now: Timestamp) -> bool {
        self.is_urgent() && now < self.created_at + LONGEST_MIGRATION
    }

    /// Whether it may go out in quiet hours that end then.
    pub fn ignores_quiet_hours(&self, now: Timestamp, end: Timestamp) -> bool {
        self.is_urgent_at(now) || self.dates.iter().any(|date| date.falls_into(now, end))
    }

    /// Whether it waits for others of its kind and goes out with them. What may have been sent is not sent again as a
    /// part of another mail, which mail programs could not know as a repeat.
    pub fn is_joined(&self) -> bool {
        let plain = self.content.invitation.is_none() && !self.is_urgent();
        // A build before did not keep the body.
        plain && self.attempts == 0 && self.joins.is_empty() && !self.content.body.is_empty()
    }

    /// The lease, if it is this holder's and has not ended: after that another one may have the message.
    pub fn held(&self, token: Uuid, machine_now: Timestamp) -> Result<Lease, LeaseLost> {
        match self.state {
            State::Sending { lease } if lease.token == token && machine_now < lease.until => Ok(lease),
            _ => Err(LeaseLost),
        }
    }

    /// Whether its lease lasts until then, as far as is known.
    pub fn is_held_until(&self, machine_time: Timestamp) -> bool {
        matches!(self.state, State::Sending { lease } if lease.until >= machine_time)
    }

    /// When the mail is from.
    pub fn written_at(&self) -> Timestamp {
        self.resent.map_or(self.created_at, |resent| resent.at)
    }

    /// Whether SOFTVIG sent it again, and wants it to go out.
    pub fn is_sent_by_hand(&self) -> bool {
        self.resent.is_some_and(|resent| !resent.by_itself)
    }

    /// Whether it was sent again because it had not arrived.
    pub fn is_sent_by_itself(&self) -> bool {
        self.resent.is_some_and(|resent| resent.by_itself)
    }

    /// Whether a replica has it in hand right now.
    pub const fn is_being_sent(&self) -> bool {
        matches!(self.state, State::Sending { .. })
    }

    /// Whether its words are gone, because a contact was anonymised.
    pub fn is_scrubbed(&self) -> bool {
        self.content == Content::default()
    }

    /// Whether it can be sent again: it is not on its way, and has its words.
    pub fn is_resendable(&self) -> bool {
        !self.is_on_its_way() && !self.is_scrubbed()
    }

    /// The part of its Message-ID before the @; another one each time that it is sent again, or mail programs would
    /// take it for the first.
    pub fn mail_id(&self) -> String {
        if self.resends == 0 { self.id.to_string() } else { format!("{}.{}", self.id, self.resends) }
    }

    /// What it tells of the event; where it joins several messages, what each of them does.
    pub fn parts(&self) -> impl Iterator<Item = &str> {
        let own = self.joins.is_empty().then_some(self.part.as_str());
        own.into_iter().chain(self.joins.iter().map(|one| one.part.as_str()))
    }

    /// The conversation that it belongs to: its project, or the question that is of none.
    pub fn thread(&self) -> Option<String> {
        let of_question =
            matches!(self.kind, Kind::QuestionAsked | Kind::QuestionAnswered | Kind::QuestionUnanswered);
        // As an older build wrote it, it does not say which.
        let question = self.parts().next().filter(|part| of_question && !part.is_empty());
        self.project.map(|project| project.to_string()).or_else(|| question.map(str::to_owned))
    }

    /// The contact whom it is for; none for SOFTVIG.
    pub const fn contact(&self) -> Option<ContactId> {
        match self.recipient {
            Recipient::Contact(id) => Some(id),
            Recipient::Softvig => None,
        }
    }

    /// The contacts whose personal data it holds: the recipient, and those it speaks of.
    pub fn concerns(&self) -> impl Iterator<Item = ContactId> {
        self.mentions.iter().copied().chain(self.contact())
    }
}
