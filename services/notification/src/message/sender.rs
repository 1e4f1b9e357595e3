//! Hands messages over: lease, act, commit with the lease's token. No network call inside a transaction.

use std::{collections::BTreeMap, time::Duration};

use futures::future::join_all;
use jiff::Timestamp;
use platform::{
    Error, clock,
    id::{CompanyId, ContactId},
    loops::pause,
    telemetry::trace,
};
use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;
use tracing::{Instrument as _, Span, field::Empty};
use uuid::Uuid;

use super::record::Tried;
use super::store::{self, StoredMessage};
use super::{Envelope, Lease, Message, Recipient, Times, build};
use crate::Notification;
use crate::book::directory;
use crate::channel::Failure;
use crate::figures;
use crate::recipients::{Contact, ContactState, Directory};

/// Another replica's or a dead one's messages are found by looking.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// What is committed within this time is found by one look.
const GATHERS_FOR: Duration = Duration::from_millis(20);

/// One company's messages that this replica has taken: one to each recipient.
#[derive(Clone, Debug)]
pub(crate) struct Hand {
    pub company: CompanyId,
    pub messages: Vec<StoredMessage>,
}

/// What this replica has taken at once.
struct Batch {
    hands: Vec<Hand>,
    lease: Lease,
}

impl Notification {
    /// Sends what is due until cancelled; what is in hand is finished. Any number of replicas may run it.
    pub async fn run_sender(self, stop: CancellationToken) {
        tokio::join!(self.send_until(&stop), self.release_until(&stop));
    }

    /// One looks for all batches that are under way: several would read the same messages, and one of them take them.
    async fn send_until(&self, stop: &CancellationToken) {
        let most = self.channel.batches();
        let mut under_way = JoinSet::new();
        while !stop.is_cancelled() {
            // Before the look, so that nothing that is committed meanwhile is missed.
            let changed = self.core.changed().notified();
            let is_free = under_way.len() < most;
            if is_free {
                match self.take().await {
                    Ok(batch) if batch.hands.is_empty() => {}
                    Ok(batch) => {
                        under_way.spawn(self.clone().send_or_wait(batch));
                        continue;
                    }
                    Err(e) => tracing::warn!(error = %e, "messages wait"),
                }
            }
            tokio::select! {
                Some(done) = under_way.join_next() => log_early_end(done),
                () = changed, if is_free => pause(GATHERS_FOR, stop).await,
                () = pause(LOOK_EVERY, stop) => {}
            }
        }
        while let Some(done) = under_way.join_next().await {
            log_early_end(done);
        }
    }

    async fn send_or_wait(self, batch: Batch) {
        if let Err(e) = self.send_batch(batch).await {
            tracing::warn!(error = %e, "messages wait");
        }
    }

    /// Takes one batch and tries each message once; how many there were.
    ///
    /// # Errors
    /// Those of the database; a mail server's are kept with the messages.
    pub async fn send_due(&self) -> Result<usize, Error> {
        let batch = self.take().await?;
        let taken = batch.hands.iter().map(|hand| hand.messages.len()).sum();
        self.send_batch(batch).await?;
        Ok(taken)
    }

    async fn take(&self) -> Result<Batch, Error> {
        let lease = self.lease(clock::machine_now());
        Ok(Batch { hands: self.claim(lease, clock::machine_now()).await?, lease })
    }

    async fn send_batch(&self, Batch { hands, lease }: Batch) -> Result<(), Error> {
        let sent = hands.into_iter().map(|hand| self.send(hand, lease, clock::machine_now));
        join_all(sent).await.into_iter().collect()
    }

    /// How many messages are due, or in the hands of any process: also of one that died, until its lease ends.
    /// What waits for a later try is not among them.
    pub async fn messages_pending(&self) -> Result<i64, Error> {
        let times = Times { business: self.core.clock.now(), machine: clock::machine_now() };
        store::count_pending(self.core.db.read(), times).await
    }

    /// Takes what is due at a machine time, as far as no other replica has. What is not for quiet hours waits.
    pub(crate) async fn claim(&self, lease: Lease, now: Timestamp) -> Result<Vec<Hand>, Error> {
        loop {
            let mut due = store::due(self.core.db.read(), now, self.channel.most_at_once()).await?;
            let business_now = self.core.clock.now();
            due.retain_mut(|StoredMessage { value, .. }| {
                match self.renderer.sending.holds_due(value, business_now) {
                    None => value.claim(lease, now),
                    Some(until) => {
                        value.hold(until);
                        true
                    }
                }
            });
            if due.is_empty() {
                return Ok(Vec::new());
            }
            let tx = self.core.db.begin().await?;
            let taken = match store::save(&tx, due).await {
                Err(e) if e.is_conflict() => continue,
                outcome => outcome?,
            };
            tx.commit().await?;
            let mut companies: BTreeMap<CompanyId, Vec<StoredMessage>> = BTreeMap::new();
            for stored in taken.into_iter().filter(|stored| stored.value.is_being_sent()) {
                companies.entry(stored.value.company).or_default().push(stored);
            }
            if companies.is_empty() {
                continue;
            }
            return Ok(companies.into_iter().map(|(company, messages)| Hand { company, messages }).collect());
        }
    }

    pub(crate) fn lease(&self, now: Timestamp) -> Lease {
        Lease { token: Uuid::now_v7(), until: now + self.channel.lease() }
    }

