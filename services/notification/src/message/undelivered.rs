//! What did not reach a contact goes out again when it can: to the address that works again, or to a successor.

use platform::{
    Error, clock,
    id::{CompanyId, ContactId},
    unit::Unit,
};

use super::{Message, Times, store};
use crate::Notification;
use crate::book::directory;

impl Notification {
    /// Lets the sender, which knows who gets it now, try again what did not reach the contact lately. Calendar entries
    /// come anew by themselves, with the dates as they are now.
    pub(crate) async fn send_undelivered(
        &self,
        unit: &Unit,
        company: CompanyId,
        contact: ContactId,
    ) -> Result<(), Error> {
        let times = Times { business: unit.now(), machine: clock::machine_now() };
        let since = self.renderer.sending.undelivered.since(times.business);
        let directory = directory(unit.db(), company).await?;
        let is_wanted = |message: &Message| {
            message.created_at >= since
                && message.is_resendable()
                && message.content.invitation.is_none()
                && !directory.contact(contact).is_some_and(|contact| contact.has_muted(message.kind))
        };
        let mut messages = store::undelivered(unit.db(), company, contact).await?;
        messages.retain(|stored| is_wanted(&stored.value));
        for stored in &mut messages {
            stored.value.resend(times);
        }
        store::save(unit.db(), messages).await?;
        Ok(())
    }
}
