//! The portal's way in: a contact changes the own card at its path.

use std::{sync::Arc, time::Duration};

use axum::body::Body;
use http::{Request, StatusCode};
use http_body_util::BodyExt as _;
use platform::{
    Edge,
    auth::{DevelopmentIssuer, TokenFor, Verifier},
    edge::Limits,
    rest,
};
use rstest::rstest;
use serde_json::{Value, json};
use testkit::Backend::{self, Postgres, Sqlite};
use tower::ServiceExt as _;

use crate::world::World;

#[rstest]
#[tokio::test]
async fn a_contact_updates_the_own_card_over_rest(#[values(Sqlite, Postgres)] backend: Backend) {
    let world = World::new(backend).await;
    let keys = std::env::temp_dir().join(format!("przesiadka-keys-{}", uuid::Uuid::now_v7()));
    std::fs::create_dir_all(&keys).expect("a folder");
    let issuer = DevelopmentIssuer::open(&keys).expect("a key");
    let technical = &world.dealer.technical;
    let token = issuer.mint(&TokenFor {
        subject: technical.subject.clone(),
        roles: technical.roles.clone(),
        company: technical.company,
        contact: technical.contact,
        valid_for: Duration::from_secs(600),
    });
    let token = token.expect("signs");
    let edge =
        Edge::new(Arc::new(Verifier::new(vec![issuer.issuer().expect("an issuer")])), Limits::default());
    let router = rest::router(&edge, &world.harness.service, scheduling::rest::routes());
    std::fs::remove_dir_all(&keys).expect("removed");

    let name = world.dealer.contact(technical);
    let put = async |contact: Value, etag: &str| {
        let request = Request::put(format!("/scheduling/v1/{name}"))
            .header("authorization", format!("Bearer {token}"))
            .header("idempotency-key", format!("\"{}\"", uuid::Uuid::now_v7()))
            .header("if-match", format!("\"{etag}\""))
            .header("content-type", "application/json")
            .body(Body::from(json!({ "contact": contact }).to_string()));
        let response = router.clone().oneshot(request.expect("a request")).await.expect("infallible");
        let status = response.status();
        let body = response.into_body().collect().await.expect("a body").to_bytes();
        (status, serde_json::from_slice::<Value>(&body).expect("JSON"))
    };
    let etag = world.get_contact(&name).await.etag;
    let card = json!({
        "displayName": "Anna Nowa", "email": "anna@auto-nowak.pl", "language": "en",
        "roles": ["CONTACT_ROLE_TECHNICAL"],
    });
    let (status, answer) = put(card.clone(), &etag).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    assert_eq!((&answer["name"], &answer["language"]), (&json!(name), &json!("en")));

    let (status, problem) = put(card.clone(), &etag).await;
    assert_eq!(status, StatusCode::PRECONDITION_FAILED, "{problem}");

    let mut elsewhere = card;
    elsewhere["name"] = json!(world.dealer.contact(&world.dealer.decision));
    let (status, problem) = put(elsewhere, "").await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "the path says another name: {problem}");
}
