//! What SOFTVIG does about messages: sends one again, and passes on what mail servers say later.

use std::slice;

use platform::{
    Call, Error,
    auth::Role,
    clock,
    command::Started,
    id::CompanyId,
    name,
    unit::{NewHistory, Unit},
};
use proto::{
    notification::v1 as pb,
    refusal::{Words, words},
};
use serde_json::json;
use uuid::Uuid;

use super::bounce::{Action, Notice};
use super::queries::MESSAGE;
use super::record::announce;
use super::sender::successor;
use super::store::{self, StoredMessage};
use super::{Message, MessageId, Recipient, Times};
use crate::book::directory;
use crate::channel::codes;
use crate::events::message_name;
use crate::recipients::Directory;
use crate::{Notification, view};

/// Notices hold the mail that they are about, which is small.
const LARGEST_NOTICE: usize = 128 << 10;

impl Notification {
    /// RPC `ResendMessage`.
    pub async fn resend_message(
        &self,
        call: Call,
        request: pb::ResendMessageRequest,
    ) -> Result<pb::Message, Error> {
        let [company, id] = name::ids("name", MESSAGE, &request.name)?;
        let (company, id) = (CompanyId::from(company), MessageId(id));
        call.principal.sees(company, &request.name)?;
        call.principal.require(&[Role::Crm, Role::Operator])?;
        let Started::Fresh(mut unit, actor) = self.core.start(&call, company.into()).await? else {
            return self.read_message(company, id).await;
        };
        let found = store::find(unit.db(), company, id).await?;
        let mut stored = found.ok_or_else(|| Error::not_found(&request.name))?;
        if !stored.value.is_resendable() {
            let asked: Words = match stored.value.is_on_its_way() {
                true => words("a message that is on its way", "wiadomość w trakcie wysyłki"),
                false => words("a message without its words", "wiadomość bez treści"),
            };
            let allowed = words(
                "one that was sent, joined, refused, bounced, dropped or given up, and whose contact was not anonymised",
                "wysłana, dołączona do innej, odrzucona, zwrócona, pominięta albo taka, której wysyłki zaniechano, jeśli odbiorcy nie zanonimizowano",
            );
            return Err(Error::invalid("name", asked, allowed));
        }
        self.refuse_passed_on(&unit, &stored.value).await?;
        stored.value.resend(Times { business: unit.now(), machine: clock::machine_now() });
        record(
            &mut unit,
            &stored.value,
            "message_resent",
            actor.in_history(company),
            json!({ "message": id }),
        );
        save(unit, stored).await
    }

    /// What a successor got already is sent again as that one's, by the words and the address that it has.
    async fn refuse_passed_on(&self, unit: &Unit, message: &Message) -> Result<(), Error> {
        let Some(contact) = message.contact() else { return Ok(()) };
        let directory = directory(unit.db(), message.company).await?;
        let Some(successor) = successor(&directory, contact, message) else { return Ok(()) };
        let ids: Vec<MessageId> = message.joins.iter().map(|part| part.message).collect();
        let parts: Vec<Message> =
            store::find_all(unit.db(), &ids).await?.into_iter().map(|stored| stored.value).collect();
        let mut names = Vec::new();
        for one in if parts.is_empty() { slice::from_ref(message) } else { &parts } {
            let copy = store::find_copy(unit.db(), one, Recipient::Contact(successor)).await?;
            names.extend(copy.map(|copy| message_name(message.company, copy.value.id)));
        }
        if names.is_empty() {
            return Ok(());
        }
        let names = names.join(", ");
        let asked = words(
            "a message that was passed on to the contact's successor",
            "wiadomość przekazana następcy odbiorcy",
        );
        Err(Error::invalid("name", asked, words(names.clone(), names)))
    }

