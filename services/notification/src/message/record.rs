//! Records what became of the tries, and what follows from it.

use std::time::Duration;

use platform::{
    Error, clock, documents,
    id::{CompanyId, ContactId},
    loops::pause,
    unit::Unit,
};
use proto::notification::v1::{
    AddressUndeliverable, MessageBounced, MessageGivenUp, MessageSent, notification_event::Event,
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::release::part;
use super::sender::successor;
use super::store::{self, StoredMessage};
use super::{Fact, Lease, LeaseLost, Message, Notice, Recipient, State, Times};
use crate::Notification;
use crate::book::{directory, tell};
use crate::channel::codes;
use crate::events::{contact_name, emit, message_name};
use crate::kind::Kind;
use crate::recipients::{ContactState, Directory};
use crate::unsubscribe::Unsubscribe;

/// The database may be away for a moment.
const RECORD_AGAIN: Duration = Duration::from_millis(100);

/// What became of one try.
#[derive(Debug)]
pub(crate) enum Tried {
    Sent(String),
    /// The address that was tried does not work.
    Refused {
        address: String,
        answer: String,
    },
    /// It is the mail that is not wanted.
    Rejected(String),
    Postponed(String),
    /// Nobody needs it.
    Dropped(&'static str),
    /// Its recipient has left: this contact gets it instead.
    PassedOn(ContactId),
}

impl Tried {
    /// Whether a mail may have left. What was not even tried is looked at again when the lease has ended.
    const fn is_a_try(&self) -> bool {
        !matches!(self, Self::Dropped(_) | Self::PassedOn(_))
    }

    /// What was refused at an address that was corrected meanwhile is tried again, at the new one; and so is what was
    /// refused to somebody who was replaced meanwhile, to be passed on.
    fn apply(
        &self,
        message: &mut Message,
        token: Uuid,
        times: Times,
        present: Option<&Directory>,
    ) -> Result<(), LeaseLost> {
        match self {
            Self::Sent(answer) => message.sent(token, answer.clone(), times),
            Self::Refused { address, answer } => match (present, message.contact()) {
                (Some(present), Some(contact))
                    if message.address.is_none() && !present.writes_to(contact, address)
                        || successor(present, contact, message).is_some() =>
                {
                    message.postpone(token, answer.clone(), times)
                }
                _ => message.refused(token, answer.clone(), times),
            },
            Self::Rejected(answer) => message.rejected(token, answer.clone(), times),
            Self::Postponed(answer) => message.postpone(token, answer.clone(), times),
            Self::Dropped(why) => message.drop(token, why, times.business),
            Self::PassedOn(_) => message.drop(token, "passed on to the contact's successor", times.business),
        }
    }
}

impl Notification {
    /// Records the tries in one unit of work, or each in its own if what follows from one of them fails.
    pub(crate) async fn record(
        &self,
        company: CompanyId,
        lease: Lease,
        tries: &[(StoredMessage, Tried)],
    ) -> Result<(), Error> {
        if tries.is_empty() {
            return Ok(());
        }
        match self.record_together(company, lease, tries, true).await {
            Err(e) if e.is_transient() => Err(e),
            Err(e) if tries.len() == 1 && tries[0].1.is_a_try() => {
                // What was sent must not be sent again and again because of what comes after it.
                let message = tries[0].0.value.id;
                tracing::error!(%message, error = %e, "recorded without what follows from it");
                self.record_together(company, lease, tries, false).await
            }
            Err(e) if tries.len() == 1 => Err(e),
            Err(_) => {
                let mut outcome = Ok(());
                for one in tries.chunks(1) {
                    outcome = Box::pin(self.record(company, lease, one)).await.and(outcome);
                }
                outcome
            }
            Ok(()) => Ok(()),
        }
    }

    /// Tries for as long as the messages are held: what is not recorded is sent again.
    async fn record_together(
        &self,
        company: CompanyId,
        lease: Lease,
        tries: &[(StoredMessage, Tried)],
        follow: bool,
    ) -> Result<(), Error> {
        loop {
            match self.record_once(company, lease, tries, follow).await {
                Err(e) if e.is_conflict() => {}
                Err(e) if e.is_transient() && clock::machine_now() < lease.until => {
                    pause(RECORD_AGAIN, &CancellationToken::new()).await;
                }
                outcome => return outcome,
            }
        }
    }

    async fn record_once(
        &self,
        company: CompanyId,
        lease: Lease,
        tries: &[(StoredMessage, Tried)],
        follow: bool,
    ) -> Result<(), Error> {
        let mut unit = self.core.begin(company.into(), None).await?;
        let times = Times { business: unit.now(), machine: clock::machine_now() };
        let refused = tries.iter().any(|(_, tried)| matches!(tried, Tried::Refused { .. }));
        let present = if follow && refused { Some(directory(unit.db(), company).await?) } else { None };
        let outcome = |(stored, tried): &(StoredMessage, Tried)| {
            let mut stored = stored.clone();
            tried.apply(&mut stored.value, lease.token, times, present.as_ref()).is_ok().then_some(stored)
        };
        let outcomes = tries.iter().filter_map(outcome).collect();
        let saved = store::save(unit.db(), outcomes).await?;
        for (StoredMessage { value: message, .. }, tried) in tries {
            let Some(StoredMessage { value: recorded, .. }) = saved.iter().find(|s| s.value.id == message.id)
            else {
                tracing::warn!(message = %message.id, "a try is not recorded: {LeaseLost}");
                continue;
            };
            unit.goes_on_from(message.trace.clone());
            if follow {
                self.follow(&mut unit, recorded, tried).await?;
            } else {
                announce(&mut unit, recorded);
            }
        }
        unit.commit("").await
    }

    /// What follows from a try that was recorded.
    async fn follow(&self, unit: &mut Unit, message: &Message, tried: &Tried) -> Result<(), Error> {
        let event_id = announce(unit, message);
        let (id, attempts) = (message.id, message.attempts);
        match (tried, message.state) {
            (
                Tried::Rejected(answer) | Tried::Postponed(answer) | Tried::Refused { answer, .. },
                State::GivenUp { .. },
            ) => {
                tracing::error!(message = %id, attempts, answer, "a message is given up");
                let directory = directory(unit.db(), message.company).await?;
                if let Some(event_id) = event_id {
                    self.tell_given_up(unit, message, event_id, answer, &directory).await?;
                }
                // Who was replaced while the server was thinking.
                if let Some(successor) = message.contact().and_then(|id| successor(&directory, id, message)) {
                    self.readdress(unit, message, successor).await?;
                }
            }
            (Tried::Refused { address, answer }, State::Undeliverable { .. }) => match message.recipient {
                Recipient::Contact(contact) => {
                    self.mark_undeliverable(unit, message, contact, address, answer).await?;
                }
                Recipient::Softvig => {
                    tracing::error!(message = %id, answer, "SOFTVIG's own address was refused")
                }
            },
            (Tried::Postponed(answer) | Tried::Refused { answer, .. } | Tried::Rejected(answer), _) => {
                tracing::warn!(message = %id, attempts, answer, "a message waits");
            }
            // Some of those that it takes the place of may still be needed.
            (Tried::Dropped(_), _) => part(unit.db(), message, clock::machine_now()).await?,
            (Tried::PassedOn(successor), _) => self.readdress(unit, message, *successor).await?,
            (Tried::Sent(_), _) => {}
        }
        self.forget_parting(unit, message).await
    }

    /// What took a date out of a calendar may have been the last mail to somebody who is to be anonymised.
    async fn forget_parting(&self, unit: &mut Unit, message: &Message) -> Result<(), Error> {
        if let Some(id) = message.contact().filter(|_| message.uninvites()) {
            let directory = directory(unit.db(), message.company).await?;
            if directory.contact(id).is_some_and(|contact| contact.state == ContactState::Parting) {
                self.forget(unit, message.company, id).await?;
            }
        }
        Ok(())
    }

    /// What joins several is not passed on, but each of them, as the successor may have been told one.
    pub(crate) async fn readdress(
        &self,
        unit: &Unit,
        message: &Message,
        successor: ContactId,
    ) -> Result<(), Error> {
        let machine_now = clock::machine_now();
        if !message.joins.is_empty() {
            return part(unit.db(), message, machine_now).await;
        }
        let directory = directory(unit.db(), message.company).await?;
        let tokens = unit.tokens().await?;
        let link = |contact, kind| {
            Unsubscribe { company: directory.company, contact, kind }.link(&self.renderer.public_host, tokens)
        };
        let copy = directory
            .contact(successor)
            .filter(|to| !to.has_muted(message.kind))
            .map(|to| self.renderer.readdress(message, to, &directory, &link, unit.now(), machine_now))
            .transpose()?;
        store::insert(unit.db(), copy.as_slice()).await
    }

    /// SOFTVIG is told, but not of its own mail: that one would not arrive either.
    pub(super) async fn tell_given_up(
        &self,
        unit: &Unit,
        message: &Message,
        event_id: Uuid,
        answer: &str,
        directory: &Directory,
    ) -> Result<(), Error> {
        let Some(contact) = message.contact() else { return Ok(()) };
        let name = directory.contact(contact).map(|c| c.name.clone()).unwrap_or_default();
        let notice = Notice {
            mentions: message.concerns().collect(),
            urgent: message.is_urgent_at(unit.now()),
            ..Notice::new(Kind::MessageGivenUp, event_id, message.project, unit.now())
                .text("contact", name)
                .text("subject", message.content.subject.clone())
                .text("message", message_name(message.company, message.id))
                .text("answer", answer)
        };
        tell(unit, &self.renderer, directory, &[notice]).await
    }

    /// The first refusal of an address is an event, and those who can correct it are told; not of one that was
    /// corrected since.
    pub(super) async fn mark_undeliverable(
        &self,
        unit: &mut Unit,
        message: &Message,
        contact: ContactId,
        address: &str,
        answer: &str,
    ) -> Result<(), Error> {
        let company = message.company;
        let Some(mut stored) = documents::find::<Directory>(unit.db(), company, company.0).await? else {
            return Ok(());
        };
        if !stored.value.writes_to(contact, address) || !stored.value.mark_undeliverable(contact) {
            return Ok(());
        }
        documents::save(unit.db(), &stored).await?;
        let event = Event::AddressUndeliverable(AddressUndeliverable {
            contact: contact_name(company, contact),
            message: message_name(company, message.id),
            answer: codes(answer),
        });
        let event_id = emit(unit, company, message.project, event);
        let directory = stored.value;
        let name = directory.contact(contact).map(|c| c.name.clone()).unwrap_or_default();
        let notice = Notice {
            about: Some(contact),
            mentions: vec![contact],
            urgent: message.is_urgent_at(unit.now()),
            ..Notice::new(Kind::ContactUndeliverable, event_id, message.project, unit.now())
                .text("contact", name)
                .fact("answer", Fact::text(answer))
        };
        tell(unit, &self.renderer, &directory, &[notice]).await
    }
}

fn recipient_name(message: &Message) -> String {
    match message.recipient {
        Recipient::Contact(id) => contact_name(message.company, id),
        Recipient::Softvig => String::new(),
    }
}

/// Tells the other services how a message ended, if it did; the event's id.
pub(super) fn announce(unit: &mut Unit, message: &Message) -> Option<Uuid> {
    let (name, contact) = (message_name(message.company, message.id), recipient_name(message));
    let (topic, answer) = (message.kind.name().to_owned(), codes(&message.outcome));
    let event = match message.state {
        State::Sent { .. } => Event::MessageSent(MessageSent { message: name, contact, topic }),
        State::GivenUp { .. } => {
            Event::MessageGivenUp(MessageGivenUp { message: name, contact, topic, answer })
        }
        State::Bounced { .. } => {
            Event::MessageBounced(MessageBounced { message: name, contact, topic, answer })
        }
        State::Held { .. }
        | State::Pending { .. }
        | State::Sending { .. }
        | State::Undeliverable { .. }
        | State::Dropped { .. }
        | State::Joined { .. } => return None,
    };
    Some(emit(unit, message.company, message.project, event))
}
