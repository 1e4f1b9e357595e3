use std::net::IpAddr;

use jiff::{SignedDuration, Timestamp};
use platform::id::CompanyId;
use proto::{DESCRIPTORS, event::OF_PEOPLE};
use serde_json::json;
use uuid::Uuid;

use super::{
    Endpoint, Networks, Secret, Settings, address, model,
    payload::payload,
    schedule::{GIVEN_UP_AFTER, LONGEST_RETRY_AFTER, next_try, retry_after},
    sign,
};
use crate::fixtures::{COMPANY, at, now};

fn settings() -> Settings {
    Settings {
        url: "https://crm.example/events".into(),
        description: String::new(),
        event_types: Vec::new(),
        company: None,
    }
}

fn endpoint() -> Endpoint {
    Endpoint::new(settings(), Secret::random().expect("random"), now())
}

#[test]
fn a_signature_is_what_the_standards_own_crate_makes() {
    let secret = Secret::random().expect("random");
    let oracle = standardwebhooks::Webhook::new(&secret.reveal()).expect("a secret");
    for payload in ["{}", "{\"note\":\"Zażółć gęślą jaźń\"}", ""] {
        let theirs = oracle.sign("msg_1", 1_796_000_000, payload.as_bytes()).expect("signed");
        assert_eq!(sign(&secret.key(), "msg_1", 1_796_000_000, payload), theirs);
    }
}

#[test]
fn a_secret_is_32_random_bytes_and_is_not_shown_by_debugging() {
    let (a, b) = (Secret::random().expect("random"), Secret::random().expect("random"));
    assert_eq!((a.key().len(), b.key().len()), (32, 32));
    assert_ne!(a.key(), b.key());
    let key = a.reveal().strip_prefix("whsec_").expect("the prefix").to_owned();
    let endpoint = Endpoint::new(settings(), a, now());
    assert!(!format!("{endpoint:?}").contains(&key));
}

#[test]
fn the_secret_before_signs_for_a_day_more() {
    let mut endpoint = endpoint();
    let old = endpoint.secrets[0].id;
    endpoint.rotate(Secret::random().expect("random"), now(), now()).expect("rotated");
    let new = endpoint.secrets[1].id;
    let signing = |at: Timestamp| endpoint.signing(at).map(|secret| secret.id).collect::<Vec<_>>();
    assert_eq!(signing(now()), [new, old]);
    assert_eq!(signing(now() + model::OVERLAP - SignedDuration::from_micros(1)), [new, old]);
    assert_eq!(signing(now() + model::OVERLAP), [new]);
}

#[test]
fn invalid_argument_while_ten_secrets_sign() {
    let mut endpoint = endpoint();
    let mut rotate = |at| endpoint.rotate(Secret::random().expect("random"), now(), at);
    for _ in 0..9 {
        rotate(now()).expect("rotated");
    }
    let refusal = rotate(now()).expect_err("ten sign");
    assert!(refusal.violations()[0].allowed.contains("2026-12-02T09:00:00Z"), "{refusal}");
    rotate(now() + model::OVERLAP).expect("only one signs by then");
    assert_eq!(endpoint.secrets.len(), 2, "what signs no more is forgotten");
}

#[test]
fn an_endpoint_wants_its_types_of_its_company() {
    let other = CompanyId(Uuid::from_u128(7));
    let with = |types: &[&str], company| Endpoint {
        settings: Settings {
            event_types: types.iter().map(ToString::to_string).collect(),
            company,
            ..settings()
        },
        ..endpoint()
    };
    for (types, only, kind, company, wanted) in [
        (&[][..], None, "audit.item_waived", COMPANY, true),
        (&["audit.item_waived"][..], None, "audit.item_waived", COMPANY, true),
        (&["audit.item_waived"][..], None, "scheduling.verified", COMPANY, false),
        (&[][..], Some(COMPANY), "scheduling.verified", COMPANY, true),
        (&[][..], Some(COMPANY), "scheduling.verified", other, false),
    ] {
        assert_eq!(with(types, only).wants(kind, company), wanted, "{types:?} {only:?} {kind}");
    }
}

