//! The mail as it goes over the wire. The same message always gives the same bytes, so that a repeat
//! after a crash is recognised by its Message-ID.

use std::time::SystemTime;

use anyhow::{Context, anyhow};
use lettre::{
    Address,
    message::{
        Attachment, Mailbox, MultiPart, SinglePart,
        header::{ContentType, Header, HeaderName, HeaderValue},
    },
};

use super::Message;
use crate::recipients::one_line;

/// What SOFTVIG's mails are sent as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailIdentity {
    /// Address of the sender and of the calendar entries' organiser.
    pub from: String,
    pub from_name: String,
    /// Behind the @ of Message-IDs and calendar UIDs.
    pub domain: String,
}

/// Whom one mail goes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    pub name: String,
    pub address: String,
}

/// Says that nobody wrote this by hand (RFC 3834), so that no holiday notice comes back.
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".into())
    }
}

/// The mail of a message: text and HTML, and with an invitation
/// mixed(alternative(plain, html, text/calendar), .ics), which all calendar programs understand.
///
/// Fails if the recipient's address is none.
pub fn build(message: &Message, to: &Envelope, identity: &MailIdentity) -> anyhow::Result<lettre::Message> {
    let content = &message.content;
    let id = message.mail_id();
    let alternative = MultiPart::alternative()
        .boundary(format!("alternative-{id}"))
        .singlepart(SinglePart::plain(content.text.clone()))
        .singlepart(SinglePart::html(content.html.clone()));
    let body = match &content.invitation {
        None => alternative,
        Some(invitation) => {
            let method = invitation.method.name();
            let calendar: ContentType = format!("text/calendar; charset=utf-8; method={method}").parse()?;
            let inline = SinglePart::builder().header(calendar).body(invitation.ics.clone());
            let file: ContentType = format!("application/ics; name=\"{ICS}\"").parse()?;
            MultiPart::mixed()
                .boundary(format!("mixed-{id}"))
                .multipart(alternative.singlepart(inline))
                .singlepart(Attachment::new(ICS.into()).body(invitation.ics.clone(), file))
        }
    };
    let mut mail = lettre::Message::builder();
    if let Some(thread) = message.thread() {
        // Nobody ever gets a mail with this id: it only holds together what mail programs show as one conversation.
        let thread = format!("<{thread}@{}>", identity.domain);
        mail = mail.in_reply_to(thread.clone()).references(thread);
    }
    mail.from(mailbox(&identity.from_name, &identity.from).context("the sender's address")?)
        .to(mailbox(&to.name, &to.address)?)
        .subject(content.subject.clone())
        .date(SystemTime::from(message.written_at()))
        .message_id(Some(format!("<{id}@{}>", identity.domain)))
        .header(AutoSubmitted)
        .multipart(body)
        .context("the mail cannot be put together")
}

const ICS: &str = "termin.ics";

fn mailbox(name: &str, address: &str) -> anyhow::Result<Mailbox> {
    // The reason holds no address: it is kept with the message.
    let address: Address = address.parse().map_err(|_| anyhow!("not an e-mail address"))?;
    // lettre panics on a control character in a name.
    let name = one_line(name);
    Ok(Mailbox::new((!name.is_empty()).then_some(name), address))
}
