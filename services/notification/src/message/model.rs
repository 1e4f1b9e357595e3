use std::fmt;

use jiff::{SignedDuration, Timestamp};
use platform::id::{CompanyId, ContactId, ProjectId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Invitation;
use crate::kind::Kind;
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
    /// Business time.
    pub created_at: Timestamp,
    pub attempts: u32,
    /// The mail server's last answer without addresses, or why it was dropped.
    pub outcome: String,
    pub state: State,
    /// What became of each try, oldest first; no more than the last [`MOST_TRIES`].
    #[serde(default)]
    pub tries: Vec<Try>,
    /// Machine time of the first try since it was written or sent again.
    #[serde(default)]
    pub tried_since: Option<Timestamp>,
    /// How often SOFTVIG sent it again.
    #[serde(default)]
    pub resends: u32,
    /// The last time.
    #[serde(default)]
    pub resent: Option<Resent>,
}

/// Since when a message is sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resent {
    /// Business time.
    pub at: Timestamp,
    /// How often it had been tried until then.
    pub after: u32,
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
    pub invitation: Option<Invitation>,
}

/// Where a message is on its way. Tries and leases are machine time, the rest business time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
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
    /// No server took it in all that time.
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

/// Another replica took the message over, or may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the lease on the message was lost")]
pub struct LeaseLost;

/// First wait after a failure; doubles up to [`LONGEST_WAIT`], each a fifth longer or shorter.
const FIRST_WAIT: SignedDuration = SignedDuration::from_secs(30);
const LONGEST_WAIT: SignedDuration = SignedDuration::from_hours(1);
/// After so much time of trying a message is given up.
const TRIED_FOR: SignedDuration = SignedDuration::from_hours(72);
/// All of three days, and room for some that SOFTVIG adds by sending it again.
const MOST_TRIES: usize = 100;

