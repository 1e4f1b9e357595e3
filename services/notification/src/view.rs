//! What the API shows.

use platform::{actor::Actor, clock::to_wire, etag, id::CompanyId};
use proto::notification::v1 as pb;

use crate::events::{contact_name, message_name, preferences_name, project_name, question_name};
use crate::kind::Kind;
use crate::links::{CalendarLink, Holder};
use crate::message::{Message, Recipient, State, Try};
use crate::questions::{Answer, Question};
use crate::recipients::{Contact, Language};

/// A message as lists show it: without its texts.
pub fn summary(message: &Message) -> pb::Message {
    let (audience, contact) = match message.recipient {
        Recipient::Contact(id) => (pb::Audience::Contact, contact_name(message.company, id)),
        Recipient::Softvig => (pb::Audience::Softvig, String::new()),
    };
    let (state, next_try, sent) = match message.state {
        State::Held { .. } => (pb::MessageState::Held, None, None),
        State::Joined { .. } => (pb::MessageState::Joined, None, None),
        State::Pending { next_try } => (pb::MessageState::Pending, Some(next_try), None),
        State::Sending { .. } => (pb::MessageState::Sending, None, None),
        State::Sent { at } => (pb::MessageState::Sent, None, Some(at)),
        State::Undeliverable { .. } => (pb::MessageState::Undeliverable, None, None),
        State::Dropped { .. } => (pb::MessageState::Dropped, None, None),
        State::GivenUp { .. } => (pb::MessageState::GivenUp, None, None),
        State::Bounced { sent, .. } => (pb::MessageState::Bounced, None, Some(sent)),
    };
    pb::Message {
        name: message_name(message.company, message.id),
        project: project_name(message.company, message.project),
        event_id: message.event_id.to_string(),
        audience: audience.into(),
        contact,
        topic: message.kind.name().to_owned(),
        language: message.language.key().to_owned(),
        subject: message.content.subject.clone(),
        state: state.into(),
        attempts: i32::try_from(message.attempts).unwrap_or(i32::MAX),
        outcome: message.outcome.clone(),
        next_try_at: next_try.map(to_wire),
        created_at: Some(to_wire(message.created_at)),
        sent_at: sent.map(to_wire),
        template_version: message.template_version.clone(),
        resends: i32::try_from(message.resends).unwrap_or(i32::MAX),
        held_until: message.held_until().map(to_wire),
        joined_into: match message.state {
            State::Joined { into } => message_name(message.company, into),
            _ => String::new(),
        },
        joins: message.joins.iter().map(|part| message_name(message.company, part.message)).collect(),
        ..Default::default()
    }
}

/// A message with its texts.
pub fn message(message: &Message) -> pb::Message {
    let content = &message.content;
    let one = |one: &Try| pb::Try { at: Some(to_wire(one.at)), answer: one.answer.clone() };
    pb::Message {
        tries: message.tries.iter().map(one).collect(),
        text: content.text.clone(),
        html: content.html.clone(),
        calendar: content.invitation.as_ref().map(|i| i.ics.clone()).unwrap_or_default(),
        ..summary(message)
    }
}

/// What a contact wants to be told, and what it may do without.
pub fn preferences(company: CompanyId, contact: &Contact) -> pb::ContactPreferences {
    let preferences = &contact.preferences;
    let names = |kinds: &mut dyn Iterator<Item = Kind>| kinds.map(|kind| kind.name().to_owned()).collect();
    pb::ContactPreferences {
        name: preferences_name(company, contact.id),
        channel: pb::Channel::Email.into(),
        language: preferences.language.map(Language::key).unwrap_or_default().to_owned(),
        muted_topics: names(&mut Kind::optional().filter(|kind| contact.has_muted(*kind))),
        optional_topics: names(&mut Kind::optional()),
        etag: etag::of(preferences),
    }
}

/// A link without its secret.
pub fn calendar_link(link: &CalendarLink) -> pb::CalendarLink {
    let (contact, holder) = match (&link.holder, link.company) {
        (Holder::Contact(id), Some(company)) => (contact_name(company, *id), String::new()),
        (Holder::Contact(_), None) => Default::default(),
        (Holder::Softvig(subject), _) => (String::new(), subject.clone()),
    };
    let created_at = Some(to_wire(link.created_at));
    pb::CalendarLink { name: link.name(), contact, holder, url: String::new(), created_at }
}

/// A question with its answers. A contact is not told who at SOFTVIG answered.
pub fn question(question: &Question, reader: &Actor) -> pb::Question {
    let answer = |answer: &Answer| pb::Answer {
        text: answer.text.clone(),
        answered_by: if reader.is_softvig() { answer.by.clone() } else { String::new() },
        answered_at: Some(to_wire(answer.at)),
    };
    pb::Question {
        name: question_name(question.company, question.id),
        project: project_name(question.company, question.project),
        contact: contact_name(question.company, question.asker),
        subject: question.subject.clone(),
        text: question.text.clone(),
        asked_at: Some(to_wire(question.asked_at)),
        answers: question.answers.iter().map(answer).collect(),
        etag: etag::of(question),
    }
}
