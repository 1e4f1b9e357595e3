//! Hands messages over: lease, act, commit with the lease's token. No network call inside a transaction.

use std::time::Duration;

use futures::future::join_all;
use jiff::Timestamp;
use platform::{Error, clock, documents, id::ContactId, loops, unit::Unit};
use proto::notification::v1::{AddressUndeliverable, MessageSent, notification_event::Event};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{Envelope, Lease, LeaseLost, Message, Notice, Recipient, build, store};
use crate::Notification;
use crate::book::{directory, tell};
use crate::channel::Failure;
use crate::events::{contact_name, emit, message_name};
use crate::forget::forget;
use crate::kind::Kind;
use crate::message::Fact;
use crate::recipients::{ContactState, Directory};

/// How many messages one replica takes at a time.
const BATCH: u64 = 10;
/// Another replica's or a dead one's messages are found by looking.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// What became of one try.
enum Tried {
    Sent(String),
    /// The address does not work.
    Refused(String),
    Postponed(String),
    /// Nobody needs it.
    Dropped(&'static str),
}

impl Notification {
    /// Sends what is due until cancelled; what is in hand is finished. Any number of replicas may run it.
    pub async fn run_sender(self, stop: CancellationToken) {
        let pause = self.core.clock.poll_interval().min(LOOK_EVERY);
        while !stop.is_cancelled() {
            match self.send_due().await {
                Ok(0) => {}
                Ok(_) => continue,
                Err(e) => tracing::warn!(error = %e, "messages wait"),
            }
            loops::pause(pause, &stop).await;
        }
    }

    /// Takes one batch and tries each message once; how many there were.
    ///
    /// # Errors
    /// Those of the database; a mail server's are kept with the messages.
    pub async fn send_due(&self) -> Result<usize, Error> {
        let (token, now) = (Uuid::now_v7(), clock::machine_now());
        if store::count_due(self.core.db.read(), now).await? == 0 {
            return Ok(0);
        }
        let batch = self.claim(token, now).await?;
        let tried = batch.len();
        // Side by side for different recipients, in order for one: an invitation before its cancellation.
        let mut queues: Vec<Vec<Message>> = Vec::new();
        for message in batch {
            let same = |q: &&mut Vec<Message>| {
                q.first().is_some_and(|m| (m.company, m.recipient) == (message.company, message.recipient))
            };
            match queues.iter_mut().find(same) {
                Some(queue) => queue.push(message),
                None => queues.push(vec![message]),
            }
        }
        let outcomes = join_all(queues.iter().map(|queue| async {
            for turn in 0..queue.len() {
                self.take_turn(&queue[turn..], token, clock::machine_now).await?;
            }
            Ok::<(), Error>(())
        }));
        outcomes.await.into_iter().collect::<Result<(), Error>>()?;
        Ok(tried)
    }

    /// How many messages are due, or in the hands of any process: also of one that died, until its lease ends.
    /// What waits for a later try is not among them.
    pub async fn messages_pending(&self) -> Result<i64, Error> {
        store::count_pending(self.core.db.read(), clock::machine_now()).await
    }

    /// Takes what is due at a machine time, under one token.
    pub(crate) async fn claim(&self, token: Uuid, now: Timestamp) -> Result<Vec<Message>, Error> {
        let tx = self.core.db.begin().await?;
        let mut claimed = Vec::new();
        for mut stored in store::due(&tx, now, BATCH).await? {
            let taken = stored.value.claim(self.lease(token, now), now);
            match store::save(&tx, &stored).await {
                Ok(()) if taken => claimed.push(stored.value),
                Ok(()) => {}
                // Another replica took it.
                Err(e) if e.is_conflict() => {}
                Err(e) => return Err(e),
            }
        }
        tx.commit().await?;
        Ok(claimed)
    }

    fn lease(&self, token: Uuid, now: Timestamp) -> Lease {
        Lease { token, until: now + self.channel.lease() }
    }

