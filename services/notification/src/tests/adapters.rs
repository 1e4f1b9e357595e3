//! The same functions through REST and gRPC, with real tokens.

use axum::{Router, body::Body};
use futures::StreamExt as _;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt as _;
use platform::{
    auth::{Principal, Role},
    grpc::Server,
    harness::{TestEdge, request_id},
    rest::{router, with_fallbacks},
};
use proto::notification::v1::{
    AnswerQuestionRequest, ClearUndeliverableRequest, ListMessagesRequest, WatchEventsRequest,
    notification_event::Event, notification_service_client::NotificationServiceClient,
    notification_service_server::NotificationServiceServer,
};
use serde_json::{Value, json};
use testkit::Backend;
use tonic::Code;
use tower::ServiceExt as _;

use super::world::{World, contact, softvig};
use crate::fixtures::{COMPANY, TADEK, name};
use crate::{grpc::Grpc, rest};

pub struct Portal {
    pub world: World,
    tokens: TestEdge,
    rest: Router,
}

impl Portal {
    pub async fn new() -> Self {
        let world = World::new(Backend::Sqlite).await;
        let tokens = TestEdge::new();
        let routes = router(&tokens.edge, &world.service, rest::routes());
        let rest = with_fallbacks(routes.merge(rest::open_paths(&world.service)));
        Self { world, tokens, rest }
    }

    /// What somebody without a token gets: status, headers and body.
    pub async fn open(&self, verb: &str, path: &str) -> (StatusCode, HeaderMap, String) {
        let request = Request::builder().method(verb).uri(path).body(Body::empty()).expect("a request");
        let (parts, body) = self.rest.clone().oneshot(request).await.expect("infallible").into_parts();
        let bytes = body.collect().await.expect("a body").to_bytes();
        (parts.status, parts.headers, String::from_utf8(bytes.to_vec()).expect("text"))
    }

    pub async fn send(&self, caller: &Principal, verb: &str, path: &str, body: Value) -> (StatusCode, Value) {
        let mut request = Request::builder()
            .method(verb)
            .uri(format!("/notification/v1/{path}"))
            .header("authorization", self.tokens.bearer(caller));
        if verb != "GET" {
            request = request
                .header("idempotency-key", format!("\"{}\"", request_id()))
                .header("content-type", "application/json");
        }
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        let request = request.body(body).expect("a request");
        let (parts, body) = self.rest.clone().oneshot(request).await.expect("infallible").into_parts();
        let bytes = body.collect().await.expect("a body").to_bytes();
        (parts.status, serde_json::from_slice(&bytes).expect("JSON"))
    }

    fn authorised<T>(&self, caller: &Principal, message: T) -> tonic::Request<T> {
        let mut request = tonic::Request::new(message);
        request.metadata_mut().insert("authorization", self.tokens.bearer(caller).parse().expect("ASCII"));
        request
    }
}

#[tokio::test]
async fn a_contact_asks_over_rest_and_the_crm_answers_over_grpc() {
    let portal = Portal::new().await;
    let tadek = contact(COMPANY, TADEK, Role::Technical);
    let company = format!("companies/{COMPANY}");
    let question = json!({ "subject": "Licencja", "text": "Która?" });
    let (status, asked) = portal.send(&tadek, "POST", &format!("{company}/questions"), question).await;
    assert_eq!(status, StatusCode::OK, "{asked}");
    let question = asked["name"].as_str().expect("a name").to_owned();

    let grpc = Grpc(Server::new(&portal.tokens.edge, &portal.world.service));
    let mut crm = NotificationServiceClient::new(NotificationServiceServer::new(grpc));
    let list = ListMessagesRequest { parent: company.clone(), ..Default::default() };
    let listed = crm.list_messages(portal.authorised(&softvig(), list)).await.expect("listed").into_inner();
    assert_eq!(listed.messages.len(), 2);
    let answer = AnswerQuestionRequest {
        name: question.clone(),
        text: "Runtime.".into(),
        etag: asked["etag"].as_str().expect("an etag").to_owned(),
        request_id: request_id(),
        ..Default::default()
    };
    let answered = crm.answer_question(portal.authorised(&softvig(), answer)).await.expect("answered");
    assert!(answered.metadata().contains_key("x-przesiadka-position"));

    portal.world.service.core.sequence().await.expect("sequenced");
    let watch = WatchEventsRequest {
        company: company.clone(),
        resume_token: listed.watch_token,
        ..Default::default()
    };
    let mut watched =
        crm.watch_events(portal.authorised(&softvig(), watch)).await.expect("watching").into_inner();
    let mut seen = Vec::new();
    while seen.len() < 2 {
        let item = watched.next().await.expect("goes on").expect("no error");
        seen.extend(item.event.and_then(|e| e.event));
    }
    assert!(matches!(seen[..], [Event::QuestionAsked(_), Event::QuestionAnswered(_)]), "{seen:?}");

    let (status, read) = portal.send(&tadek, "GET", &question, Value::Null).await;
    assert_eq!((status, &read["answers"][0]["text"]), (StatusCode::OK, &json!("Runtime.")));
    let (_, messages) =
        portal.send(&tadek, "GET", &format!("{company}/messages?pageSize=1"), Value::Null).await;
    let newest = messages["messages"][0]["name"].as_str().expect("a name");
    assert_eq!(messages["messages"][0]["topic"], "question_answered");
    let (status, message) = portal.send(&tadek, "GET", newest, Value::Null).await;
    assert_eq!(status, StatusCode::OK);
    assert!(message["text"].as_str().expect("a text").contains("Runtime."), "{message}");
}

