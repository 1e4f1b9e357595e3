use anyhow::Context;
use jiff::Timestamp;
use minijinja::context;

use super::templates;
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
}

impl Renderer {
    /// One message for everybody who hears the notice.
    ///
    /// Fails only if a template lacks a fact, which is a fault of this software.
    pub fn messages(
        &self,
        notice: &Notice,
        directory: &Directory,
        now: Timestamp,
        machine_now: Timestamp,
    ) -> anyhow::Result<Vec<Message>> {
        addressees(notice, directory)
            .into_iter()
            .map(|to| self.message(notice, directory, to, now, machine_now))
            .collect()
    }

    fn message(
        &self,
        notice: &Notice,
        directory: &Directory,
        to: Addressee<'_>,
        now: Timestamp,
        machine_now: Timestamp,
    ) -> anyhow::Result<Message> {
        let (recipient, language) = match to {
            Addressee::Contact { contact, .. } => (Recipient::Contact(contact.id), contact.language()),
            Addressee::Softvig => (Recipient::Softvig, self.softvig.language),
        };
        let content = self
            .content(notice, directory, to, language, now)
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
        let frame = context! { name, company => &company, calendar };
        let plain = templates::plain(language, &frame, &text.body)?;
        let html = templates::html(language, &subject, &plain)?;
        Ok(Content { subject, text: plain, html, invitation })
    }
}

/// What a date is called in calendars.
pub fn summary(language: Language, entry: &Entry, company: &str) -> String {
    let date = Words::of(language).word("date", &date_key(entry.date.kind));
    format!("{date} – {company}")
}