    /// Hands the messages over, side by side, and records together what became of them. Those that may not be tried
    /// now are let go: they are due again when the lease has ended.
    pub(crate) async fn send(
        &self,
        hand: Hand,
        lease: Lease,
        machine_now: impl Fn() -> Timestamp,
    ) -> Result<(), Error> {
        let Hand { company, messages } = hand;
        let directory = directory(self.core.db.read(), company).await?;
        let overtaken = self.overtaken(company, &messages).await?;
        let mut messages = self.without_changed(messages, lease, machine_now(), &directory).await?;
        // Only now: the database may have kept this waiting.
        let end_of_try = machine_now() + self.channel.longest_try();
        messages.retain(|stored| stored.value.is_held_until(end_of_try));
        let tried = messages.into_iter().map(async |stored| {
            let tried = match overtaken.get(&stored.value.id) {
                Some(why) => Tried::Dropped(why),
                None => {
                    let span = span(&stored.value);
                    let tried = self.attempt(&stored.value, &directory).instrument(span.clone()).await;
                    span.record("outcome", figures::outcome(&tried));
                    tried
                }
            };
            figures::tried(&tried);
            (stored, tried)
        });
        let tried = join_all(tried).await;
        self.record(company, lease, &tried).await
    }

    /// Leaves out what was scrubbed since it was taken. Whoever is anonymised shows in the contacts; what concerns
    /// them is written once more, which fails if it was changed.
    async fn without_changed(
        &self,
        messages: Vec<StoredMessage>,
        lease: Lease,
        now: Timestamp,
        directory: &Directory,
    ) -> Result<Vec<StoredMessage>, Error> {
        let (doubtful, mut unchanged): (Vec<_>, Vec<_>) =
            messages.into_iter().partition(|stored| may_be_scrubbed(&stored.value, directory));
        if doubtful.is_empty() {
            return Ok(unchanged);
        }
        let held =
            doubtful.into_iter().filter(|stored| stored.value.held(lease.token, now).is_ok()).collect();
        let tx = self.core.db.begin().await?;
        unchanged.extend(store::save(&tx, held).await?);
        tx.commit().await?;
        Ok(unchanged)
    }

    async fn attempt(&self, message: &Message, directory: &Directory) -> Tried {
        let to = match message.recipient {
            Recipient::Softvig => {
                let softvig = &self.renderer.softvig;
                Ok(Envelope { name: softvig.name.clone(), address: softvig.email.clone() })
            }
            Recipient::Contact(id) => match successor(directory, id, message) {
                Some(successor) => return Tried::PassedOn(successor),
                None => envelope(directory, id, message),
            },
        };
        let to = match to {
            Err(why) => return Tried::Dropped(why),
            Ok(to) => to,
        };
        let contact = message.contact().and_then(|id| directory.contact(id));
        // By hand it is sent all the same.
        if !message.is_sent_by_hand() && contact.is_some_and(|contact| contact.has_muted(message.kind)) {
            return Tried::Dropped("the contact has switched such messages off");
        }
        let refused = |answer| Tried::Refused { address: to.address.clone(), answer };
        let mail = match build(message, &to, &self.renderer.identity) {
            Err(e) => return refused(format!("{e:#}")),
            Ok(mail) => mail,
        };
        match self.channel.deliver(&file_name(message), &mail).await {
            Ok(answer) => Tried::Sent(answer),
            Err(Failure::Address(answer)) => refused(answer),
            Err(Failure::Mail(answer)) => Tried::Rejected(answer),
            Err(Failure::Connection(answer)) => {
                tracing::error!(answer, "the mail server does not serve this client");
                Tried::Postponed(answer)
            }
            Err(Failure::Transient(answer)) => Tried::Postponed(answer),
        }
    }
}

fn log_early_end(done: Result<(), JoinError>) {
    if let Err(e) = done {
        // What is leased is due again when the lease has ended.
        tracing::error!(error = %e, "a batch of messages ended early");
    }
}

/// Who is anonymised, or about to be, may have had their words taken out of it since it was taken.
fn may_be_scrubbed(message: &Message, directory: &Directory) -> bool {
    message.concerns().any(|id| directory.contact(id).is_none_or(Contact::is_forgotten))
}

/// Who gets in a contact's place what that one was to get. Not calendar entries: those of the dates that are agreed
/// come to a successor by themselves.
pub(super) fn successor(directory: &Directory, id: ContactId, message: &Message) -> Option<ContactId> {
    let left = directory.contact(id).filter(|contact| contact.state == ContactState::Left)?;
    left.successor.filter(|_| message.content.invitation.is_none())
}

/// Why a message to who has left is dropped, unless there is a successor.
pub(super) const HAS_LEFT: &str = "the contact has left";

/// Where a contact is written to now, or why not at all.
fn envelope(directory: &Directory, id: ContactId, message: &Message) -> Result<Envelope, &'static str> {
    let contact = directory.contact(id).ok_or("the contact is not known")?;
    match contact.state {
        ContactState::Anonymised => Err("the contact was anonymised"),
        // Only what takes entries out of their calendar still reaches them.
        ContactState::Left | ContactState::Parting if !message.uninvites() => Err(HAS_LEFT),
        ContactState::Left | ContactState::Parting | ContactState::Active => {
            let address = message.address.as_ref().unwrap_or(&contact.email);
            Ok(Envelope { name: contact.name.clone(), address: address.clone() })
        }
    }
}

/// Goes on from what the message tells about.
fn span(message: &Message) -> Span {
    let span = tracing::info_span!(
        "message.send",
        otel.name = format!("mail {}", message.kind.name()),
        otel.kind = "client",
        message = %message.id,
        attempt = message.attempts,
        outcome = Empty,
    );
    trace::adopt(&span, message.trace.as_deref());
    span
}

/// By time, so that a folder shows mails in their order, and the same at each try.
fn file_name(message: &Message) -> String {
    let at = message.created_at.strftime("%Y%m%dT%H%M%SZ");
    format!("{at}-{}-{}", message.mail_id(), message.kind.name())
}