/// Of each range the first and the last address, and what lies just outside.
#[test]
fn no_address_is_public_that_is_special() {
    let networks = Networks::default();
    let special = [
        ("0.0.0.0", "0.255.255.255"),
        ("10.0.0.0", "10.255.255.255"),
        ("100.64.0.0", "100.127.255.255"),
        ("127.0.0.0", "127.255.255.255"),
        ("169.254.0.0", "169.254.169.254"),
        ("172.16.0.0", "172.31.255.255"),
        ("192.0.0.0", "192.0.0.255"),
        ("192.0.2.0", "192.0.2.255"),
        ("192.88.99.0", "192.88.99.255"),
        ("192.168.0.0", "192.168.255.255"),
        ("198.18.0.0", "198.19.255.255"),
        ("198.51.100.0", "198.51.100.255"),
        ("203.0.113.0", "203.0.113.255"),
        ("224.0.0.0", "239.255.255.255"),
        ("240.0.0.0", "255.255.255.255"),
        ("::", "::1"),
        ("::127.0.0.1", "::8.8.8.8"),
        ("::ffff:0.0.0.0", "::ffff:8.8.8.8"),
        ("64:ff9b::", "64:ff9b::808:808"),
        ("64:ff9b:1::", "64:ff9b:1:ffff::1"),
        ("100::", "100::ffff"),
        ("2001::", "2001:1ff:ffff::"),
        ("2001:db8::", "2001:db8:ffff::"),
        ("2002::", "2002:7f00:1::"),
        ("3fff::", "3fff:fff:ffff::"),
        ("4000::", "5f00::1"),
        ("fc00::", "fdff:ffff::"),
        ("fe80::", "febf:ffff::"),
        ("fec0::", "feff::"),
        ("ff00::", "ffff:ffff::"),
    ];
    for (first, last) in special {
        for text in [first, last] {
            let address: IpAddr = text.parse().expect("an address");
            assert!(!networks.allow(address), "{text}");
        }
    }
    for text in [
        "1.1.1.1",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "126.255.255.255",
        "128.0.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "192.0.1.0",
        "192.167.255.255",
        "192.169.0.0",
        "223.255.255.255",
        "2001:200::1",
        "2606:4700::1111",
        "2a00:1450::1",
        "3ffe::1",
    ] {
        let address: IpAddr = text.parse().expect("an address");
        assert!(networks.allow(address), "{text}");
    }
}

#[test]
fn the_configuration_opens_networks() {
    let networks = Networks::opening(["10.20.0.0/16", "fd00:1::/32"]).expect("networks");
    for (address, allowed) in [
        ("10.20.3.4", true),
        ("10.21.0.0", false),
        ("fd00:1::5", true),
        ("fd00:2::5", false),
        ("127.0.0.1", false),
    ] {
        assert_eq!(networks.allow(address.parse().expect("an address")), allowed, "{address}");
    }
    assert!(Networks::default().and_loopback().allow("127.0.0.1".parse().expect("an address")));
    for wrong in ["10.20.0.0", "crm.example", "10.0.0.0/33", ""] {
        let error = Networks::opening([wrong]).expect_err(wrong).to_string();
        assert!(error.starts_with("notification.webhooks.allowed_networks"), "{error}");
    }
}