    /// Tries the first of one recipient's messages. Without a lease that outlasts the try
    /// there is none: who woke up too late leaves the message to whoever takes it next.
    pub(crate) async fn take_turn(
        &self,
        queue: &[Message],
        token: Uuid,
        machine_now: impl Fn() -> Timestamp,
    ) -> Result<(), Error> {
        let Some(message) = queue.first() else { return Ok(()) };
        let tried = match self.mail(message).await? {
            Err(untried) => untried,
            Ok(_) if !self.hold(queue, token, machine_now).await? => {
                tracing::warn!(message = %message.id, "not tried: {LeaseLost}");
                return Ok(());
            }
            Ok(mail) => match self.channel.deliver(&file_name(message), &mail).await {
                Ok(answer) => Tried::Sent(answer),
                Err(Failure::Permanent(answer)) => Tried::Refused(answer),
                Err(Failure::Transient(answer)) => Tried::Postponed(answer),
            },
        };
        self.record(message, token, tried).await
    }

    /// The mail as it is sent now, or what becomes of the message without a try.
    async fn mail(&self, message: &Message) -> Result<Result<lettre::Message, Tried>, Error> {
        let to = match message.recipient {
            Recipient::Softvig => {
                let softvig = &self.renderer.softvig;
                Envelope { name: softvig.name.clone(), address: softvig.email.clone() }
            }
            Recipient::Contact(id) => {
                match envelope(&directory(self.core.db.read(), message.company).await?, id, message.kind) {
                    Ok(to) => to,
                    Err(why) => return Ok(Err(Tried::Dropped(why))),
                }
            }
        };
        Ok(build(message, &to, &self.renderer.identity).map_err(|e| Tried::Refused(format!("{e:#}"))))
    }

    /// Whether the first message may be tried now: the lease on it holds and outlasts one try.
    async fn hold(
        &self,
        queue: &[Message],
        token: Uuid,
        machine_now: impl Fn() -> Timestamp,
    ) -> Result<bool, Error> {
        let Some(first) = queue.first() else { return Ok(false) };
        let stored = store::find(self.core.db.read(), first.company, first.id).await?;
        // Only now: the database may have kept this waiting.
        let now = machine_now();
        match stored.and_then(|s| s.value.held(token, now).ok()) {
            None => Ok(false),
            Some(lease) if lease.until >= now + self.channel.longest_try() => Ok(true),
            Some(_) => self.renew(queue, token, now).await,
        }
    }

    /// Renews the lease on the first message, and those on the messages behind it, whose turn comes later.
    /// False if the first one is lost.
    async fn renew(&self, queue: &[Message], token: Uuid, now: Timestamp) -> Result<bool, Error> {
        let tx = self.core.db.begin().await?;
        for (turn, message) in queue.iter().enumerate() {
            let renewed = match store::find(&tx, message.company, message.id).await? {
                None => Err(Error::lost_race()),
                Some(mut stored) => match stored.value.renew(self.lease(token, now), now) {
                    Err(LeaseLost) => Err(Error::lost_race()),
                    Ok(()) => store::save(&tx, &stored).await,
                },
            };
            match renewed {
                Err(e) if e.is_conflict() && turn == 0 => return Ok(false),
                Err(e) if !e.is_conflict() => return Err(e),
                _ => {}
            }
        }
        tx.commit().await?;
        Ok(true)
    }

    async fn record(&self, message: &Message, token: Uuid, tried: Tried) -> Result<(), Error> {
        loop {
            match self.record_once(message, token, &tried).await {
                Err(e) if e.is_conflict() => continue,
                outcome => return outcome,
            }
        }
    }

