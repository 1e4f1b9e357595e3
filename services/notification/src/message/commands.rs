//! What SOFTVIG does about messages: sends one again, and passes on what mail servers say later.

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

use super::bounce::{Action, Notice};
use super::queries::MESSAGE;
use super::store::{self, StoredMessage};
use super::{Message, MessageId, Recipient, Times};
use crate::events::message_name;
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
            let asked: Words = match stored.value.due_at() {
                Some(_) => words("a message that is on its way", "wiadomość w drodze"),
                None => words("a message without its words", "wiadomość bez treści"),
            };
            let allowed = words(
                "one that was sent, refused, bounced, dropped or given up, and whose contact was not anonymised",
                "wysłana, odrzucona, zwrócona, pominięta albo zaniechana, której odbiorcy nie zanonimizowano",
            );
            return Err(Error::invalid("name", asked, allowed));
        }
        stored.value.resend(clock::machine_now());
        record(
            &mut unit,
            &stored.value,
            "message_resent",
            actor.in_history(company),
            json!({ "message": id }),
        );
        save(unit, stored).await
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
        let times = Times { business: unit.now(), machine: clock::machine_now() };
        match notice.action {
            Action::Failed => {
                if stored.value.bounced(notice.words.clone(), times) && notice.is_about_the_address {
                    match stored.value.recipient {
                        Recipient::Contact(contact) => {
                            self.mark_undeliverable(&mut unit, &stored.value, contact, &notice.words).await?;
                        }
                        Recipient::Softvig => {
                            tracing::error!(message = %notice.message, "SOFTVIG's own address bounced");
                        }
                    }
                }
            }
            Action::Other => stored.value.heard(notice.words.clone(), times),
        }
        let body = json!({ "message": notice.message, "says": notice.words });
        record(&mut unit, &stored.value, "delivery_status_reported", actor.in_history(company), body);
        save(unit, stored).await
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
