//! Delivery status notifications (RFC 3464, RFC 6533), as mail servers send them to the sender's address.

use mail_parser::{Message as Mail, MessageParser, MessagePart, MimeHeaders as _, PartType};
use platform::Error;
use proto::refusal::words;

use super::MessageId;
use crate::channel::{blames_the_address, without_address};

/// What a mail server did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// It will not arrive.
    Failed,
    /// It is late, was delivered, or went on to a server that sends no notices.
    Other,
}

/// A notice about one of our messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    pub message: MessageId,
    /// Which of its mails: how often it had been sent again.
    pub resends: u32,
    pub action: Action,
    /// The address that is at fault; empty where it is not the address.
    pub blames: String,
    /// Whom the mail was to; empty where its header does not show it.
    pub to: String,
    /// Status and the server's words, without addresses.
    pub words: String,
}

impl Notice {
    /// Reads a notice about a message with a Message-ID of this domain.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` for `mail` where it is no such notice.
    pub fn read(mail: &[u8], domain: &str) -> Result<Self, Error> {
        let invalid = |en: &str, pl: &str| {
            let allowed = words(
                "a delivery status notification (RFC 3464) that has the header of our mail",
                "powiadomienie o stanie doręczenia (RFC 3464) z nagłówkiem naszej wiadomości",
            );
            Error::invalid("mail", words(en, pl), allowed)
        };
        let parsed = MessageParser::default().parse(mail);
        let parsed = parsed.ok_or_else(|| invalid("no mail", "to nie jest wiadomość"))?;
        let status = part(&parsed, &["delivery-status", "global-delivery-status"]).and_then(text);
        let status = status.ok_or_else(|| invalid("no delivery status", "brak stanu doręczenia"))?;
        let Original { message, resends, to } = Original::read(&parsed, domain)
            .ok_or_else(|| invalid("none of our mails", "nie dotyczy naszej wiadomości"))?;
        let status = about(&status, &to);
        let field = |name: &str| field(&status, name);
        let action = field("action").unwrap_or_default().to_lowercase();
        let action = if action == "failed" { Action::Failed } else { Action::Other };
        // A comment may follow.
        let code = field("status").unwrap_or_default();
        let code = code.split_whitespace().next().unwrap_or_default();
        let said = format!("{code} {}", field("diagnostic-code").unwrap_or_default());
        let recipient = recipient(&status);
        let words = without_address(&said, &recipient);
        let blamed = action == Action::Failed && blames_the_address(code);
        let blames = if blamed { recipient } else { String::new() };
        Ok(Self { message, resends, action, blames, to, words })
    }
}

/// The part of type message/ or text/ with one of the subtypes.
fn part<'a>(mail: &'a Mail<'a>, subtypes: &[&str]) -> Option<&'a PartType<'a>> {
    let is_one = |found: &str| subtypes.iter().any(|subtype| found.eq_ignore_ascii_case(subtype));
    let of =
        |part: &&MessagePart<'_>| part.content_type().and_then(|kind| kind.subtype()).is_some_and(is_one);
    Some(&mail.parts.iter().find(of)?.body)
}

fn text(part: &PartType<'_>) -> Option<String> {
    match part {
        PartType::Text(text) | PartType::Html(text) => Some(text.to_string()),
        PartType::Binary(bytes) | PartType::InlineBinary(bytes) => {
            Some(String::from_utf8_lossy(bytes).into_owned())
        }
        PartType::Message(_) | PartType::Multipart(_) => None,
    }
}

/// What a notice says of a recipient; of the first one where it does not name ours.
fn about(status: &str, ours: &str) -> String {
    let lines: Vec<_> = status.lines().map(str::trim_end).collect();
    // Before the first of them stands what is said of the mail.
    let groups = lines.split(|line| line.is_empty()).map(|group| group.join("\n"));
    let groups: Vec<_> = groups.filter(|group| field(group, "action").is_some()).collect();
    let found = groups.iter().find(|group| recipient(group).eq_ignore_ascii_case(ours)).or(groups.first());
    found.cloned().unwrap_or_default()
}

/// Before an alias was followed, if there was one. Empty where none is named.
fn recipient(group: &str) -> String {
    let typed = field(group, "original-recipient").or_else(|| field(group, "final-recipient"));
    let typed = typed.unwrap_or_default();
    typed.rsplit(';').next().unwrap_or_default().trim().to_owned()
}

