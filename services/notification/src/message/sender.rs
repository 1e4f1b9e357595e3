//! Hands messages over: lease, act, commit with the lease's token. No network call inside a transaction.

use std::collections::VecDeque;
use std::time::Duration;

use futures::future::join_all;
use jiff::Timestamp;
use platform::{Error, clock, id::ContactId};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::hand::Hand;
use super::record::Tried;
use super::store::{self, StoredMessage};
use super::{Envelope, Lease, LeaseLost, Message, Recipient, build};
use crate::Notification;
use crate::book::directory;
use crate::channel::Failure;
use crate::kind::Kind;
use crate::recipients::{Contact, ContactState, Directory};

/// How many messages one replica takes at a time.
const BATCH: u64 = 40;
/// Another replica's or a dead one's messages are found by looking.
const LOOK_EVERY: Duration = Duration::from_millis(500);

impl Notification {
    /// Sends what is due until cancelled; what is in hand is finished. Any number of replicas may run it.
    pub async fn run_sender(self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            // Before the look, so that nothing that is committed meanwhile is missed.
            let changed = self.core.changed().notified();
            match self.send_due().await {
                Ok(0) => {}
                Ok(_) => continue,
                Err(e) => tracing::warn!(error = %e, "messages wait"),
            }
            stop.run_until_cancelled(tokio::time::timeout(LOOK_EVERY, changed)).await;
        }
    }

    /// Takes one batch and tries each message once; how many there were.
    ///
    /// # Errors
    /// Those of the database; a mail server's are kept with the messages.
    pub async fn send_due(&self) -> Result<usize, Error> {
        let hands = self.claim(clock::machine_now()).await?;
        let taken = hands.iter().map(Hand::len).sum();
        let companies = hands.into_iter().map(async |mut hand| {
            while hand.len() > 0 {
                self.take_turn(&mut hand, clock::machine_now).await?;
            }
            Ok::<(), Error>(())
        });
        join_all(companies).await.into_iter().collect::<Result<(), Error>>()?;
        Ok(taken)
    }

    /// How many messages are due, or in the hands of any process: also of one that died, until its lease ends.
    /// What waits for a later try is not among them.
    pub async fn messages_pending(&self) -> Result<i64, Error> {
        store::count_pending(self.core.db.read(), clock::machine_now()).await
    }

    /// Takes what is due at a machine time. All of it or nothing: what another replica took may be an earlier
    /// message to the same person.
    pub(crate) async fn claim(&self, now: Timestamp) -> Result<Vec<Hand>, Error> {
        let lease = self.lease(Uuid::now_v7(), now);
        loop {
            let mut due = store::due(self.core.db.read(), now, BATCH).await?;
            due.retain_mut(|stored| stored.value.claim(lease, now));
            if due.is_empty() {
                return Ok(Vec::new());
            }
            let tx = self.core.db.begin().await?;
            match store::save_all(&tx, &mut due).await {
                Err(e) if e.is_conflict() => continue,
                outcome => outcome?,
            }
            tx.commit().await?;
            return Ok(Hand::sort(lease.token, due));
        }
    }

    fn lease(&self, token: Uuid, now: Timestamp) -> Lease {
        Lease { token, until: now + self.channel.lease() }
    }

    /// Hands the next message to each recipient over, side by side, and records together what became of them.
    pub(crate) async fn take_turn(
        &self,
        hand: &mut Hand,
        machine_now: impl Fn() -> Timestamp,
    ) -> Result<(), Error> {
        let directory = self.hold(hand, machine_now).await?;
        let tried = hand.deal().into_iter().map(async |stored| {
            let tried = self.attempt(&stored.value, &directory).await;
            (stored, tried)
        });
        let tried = join_all(tried).await;
        if tried.is_empty() {
            return Ok(());
        }
        self.record(hand.company, hand.token, &tried).await
    }

    /// Lets go of what may not be tried now; the contacts as they are right before the turn.
    ///
    /// As long as a lease outlasts the try, time alone says that nobody else has the message, and the contacts say that
    /// nobody scrubbed it. Otherwise the lease is renewed, which fails if the message was changed since it was taken.
    pub(crate) async fn hold(
        &self,
        hand: &mut Hand,
        machine_now: impl Fn() -> Timestamp,
    ) -> Result<Directory, Error> {
        let end_of_try = || machine_now() + self.channel.longest_try();
        self.renew(hand, machine_now(), |message| !message.is_held_until(end_of_try())).await?;
        let directory = directory(self.core.db.read(), hand.company).await?;
        self.renew(hand, machine_now(), |message| may_be_scrubbed(message, &directory)).await?;
        // Only now: the database may have kept this waiting.
        hand.keep_held_until(end_of_try());
        Ok(directory)
    }

    /// Renews the leases on those next messages, and on the messages behind them, whose turn comes later.
    async fn renew(
        &self,
        hand: &mut Hand,
        now: Timestamp,
        which: impl Fn(&Message) -> bool,
    ) -> Result<(), Error> {
        let lease = self.lease(hand.token, now);
        for queue in hand.queues.values_mut() {
            if queue.front().is_none_or(|next| !which(&next.value)) {
                continue;
            }
            match self.renew_queue(queue, lease, now).await {
                Err(e) if e.is_conflict() => {
                    tracing::warn!(company = %hand.company, messages = queue.len(), "not tried: {LeaseLost}");
                    queue.clear();
                }
                outcome => outcome?,
            }
        }
        Ok(())
    }

    async fn renew_queue(
        &self,
        queue: &mut VecDeque<StoredMessage>,
        lease: Lease,
        now: Timestamp,
    ) -> Result<(), Error> {
        for stored in queue.iter_mut() {
            stored.value.renew(lease, now).map_err(|LeaseLost| Error::lost_race())?;
        }
        let tx = self.core.db.begin().await?;
        store::save_all(&tx, queue.make_contiguous()).await?;
        Ok(tx.commit().await?)
    }

    async fn attempt(&self, message: &Message, directory: &Directory) -> Tried {
        let to = match message.recipient {
            Recipient::Softvig => {
                let softvig = &self.renderer.softvig;
                Ok(Envelope { name: softvig.name.clone(), address: softvig.email.clone() })
            }
            Recipient::Contact(id) => envelope(directory, id, message.kind),
        };
        let mail = match to.map(|to| build(message, &to, &self.renderer.identity)) {
            Err(why) => return Tried::Dropped(why),
            Ok(Err(e)) => return Tried::Refused(format!("{e:#}")),
            Ok(Ok(mail)) => mail,
        };
        match self.channel.deliver(&file_name(message), &mail).await {
            Ok(answer) => Tried::Sent(answer),
            Err(Failure::Permanent(answer)) => Tried::Refused(answer),
            Err(Failure::Transient(answer)) => Tried::Postponed(answer),
        }
    }
}

/// Who is anonymised, or about to be, may have had their words taken out of it since it was taken.
fn may_be_scrubbed(message: &Message, directory: &Directory) -> bool {
    message.concerns().any(|id| directory.contact(id).is_none_or(Contact::is_forgotten))
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