#[test]
fn invalid_argument_for_a_url_that_leads_elsewhere_than_it_seems_to() {
    let production = Networks::opening(["10.20.0.0/16"]).expect("networks");
    let development = Networks::default().and_loopback();
    let fine = [
        "https://crm.example",
        "https://CRM.example:8443/a?b=c",
        "https://1.1.1.1/x",
        "https://[2606:4700::1111]/",
        "https://10.20.0.9/",
        "https://xn--d-uga.example/",
    ];
    for url in fine {
        address::parse(url, &production).unwrap_or_else(|v| panic!("{url}: {v:?}"));
    }
    for url in ["http://localhost:8080/", "http://127.0.0.1:1/", "http://[::1]:1/", "https://localhost/"] {
        address::parse(url, &development).unwrap_or_else(|v| panic!("{url}: {v:?}"));
        address::parse(url, &production).expect_err(url);
    }
    let wrong = [
        "",
        "crm.example",
        "https://",
        "https:crm.example/x",
        "https:///crm.example/",
        "ftp://crm.example/",
        "file:///etc/passwd",
        "http://crm.example/",
        "gopher://127.0.0.1/",
        "javascript:alert(1)",
        "https://user:secret@crm.example/",
        "https://user@crm.example/",
        "https://@127.0.0.1/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0177.0.0.1/",
        "https://127.1/",
        "https://127.0.0.1/",
        "https://10.0.0.5/",
        "https://169.254.169.254/latest",
        "https://[::1]/",
        "https://[::]/",
        "https://[::ffff:1.1.1.1]/",
        "https://[64:ff9b::101:101]/",
        "https://[fd00::1]/",
        "https://[fe80::1]/",
        "https://crm.example./",
        "https://localhost./",
        "https://a.localhost/",
        "https://1.1.1.1./",
        "https://crm.exa\tmple/",
        " https://crm.example/",
        "https://crm.example\\@127.0.0.1/",
        "https://zażółć.example/",
        "https://１２７.0.0.1/",
        "https://crm%2eexample/",
        "https://0/",
        "https://224.0.0.1/",
        "https://100.64.0.1/",
        "https://192.0.2.1/",
        "https://crm.example:99999/",
    ];
    for url in wrong {
        for networks in [&production, &Networks::default()] {
            let violation = address::parse(url, networks).expect_err(url);
            assert_eq!(violation.field, "url", "{url}");
            assert!(
                !violation.allowed.is_empty() && violation.untranslated().is_none(),
                "{url}: {violation:?}"
            );
            assert!(!violation.asked.contains("secret"), "a password is not repeated");
        }
    }
    let long = format!("https://crm.example/{}", "a".repeat(2000));
    assert_eq!(address::parse(&long, &production).expect_err("too long").allowed, "at most 2000 characters");
    // Production settings do not allow http to a network that they open.
    address::parse("http://10.20.0.9/", &production).expect_err("without TLS");
}

/// A fifth more or less than 5 s, 30 s, 2 min, 10 min, 30 min, 1 h, 2 h, 4 h and then 6 h, until 72 h are over.
#[test]
fn failures_are_tried_again_ever_more_seldom_for_three_days() {
    let steps = [5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400, 21_600];
    for event in (0..50).map(|_| Uuid::now_v7()) {
        let (mut t, mut attempts) = (now(), 1);
        while let Some(next) = next_try(event, attempts, now(), t, None) {
            let wait = next.duration_since(t).as_secs_f64();
            let step = f64::from(steps[(attempts as usize - 1).min(8)]);
            assert!(
                wait <= 1.2 * step && (wait >= 0.8 * step || next == now() + GIVEN_UP_AFTER),
                "{attempts}: {wait}"
            );
            (t, attempts) = (next, attempts + 1);
        }
        assert_eq!(t, now() + GIVEN_UP_AFTER, "the last try is when the time is over");
        assert!((16..=24).contains(&attempts), "{attempts} tries");
    }
}

#[test]
fn what_failed_together_is_not_tried_again_together() {
    let next: std::collections::BTreeSet<_> =
        (0..100).map(|_| next_try(Uuid::now_v7(), 3, now(), now(), None)).collect();
    assert!(next.len() > 30, "{}", next.len());
}

#[test]
fn an_endpoint_may_ask_to_be_left_alone_up_to_a_bound() {
    let wait = |asked| next_try(Uuid::nil(), 1, now(), now(), asked).map(|next| next.duration_since(now()));
    let minutes = SignedDuration::from_mins;
    assert_eq!(wait(Some(minutes(10))), Some(minutes(10)));
    assert_eq!(wait(Some(minutes(60_000))), Some(LONGEST_RETRY_AFTER));
    assert_eq!(wait(Some(SignedDuration::from_secs(1))), wait(None), "not sooner than otherwise");
    assert_eq!(retry_after("120", now()), Some(minutes(2)));
    let date = retry_after("Tue, 01 Dec 2026 09:05:00 GMT", now());
    assert_eq!(date, Some(minutes(5)));
    for nonsense in ["", "-1", "soon", "Tue, 01 Dec 2026 08:00:00 GMT", "99999999999999"] {
        assert_eq!(retry_after(nonsense, now()), None, "{nonsense}");
    }
    assert_eq!(at("2026-12-01T09:00:00Z"), now());
}

