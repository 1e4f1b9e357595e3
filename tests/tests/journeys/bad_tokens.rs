//! What a caller carries from one request to the next: tokens of who it is, request ids, tokens of pages
//! and watches.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use journeys::{
    Adapter, Installation,
    Layout::{self, Embedded, Spread},
    Wire,
};
use proto::{
    common::v1::ErrorReason::{self, *},
    notification::v1::ListQuestionsRequest,
};
use rstest::rstest;
use serde_json::{Value, json};
use story::{Dealership, Facts};
use uuid::Uuid;

use crate::{common::NOW, everything::everything};

const ASK: &str = "notification.AskQuestion";
const BOTH: [Adapter; 2] = [Adapter::Rest, Adapter::Grpc];

fn ask(d: &Dealership<'_>, subject: &str, id: impl ToString) -> Value {
    json!({ "parent": d.company, "subject": subject, "text": "?", "requestId": id.to_string() })
}

/// How many questions of this subject the company has.
async fn asked(d: &Dealership<'_>, subject: &str) -> usize {
    let request = ListQuestionsRequest { parent: d.company.clone(), page_size: 200, ..Default::default() };
    let questions = d.world.crm.call(request).await.expect("read").questions;
    questions.iter().filter(|question| question.subject == subject).count()
}

#[rstest]
#[tokio::test]
async fn request_id_reused_is_the_same_again_or_refused(#[values(Embedded, Spread)] layout: Layout) {
    let installation = Installation::start(layout, NOW).await;
    let world = installation.world();
    let d = Dealership::open(&world, &Facts::AUTODOM).await.expect("a company with a project");
    let wire = Wire::of(&installation).await;
    let (technical, decision) = (Some(d.technical.token.as_str()), Some(d.decision.token.as_str()));
    let id = Uuid::now_v7();

    let first = wire.send(Adapter::Rest, ASK, technical, &ask(&d, "once", id)).await;
    assert_eq!(first.reason, None, "{first:?}");
    let before = everything(&d).await;
    for adapter in BOTH {
        let again = wire.send(adapter, ASK, technical, &ask(&d, "once", id)).await;
        assert_eq!(again.json["name"], first.json["name"], "{adapter:?}: {again:?}");
        let other = wire.send(adapter, ASK, technical, &ask(&d, "other", id)).await;
        assert_eq!(other.reason, Some(RequestIdReused), "{adapter:?}");
        let field = if adapter == Adapter::Rest { "idempotency-key" } else { "request_id" };
        assert_eq!(
            (other.field.as_str(), other.allowed.as_str()),
            (field, "the same request again, or a new request id")
        );
    }
    assert_eq!(everything(&d).await, before, "nothing was done");
    // An id is its sender's own.
    let another = wire.send(Adapter::Grpc, ASK, decision, &ask(&d, "once", id)).await;
    assert_ne!(another.json["name"], first.json["name"], "{another:?}");

    // All at once: one is carried out, the others are its repeats.
    let id = Uuid::now_v7();
    let (same, different) = (ask(&d, "at once", id), ask(&d, "too late", id));
    let mut calls = Vec::new();
    for _ in 0..4 {
        calls.extend(BOTH.map(|adapter| wire.send(adapter, ASK, technical, &same)));
    }
    let names: Vec<_> =
        futures::future::join_all(calls).await.into_iter().map(|a| a.json["name"].clone()).collect();
    assert!(names[0].is_string() && names.iter().all(|name| *name == names[0]), "{names:?}");
    assert_eq!(asked(&d, "at once").await, 1);
    let late = wire.send(Adapter::Grpc, ASK, technical, &different).await;
    assert_eq!(late.reason, Some(RequestIdReused));

    // At once with different payloads: one of them is carried out.
    let id = Uuid::now_v7();
    let requests: Vec<_> = (0..6).map(|n| ask(&d, &format!("race {n}"), id)).collect();
    let calls = requests.iter().map(|request| wire.send(Adapter::Grpc, ASK, technical, request));
    let outcomes: Vec<_> = futures::future::join_all(calls).await.into_iter().map(|a| a.reason).collect();
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_none()).count(), 1, "{outcomes:?}");
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == Some(RequestIdReused)).count(), 5);
}

/// A company has no lane before it is there, so nothing but the request id keeps two from being made.
#[rstest]
#[tokio::test]
async fn one_request_id_makes_one_company_however_often_it_comes_at_once(
    #[values(Embedded, Spread)] layout: Layout,
) {
    let installation = Installation::start(layout, NOW).await;
    let wire = Wire::of(&installation).await;
    let token = installation.softvig("crm");
    let company = json!({ "displayName": "Auto Nowak", "taxId": "5260250274" });
    let request = json!({ "company": company, "requestId": "create-1" });
    let calls = (0..8).map(|_| wire.send(Adapter::Grpc, "scheduling.CreateCompany", Some(&token), &request));
    let names: Vec<_> =
        futures::future::join_all(calls).await.into_iter().map(|a| a.json["name"].clone()).collect();
    assert!(names[0].is_string() && names.iter().all(|name| *name == names[0]), "{names:?}");
    let all = wire.send(Adapter::Grpc, "scheduling.ListCompanies", Some(&token), &json!({})).await;
    assert_eq!(all.json["companies"].as_array().map(Vec::len), Some(1));
}