impl Message {
    /// The label that lists filter by.
    pub const fn label(&self) -> &'static str {
        match self.state {
            State::Pending { .. } => "pending",
            State::Sending { .. } => "sending",
            State::Sent { .. } => "sent",
            State::Undeliverable { .. } => "undeliverable",
            State::Dropped { .. } => "dropped",
            State::GivenUp { .. } => "given_up",
            State::Bounced { .. } => "bounced",
        }
    }

    /// When it wants attention: its next try, or the end of a lease that somebody died with.
    pub const fn due_at(&self) -> Option<Timestamp> {
        match self.state {
            State::Pending { next_try } => Some(next_try),
            State::Sending { lease } => Some(lease.until),
            State::Sent { .. }
            | State::Undeliverable { .. }
            | State::Dropped { .. }
            | State::GivenUp { .. }
            | State::Bounced { .. } => None,
        }
    }

    /// Takes the message for sending. False if it is not due.
    pub fn claim(&mut self, lease: Lease, machine_now: Timestamp) -> bool {
        let due = self.due_at().is_some_and(|due| due <= machine_now);
        if due {
            self.attempts += 1;
            self.state = State::Sending { lease };
        }
        due
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

    /// The server took it.
    pub fn sent(&mut self, token: Uuid, answer: String, times: Times) -> Result<(), LeaseLost> {
        self.tried(token, answer, times)?;
        self.state = State::Sent { at: times.business };
        Ok(())
    }

    /// It failed in a way that may pass: tried again later, and given up after [`TRIED_FOR`].
    pub fn postpone(&mut self, token: Uuid, answer: String, times: Times) -> Result<(), LeaseLost> {
        self.tried(token, answer, times)?;
        let last = self.tried_since.map(|since| since + TRIED_FOR);
        self.state = match last {
            Some(last) if times.machine >= last => State::GivenUp { at: times.business },
            _ => State::Pending { next_try: times.machine + self.wait() },
        };
        Ok(())
    }

    /// The server refused it for good.
    pub fn refused(&mut self, token: Uuid, answer: String, times: Times) -> Result<(), LeaseLost> {
        self.tried(token, answer, times)?;
        self.state = State::Undeliverable { at: times.business };
        Ok(())
    }

    fn tried(&mut self, token: Uuid, answer: String, times: Times) -> Result<(), LeaseLost> {
        self.check(token)?;
        self.tried_since.get_or_insert(times.machine);
        self.outcome.clone_from(&answer);
        self.heard(answer, times);
        Ok(())
    }

    /// A notice says that the mail which was sent last does not arrive. Whether that is news.
    pub fn bounced(&mut self, answer: String, times: Times) -> bool {
        let State::Sent { at: sent } = self.state else { return false };
        self.outcome.clone_from(&answer);
        self.heard(answer, times);
        self.state = State::Bounced { at: times.business, sent };
        true
    }

    /// A notice says how it fares; its state stays.
    pub fn heard(&mut self, answer: String, times: Times) {
        self.tries.push(Try { at: times.machine, answer });
        let surplus = self.tries.len().saturating_sub(MOST_TRIES);
        self.tries.drain(..surplus);
    }

    /// SOFTVIG sends it again, as a mail of its own.
    pub fn resend(&mut self, times: Times) {
        self.resends += 1;
        self.resent = Some(Resent { at: times.business, after: self.attempts });
        self.tried_since = None;
        self.state = State::Pending { next_try: times.machine };
    }

    /// When the mail is from.
    pub fn written_at(&self) -> Timestamp {
        self.resent.map_or(self.created_at, |resent| resent.at)
    }

    /// Whether a replica has it in hand right now.
    pub const fn is_being_sent(&self) -> bool {
        matches!(self.state, State::Sending { .. })
    }

    /// Whether it can be sent again: it is not on its way, and has its words.
    pub fn is_resendable(&self) -> bool {
        self.due_at().is_none() && self.content != Content::default()
    }

    /// The part of its Message-ID before the @; another one each time that it is sent again, or mail programs would
    /// take it for the first.
    pub fn mail_id(&self) -> String {
        if self.resends == 0 { self.id.to_string() } else { format!("{}.{}", self.id, self.resends) }
    }

    /// The conversation that it belongs to: its project, or the question that is of none.
    pub fn thread(&self) -> Option<String> {
        let of_question =
            matches!(self.kind, Kind::QuestionAsked | Kind::QuestionAnswered | Kind::QuestionUnanswered);
        // As an older build wrote it, it does not say which.
        let question = (of_question && !self.part.is_empty()).then(|| self.part.clone());
        self.project.map(|project| project.to_string()).or(question)
    }

    fn wait(&self) -> SignedDuration {
        let before = self.resent.map_or(0, |resent| resent.after);
        let doublings = (self.attempts - before).saturating_sub(1).min(10);
        let wait = (FIRST_WAIT * (1 << doublings)).min(LONGEST_WAIT);
        // Of two messages that failed together one is tried first; always the same, so that it can be tested.
        let spread = (self.id.0.as_u128() as u32).wrapping_add(self.attempts * 7) % 41;
        wait * (80 + spread as i32) / 100
    }

    /// Not even tried: the address is known not to work.
    pub fn refuse_known_address(&mut self, now: Timestamp) {
        self.outcome = "the address was found undeliverable before".into();
        self.state = State::Undeliverable { at: now };
    }

    /// Nobody needs it any more.
    pub fn drop(&mut self, token: Uuid, why: &str, now: Timestamp) -> Result<(), LeaseLost> {
        self.check(token)?;
        self.outcome = why.into();
        self.state = State::Dropped { at: now };
        Ok(())
    }

    /// The contacts whose personal data it holds: the recipient, and those it speaks of.
    pub fn concerns(&self) -> impl Iterator<Item = ContactId> {
        let recipient = match self.recipient {
            Recipient::Contact(id) => Some(id),
            Recipient::Softvig => None,
        };
        self.mentions.iter().copied().chain(recipient)
    }

    /// A contact was anonymised. Whether the message was for them or spoke of them: then its words
    /// are gone, and it is not sent if it was not yet.
    pub fn scrub(&mut self, contact: ContactId, now: Timestamp) -> bool {
        let concerned = self.concerns().any(|id| id == contact);
        if concerned {
            self.content = Content::default();
            // What servers say may hold parts of an address.
            self.outcome.clear();
            self.tries.iter_mut().for_each(|one| one.answer.clear());
            if self.due_at().is_some() {
                self.outcome = "the contact was anonymised".into();
                self.state = State::Dropped { at: now };
            }
        }
        concerned
    }

    fn check(&self, token: Uuid) -> Result<(), LeaseLost> {
        match self.state {
            State::Sending { lease } if lease.token == token => Ok(()),
            _ => Err(LeaseLost),
        }
    }
}
