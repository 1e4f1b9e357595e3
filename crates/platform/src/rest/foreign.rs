//! Requests that strangers write: bodies, paths, queries and headers, and the same messages in Protobuf.

use std::sync::LazyLock;

use axum::body::Body;
use http::{HeaderMap, HeaderValue, Request as HttpRequest, StatusCode};
use proptest::{collection::vec, prelude::*};
use proto::request::{Request, Visitor, each_request};
use serde_json::Value;
use testkit::foreign;
use tower::ServiceExt as _;

use super::{headers, merge};
use crate::{edge::Limits, testing::Bench, well_formed};

const HEADERS: [&str; 4] = [r#""0193a1c0-7e4c-7000-8000-5d1f3c2b1a00""#, r#""a\"b\\""#, "W/\"7\"", "\"\""];

/// JSON of many fields of the contract, good for some request and wrong for all others.
const BODIES: [&str; 8] = [
    r#"{"name":"companies/0193a1c0-7e4c-7000-8000-5d1f3c2b1a00/projects/-","kind":"LICENCE_KIND_STANDARD","requestId":"a"}"#,
    r#"{"parent":"companies/-","pageSize":-1,"pageToken":"AAAA","state":7}"#,
    r#"{"values":[{"key":"ram.gb","numberValue":"NaN","unit":"GB","measuredAt":"2027-01-12T09:00:00Z"},{"key":"x","boolValue":true}],"collectedAt":"0001-01-01T00:00:00Z"}"#,
    r#"{"dates":[{"kind":"DATE_KIND_MIGRATION","windowStart":{"dateTime":"2027-03-28T02:30:00","timeZone":"Europe/Warsaw"}}],"validateOnly":true}"#,
    r#"{"needs":{"users":4294967296,"devices":"-1"},"document":{"kind":1,"net":{"currencyCode":"PLN","units":"9223372036854775807","nanos":999999999}}}"#,
    r#"{"contact":{"displayName":"Ewa","email":"ewa@auto-dom.example","roles":["CONTACT_ROLE_TECHNICAL",2]},"occurredAt":"9999-12-31T23:59:59.999999999Z"}"#,
    r#"{"webhookEndpoint":{"url":"http://127.0.0.1:9/","events":["*"]},"mail":"dGFr","files":[null]}"#,
    r#"[{"a":[[[[[[[[[[1e400]]]]]]]]]]}]"#,
];

/// Holds input against the request of every RPC.
struct Every<'a> {
    json: Option<&'a Value>,
    bytes: &'a [u8],
}

impl Visitor for Every<'_> {
    fn request<R: Request>(&mut self) {
        if let Some(Value::Object(json)) = self.json {
            match merge::decode::<R>(json.clone()) {
                Ok(request) => look(&request),
                Err(error) => assert!(!error.violations().is_empty(), "{}", R::METHOD),
            }
        }
        if let Ok(request) = R::decode(self.bytes) {
            look(&request);
        }
    }
}

/// What the edge does with every request; what is written as JSON says the same when it is read.
fn look<R: Request>(request: &R) {
    drop(well_formed::check(request));
    let _ = (request.resource(), request.etag(), request.validate_only());
    if let Ok(json) = serde_json::to_value(request) {
        let read: R =
            serde_json::from_value(json.clone()).unwrap_or_else(|e| panic!("{}: {json}: {e}", R::METHOD));
        // JSON has no NaN.
        if !json.to_string().contains(":null") {
            assert_eq!(serde_json::to_value(&read).expect("as before"), json, "{}", R::METHOD);
        }
    }
}

