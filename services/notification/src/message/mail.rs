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
    if let Some(link) = &content.unsubscribe {
        mail = mail
            .raw_header(header("List-Unsubscribe", format!("<{link}>")))
            .raw_header(header("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_owned()));
    }
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

fn header(name: &'static str, value: String) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value)
}

const ICS: &str = "termin.ics";

fn mailbox(name: &str, address: &str) -> anyhow::Result<Mailbox> {
    // The reason holds no address: it is kept with the message.
    let address: Address = address.parse().map_err(|_| anyhow!("not an e-mail address"))?;
    // lettre panics on a control character in a name.
    let name = one_line(name);
    Ok(Mailbox::new((!name.is_empty()).then_some(name), address))
}

#[cfg(test)]
mod tests {
    use mail_parser::{MessageParser, MimeHeaders as _};
    use uuid::Uuid;

    use super::*;
    use crate::fixtures::{directory, now, renderer, unsubscribe_link};
    use crate::kind::Kind;
    use crate::message::{Content, Notice, Recipient};

    fn envelope() -> Envelope {
        Envelope { name: "Tadeusz Łęcki".into(), address: "tadek@auto-lecki.example".into() }
    }

    fn written(kind: Kind) -> Vec<Message> {
        let notice = Notice::new(kind, Uuid::nil(), None, now()).text("variant", "v");
        renderer().messages(&notice, &directory(), &unsubscribe_link, now(), now()).expect("renders")
    }

    #[test]
    fn what_may_be_switched_off_says_where() {
        for (kind, optional) in [(Kind::VariantChosen, true), (Kind::Verified, false)] {
            for message in written(kind) {
                let mail = build(&message, &envelope(), &renderer().identity).expect("builds").formatted();
                let mail = MessageParser::default().parse(&mail).expect("a mail");
                let header = |name: &'static str| mail.header_raw(name).map(str::trim);
                let expected = match message.recipient {
                    Recipient::Contact(id) if optional => Some(unsubscribe_link(id, kind)),
                    _ => None,
                };
                let named = expected.as_ref().map(|link| format!("<{link}>"));
                assert_eq!(header("List-Unsubscribe"), named.as_deref());
                let one_click = expected.is_some().then_some("List-Unsubscribe=One-Click");
                assert_eq!(header("List-Unsubscribe-Post"), one_click);
                assert!(mail.content_type().is_some(), "the headers after it are still headers");
                let Content { text, html, .. } = &message.content;
                let link = expected.unwrap_or_else(|| "https://".to_owned());
                assert_eq!(text.contains(&link), one_click.is_some(), "{text}");
                assert_eq!(html.matches("<a href=").count(), usize::from(one_click.is_some()), "{html}");
            }
        }
    }

    /// Scheduling keeps addresses so.
    #[test]
    fn an_international_domain_goes_out_in_its_ascii_form() {
        let address = "jan@xn--salon-d-q0a42esr.pl";
        let to = Envelope { address: address.to_owned(), ..envelope() };
        let mail = build(&written(Kind::Verified)[0], &to, &renderer().identity).expect("builds");
        assert_eq!(mail.envelope().to().iter().map(ToString::to_string).collect::<Vec<_>>(), [address]);
        let text = String::from_utf8(mail.formatted()).expect("ASCII");
        assert!(text.contains(&format!("<{address}>")), "{text}");
    }

    #[test]
    fn an_impossible_address_is_no_mail() {
        let long = format!("{}@{}.example", "a".repeat(65), "b".repeat(250));
        for address in ["", "nobody", "a@b\r\nBcc: c@d.example", "a b@c.example", "a@b@c.example", &long] {
            let to = Envelope { address: address.to_owned(), ..envelope() };
            let refused = build(&written(Kind::Verified)[0], &to, &renderer().identity).expect_err(address);
            assert!(
                address.is_empty() || !refused.to_string().contains(address),
                "the reason repeats no address"
            );
        }
    }
}