/// A repeat is answered with what can be read now: whoever may read no longer gets no answer.
#[tokio::test]
async fn a_contact_who_left_gets_nothing_by_repeating_a_request() {
    let installation = Installation::start(Embedded, NOW).await;
    let world = installation.world();
    let d = Dealership::open(&world, &Facts::AUTODOM).await.expect("a company with a project");
    let wire = Wire::of(&installation).await;
    let needs = json!({ "name": format!("{}/licensing", d.project), "needs": {}, "requestId": "needs-1" });
    let successor = json!({ "parent": d.company, "requestId": "jan", "contact": {
        "displayName": "Jan", "email": "jan@auto.example", "language": "pl", "roles": ["CONTACT_ROLE_TECHNICAL"],
    } });
    let crm = world.token(platform::auth::Role::Crm, None).expect("signed");
    let token = Some(d.technical.token.as_str());
    for request in [("licensing.SetNeeds", &needs), (ASK, &ask(&d, "once", "ask-1"))] {
        assert_eq!(wire.send(Adapter::Rest, request.0, token, request.1).await.reason, None);
    }
    let jan = wire.send(Adapter::Grpc, "scheduling.CreateContact", Some(&crm), &successor).await;
    let replace = json!({ "name": d.technical.contact, "successor": jan.json["name"], "requestId": "leave" });
    let replaced = wire.send(Adapter::Grpc, "scheduling.ReplaceContact", Some(&crm), &replace).await;
    assert_eq!(replaced.reason, None, "{replaced:?}");
    world.settled().await.expect("at rest");
    for adapter in BOTH {
        for request in [("licensing.SetNeeds", &needs), (ASK, &ask(&d, "once", "ask-1"))] {
            let again = wire.send(adapter, request.0, token, request.1).await;
            assert_eq!(again.reason, Some(PermissionDenied), "{} {adapter:?}: {again:?}", request.0);
        }
    }
}

#[tokio::test]
async fn page_token_invalid_for_another_query_company_list_or_service() {
    let installation = Installation::start(Embedded, NOW).await;
    let world = installation.world();
    let d = Dealership::open(&world, &Facts::AUTODOM).await.expect("a company with a project");
    let other = Dealership::open(&world, &Facts::NO_BRANDS).await.expect("another one");
    let wire = Wire::of(&installation).await;
    let crm = world.token(platform::auth::Role::Crm, None).expect("signed");
    for n in 0..3 {
        let id = format!("ask-{n}");
        assert_eq!(
            wire.send(Adapter::Rest, ASK, Some(&d.technical.token), &ask(&d, &id, &id)).await.reason,
            None
        );
    }
    world.settled().await.expect("at rest");
    const QUESTIONS: &str = "notification.ListQuestions";
    let page = json!({ "parent": d.company, "pageSize": 1 });
    let first = wire.send(Adapter::Rest, QUESTIONS, Some(&d.technical.token), &page).await;
    let token = first.json["nextPageToken"].as_str().expect("more pages").to_owned();
    let with = |mut query: Value| {
        query["pageToken"] = json!(token);
        query
    };
    let mut forged = token.clone().into_bytes();
    forged[3] = if forged[3] == b'A' { b'B' } else { b'A' };
    let forged = String::from_utf8(forged).expect("ASCII");
    for (what, by, method, query) in [
        ("another filter", &crm, QUESTIONS, with(json!({ "parent": d.company, "openOnly": true }))),
        ("all companies", &crm, QUESTIONS, with(json!({ "parent": "companies/-" }))),
        ("another company", &crm, QUESTIONS, with(json!({ "parent": other.company }))),
        (
            "another company's contact",
            &other.technical.token,
            QUESTIONS,
            with(json!({ "parent": other.company })),
        ),
        ("another list", &crm, "notification.ListMessages", with(json!({ "parent": d.company }))),
        ("another service", &crm, "scheduling.ListProjects", with(json!({ "parent": d.company }))),
        ("forged", &crm, QUESTIONS, json!({ "parent": d.company, "pageToken": forged })),
    ] {
        for adapter in BOTH {
            let answer = wire.send(adapter, method, Some(by), &query).await;
            assert_eq!(answer.reason, Some(PageTokenInvalid), "{what}, {adapter:?}");
            let field = if adapter == Adapter::Rest { "pageToken" } else { "page_token" };
            assert_eq!(
                (answer.field.as_str(), answer.allowed.as_str()),
                (field, "the token of this query's last page")
            );
        }
    }
    // The same query goes on where it stopped, with pages as large as one likes.
    for size in [1, 200, 100_000] {
        let next = with(json!({ "parent": d.company, "pageSize": size }));
        let next = wire.send(Adapter::Grpc, QUESTIONS, Some(&d.technical.token), &next).await;
        assert_eq!(next.json["questions"][0]["subject"], "ask-1", "{next:?}");
    }
}