    async fn record_once(&self, message: &Message, token: Uuid, tried: &Tried) -> Result<(), Error> {
        let mut unit = self.core.begin(message.company.into(), None).await?;
        let now = unit.now();
        let Some(mut stored) = store::find(unit.db(), message.company, message.id).await? else {
            return Ok(());
        };
        let held: Result<(), LeaseLost> = match tried {
            Tried::Sent(answer) => stored.value.sent(token, answer.clone(), now),
            Tried::Refused(answer) => stored.value.refused(token, answer.clone(), now),
            Tried::Postponed(answer) => stored.value.postpone(token, answer.clone(), clock::machine_now()),
            Tried::Dropped(why) => stored.value.drop(token, why, now),
        };
        if let Err(lost) = held {
            tracing::warn!(message = %message.id, %lost, "a try is not recorded");
            return Ok(());
        }
        store::save(unit.db(), &stored).await?;
        match (tried, message.recipient) {
            (Tried::Sent(_), recipient) => announce_sent(&mut unit, message, recipient),
            (Tried::Refused(answer), Recipient::Contact(contact)) => {
                self.mark_undeliverable(&mut unit, message, contact, answer).await?;
            }
            (Tried::Refused(answer), Recipient::Softvig) => {
                tracing::error!(message = %message.id, answer, "SOFTVIG's own address was refused");
            }
            (Tried::Postponed(answer), _) => {
                tracing::warn!(message = %message.id, attempts = stored.value.attempts, answer, "a message waits");
            }
            (Tried::Dropped(_), _) => {}
        }
        self.forget_parting(&unit, message).await?;
        unit.commit("").await
    }

    /// What took a date out of a calendar may have been the last mail to somebody who is to be anonymised.
    async fn forget_parting(&self, unit: &Unit, message: &Message) -> Result<(), Error> {
        if let (Kind::EntryRemoved, Recipient::Contact(id)) = (message.kind, message.recipient) {
            let directory = directory(unit.db(), message.company).await?;
            if directory.contact(id).is_some_and(|contact| contact.state == ContactState::Parting) {
                forget(unit, message.company, id).await?;
            }
        }
        Ok(())
    }

    /// The first refusal of an address is an event, and those who can correct it are told.
    async fn mark_undeliverable(
        &self,
        unit: &mut Unit,
        message: &Message,
        contact: ContactId,
        answer: &str,
    ) -> Result<(), Error> {
        let company = message.company;
        let Some(mut stored) = documents::find::<Directory>(unit.db(), company, company.0).await? else {
            return Ok(());
        };
        if !stored.value.mark_undeliverable(contact) {
            return Ok(());
        }
        documents::save(unit.db(), &stored).await?;
        let event = Event::AddressUndeliverable(AddressUndeliverable {
            contact: contact_name(company, contact),
            message: message_name(company, message.id),
            answer: answer.to_owned(),
        });
        let event_id = emit(unit, company, message.project, event);
        let directory = stored.value;
        let name = directory.contact(contact).map(|c| c.name.clone()).unwrap_or_default();
        let notice = Notice {
            mentions: vec![contact],
            ..Notice::new(Kind::ContactUndeliverable, event_id, message.project, unit.now())
                .text("contact", name)
                .fact("answer", Fact::text(answer))
        };
        tell(unit, &self.renderer, &directory, &[notice]).await
    }
}

fn announce_sent(unit: &mut Unit, message: &Message, recipient: Recipient) {
    let contact = match recipient {
        Recipient::Contact(id) => contact_name(message.company, id),
        Recipient::Softvig => String::new(),
    };
    let sent = MessageSent {
        message: message_name(message.company, message.id),
        contact,
        topic: message.kind.name().to_owned(),
    };
    emit(unit, message.company, message.project, Event::MessageSent(sent));
}

/// Where a contact is written to now, or why not at all.
fn envelope(directory: &Directory, id: ContactId, kind: Kind) -> Result<Envelope, &'static str> {
    let contact = directory.contact(id).ok_or("the contact is not known")?;
    match contact.state {
        ContactState::Anonymised => Err("the contact was anonymised"),
        // Only what takes entries out of their calendar still reaches them.
        ContactState::Left | ContactState::Parting if kind != Kind::EntryRemoved => {
            Err("the contact has left")
        }
        ContactState::Left | ContactState::Parting | ContactState::Active => {
            Ok(Envelope { name: contact.name.clone(), address: contact.email.clone() })
        }
    }
}

/// By time, so that a folder shows mails in their order, and the same at each try.
fn file_name(message: &Message) -> String {
    let at = message.created_at.strftime("%Y%m%dT%H%M%SZ");
    format!("{at}-{}-{}", message.id, message.kind.name())
}