    /// RPC `ReportDeliveryStatus`.
    pub async fn report_delivery_status(
        &self,
        call: Call,
        request: pb::ReportDeliveryStatusRequest,
    ) -> Result<pb::Message, Error> {
        call.principal.require(&[Role::Operator])?;
        if request.mail.len() > LARGEST_NOTICE {
            let allowed = words("at most 128 KiB", "najwyżej 128 KiB");
            return Err(Error::invalid("mail", words("a larger mail", "większa wiadomość"), allowed));
        }
        let notice = Notice::read(&request.mail, &self.renderer.identity.domain)?;
        let found = store::find_anywhere(self.core.db.read(), notice.message).await?;
        let company = found.ok_or_else(|| Error::not_found(notice.message))?.value.company;
        let Started::Fresh(mut unit, actor) = self.core.start(&call, company.into()).await? else {
            return self.read_message(company, notice.message).await;
        };
        let found = store::find(unit.db(), company, notice.message).await?;
        let mut stored = found.ok_or_else(|| Error::not_found(notice.message))?;
        if stored.value.is_being_sent() {
            // A server may bounce a mail sooner than this process has recorded that it was taken.
            return Err(Error::Unavailable(anyhow::anyhow!("the message is just being sent")));
        }
        let times = Times { business: unit.now(), machine: clock::machine_now() };
        // What was anonymised is not named again.
        let said = if stored.value.is_scrubbed() { codes(&notice.words) } else { notice.words.clone() };
        let failed = notice.action == Action::Failed && notice.resends == stored.value.resends;
        if failed && stored.value.bounced(said.clone(), times) {
            let event_id = announce(&mut unit, &stored.value);
            self.blame(&mut unit, &stored.value, &notice).await?;
            let directory = directory(unit.db(), company).await?;
            let is_sent = self.send_bounced(&unit, &mut stored.value, &notice, &directory).await?;
            if let Some(event_id) = event_id.filter(|_| !is_sent) {
                self.tell_bounced(&unit, &stored.value, event_id, &directory).await?;
            }
        } else {
            stored.value.heard(said, times);
        }
        let body = json!({ "message": notice.message, "says": codes(&notice.words) });
        record(&mut unit, &stored.value, "delivery_status_reported", actor.in_history(company), body);
        save(unit, stored).await
    }

    /// The address that a notice blames is undeliverable.
    async fn blame(&self, unit: &mut Unit, message: &Message, notice: &Notice) -> Result<(), Error> {
        if notice.blames.is_empty() {
            return Ok(());
        }
        let Recipient::Contact(id) = message.recipient else {
            tracing::error!(message = %message.id, "SOFTVIG's own address bounced");
            return Ok(());
        };
        self.mark_undeliverable(unit, message, id, &notice.blames, &notice.words).await
    }

    /// A notice may come when the contact was replaced, or has another address. Servers write addresses in other ways
    /// than we do, so what already went out by itself does not once more because of them. Returns whether somebody gets
    /// it now.
    async fn send_bounced(
        &self,
        unit: &Unit,
        message: &mut Message,
        notice: &Notice,
        directory: &Directory,
    ) -> Result<bool, Error> {
        let Some(contact) = message.contact() else { return Ok(false) };
        let is_elsewhere = !notice.to.is_empty() && !directory.writes_to(contact, &notice.to);
        let was_corrected = is_elsewhere && !message.is_sent_by_itself();
        let is_passed_on = successor(directory, contact, message).is_some();
        if was_corrected || is_passed_on {
            self.send_anew(unit, message, directory).await?;
        }
        Ok(is_passed_on || message.is_on_its_way())
    }

    /// SOFTVIG hears of a mail that did not arrive, as of one that was refused at once; not where it knows that the
    /// address does not work, or that the contact has left.
    async fn tell_bounced(
        &self,
        unit: &Unit,
        message: &Message,
        event_id: Uuid,
        directory: &Directory,
    ) -> Result<(), Error> {
        let contact = message.contact().and_then(|id| directory.contact(id));
        if contact.is_some_and(|contact| contact.is_active() && !contact.undeliverable) {
            self.tell_given_up(unit, message, event_id, &message.outcome, directory).await?;
        }
        Ok(())
    }

    async fn read_message(&self, company: CompanyId, id: MessageId) -> Result<pb::Message, Error> {
        let found = store::find(self.core.db.read(), company, id).await?;
        found
            .map(|stored| view::message(&stored.value))
            .ok_or_else(|| Error::not_found(message_name(company, id)))
    }
}

fn record(unit: &mut Unit, message: &Message, kind: &str, actor: String, body: serde_json::Value) {
    let project = crate::events::project_name(message.company, message.project);
    let project = Some(project).filter(|name| !name.is_empty());
    unit.record(NewHistory { kind: kind.to_owned(), project, actor, body });
}

async fn save(unit: Unit, stored: StoredMessage) -> Result<pb::Message, Error> {
    let message = view::message(&stored.value);
    if store::save(unit.db(), vec![stored]).await?.is_empty() {
        return Err(Error::lost_race());
    }
    unit.commit(&message.name).await?;
    Ok(message)
}
