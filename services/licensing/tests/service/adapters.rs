//! The same functions through REST and gRPC, with real tokens.

use axum::{Router, body::Body};
use http::{Request, StatusCode};
use http_body_util::BodyExt as _;
use licensing::{grpc::Grpc, rest};
use platform::{
    auth::Principal,
    grpc::Server,
    harness::{TestEdge, request_id},
    rest::{router, with_fallbacks},
};
use proto::licensing::v1::{
    self as pb, licensing_service_client::LicensingServiceClient,
    licensing_service_server::LicensingServiceServer,
};
use serde_json::{Value, json};
use testkit::Backend;
use tonic::Code;
use tower::ServiceExt as _;

use crate::world::{World, crm};

struct Portal {
    world: World,
    tokens: TestEdge,
    rest: Router,
}

impl Portal {
    async fn new() -> Self {
        let world = World::new(Backend::Sqlite).await;
        let tokens = TestEdge::new();
        let rest = with_fallbacks(router(&tokens.edge, &world.harness.service, rest::routes()));
        Self { world, tokens, rest }
    }

    async fn send(&self, caller: &Principal, verb: &str, path: &str, body: Value) -> (StatusCode, Value) {
        let mut request = Request::builder()
            .method(verb)
            .uri(format!("/licensing/v1/{path}"))
            .header("authorization", self.tokens.bearer(caller));
        if verb == "POST" {
            request = request
                .header("idempotency-key", format!("\"{}\"", request_id()))
                .header("content-type", "application/json");
        }
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        let response =
            self.rest.clone().oneshot(request.body(body).expect("a request")).await.expect("infallible");
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.expect("a body").to_bytes();
        (parts.status, serde_json::from_slice(&bytes).expect("JSON"))
    }
}

#[tokio::test]
async fn a_contact_does_its_part_over_rest() {
    let portal = Portal::new().await;
    let dealer = portal.world.dealer.clone();
    let name = dealer.name();
    let order = json!({ "demand": "windows_server", "number": "ZAM 1", "supplier": "SOFTVIG" });
    let invoice = json!({ "kind": "LICENCE_DOCUMENT_KIND_INVOICE", "number": "FV 1" });
    let parts = [
        (
            &dealer.technical,
            "setNeeds",
            json!({ "needs": { "otherApplications": "OTHER_APPLICATIONS_NO", "users": 9 } }),
        ),
        (&dealer.decision, "chooseLicence", json!({ "kind": "LICENCE_KIND_RUNTIME" })),
        (&dealer.decision, "acceptOffer", json!({ "offer": "offers/runtime-start" })),
        (&dealer.technical, "orderLicence", order.clone()),
        (&dealer.technical, "cancelOrder", json!({ "demand": "windows_server", "reason": "out of stock" })),
        (&dealer.technical, "orderLicence", order),
        (&dealer.technical, "recordLicence", json!({ "demand": "windows_server", "document": invoice })),
        (&dealer.technical, "recordLicence", json!({ "demand": "sql_server", "document": invoice })),
        (&dealer.technical, "withdrawProof", json!({ "demand": "sql_server", "reason": "wrong invoice" })),
        (&dealer.decision, "releaseOffer", json!({})),
    ];
    for (caller, verb, body) in parts {
        let (status, answer) = portal.send(caller, "POST", &format!("{name}/{verb}"), body).await;
        assert_eq!(status, StatusCode::OK, "{verb}: {answer}");
        assert_eq!(answer["name"], name, "{verb}");
    }
    let (status, licensing) = portal.send(&dealer.technical, "GET", &name, Value::Null).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(licensing["choice"]["kind"], "LICENCE_KIND_RUNTIME");
    assert_eq!(licensing["missing"], json!(["sql_server"]));
    let path = format!("{name}/questionnaire");
    let (status, questionnaire) = portal.send(&dealer.technical, "GET", &path, Value::Null).await;
    assert_eq!((status, &questionnaire["next"]), (StatusCode::OK, &json!("target_version")));
    assert_eq!(questionnaire["name"], name);
    assert_eq!(questionnaire["questions"][0]["answer"], "OTHER_APPLICATIONS_NO");
    assert_eq!(licensing["advice"]["options"][0]["missing"][0], "target_version");
    let (_, offers) = portal.send(&dealer.technical, "GET", &format!("{name}/offers"), Value::Null).await;
    assert_eq!(offers["offers"].as_array().expect("a list").len(), 2);
    let list = format!("companies/{}/licensings?pageSize=1", dealer.company);
    let (_, list) = portal.send(&dealer.technical, "GET", &list, Value::Null).await;
    assert_eq!(list["licensings"][0]["name"], name);
}

#[tokio::test]
async fn a_refusal_over_rest_is_a_problem_that_names_its_rule() {
    let portal = Portal::new().await;
    let dealer = portal.world.dealer.clone();
    let needs = json!({ "needs": { "otherApplications": "OTHER_APPLICATIONS_YES" } });
    portal.send(&dealer.technical, "POST", &format!("{}/setNeeds", dealer.name()), needs).await;
    let choose = format!("{}/chooseLicence", dealer.name());
    let runtime = json!({ "kind": "LICENCE_KIND_RUNTIME" });
    let (status, problem) = portal.send(&dealer.decision, "POST", &choose, runtime.clone()).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{problem}");
    assert_eq!(problem["reason"], "RUNTIME_ONLY_AUTOSTACJA");
    let (status, problem) = portal.send(&dealer.technical, "POST", &choose, runtime).await;
    assert_eq!((status, &problem["reason"]), (StatusCode::FORBIDDEN, &json!("PERMISSION_DENIED")));
    let recommend = format!("{}/recommendLicence", dealer.name());
    let (status, _) = portal.send(&crm(), "POST", &recommend, json!({})).await;
    assert_eq!(status, StatusCode::NOT_FOUND, "SOFTVIG's commands are not on the portal's port");
}

#[tokio::test]
async fn the_crm_does_its_part_over_grpc() {
    let portal = Portal::new().await;
    let dealer = &portal.world.dealer;
    let grpc = Grpc(Server::new(&portal.tokens.edge, &portal.world.harness.service));
    let mut client = LicensingServiceClient::new(LicensingServiceServer::new(grpc));
    let recommend = pb::RecommendLicenceRequest {
        name: dealer.name(),
        kind: pb::LicenceKind::Standard.into(),
        note: "another system uses the server".to_owned(),
        request_id: request_id(),
        ..Default::default()
    };
    let mut request = tonic::Request::new(recommend.clone());
    request.metadata_mut().insert("authorization", portal.tokens.bearer(&crm()).parse().expect("ascii"));
    let answer = client.recommend_licence(request).await.expect("recommended");
    assert!(answer.metadata().contains_key("x-przesiadka-position"));
    assert_eq!(answer.get_ref().recommendation.as_ref().expect("made").kind(), pb::LicenceKind::Standard);

    let status = client.recommend_licence(recommend).await.expect_err("no token");
    assert_eq!(status.code(), Code::Unauthenticated);
}
