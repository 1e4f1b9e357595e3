//! What a mail server's refusal is about (RFC 5321, RFC 3463).

use super::Failure;

/// Where in the dialogue a server answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Greeting and EHLO.
    Connect,
    StartTls,
    Auth,
    Mail,
    Rcpt,
    Data,
    /// The answer to the mail itself.
    Content,
}

/// What follows from a refusal: a code, and the words after it.
///
/// Only the answer to RCPT blames the address. What comes before is about this client or the server, for all mails
/// alike; what comes after, about this mail.
pub(super) fn judge(step: Step, code: u16, words: &str) -> Failure {
    let answer = format!("{code} {words}").trim_end().to_owned();
    let status = status(words);
    match step {
        _ if code < 500 => Failure::Transient(answer),
        Step::Connect | Step::StartTls | Step::Auth | Step::Mail => Failure::Connection(answer),
        Step::Rcpt if status.is_some_and(blames_the_address) => Failure::Address(answer),
        // RFC 3463 wants a full mailbox to be tried again, whatever the code.
        Step::Rcpt if status == Some("5.2.2") => Failure::Transient(answer),
        Step::Rcpt | Step::Data | Step::Content if is_about_this_client(code, status) => {
            Failure::Connection(answer)
        }
        Step::Rcpt if names_this_client(words) => Failure::Connection(answer),
        Step::Rcpt if status.is_none() && matches!(code, 550 | 551 | 553) => Failure::Address(answer),
        Step::Rcpt | Step::Data | Step::Content => Failure::Mail(answer),
    }
}

/// The enhanced status of an answer: its first word, if that is three numbers (RFC 2034).
fn status(words: &str) -> Option<&str> {
    let word = words.split_whitespace().next()?;
    let is_number = |n: &str| (1..=3).contains(&n.len()) && n.bytes().all(|b| b.is_ascii_digit());
    (word.split('.').count() == 3 && word.split('.').all(is_number)).then_some(word)
}

/// Code and status of an answer, or of what a notice says. The words beside them may name the recipient.
pub(crate) fn codes(answer: &str) -> String {
    let is_code = |word: &&str| {
        let numbers: Vec<&str> = word.split('.').collect();
        let digits = numbers.iter().all(|n| n.len() <= 3 && n.parse::<u16>().is_ok());
        digits && (numbers.len() == 3 || numbers.len() == 1 && word.len() == 3)
    };
    let words = answer.split([' ', ';', '-', ':']);
    words.filter(is_code).take(2).collect::<Vec<_>>().join(" ")
}

/// Whether a notice's or an answer's enhanced status (RFC 3463) says that the recipient's address does not work: no
/// such mailbox or domain, malformed, ambiguous, moved, a domain that takes no mail (RFC 7505), or a mailbox that is
/// disabled. The rest of X.1 is about the sender or does not say whom it means, and of X.2 about a mailbox that is
/// full, a mail too long for it, or a list.
pub(crate) fn blames_the_address(status: &str) -> bool {
    matches!(status, "5.1.1" | "5.1.2" | "5.1.3" | "5.1.4" | "5.1.6" | "5.1.10" | "5.2.1")
}

/// The dialogue, the login (RFC 4954), a server that takes no mail at all (RFC 7504), or the sender's address.
fn is_about_this_client(code: u16, status: Option<&str>) -> bool {
    matches!(code, 500 | 502..=504 | 521 | 530..=538)
        || status.is_some_and(|s| s.starts_with("5.5.") || matches!(s, "5.1.7" | "5.1.8"))
}