/// Protobuf of fields as requests have them, of every wire type and at every depth.
fn protobuf() -> impl Strategy<Value = Vec<u8>> {
    let name = "companies/0193a1c0-7e4c-7000-8000-5d1f3c2b1a00/contacts/-".as_bytes().to_vec();
    let leaf = prop_oneof![
        (1..20_u32, any::<u64>()).prop_map(|(field, value)| {
            let mut out = Vec::new();
            prost::encoding::uint64::encode(field, &value, &mut out);
            out
        }),
        (1..20_u32, any::<u64>()).prop_map(|(field, value)| {
            let mut out = Vec::new();
            prost::encoding::fixed64::encode(field, &value, &mut out);
            out
        }),
        (1..20_u32, prop_oneof![Just(name), vec(any::<u8>(), 0..12)]).prop_map(|(field, value)| {
            let mut out = Vec::new();
            prost::encoding::bytes::encode(field, &value, &mut out);
            out
        }),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        (1..20_u32, vec(inner, 1..4)).prop_map(|(field, fields)| {
            let mut out = Vec::new();
            prost::encoding::bytes::encode(field, &fields.concat(), &mut out);
            out
        })
    })
}

static RUNTIME: LazyLock<tokio::runtime::Runtime> =
    LazyLock::new(|| tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime"));
static BENCH: LazyLock<Bench> = LazyLock::new(|| RUNTIME.block_on(Bench::new(Limits::default())));

fn ask(verb: &str, uri: &str, key: &[u8], body: Vec<u8>) -> Option<StatusCode> {
    let request = HttpRequest::builder().method(verb).uri(uri);
    let request = request.header("authorization", format!("Bearer {}", BENCH.token));
    let request = request.header("idempotency-key", HeaderValue::from_bytes(key).ok()?);
    let request = request.body(Body::from(body)).ok()?;
    Some(RUNTIME.block_on(BENCH.rest().oneshot(request)).expect("infallible").status())
}

proptest! {
    #![proptest_config(foreign::cases())]

    #[test]
    fn every_request_is_read_or_refused(body in foreign::bytes(BODIES), bytes in protobuf()) {
        let json = serde_json::from_slice(&body).ok();
        each_request(&mut Every { json: json.as_ref(), bytes: &bytes });
        each_request(&mut Every { json: None, bytes: &body });
    }

    #[test]
    fn a_request_over_http_is_no_fault_of_ours(
        body in foreign::bytes(BODIES),
        key in foreign::bytes(HEADERS),
        path in foreign::text(["/licensing/v1/companies/c1/projects/p1/licensing/chooseLicence?validateOnly=true&kind=1"]),
        list in foreign::text(["/licensing/v1/companies/-/licensings?pageSize=7&pageToken=%41&state=1&x=%zz"]),
    ) {
        const CHOOSE: &str = "/licensing/v1/companies/c1/projects/p1/licensing/chooseLicence";
        for answer in [ask("POST", CHOOSE, &key, body.clone()), ask("POST", &path, &key, body), ask("GET", &list, b"\"a\"", Vec::new())] {
            prop_assert!(answer.is_none_or(|status| !status.is_server_error()), "{answer:?}");
        }
    }

    #[test]
    fn quoted_headers_are_read_or_refused_by_their_name(
        values in vec(foreign::bytes(HEADERS), 0..3),
        languages in foreign::bytes(["pl-PL,pl;q=0.9,en-US;q=0.8,en;q=0.7"]),
    ) {
        let mut all = HeaderMap::new();
        for value in values.iter().filter_map(|value| HeaderValue::from_bytes(value).ok()) {
            all.append("idempotency-key", value.clone());
            all.append("if-match", value);
        }
        all.extend(HeaderValue::from_bytes(&languages).ok().map(|value| (http::header::ACCEPT_LANGUAGE, value)));
        headers::prefers_polish(&all);
        for (read, name) in [(headers::idempotency_key(&all), "idempotency-key"), (headers::if_match(&all), "if-match")] {
            if let Err(error) = read {
                prop_assert_eq!(&error.violations()[0].field, name);
            }
        }
    }

    #[test]
    fn a_key_is_read_as_it_was_quoted(key in "[ -~]{1,40}") {
        let mut all = HeaderMap::new();
        let quoted = format!("\"{}\"", key.replace('\\', "\\\\").replace('"', "\\\""));
        all.insert("idempotency-key", quoted.parse().expect("visible"));
        prop_assert_eq!(headers::idempotency_key(&all).expect("read"), Some(key));
    }
}
