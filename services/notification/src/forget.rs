//! Removes a contact's personal data, after the mails that take agreed dates out of their calendar.

use jiff::{SignedDuration, Timestamp};
use platform::{
    Error, documents,
    id::{CompanyId, ContactId},
    unit::Unit,
};

use crate::kind::Kind;
use crate::message::{Message, Recipient, store};
use crate::questions;
use crate::recipients::Directory;

/// Business time that those mails have, if no mail server takes them.
const LONGEST: SignedDuration = SignedDuration::from_hours(24);

/// Removes what the contact wrote, and what was written to or about them; name and address as well, unless a mail
/// is still on its way to them. Then the sender calls this again.
pub(crate) async fn forget(unit: &mut Unit, company: CompanyId, contact: ContactId) -> Result<(), Error> {
    let now = unit.now();
    let concerning = store::concerning(unit.db(), company, contact).await?;
    let (on_its_way, mut rest): (Vec<_>, Vec<_>) =
        concerning.into_iter().partition(|stored| is_farewell(&stored.value, contact, now));
    rest.retain_mut(|stored| stored.value.scrub(contact, now));
    store::replace_all(unit.db(), &rest).await?;
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

fn is_farewell(message: &Message, contact: ContactId, now: Timestamp) -> bool {
    message.kind == Kind::EntryRemoved
        && message.recipient == Recipient::Contact(contact)
        && message.due_at().is_some()
        && now < message.created_at + LONGEST
}