#[tokio::test]
async fn the_portal_refuses_what_is_not_a_contacts_part() {
    let portal = Portal::new().await;
    let tadek = contact(COMPANY, TADEK, Role::Technical);
    let questions = format!("companies/{COMPANY}/questions");
    let empty = json!({ "subject": "", "text": "?" });
    let (status, problem) = portal.send(&tadek, "POST", &questions, empty).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{problem}");
    assert_eq!(problem["reason"], "INVALID_ARGUMENT");
    let (status, _) =
        portal.send(&softvig(), "POST", &format!("{}/clearUndeliverable", name(TADEK)), json!({})).await;
    assert_eq!(status, StatusCode::NOT_FOUND, "SOFTVIG's commands are not on the portal's port");

    let grpc = Grpc(Server::new(&portal.tokens.edge, &portal.world.service));
    let mut client = NotificationServiceClient::new(NotificationServiceServer::new(grpc));
    let clear =
        ClearUndeliverableRequest { contact: name(TADEK), request_id: request_id(), ..Default::default() };
    let denied = client.clear_undeliverable(portal.authorised(&tadek, clear.clone())).await;
    assert_eq!(denied.expect_err("not his to say").code(), Code::PermissionDenied);
    let nobody = client.clear_undeliverable(clear.clone()).await;
    assert_eq!(nobody.expect_err("no token").code(), Code::Unauthenticated);
    client.clear_undeliverable(portal.authorised(&softvig(), clear)).await.expect("SOFTVIG may");
}

#[tokio::test]
async fn a_calendar_is_open_to_whoever_has_its_link_and_nothing_else_is() {
    let portal = Portal::new().await;
    let tadek = contact(COMPANY, TADEK, Role::Technical);
    let links = format!("companies/{COMPANY}/calendarLinks");
    let (status, link) = portal.send(&tadek, "POST", &links, json!({})).await;
    assert_eq!(status, StatusCode::OK, "{link}");
    let url = link["url"].as_str().expect("a link");
    let path = url.strip_prefix("webcal://127.0.0.1:8080").expect("the host of the settings").to_owned();
    let (status, headers, calendar) = portal.open("GET", &path).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(headers["content-type"], "text/calendar; charset=utf-8");
    assert_eq!(headers["cache-control"], "no-store");
    assert!(calendar.starts_with("BEGIN:VCALENDAR\r\n") && calendar.contains("METHOD:PUBLISH"), "{calendar}");
    assert_eq!(portal.open("HEAD", &path).await.0, StatusCode::OK);

    let (status, read) = portal.send(&tadek, "GET", &links, Value::Null).await;
    assert_eq!((status, &read["calendarLinks"][0]["name"]), (StatusCode::OK, &link["name"]));
    let name = link["name"].as_str().expect("a name");
    let (status, revoked) = portal.send(&tadek, "POST", &format!("{name}/revoke"), json!({})).await;
    assert_eq!(status, StatusCode::OK, "{revoked}");

    // What is dead, what never was and what is no secret at all look the same, and repeat nothing.
    let never = format!("/notification/v1/calendars/{}.ics", "A".repeat(43));
    let mut answers = Vec::new();
    for path in [
        path.as_str(),
        &never,
        "/notification/v1/calendars/x",
        "/notification/v1/calendars/%00.ics",
        "/notification/v1/calendars/%FF.ics",
    ] {
        let (status, mut headers, body) = portal.open("GET", path).await;
        headers.remove("date");
        answers.push((status, format!("{headers:?}"), body));
    }
    assert_eq!(answers[0].0, StatusCode::NOT_FOUND);
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");

    for route in rest::routes() {
        let operation = route.operation();
        let path = operation.path.replace(['{', '}'], "");
        let (status, ..) = portal.open(operation.verb.as_str(), &path).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{path}");
    }
    assert_eq!(portal.open("POST", &never).await.0, StatusCode::METHOD_NOT_ALLOWED);
}
