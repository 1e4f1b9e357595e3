//! Removes a contact's personal data, after the mails that take agreed dates out of their calendar.

use jiff::{SignedDuration, Timestamp};
use platform::{
    Error, clock, documents,
    id::{CompanyId, ContactId},
    unit::Unit,
};

use crate::Notification;
use crate::book::directory;
use crate::message::{
    Message, MessageId, Recipient, State, part,
    store::{self, StoredMessage},
};
use crate::questions;
use crate::recipients::Directory;

/// Business time that those mails have, if no mail server takes them.
const LONGEST: SignedDuration = SignedDuration::from_hours(24);

impl Notification {
    /// Removes what the contact wrote, and what was written to or about them; name and address as well, unless a mail
    /// is still on its way to them. Then the sender calls this again.
    pub(crate) async fn forget(
        &self,
        unit: &mut Unit,
        company: CompanyId,
        contact: ContactId,
    ) -> Result<(), Error> {
        let now = unit.now();
        let concerning = store::concerning(unit.db(), company, contact).await?;
        let (on_its_way, mut rest): (Vec<_>, Vec<_>) =
            concerning.into_iter().partition(|stored| is_farewell(&stored.value, contact, now));
        self.pass_on_before(unit, contact, &rest).await?;
        let was_to_go = |stored: &StoredMessage| stored.value.is_on_its_way().then_some(stored.value.id);
        let were_to_go: Vec<MessageId> = rest.iter().filter_map(was_to_go).collect();
        rest.retain_mut(|stored| stored.value.scrub(contact, now));
        store::replace_all(unit.db(), &rest).await?;
        // What was to go out with words about the contact goes out without them.
        for whole in rest.iter().filter(|stored| were_to_go.contains(&stored.value.id)) {
            part(unit.db(), &whole.value, clock::machine_now()).await?;
        }
        questions::scrub(unit, company, contact).await?;
        if !on_its_way.is_empty() {
            return Ok(());
        }
        if let Some(mut stored) = documents::find::<Directory>(unit.db(), company, company.0).await? {
            stored.value.anonymise(contact);
            documents::save(unit.db(), &stored).await?;
        }
        Ok(())
    }

    /// A successor gets what the contact had not got yet, as far as it does not speak of the contact.
    async fn pass_on_before(
        &self,
        unit: &Unit,
        contact: ContactId,
        messages: &[StoredMessage],
    ) -> Result<(), Error> {
        let Some(first) = messages.first() else { return Ok(()) };
        let directory = directory(unit.db(), first.value.company).await?;
        let Some(successor) = directory.contact(contact).and_then(|contact| contact.successor) else {
            return Ok(());
        };
        let all = || messages.iter().map(|stored| &stored.value);
        let to_go: Vec<MessageId> = all().filter(|m| m.is_on_its_way()).map(|message| message.id).collect();
        let theirs = all().filter(|message| {
            // Of several in one, each.
            let is_to_go = match message.state {
                State::Joined { into } => to_go.contains(&into),
                _ => message.joins.is_empty() && message.is_on_its_way(),
            };
            message.recipient == Recipient::Contact(contact)
                && is_to_go
                && message.content.invitation.is_none()
                && !message.mentions.contains(&contact)
        });
        for message in theirs {
            self.readdress(unit, message, successor).await?;
        }
        Ok(())
    }
}

fn is_farewell(message: &Message, contact: ContactId, now: Timestamp) -> bool {
    message.uninvites()
        && message.recipient == Recipient::Contact(contact)
        && message.is_on_its_way()
        && now < message.created_at + LONGEST
}
