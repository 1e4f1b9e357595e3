//! What strangers send and operators write: notices of mail servers, answers, addresses of webhooks, links, templates.

use std::net::IpAddr;

use platform::{secret::Secret, tokens::Tokens};
use proptest::prelude::*;
use testkit::foreign;
use uuid::Uuid;

use crate::{
    channel::{blames_the_address, codes, without_address},
    kind::Kind,
    message::{DeliveryNotice, Templates},
    unsubscribe::Unsubscribe,
    webhooks::{Networks, address, schedule::retry_after},
};

const DOMAIN: &str = "przesiadka.softvig.pl";
const TO: &str = "tadek@auto-lecki.example";

/// As Postfix writes it, with the header of our mail, and with the whole mail within it.
const NOTICES: [&str; 2] = [
    concat!(
        "From: MAILER-DAEMON@mail.example\r\nMIME-Version: 1.0\r\n",
        "Content-Type: multipart/report; report-type=delivery-status; boundary=\"b\"\r\n\r\n",
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mail.example\r\n\r\n",
        "Final-Recipient: rfc822; tadek@auto-lecki.example\r\nAction: failed\r\nStatus: 5.1.1\r\n",
        "Diagnostic-Code: smtp; 550 5.1.1 <tadek@auto-lecki.example>\r\n unknown\r\n\r\n",
        "--b\r\nContent-Type: text/rfc822-headers\r\n\r\nTo: Tadek <tadek@auto-lecki.example>\r\n",
        "Message-ID: <00000000-0000-0000-0000-000000000007.2@przesiadka.softvig.pl>\r\n\r\n--b--\r\n"
    ),
    concat!(
        "Content-Type: multipart/report; boundary=b\r\n\r\n--b\r\nContent-Type: message/global-delivery-status\r\n",
        "Content-Transfer-Encoding: base64\r\n\r\nQWN0aW9uOiBmYWlsZWQKU3RhdHVzOiA1LjIuMQo=\r\n",
        "--b\r\nContent-Type: message/rfc822\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n",
        "Message-ID: <00000000-0000-0000-0000-000000000007@przesiadka.softvig.pl>\r\nSubject: =?utf-8?Q?Termin=C3=B3w?=\r\n",
        "Content-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\nContent-Type: message/rfc822\r\n\r\nA: b\r\n\r\n--c--\r\n--b--\r\n"
    ),
];

proptest! {
    #![proptest_config(foreign::cases())]

    #[test]
    fn a_notice_is_read_or_refused_and_keeps_no_address(mail in foreign::bytes(NOTICES)) {
        match DeliveryNotice::read(&mail, DOMAIN) {
            Ok(notice) => prop_assert!(!notice.words.contains('@'), "{}", notice.words),
            Err(error) => prop_assert_eq!(&error.violations()[0].field, "mail"),
        }
    }

    #[test]
    fn an_answer_of_a_server_gives_codes_and_no_address(
        answer in foreign::text(["550 5.1.1 <tadek@auto-lecki.example> unknown", "421-4.3.2 try later", "5.1.1"])
    ) {
        prop_assert!(codes(&answer).len() <= 20 && !codes(&answer).contains('@'));
        prop_assert!(!without_address(&answer, TO).contains(TO));
        blames_the_address(&answer);
    }

    #[test]
    fn what_a_receiver_of_webhooks_asks_is_a_wait_or_nothing(
        value in foreign::text(["120", "Tue, 12 Jan 2027 09:00:00 GMT", "4294967296", "-1"]),
        now in 0..4_000_000_000_i64,
    ) {
        let now = jiff::Timestamp::from_second(now).expect("in range");
        prop_assert!(retry_after(&value, now).is_none_or(|wait| !wait.is_negative()));
    }

    #[test]
    fn a_target_is_a_public_https_address_or_refused(
        url in foreign::text([
            "https://crm.example.pl/events", "https://user:pw@crm.example.pl", "http://[::ffff:127.0.0.1]:80/",
            "https://0x7f.1/", "https://169.254.169.254/latest", "https://crm.example.pl.:443/?a=b#c",
        ])
    ) {
        match address::parse(&url, &Networks::default()) {
            Ok(url) => {
                prop_assert_eq!(url.scheme(), "https");
                prop_assert!(url.username().is_empty() && url.password().is_none());
                let inside = match address::literal(&url) {
                    Some(IpAddr::V4(ip)) => ip.is_loopback() || ip.is_private() || ip.is_link_local(),
                    Some(IpAddr::V6(ip)) => ip.is_loopback() || ip.to_ipv4().is_some(),
                    None => url.host_str().is_none_or(|host| host == "localhost"),
                };
                prop_assert!(!inside, "{url}");
            }
            Err(violation) => prop_assert_eq!(violation.field.as_str(), "url"),
        }
    }

    #[test]
    fn a_link_in_a_mail_opens_as_it_was_sealed_or_not_at_all(word in any::<prop::sample::Index>(), damaged in foreign::text(["AAAA"])) {
        let tokens = Tokens::new(&[7; 32], Uuid::from_u128(1));
        let kind = *word.get(&Kind::ALL.iter().copied().filter(|kind| kind.is_optional()).collect::<Vec<_>>());
        let asked = Unsubscribe { company: Uuid::from_u128(1).into(), contact: Uuid::from_u128(2).into(), kind };
        let link = asked.link("example.pl", &tokens);
        let token = link.rsplit('/').next().expect("a token");
        prop_assert_eq!(Unsubscribe::open(&tokens, &Secret::sent(token)), Some(asked));
        prop_assert_eq!(Unsubscribe::open(&tokens, &Secret::sent(format!("A{damaged}{token}"))), None);
        prop_assert_eq!(Unsubscribe::open(&tokens, &Secret::sent(damaged)), None);
    }
}

proptest! {
    // Each is tried with all samples.
    #![proptest_config(ProptestConfig { cases: foreign::cases().cases / 32, ..foreign::cases() })]

    #[test]
    fn a_template_is_usable_or_refused_with_its_file(
        text in foreign::text([include_str!("../data/templates/en/date_agreed.txt.j2")])
    ) {
        let folder = std::env::temp_dir().join(format!("przesiadka-templates-{}", Uuid::now_v7()));
        std::fs::create_dir_all(folder.join("en")).expect("a folder");
        std::fs::write(folder.join("en/date_agreed.txt.j2"), text).expect("a file");
        let loaded = Templates::load(Some(&folder));
        std::fs::remove_dir_all(&folder).expect("removed");
        if let Err(error) = loaded {
            prop_assert!(error.to_string().contains("date_agreed.txt.j2"), "{error}");
        }
    }
}