/// A field of a header or of a part of a notice. Lines that go on are joined.
fn field(status: &str, name: &str) -> Option<String> {
    let mut found: Option<String> = None;
    for line in status.lines() {
        if let Some(value) = found.as_mut() {
            if !line.starts_with([' ', '\t']) {
                break;
            }
            value.push_str(line);
        } else if let Some((key, value)) = line.split_once(':')
            && key.trim().eq_ignore_ascii_case(name)
        {
            found = Some(value.to_owned());
        }
    }
    found.map(|value| value.trim().to_owned())
}

/// What the mail that a notice brings back, whole or its header alone, says of itself.
struct Original {
    message: MessageId,
    resends: u32,
    /// Empty where the header does not show it.
    to: String,
}

impl Original {
    fn read(mail: &Mail<'_>, domain: &str) -> Option<Self> {
        let header = match part(mail, &["rfc822", "global"]) {
            Some(PartType::Message(whole)) => return Self::of(whole, domain),
            _ => part(mail, &["rfc822-headers", "global-headers"]).and_then(text)?,
        };
        Self::of(&MessageParser::default().parse(header.as_bytes())?, domain)
    }

    fn of(mail: &Mail<'_>, domain: &str) -> Option<Self> {
        let (id, of) = mail.message_id()?.split_once('@')?;
        let (id, resends) = id.split_once('.').unwrap_or((id, "0"));
        let to = mail.to().and_then(|to| to.first()).and_then(|to| to.address()).unwrap_or_default();
        let message = id.parse().ok().map(MessageId)?;
        (of == domain).then_some(Self { message, resends: resends.parse().ok()?, to: to.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use uuid::Uuid;

    use super::*;

    const DOMAIN: &str = "przesiadka.softvig.pl";
    const TO: &str = "tadek@auto-lecki.example";

    /// As Postfix writes them.
    fn notice(action: &str, status: &str, code: &str, original: &str) -> String {
        format!(
            "From: MAILER-DAEMON@mail.example\r\nTo: przesiadka@softvig.example\r\n\
             Subject: Undelivered Mail Returned to Sender\r\nMIME-Version: 1.0\r\n\
             Content-Type: multipart/report; report-type=delivery-status; boundary=\"b\"\r\n\r\n\
             --b\r\nContent-Type: text/plain\r\n\r\nI am sorry.\r\n\r\n\
             --b\r\nContent-Type: message/delivery-status\r\n\r\n\
             Reporting-MTA: dns; mail.example\r\nArrival-Date: Tue, 12 Jan 2027 09:00:00 +0100\r\n\r\n\
             Final-Recipient: rfc822; tadek@auto-lecki.example\r\n\
             Action: {action}\r\nStatus: {status}\r\nDiagnostic-Code: smtp; {code}\r\n\r\n\
             --b\r\n{original}\r\n--b--\r\n"
        )
    }

    fn whole(id: &str) -> String {
        format!(
            "Content-Type: message/rfc822\r\n\r\nMessage-ID: <{id}>\r\nSubject: Termin\r\n\r\nDzień dobry\r\n"
        )
    }

    #[rstest]
    #[case::no_such_user(
        "failed",
        "5.1.1",
        "550 5.1.1 <tadek@auto-lecki.example> unknown",
        Action::Failed,
        true
    )]
    #[case::disabled("failed", "5.2.1", "550 disabled", Action::Failed, true)]
    #[case::full("failed", "5.2.2", "552 mailbox full", Action::Failed, false)]
    #[case::of_the_sender("failed", "5.1.8", "550 5.1.1 bad sender", Action::Failed, false)]
    #[case::never_answered("failed", "4.4.1", "connection timed out", Action::Failed, false)]
    #[case::nobody_knows_the_way("failed", "5.4.4", "no route to tadek", Action::Failed, false)]
    #[case::taken_for_spam("failed", "5.7.1", "554 5.7.1 spam", Action::Failed, false)]
    #[case::late("delayed", "4.4.1", "connection timed out", Action::Other, false)]
    #[case::there("delivered", "2.0.0", "250 ok", Action::Other, false)]
    fn a_notice_says_what_became_of_a_message(
        #[case] action: &str,
        #[case] status: &str,
        #[case] code: &str,
        #[case] expected: Action,
        #[case] address: bool,
    ) {
        let id = Uuid::from_u128(7);
        for original in [
            whole(&format!("{id}@{DOMAIN}")),
            whole(&format!("{id}.2@{DOMAIN}")),
            format!(
                "Content-Type: text/rfc822-headers\r\n\r\nSubject: Termin\r\nMessage-ID:\r\n <{id}@{DOMAIN}>\r\n"
            ),
        ] {
            let mail = notice(action, status, code, &original);
            let read = Notice::read(mail.as_bytes(), DOMAIN).expect("a notice");
            assert_eq!((read.message, read.action), (MessageId(id), expected), "{original}");
            assert_eq!(read.resends, if original.contains(".2@") { 2 } else { 0 });
            assert_eq!(read.blames, if address { "tadek@auto-lecki.example" } else { "" });
            assert_eq!(read.to, "", "the header does not show it");
            assert!(
                read.words.starts_with(status) && !read.words.contains('@') && !read.words.contains("tadek"),
                "{}",
                read.words
            );
        }
    }

    /// As servers write them that take addresses beyond ASCII (RFC 6533).
    #[rstest]
    #[case::whole("message/global")]
    #[case::header("message/global-headers")]
    #[case::of_the_old_kind("text/rfc822-headers")]
    fn a_notice_may_be_international(#[case] original: &str) {
        let id = Uuid::from_u128(7);
        let original =
            format!("Content-Type: {original}\r\n\r\nTo: Żaneta <{TO}>\r\nMessage-ID: <{id}@{DOMAIN}>\r\n");
        let mail = notice("failed", "5.1.1", "550 brak skrzynki", &original)
            .replace("message/delivery-status", "message/global-delivery-status")
            .replace("Final-Recipient: rfc822;", "Final-Recipient: utf-8;");
        let read = Notice::read(mail.as_bytes(), DOMAIN).expect("a notice");
        assert_eq!((read.message, read.blames.as_str(), read.to.as_str()), (MessageId(id), TO, TO));
    }

    #[rstest]
    #[case::ours(&format!("To: Tadek <{TO}>\r\n"), Action::Failed, TO)]
    #[case::nobody_is_named("", Action::Other, "")]
    #[case::somebody_else("To: x@elsewhere.example\r\n", Action::Other, "")]
    fn of_several_recipients_ours_counts(#[case] to: &str, #[case] action: Action, #[case] blames: &str) {
        let id = Uuid::from_u128(7);
        let original =
            format!("Content-Type: text/rfc822-headers\r\n\r\n{to}Message-ID: <{id}@{DOMAIN}>\r\n");
        let other =
            "Final-Recipient: rfc822; other@elsewhere.example\r\nAction: delivered\r\nStatus: 2.0.0\r\n\r\n";
        let mail = notice("failed", "5.1.1 (unknown)", "550 unknown", &original).replace(
            "Final-Recipient:",
            &format!("{other}Original-Recipient: rfc822;{TO}\r\nFinal-Recipient:"),
        );
        let read = Notice::read(mail.as_bytes(), DOMAIN).expect("a notice");
        assert_eq!((read.action, read.blames.as_str()), (action, blames));
    }

    #[rstest]
    #[case::nothing("".to_owned())]
    #[case::a_mail("From: a@b.example\r\nSubject: Re: Termin\r\n\r\nDzień dobry\r\n".to_owned())]
    #[case::of_somebody_else(notice("failed", "5.1.1", "550", &whole("00000000-0000-0000-0000-000000000007@elsewhere.example")))]
    #[case::with_another_id(notice("failed", "5.1.1", "550", &whole(&format!("abc@{DOMAIN}"))))]
    #[case::without_our_mail(notice("failed", "5.1.1", "550", "Content-Type: text/plain\r\n\r\nnone\r\n"))]
    #[case::endless_parts("Content-Type: multipart/report; boundary=b\r\n\r\n".to_owned() + &"--b\r\n".repeat(10_000))]
    fn what_is_no_notice_is_refused(#[case] mail: String) {
        let refused = Notice::read(mail.as_bytes(), DOMAIN).expect_err("refused");
        assert_eq!(refused.violations()[0].field, "mail");
    }
}
