//! Bytes that are no request of the contract, on the ports of a real process.

use journeys::{Adapter, Answer, Installation, Layout::Embedded, RestCall, Service, Wire};
use proto::{
    audit::v1::{ListAuditsRequest, ListFindingsRequest, audit_service_client::AuditServiceClient},
    common::v1::ErrorReason::*,
    licensing::v1::{
        ChooseLicenceRequest, ListLicensingsRequest, licensing_service_client::LicensingServiceClient,
    },
    notification::v1::{ListMessagesRequest, notification_service_client::NotificationServiceClient},
    request::Request as _,
};
use reqwest::Method;
use serde_json::json;
use story::{Dealership, Facts};
use tonic::Request;

use crate::{common::NOW, everything::everything};

#[tokio::test]
async fn broken_bodies_headers_and_queries_are_refused_by_what_is_wrong() {
    let installation = Installation::start(Embedded, NOW).await;
    let world = installation.world();
    let d = Dealership::open(&world, &Facts::AUTODOM).await.expect("a company with a project");
    let wire = Wire::of(&installation).await;
    let before = everything(&d).await;
    let json = ("content-type", "application/json");
    let id = ("idempotency-key", "\"bytes-1\"");
    let needs = format!("/licensing/v1/{}/licensing/setNeeds", d.project);
    let messages = format!("/notification/v1/{}/messages", d.company);
    let (post, get) = (Method::POST, Method::GET);
    #[rustfmt::skip]
    let cases = [
        ("broken JSON", &post, needs.clone(), vec![json, id], "{\"needs\": {", InvalidArgument, "body", "one JSON object"),
        ("no object", &post, needs.clone(), vec![json, id], "[]", InvalidArgument, "body", "one JSON object"),
        ("no JSON", &post, needs.clone(), vec![("content-type", "text/xml"), id], "<a/>", InvalidArgument, "content-type", "application/json"),
        ("an unknown field", &post, needs.clone(), vec![json, id], r#"{"wishes":{}}"#, InvalidArgument, "wishes", "a field of the contract"),
        ("an unknown field below", &post, needs.clone(), vec![json, id], r#"{"needs":{"horses":2}}"#, InvalidArgument, "needs.horses", "a field of the contract"),
        ("a wrong kind of value", &post, needs.clone(), vec![json, id], r#"{"needs":{"virtualMachine":"yes"}}"#, InvalidArgument, "needs.virtualMachine", "what the contract says"),
        ("a number that does not fit", &post, needs.clone(), vec![json, id], r#"{"needs":{"cores":1e12}}"#, InvalidArgument, "needs.cores", "what the contract says"),
        ("an unknown choice", &post, needs.clone(), vec![json, id], r#"{"needs":{"otherApplications":"MAYBE"}}"#, InvalidArgument, "needs.otherApplications", "what the contract says"),
        ("another name in the body", &post, needs.clone(), vec![json, id], r#"{"name":"companies/1"}"#, InvalidArgument, "name", "one"),
        ("no request id", &post, needs.clone(), vec![json], r#"{"needs":{}}"#, InvalidArgument, "idempotency-key", "1 to 128 visible"),
        ("an unquoted request id", &post, needs.clone(), vec![json, ("idempotency-key", "bytes-1")], r#"{"needs":{}}"#, InvalidArgument, "idempotency-key", "in double quotes"),
        ("a weak etag", &post, needs.clone(), vec![json, id, ("if-match", "W/\"1\"")], r#"{"needs":{}}"#, InvalidArgument, "if-match", "in double quotes"),
        ("a stale etag", &post, needs.clone(), vec![json, id, ("if-match", "\"1\"")], r#"{"needs":{}}"#, EtagMismatch, "if-match", ""),
        ("a position that is none", &post, needs, vec![json, id, ("x-przesiadka-after", "now")], r#"{"needs":{}}"#, InvalidArgument, "x-przesiadka-after", "<service>/<company>/<number>"),
        ("an unknown parameter", &get, format!("{messages}?colour=red"), vec![], "", InvalidArgument, "colour", "a field of the request"),
        ("a page of words", &get, format!("{messages}?pageSize=many"), vec![], "", InvalidArgument, "pageSize", "a whole number"),
        ("an unknown choice", &get, format!("{messages}?state=LOST"), vec![], "", InvalidArgument, "state", "what the contract says"),
        ("a request id on a read", &get, messages.clone(), vec![id], "", InvalidArgument, "idempotency-key", "absent"),
        ("no such path", &get, messages.replace("messages", "letters"), vec![], "", NotFound, "", ""),
        ("a slash within an id", &get, messages.replace("companies/", "companies/a%2Fb"), vec![], "", NotFound, "", ""),
    ];
    for (what, verb, path, headers, body, reason, field, allowed) in cases {
        let bearer = ("authorization", format!("Bearer {}", d.technical.token));
        let headers = headers.into_iter().map(|(name, value)| (name, value.to_owned())).chain([bearer]);
        let call = RestCall { verb: verb.clone(), path, headers: headers.collect(), body: body.into() };
        let service =
            if call.path.starts_with("/licensing") { Service::Licensing } else { Service::Notification };
        let answer = wire.rest(service, call).await;
        assert_eq!((answer.reason, answer.field.as_str()), (Some(reason), field), "{what}: {}", answer.json);
        assert!(answer.allowed.contains(allowed), "{what}: {}", answer.allowed);
    }
    assert_eq!(everything(&d).await, before, "nothing was done");
}

/// What JSON has no words for, and what is no message at all.
#[tokio::test]
async fn unknown_numbers_and_broken_protobuf_are_the_callers_fault() {
    let installation = Installation::start(Embedded, NOW).await;
    let world = installation.world();
    let d = Dealership::open(&world, &Facts::AUTODOM).await.expect("a company with a project");
    let wire = Wire::of(&installation).await;
    let before = everything(&d).await;
    let mut client = LicensingServiceClient::new(installation.grpc(Service::Licensing).await);
    let token = format!("Bearer {}", d.decision.token);

    let choose = ChooseLicenceRequest {
        name: format!("{}/licensing", d.project),
        kind: 7,
        request_id: "kind-7".to_owned(),
        ..Default::default()
    };
    let status = client.choose_licence(authorised(choose, &token)).await.expect_err("no such kind");
    let answer = Answer::from_status(&status);
    let allowed = "LICENCE_KIND_STANDARD, LICENCE_KIND_RUNTIME";
    assert_eq!(
        (answer.reason, answer.field.as_str(), answer.allowed.as_str()),
        (Some(InvalidArgument), "kind", allowed)
    );
    let list = ListLicensingsRequest { parent: d.company.clone(), state: 99, ..Default::default() };
    let status = client.list_licensings(authorised(list, &token)).await.expect_err("no such state");
    assert_eq!(Answer::from_status(&status).field, "state");
    let mut audits = AuditServiceClient::new(installation.grpc(Service::Audit).await);
    let list = ListAuditsRequest { parent: d.project.clone(), state: 99, ..Default::default() };
    let status = audits.list_audits(authorised(list, &token)).await.expect_err("no such state");
    assert_eq!(Answer::from_status(&status).field, "state");
    let list = ListFindingsRequest { parent: d.project.clone(), state: 99, ..Default::default() };
    let status = audits.list_findings(authorised(list, &token)).await.expect_err("no such state");
    assert_eq!(Answer::from_status(&status).field, "state");
    let mut mail = NotificationServiceClient::new(installation.grpc(Service::Notification).await);
    let list = ListMessagesRequest { parent: d.company.clone(), state: 99, ..Default::default() };
    let status = mail.list_messages(authorised(list, &token)).await.expect_err("no such state");
    assert_eq!(Answer::from_status(&status).field, "state");

    // A field of 100 bytes in a message of two.
    let http2 = reqwest::Client::builder().http2_prior_knowledge().build().expect("a client");
    let address = d.world.installation.replicas("licensing")[0].grpc;
    let url = format!("http://{address}{}", ChooseLicenceRequest::GRPC_PATH);
    let frame: &[u8] = &[0, 0, 0, 0, 2, 0x0a, 100];
    let request = http2.post(url).header("authorization", &token).header("te", "trailers");
    let request = request.header("content-type", "application/grpc").body(frame);
    let reply = request.send().await.expect("an answer");
    assert_eq!(reply.headers()["grpc-status"], "3", "{:?}", reply.headers());
    let no_id = json!({ "name": format!("{}/licensing", d.project), "kind": "LICENCE_KIND_STANDARD" });
    let answer = wire.send(Adapter::Grpc, "licensing.ChooseLicence", Some(&d.decision.token), &no_id).await;
    assert_eq!((answer.reason, answer.field.as_str()), (Some(InvalidArgument), "request_id"));
    assert_eq!(everything(&d).await, before, "nothing was done");
}

fn authorised<T>(message: T, bearer: &str) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("authorization", bearer.parse().expect("ASCII"));
    request
}
