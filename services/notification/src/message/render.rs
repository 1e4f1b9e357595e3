use anyhow::Context;
use jiff::Timestamp;
use minijinja::context;
use platform::id::ContactId;

use super::templates::{self, UnsubscribePage};
use super::words::{Words, values};
use super::{Content, Invitation, MailIdentity, Message, MessageId, Notice, Recipient};
use crate::kind::Kind;
use crate::project::{Entry, date_key};
use crate::recipients::{Directory, Language, Softvig};
use crate::routing::{Addressee, addressees};

/// Turns notices into messages.
#[derive(Clone, Debug)]
pub struct Renderer {
    pub identity: MailIdentity,
    pub softvig: Softvig,
    /// Where links lead: host, and port if need be.
    pub public_host: String,
}

/// The link under which a contact switches a kind off.
pub type UnsubscribeLink<'a> = &'a dyn Fn(ContactId, Kind) -> String;

impl Renderer {
    /// One message for everybody who hears the notice.
    ///
    /// Fails only if a template lacks a fact, which is a fault of this software.
    pub fn messages(
        &self,
        notice: &Notice,
        directory: &Directory,
        unsubscribe: UnsubscribeLink<'_>,
        now: Timestamp,
        machine_now: Timestamp,
    ) -> anyhow::Result<Vec<Message>> {
        let link = |to| match to {
            Addressee::Contact { contact, .. } if notice.kind.is_optional() => {
                Some(unsubscribe(contact.id, notice.kind))
            }
            _ => None,
        };
        addressees(notice, directory)
            .into_iter()
            .map(|to| self.message(notice, directory, to, link(to), now, machine_now))
            .collect()
    }

    fn message(
        &self,
        notice: &Notice,
        directory: &Directory,
        to: Addressee<'_>,
        unsubscribe: Option<String>,
        now: Timestamp,
        machine_now: Timestamp,
    ) -> anyhow::Result<Message> {
        let (recipient, language) = match to {
            Addressee::Contact { contact, .. } => (Recipient::Contact(contact.id), contact.language()),
            Addressee::Softvig => (Recipient::Softvig, self.softvig.language),
        };
        let content = self
            .content(notice, directory, to, unsubscribe, language, now)
            .with_context(|| format!("template {} in {}", notice.kind.name(), language.key()))?;
        let mut message = Message {
            id: MessageId::new(),
            company: directory.company,
            project: notice.project,
            event_id: notice.event_id,
            part: notice.part.clone(),
            kind: notice.kind,
            recipient,
            language,
            mentions: notice.mentions.clone(),
            content,
            created_at: now,
            attempts: 0,
            outcome: String::new(),
            state: super::State::Pending { next_try: machine_now },
            tries: Vec::new(),
            tried_since: None,
            resends: 0,
            resent: None,
        };
        if let Addressee::Contact { contact, .. } = to
            && contact.undeliverable
        {
            message.refuse_known_address(now);
        }
        Ok(message)
    }

    fn content(
        &self,
        notice: &Notice,
        directory: &Directory,
        to: Addressee<'_>,
        unsubscribe: Option<String>,
        language: Language,
        now: Timestamp,
    ) -> Result<Content, minijinja::Error> {
        let company = match notice.kind {
            // Of no company in particular.
            Kind::WebhookSwitchedOff => String::new(),
            _ => directory.display_name(),
        };
        let text = templates::text(notice.kind, language, &values(language, &notice.facts))?;
        let (name, subject) = match to {
            Addressee::Contact { contact, .. } => (contact.name.as_str(), text.subject),
            // SOFTVIG reads about hundreds of companies.
            Addressee::Softvig if company.is_empty() => ("", text.subject),
            Addressee::Softvig => ("", format!("{company}: {}", text.subject)),
        };
        let invitation = match (to, &notice.calendar) {
            (Addressee::Contact { contact, entry: true }, Some(calendar)) => {
                let summary = summary(language, calendar.entry(), &company);
                Some(Invitation::new(calendar, &summary, &text.body, contact, &self.identity, now))
            }
            _ => None,
        };
        let calendar = invitation.as_ref().map_or("", |invitation| invitation.method.name());
        let frame = |unsubscribe| {
            let frame = context! { name, company => &company, calendar, unsubscribe };
            templates::plain(language, &frame, &text.body)
        };
        let link = unsubscribe.as_deref().unwrap_or_default();
        let plain = frame(link)?;
        // HTML has a link behind words instead of its address.
        let html = match link {
            "" => templates::html(language, &subject, &plain, link)?,
            link => templates::html(language, &subject, &frame("")?, link)?,
        };
        Ok(Content { subject, text: plain, html, invitation, unsubscribe })
    }
}

/// The page that asks whether a kind is to be switched off, or says that it is.
pub fn unsubscribe_page(
    language: Language,
    kind: Kind,
    page: UnsubscribePage,
) -> Result<String, minijinja::Error> {
    templates::unsubscribe_page(language, page, &Words::of(language).word("topic", kind.name()))
}

/// What a date is called in calendars.
pub fn summary(language: Language, entry: &Entry, company: &str) -> String {
    let date = Words::of(language).word("date", &date_key(entry.date.kind));
    format!("{date} – {company}")
}