/// Many servers keep what they have against client, name or sender until RCPT, under codes that they also use for
/// recipients: "550 relay not permitted", "550 Sender verify failed", "554 5.7.1 Client host rejected". Addresses are
/// left out, which may hold such a word.
fn names_this_client(words: &str) -> bool {
    let said: Vec<_> = words.split_whitespace().filter(|word| !word.contains('@')).collect();
    let said = said.join(" ").to_lowercase();
    ["relay", "sender", "helo", "client host"].iter().any(|word| said.contains(word))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("550 5.1.1 <(address)> Jan Nowak is not here since 2026", "550 5.1.1")]
    #[case("5.1.1 smtp; 550-5.1.1 unknown", "5.1.1 550")]
    #[case("554 host 5.1.22.7 is listed", "554")]
    #[case("connection refused", "")]
    fn codes_are_left_without_words(#[case] answer: &str, #[case] expected: &str) {
        assert_eq!(codes(answer), expected);
    }

    #[rstest]
    // The address.
    #[case(Step::Rcpt, "550 5.1.1 <t@x.example>: no such user", "address")]
    #[case(Step::Rcpt, "550 5.1.1 unknown in relay recipient table", "address")]
    #[case(Step::Rcpt, "550 5.1.2 no such domain", "address")]
    #[case(Step::Rcpt, "501 5.1.3 bad syntax", "address")]
    #[case(Step::Rcpt, "551 5.1.6 moved", "address")]
    #[case(Step::Rcpt, "556 5.1.10 null MX", "address")]
    #[case(Step::Rcpt, "550 5.2.1 disabled", "address")]
    #[case(Step::Rcpt, "550 no such user", "address")]
    #[case(Step::Rcpt, "550 <relay@x.example> no such user", "address")]
    #[case(Step::Rcpt, "551 not local", "address")]
    #[case(Step::Rcpt, "553 mailbox name not allowed", "address")]
    // This mail.
    #[case(Step::Rcpt, "550 5.7.1 not authorised to write to this list", "mail")]
    #[case(Step::Rcpt, "550 5.1.0 address rejected", "mail")]
    #[case(Step::Rcpt, "550 5.4.1 access denied", "mail")]
    #[case(Step::Rcpt, "550 4.1.1 no such user", "mail")]
    #[case(Step::Rcpt, "552 too much", "mail")]
    #[case(Step::Rcpt, "554 host 5.1.22.7 is listed", "mail")]
    #[case(Step::Rcpt, "554 no, said 5.1.1 of another", "mail")]
    #[case(Step::Data, "554 no", "mail")]
    #[case(Step::Content, "554 Message rejected as spam", "mail")]
    #[case(Step::Content, "552 message size", "mail")]
    #[case(Step::Content, "554 5.6.0 not wanted", "mail")]
    #[case(Step::Content, "550 5.1.1 no such user", "mail")]
    #[case(Step::Content, "550 no such user", "mail")]
    // This client, or the server.
    #[case(Step::Connect, "554 no SMTP service here", "connection")]
    #[case(Step::Connect, "521", "connection")]
    #[case(Step::Connect, "550 your host 5.1.22.7 is listed", "connection")]
    #[case(Step::StartTls, "501 no", "connection")]
    #[case(Step::Auth, "535 5.7.8 wrong password", "connection")]
    #[case(Step::Mail, "550 5.1.8 Sender address rejected", "connection")]
    #[case(Step::Mail, "553 5.1.7 no such sender", "connection")]
    #[case(Step::Mail, "550 5.1.1 no such user", "connection")]
    #[case(Step::Rcpt, "550 5.1.8 <p@softvig.example>: domain not found", "connection")]
    #[case(Step::Rcpt, "550 relay not permitted", "connection")]
    #[case(Step::Rcpt, "554 5.7.1 <t@x.example>: Relay access denied", "connection")]
    #[case(Step::Rcpt, "550 Sender verify failed", "connection")]
    #[case(Step::Rcpt, "530 5.7.0 Authentication required", "connection")]
    #[case(Step::Rcpt, "503 5.5.1 wrong order", "connection")]
    #[case(Step::Rcpt, "504 5.5.2 <x>: Helo command rejected", "connection")]
    #[case(Step::Content, "550 5.1.7 no such sender", "connection")]
    // Later it may work.
    #[case(Step::Connect, "421 busy", "later")]
    #[case(Step::Auth, "454 4.7.0 later", "later")]
    #[case(Step::Rcpt, "450 4.2.1 busy", "later")]
    #[case(Step::Rcpt, "450 5.1.1 unverified", "later")]
    #[case(Step::Rcpt, "451 greylisted, not 5.1.1", "later")]
    #[case(Step::Rcpt, "552 5.2.2 mailbox full", "later")]
    #[case(Step::Content, "451 4.3.0 later", "later")]
    fn a_refusal_is_about_the_address_the_mail_or_the_connection(
        #[case] step: Step,
        #[case] said: &str,
        #[case] about: &str,
    ) {
        let (code, words) = said.split_once(' ').unwrap_or((said, ""));
        let failure = judge(step, code.parse().expect("a code"), words);
        let (found, answer) = match &failure {
            Failure::Address(answer) => ("address", answer),
            Failure::Mail(answer) => ("mail", answer),
            Failure::Connection(answer) => ("connection", answer),
            Failure::Transient(answer) => ("later", answer),
        };
        assert_eq!((found, answer.as_str()), (about, said));
    }
}
