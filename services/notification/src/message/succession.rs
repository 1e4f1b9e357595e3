//! What was meant for a contact who leaves goes to the successor.

use platform::{
    Error, clock,
    id::{CompanyId, ContactId},
    unit::Unit,
};

use super::{release, store};
use crate::Notification;
use crate::book::directory;

impl Notification {
    /// Writes to the successor what was not sent yet. Calendar entries are not passed on: the successor gets those of
    /// the dates that are agreed by itself.
    pub(crate) async fn pass_on_messages(
        &self,
        unit: &Unit,
        company: CompanyId,
        from: ContactId,
        successor: ContactId,
    ) -> Result<(), Error> {
        let now = unit.now();
        let directory = directory(unit.db(), company).await?;
        let Some(successor) = directory.contact(successor).filter(|contact| contact.is_active()) else {
            return Ok(());
        };
        // The successor may have been told one of those that were joined.
        for stored in store::on_its_way(unit.db(), company, from).await? {
            release::part(unit.db(), &stored.value, clock::machine_now()).await?;
        }
        let mut theirs = store::on_its_way(unit.db(), company, from).await?;
        theirs.retain(|stored| stored.value.content.invitation.is_none());
        let single = theirs.iter().map(|stored| &stored.value).filter(|message| message.joins.is_empty());
        let copies = single.map(|message| self.renderer.readdress(message, successor, &directory, now));
        let copies = copies.collect::<anyhow::Result<Vec<_>>>()?;
        store::insert(unit.db(), &copies).await?;
        theirs.iter_mut().for_each(|stored| stored.value.pass_on(now));
        release::save_all(unit.db(), theirs).await
    }
}
