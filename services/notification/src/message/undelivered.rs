//! What did not reach a contact goes out again when it can: to the address that works now, or to a successor.

use jiff::Timestamp;
use platform::{
    Error, clock,
    id::{CompanyId, ContactId},
    unit::Unit,
};

use super::sender::{HAS_LEFT, successor};
use super::{Message, State, store};
use crate::Notification;
use crate::book::directory;
use crate::kind::Kind;
use crate::recipients::{Contact, Directory};

impl Notification {
    /// For a contact who was replaced, or whose address is another one or works again.
    pub(crate) async fn send_undelivered(
        &self,
        unit: &Unit,
        company: CompanyId,
        contact: ContactId,
    ) -> Result<(), Error> {
        let directory = directory(unit.db(), company).await?;
        let mut messages = store::undelivered(unit.db(), company, contact).await?;
        for stored in &mut messages {
            self.send_anew(unit, &mut stored.value, &directory).await?;
        }
        messages.retain(|stored| stored.value.is_on_its_way());
        // Nobody else changes what is done with: that is up to commands and events, and this one has the lane.
        store::save(unit.db(), messages).await?;
        Ok(())
    }

    /// A message that did not arrive. It stays as it is if a successor gets it, or nobody does.
    pub(super) async fn send_anew(
        &self,
        unit: &Unit,
        message: &mut Message,
        directory: &Directory,
    ) -> Result<(), Error> {
        let now = unit.now();
        let Some(contact) = message.contact().and_then(|id| directory.contact(id)) else { return Ok(()) };
        if !self.is_news(message, directory, now) {
            return Ok(());
        }
        if let Some(successor) = successor(directory, contact.id, message) {
            return self.readdress(unit, message, successor).await;
        }
        if can_get(contact, message) {
            message.retry(clock::machine_now());
            if let Some(until) = self.renderer.sending.holds_new(message, now) {
                message.hold(until);
            }
        }
        Ok(())
    }

    fn is_news(&self, message: &Message, directory: &Directory, now: Timestamp) -> bool {
        let is_unreachable = |id: &ContactId| {
            directory.contact(*id).is_some_and(|contact| contact.is_active() && contact.undeliverable)
        };
        let holds = match message.state {
            // Scheduling tells that somebody has left before it tells who follows.
            State::Dropped { .. } => message.outcome == HAS_LEFT,
            _ => message.kind != Kind::ContactUndeliverable || message.mentions.iter().any(is_unreachable),
        };
        let since = self.renderer.sending.undelivered.since(now);
        holds && message.is_resendable() && message.created_at >= since
    }
}

/// Invitations come anew by themselves, to the dates as they are now.
fn can_get(contact: &Contact, message: &Message) -> bool {
    let is_for_them =
        message.content.invitation.is_none() || message.uninvites() && message.address.is_none();
    contact.is_active() && !contact.undeliverable && is_for_them
}
