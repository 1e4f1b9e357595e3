//! Lets go what was held, and joins messages of one kind to one recipient.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use platform::{
    Error, clock,
    id::{CompanyId, ProjectId},
};
use sea_orm::ConnectionTrait;
use tokio_util::sync::CancellationToken;

use super::store::{self, StoredMessage};
use super::{Message, Recipient};
use crate::Notification;
use crate::book::directory;
use crate::kind::Kind;
use crate::recipients::Language;

/// Most messages that are let go in one transaction, besides those that are joined with them.
const AT_ONCE: u64 = 200;

/// A mail with more would be read by nobody.
const MOST_PARTS: usize = 20;

/// What makes messages one mail.
type Group = (CompanyId, Option<ProjectId>, Recipient, Kind, Language);

impl Notification {
    /// Lets go what was held, until cancelled. It is apart from the senders, so that nothing urgent waits for it, and
    /// looks when business time has gone on: what was just written is held for some minutes at least.
    pub(super) async fn release_until(&self, stop: &CancellationToken) {
        while !stop.is_cancelled() {
            let looked_at = self.core.clock.now();
            match self.release().await {
                Ok(true) => continue,
                Ok(false) => {}
                Err(e) => tracing::warn!(error = %e, "what is held waits"),
            }
            stop.run_until_cancelled(self.core.clock.moves_on_from(looked_at)).await;
        }
    }

    /// Lets go what has been held long enough. Whether there may be more.
    pub(crate) async fn release(&self) -> Result<bool, Error> {
        let due = store::held(self.core.db.read(), self.core.clock.now(), AT_ONCE).await?;
        if due.is_empty() {
            return Ok(false);
        }
        let machine_now = clock::machine_now();
        let mut released = Vec::new();
        let mut joined: BTreeMap<Group, Vec<StoredMessage>> = BTreeMap::new();
        for mut stored in self.with_their_like(due).await? {
            if stored.value.is_joined() {
                joined.entry(group(&stored.value)).or_default().push(stored);
            } else {
                stored.value.release(machine_now);
                released.push(stored);
            }
        }
        let mut whole = Vec::new();
        for (group, mut messages) in joined {
            for parts in messages.chunks_mut(MOST_PARTS) {
                whole.extend(self.joined(group.0, parts, machine_now).await?);
            }
            released.append(&mut messages);
        }
        let tx = self.core.db.begin().await?;
        match save_all(&tx, released).await {
            Ok(()) => {
                store::insert(&tx, &whole).await?;
                tx.commit().await?;
                self.core.changed().notify_waiters();
            }
            // Another replica does the same, or somebody was anonymised: it is looked at once more.
            Err(e) if e.is_conflict() => {}
            Err(e) => return Err(e),
        }
        Ok(true)
    }

    /// The one message in place of these. Those that go out by themselves have none.
    async fn joined(
        &self,
        company: CompanyId,
        parts: &mut [StoredMessage],
        machine_now: Timestamp,
    ) -> Result<Option<Message>, Error> {
        if parts.len() > 1 {
            let directory = directory(self.core.db.read(), company).await?;
            let messages: Vec<&Message> = parts.iter().map(|stored| &stored.value).collect();
            match self.renderer.join(&messages, &directory, self.core.clock.now(), machine_now) {
                Ok(one) => {
                    parts.iter_mut().for_each(|stored| stored.value.join(one.id));
                    return Ok(Some(one));
                }
                // Nobody is to wait because of how they look together.
                Err(e) => tracing::error!(error = %format!("{e:#}"), "messages are not joined"),
            }
        }
        parts.iter_mut().for_each(|stored| stored.value.release(machine_now));
        Ok(None)
    }

    /// The messages, and all others that go out with one of them.
    async fn with_their_like(&self, due: Vec<StoredMessage>) -> Result<Vec<StoredMessage>, Error> {
        let joined = due.iter().map(|stored| &stored.value).filter(|message| message.is_joined());
        let groups: BTreeSet<Group> = joined.map(group).collect();
        if groups.is_empty() {
            return Ok(due);
        }
        let companies = groups.iter().map(|(company, ..)| *company).collect();
        let alike = |m: &Message| m.is_joined() && groups.contains(&group(m));
        let mut all = store::held_of(self.core.db.read(), &companies).await?;
        all.retain(|stored| alike(&stored.value));
        all.extend(due.into_iter().filter(|stored| !alike(&stored.value)));
        Ok(all)
    }
}

const fn group(message: &Message) -> Group {
    (message.company, message.project, message.recipient, message.kind, message.language)
}

/// What a message that is not sent had taken the place of goes out by itself.
pub(crate) async fn part(
    c: &impl ConnectionTrait,
    whole: &Message,
    machine_now: Timestamp,
) -> Result<(), Error> {
    let ids: Vec<_> = whole.joins.iter().map(|part| part.message).collect();
    let mut parts = store::find_all(c, &ids).await?;
    parts.retain_mut(|stored| stored.value.part(whole.id, machine_now));
    save_all(c, parts).await
}

/// Refused as a conflict if somebody else changed one of them since it was read.
async fn save_all(c: &impl ConnectionTrait, messages: Vec<StoredMessage>) -> Result<(), Error> {
    let count = messages.len();
    if store::save(c, messages).await?.len() < count { Err(Error::lost_race()) } else { Ok(()) }
}
