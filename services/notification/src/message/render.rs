use std::collections::BTreeSet;

use anyhow::Context;
use jiff::Timestamp;
use platform::id::ContactId;

use super::templates::{Frame, Templates};
use super::words::{Words, values};
use super::{
    Content, Invitation, MailIdentity, Message, MessageId, Notice, Part, Recipient, SendingPolicy, State,
};
use crate::kind::Kind;
use crate::project::{Entry, date_key};
use crate::recipients::{Contact, Directory, Language, Softvig};
use crate::routing::{Addressee, addressees};

/// Turns notices into messages.
#[derive(Clone, Debug)]
pub struct Renderer {
    pub identity: MailIdentity,
    pub softvig: Softvig,
    pub sending: SendingPolicy,
    pub templates: Templates,
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
            address: notice.address.clone(),
            dates: notice.dates.clone(),
            urgent: notice.urgent,
            joins: Vec::new(),
            template_version: self.templates.version(notice.kind, language),
            trace: None,
            created_at: now,
            attempts: 0,
            outcome: String::new(),
            state: State::Pending { next_try: machine_now },
            tries: Vec::new(),
            tried_since: None,
            resends: 0,
            resent: None,
        };
        self.hold(&mut message, directory, now);
        Ok(message)
    }

    /// What a message that was just written waits for, if anything.
    fn hold(&self, message: &mut Message, directory: &Directory, now: Timestamp) {
        let contact = message.contact().and_then(|id| directory.contact(id));
        // Of what is for somebody who left the sender knows who gets it.
        let is_for_them = |contact: &Contact| contact.is_active() || message.uninvites();
        if contact.is_some_and(|contact| contact.undeliverable && is_for_them(contact)) {
            message.refuse_known_address(now);
        } else if let Some(until) = self.sending.holds_new(message, now) {
            message.hold(until);
        }
    }

    /// One message in place of several of one kind to one recipient, oldest first.
    ///
    /// Fails only if a frame lacks a value, which is a fault of this software.
    pub fn join(
        &self,
        messages: &[&Message],
        directory: &Directory,
        now: Timestamp,
        machine_now: Timestamp,
    ) -> anyhow::Result<Message> {
        let first = messages.first().context("no messages to join")?;
        let bodies: Vec<&str> = messages.iter().map(|message| message.content.body.as_str()).collect();
        let paragraphs = bodies.iter().all(|body| !body.contains("\n\n"));
        let body = bodies.join(if paragraphs { "\n\n" } else { "\n\n———\n\n" });
        let subject = format!("{} (+{})", first.content.subject, messages.len() - 1);
        let contact = first.contact().and_then(|id| directory.contact(id));
        let mentions: BTreeSet<ContactId> =
            messages.iter().flat_map(|m| m.mentions.iter().copied()).collect();
        let part = |message: &&Message| Part { message: message.id, part: message.part.clone() };
        let id = MessageId::new();
        Ok(Message {
            id,
            // Of its own: there may be one message to this recipient for the first part's.
            part: format!("joined/{id}"),
            mentions: mentions.into_iter().collect(),
            content: self.again(
                first,
                contact,
                first.content.unsubscribe.as_deref(),
                directory,
                subject,
                body,
            )?,
            dates: messages.iter().flat_map(|m| m.dates.iter().cloned()).collect(),
            joins: messages.iter().map(part).collect(),
            template_version: self.templates.version(first.kind, first.language),
            created_at: now,
            ..first.copy(machine_now)
        })
    }

    /// The same message for another contact.
    ///
    /// Fails only if a frame lacks a value, which is a fault of this software.
    pub fn readdress(
        &self,
        message: &Message,
        to: &Contact,
        directory: &Directory,
        unsubscribe: UnsubscribeLink<'_>,
        now: Timestamp,
        machine_now: Timestamp,
    ) -> anyhow::Result<Message> {
        let Content { subject, text, body, .. } = message.content.clone();
        // A build before did not keep the body.
        let body = if body.is_empty() { text } else { body };
        let unsubscribe = message.kind.is_optional().then(|| unsubscribe(to.id, message.kind));
        let content = self.again(message, Some(to), unsubscribe.as_deref(), directory, subject, body)?;
        let mut copy = Message {
            recipient: Recipient::Contact(to.id),
            content,
            template_version: self.templates.version(message.kind, message.language),
            ..message.copy(machine_now)
        };
        self.hold(&mut copy, directory, now);
        Ok(copy)
    }

    /// Words that were a message before, in a frame of their own.
    fn again(
        &self,
        message: &Message,
        contact: Option<&Contact>,
        unsubscribe: Option<&str>,
        directory: &Directory,
        subject: String,
        body: String,
    ) -> Result<Content, minijinja::Error> {
        let frame = Frame {
            name: contact.map_or("", |contact| &contact.name),
            company: &company(message.kind, directory),
            calendar: "",
            portal: contact.is_some_and(Contact::is_active),
            unsubscribe: unsubscribe.unwrap_or_default(),
        };
        self.framed(message.language, frame, subject, body, None)
    }

    pub(super) fn content(
        &self,
        notice: &Notice,
        directory: &Directory,
        to: Addressee<'_>,
        unsubscribe: Option<String>,
        language: Language,
        now: Timestamp,
    ) -> Result<Content, minijinja::Error> {
        let company = company(notice.kind, directory);
        let text = self.templates.text(notice.kind, language, &values(language, &notice.facts))?;
        let (name, subject) = match to {
            Addressee::Contact { contact, .. } => (contact.name.as_str(), text.subject),
            // SOFTVIG reads about hundreds of companies.
            Addressee::Softvig if company.is_empty() => ("", text.subject),
            Addressee::Softvig => ("", format!("{company}: {}", text.subject)),
        };
        let invitation = match (to, &notice.calendar) {
            (Addressee::Contact { contact, entry: true }, Some(calendar)) => {
                let summary = summary(language, calendar.entry(), &company);
                let address = notice.address.as_ref().unwrap_or(&contact.email);
                let attendee = Contact { email: address.clone(), ..contact.clone() };
                Some(Invitation::new(calendar, &summary, &text.body, &attendee, &self.identity, now))
            }
            _ => None,
        };
        let calendar = invitation.as_ref().map_or("", |invitation| invitation.method.name());
        let frame = Frame {
            name,
            company: &company,
            calendar,
            portal: matches!(to, Addressee::Contact { contact, .. } if contact.is_active()),
            unsubscribe: unsubscribe.as_deref().unwrap_or_default(),
        };
        self.framed(language, frame, subject, text.body, invitation)
    }

    /// The words with greeting and closing around them.
    fn framed(
        &self,
        language: Language,
        frame: Frame<'_>,
        subject: String,
        body: String,
        invitation: Option<Invitation>,
    ) -> Result<Content, minijinja::Error> {
        let text = self.templates.plain(language, frame, &body)?;
        // HTML has a link behind words instead of its address.
        let unlinked = self.templates.plain(language, Frame { unsubscribe: "", ..frame }, &body)?;
        let html = self.templates.html(language, &subject, &unlinked, frame.unsubscribe)?;
        let unsubscribe = Some(frame.unsubscribe.to_owned()).filter(|link| !link.is_empty());
        Ok(Content { subject, text, html, body, invitation, unsubscribe })
    }
}

/// The company that a message is about, by its name.
fn company(kind: Kind, directory: &Directory) -> String {
    match kind {
        // Of no company in particular.
        Kind::WebhookSwitchedOff => String::new(),
        _ => directory.display_name(),
    }
}

/// What a date is called in calendars.
pub fn summary(language: Language, entry: &Entry, company: &str) -> String {
    let date = Words::of(language).word("date", &date_key(entry.date.kind));
    format!("{date} – {company}")
}