#[test]
fn people_and_their_words_are_left_out_at_any_depth() {
    let event = json!({
        "eventId": "1", "occurredAt": "2026-12-01T09:00:00Z", "actor": { "subject": "anna.nowak" },
        "runPrepared": { "systems": [{ "key": "a", "name": "Ania's", "owner": "Anna Nowak" }] },
        "offerReleased": { "reason": "OFFER_RELEASE_REASON_EXPIRED" },
        "findingRejected": { "finding": { "number": 3, "measured": "8" }, "reason": "Anna said so" },
    });
    let payload = payload("audit.finding_rejected", event).expect("JSON");
    assert_eq!(
        payload,
        r#"{"type":"audit.finding_rejected","timestamp":"2026-12-01T09:00:00Z","data":{"eventId":"1","findingRejected":{"finding":{"measured":"8","number":3}},"occurredAt":"2026-12-01T09:00:00Z","offerReleased":{"reason":"OFFER_RELEASE_REASON_EXPIRED"},"runPrepared":{"systems":[{"key":"a"}]}}}"#
    );
}

/// Whoever adds a field to an event decides here whether it may leave.
#[test]
fn each_text_of_an_event_is_known_to_be_sent_or_left_out() {
    /// Ids, keys, days, measured values, and the software's own words.
    const SENT: [&str; 51] = [
        "agreement",
        "attempt",
        "audit1Checklist",
        "audit1Earliest",
        "audit2Checklist",
        "brand",
        "brands",
        "checklist",
        "clientSince",
        "collector",
        "expectedOn",
        "number",
        "version",
        "company",
        "contact",
        "contractDay",
        "counters",
        "day",
        "demand",
        "demands",
        "earliest",
        "earliestStart",
        "en",
        "eventId",
        "file",
        "files",
        "finding",
        "item",
        "key",
        "keys",
        "licences",
        "limit",
        "local",
        "measured",
        "message",
        "missing",
        "offer",
        "offset",
        "outcome",
        "pl",
        "problem",
        "project",
        "proposal",
        "question",
        "replaces",
        "rule",
        "successor",
        "topic",
        "until",
        "variant",
        "zone",
    ];
    let mut unjudged = std::collections::BTreeSet::new();
    let mut used = std::collections::BTreeSet::new();
    let files = contract::strings(
        DESCRIPTORS,
        &["SchedulingEvent", "AuditEvent", "LicensingEvent", "NotificationEvent"],
    );
    for name in files {
        if !SENT.contains(&name.as_str()) && !OF_PEOPLE.contains(&name.as_str()) {
            unjudged.insert(name.clone());
        }
        used.insert(name);
    }
    assert!(unjudged.is_empty(), "{unjudged:?}");
    let unused: Vec<_> = SENT.iter().filter(|name| !used.contains(**name)).collect();
    assert!(unused.is_empty(), "{unused:?}");
}

/// The names, as JSON has them, of all texts within messages.
mod contract {
    use std::collections::{BTreeMap, BTreeSet};

    use super::OF_PEOPLE;
    use prost::Message as _;
    use prost_types::{DescriptorProto, FileDescriptorSet, field_descriptor_proto::Type};

    pub fn strings(descriptors: &[u8], roots: &[&str]) -> BTreeSet<String> {
        let set = FileDescriptorSet::decode(descriptors).expect("descriptors");
        let messages: BTreeMap<String, &DescriptorProto> = set
            .file
            .iter()
            .flat_map(|file| {
                file.message_type.iter().map(move |m| (format!(".{}.{}", file.package(), m.name()), m))
            })
            .collect();
        let is_root = |name: &&String| roots.iter().any(|root| name.ends_with(&format!(".{root}")));
        let mut open: Vec<String> = messages.keys().filter(is_root).cloned().collect();
        assert_eq!(open.len(), roots.len());
        let (mut seen, mut found) = (BTreeSet::new(), BTreeSet::new());
        while let Some(name) = open.pop() {
            let Some(message) = messages.get(&name).filter(|_| seen.insert(name.clone())) else { continue };
            for field in &message.field {
                match field.r#type() {
                    Type::String => {
                        found.insert(field.json_name().to_owned());
                    }
                    // Contact cards are never sent at all.
                    Type::Message
                        if !field.type_name().ends_with(".ContactCard")
                            && !OF_PEOPLE.contains(&field.json_name()) =>
                    {
                        open.push(field.type_name().to_owned());
                    }
                    _ => {}
                }
            }
        }
        found
    }
}