#[tokio::test]
async fn watch_token_invalid_for_another_filter_service_or_a_forged_one() {
    let installation = Installation::start(Embedded, NOW).await;
    let world = installation.world();
    let d = Dealership::open(&world, &Facts::AUTODOM).await.expect("a company with a project");
    let wire = Wire::of(&installation).await;
    let crm = world.token(platform::auth::Role::Crm, None).expect("signed");
    let lists = [
        ("scheduling", json!({ "parent": d.company }), "scheduling.ListProjects"),
        ("audit", json!({ "parent": format!("{}/projects/-", d.company) }), "audit.ListAudits"),
        ("licensing", json!({ "parent": d.company }), "licensing.ListLicensings"),
        ("notification", json!({ "parent": d.company }), "notification.ListQuestions"),
    ];
    let mut tokens = Vec::new();
    for (_, list, method) in &lists {
        let page = wire.send(Adapter::Grpc, method, Some(&crm), list).await;
        tokens.push(page.json["watchToken"].as_str().expect("a token").to_owned());
    }
    for (i, (service, ..)) in lists.iter().enumerate() {
        let method = format!("{service}.WatchEvents");
        let token = &tokens[i];
        let watch = async |mut request: Value, token: &str| {
            request["resumeToken"] = json!(token);
            wire.send(Adapter::Grpc, &method, Some(&crm), &request).await
        };
        let own = json!({ "company": d.company });
        assert_eq!(watch(own.clone(), token).await.reason, None, "{service}");
        let foreign = &tokens[(i + 1) % tokens.len()];
        for (what, request, token) in [
            ("another filter", json!({}), token.as_str()),
            ("a project's", json!({ "project": d.project }), token),
            ("another service's", own.clone(), foreign),
            ("cut off", own.clone(), &token[..token.len() - 1]),
            ("nonsense", own.clone(), "yesterday"),
        ] {
            let answer = watch(request, token).await;
            assert_eq!(answer.reason, Some(WatchTokenInvalid), "{service}: {what}");
            assert_eq!(answer.field, "resume_token");
            assert!(answer.allowed.contains("the one that a list returned"), "{}", answer.allowed);
        }
        let answer =
            watch(json!({ "company": format!("companies/{}", Uuid::now_v7()), "project": d.project }), "")
                .await;
        assert_eq!((answer.reason, answer.field.as_str()), (Some(InvalidArgument), "project"), "{service}");
    }
}

fn base64(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(text)
}

/// A field of a token's header.
fn header_field(header: &str, field: &str) -> Value {
    let json: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).expect("base64")).expect("JSON");
    json[field].clone()
}

#[tokio::test]
async fn without_a_good_token_nobody_comes_in() {
    let installation = Installation::start(Embedded, NOW).await;
    let world = installation.world();
    let d = Dealership::open(&world, &Facts::AUTODOM).await.expect("a company with a project");
    let wire = Wire::of(&installation).await;
    let before = everything(&d).await;
    let good = d.technical.token.clone();
    let parts: Vec<&str> = good.split('.').collect();
    let [header, claims, signature] = parts.as_slice() else { panic!("a token has three parts") };
    let foreign = Installation::start(Embedded, NOW).await;
    let (_, ids) = d.technical.contact.split_once("companies/").expect("a name");
    let (company, contact) = ids.split_once("/contacts/").expect("a contact's name");
    let foreign = foreign.contact(company, contact, "technical");
    // {"alg":"none"} and {"alg":"HS256"}, each with the key's id that the good one has.
    let kid = header_field(header, "kid");
    let with = |alg: &str| base64(&json!({ "alg": alg, "kid": kid, "typ": "JWT" }).to_string());
    for (what, token) in [
        ("no token", None),
        ("an empty one", Some(String::new())),
        ("nonsense", Some("nonsense".to_owned())),
        ("a foreign key", Some(foreign)),
        ("alg none", Some(format!("{}.{claims}.", with("none")))),
        ("alg HS256", Some(format!("{}.{claims}.{signature}", with("HS256")))),
        ("other claims", Some(format!("{header}.{}.{signature}", base64(r#"{"sub":"root"}"#)))),
    ] {
        for adapter in BOTH {
            let answer = wire.send(adapter, ASK, token.as_deref(), &ask(&d, "?", Uuid::now_v7())).await;
            assert_eq!(answer.reason, Some(ErrorReason::Unauthenticated), "{what}, {adapter:?}");
            assert_eq!(answer.field, "authorization", "{what}");
        }
    }
    assert_eq!(everything(&d).await, before, "nothing was done");
}
