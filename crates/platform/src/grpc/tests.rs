use std::sync::Arc;

use axum::{Router, body::Body, routing::post};
use proto::licensing::v1::{
    ChooseLicenceRequest, GetLicensingRequest, Licensing, licensing_service_client::LicensingServiceClient,
};
use tonic::{Code, codegen::BoxFuture};
use tonic_types::StatusExt as _;

use super::*;
use crate::{
    edge::Limits,
    testing::{Bench, Echo},
};

const PATH: &str = "/przesiadka.licensing.v1.LicensingService";

/// What tonic generates for one method.
struct Unary<F>(Arc<Server<Echo>>, F);

impl<Req, F> tonic::server::UnaryService<Req> for Unary<F>
where
    Req: Request,
    F: for<'a> Function<'a, Echo, Req, Licensing>,
{
    type Response = Licensing;
    type Future = BoxFuture<Response<Licensing>, Status>;

    fn call(&mut self, request: tonic::Request<Req>) -> Self::Future {
        let (server, function) = (Arc::clone(&self.0), self.1.clone());
        Box::pin(async move { server.call(request, function).await })
    }
}

fn method<Req, F>(server: &Arc<Server<Echo>>, function: F) -> axum::routing::MethodRouter
where
    Req: Request,
    F: for<'a> Function<'a, Echo, Req, Licensing>,
{
    let server = Arc::clone(server);
    post(move |request: http::Request<Body>| async move {
        let codec = tonic_prost::ProstCodec::<Licensing, Req>::default();
        let mut grpc = tonic::server::Grpc::new(codec).max_decoding_message_size(MESSAGE_BYTES);
        let response = grpc.unary(Unary(server, function), request.map(tonic::body::Body::new)).await;
        explain_bad_messages(response.map(Body::new))
    })
}

async fn bench() -> (Bench, Router) {
    let bench = Bench::new(Limits::default()).await;
    let server = Arc::new(Server::new(&bench.edge, &bench.service));
    let router = Router::new()
        .route(&format!("{PATH}/GetLicensing"), method(&server, Echo::get_licensing))
        .route(&format!("{PATH}/ChooseLicence"), method(&server, Echo::choose_licence));
    (bench, router)
}

fn with_token<T>(bench: &Bench, message: T) -> tonic::Request<T> {
    let mut request = tonic::Request::new(message);
    let value = format!("Bearer {}", bench.token).parse().expect("ascii");
    request.metadata_mut().insert("authorization", value);
    request
}

#[tokio::test]
async fn the_same_function_answers_grpc() {
    let (bench, router) = bench().await;
    let mut client = LicensingServiceClient::new(router);
    let request = GetLicensingRequest { name: "companies/c/projects/p/licensing".to_owned() };
    let answer = client.get_licensing(with_token(&bench, request.clone())).await.expect("answered");
    assert_eq!(answer.get_ref().variant, "anna");

    let status = client.get_licensing(request).await.expect_err("no token");
    assert_eq!(status.code(), Code::Unauthenticated);
    assert_eq!(status.get_details_error_info().expect("error info").reason, "UNAUTHENTICATED");
}

#[tokio::test]
async fn a_command_needs_its_request_id_and_tells_its_position() {
    let (bench, router) = bench().await;
    let mut client = LicensingServiceClient::new(router);
    let mut request = ChooseLicenceRequest { request_id: "r-1".to_owned(), ..Default::default() };
    let answer = client.choose_licence(with_token(&bench, request.clone())).await.expect("answered");
    assert_eq!(answer.metadata().get(POSITION).expect("a position"), "licensing/_global/7");

    request.request_id.clear();
    let status = client.choose_licence(with_token(&bench, request)).await.expect_err("no request id");
    assert_eq!(status.code(), Code::InvalidArgument);
    let fields = status.get_details_bad_request().expect("fields").field_violations;
    assert_eq!(fields[0].field, "request_id");
}

#[tokio::test]
async fn messages_that_cannot_be_read_are_the_callers_fault() {
    let (bench, router) = bench().await;
    let mut client = LicensingServiceClient::new(router.clone());
    let request = GetLicensingRequest { name: "x".repeat(MESSAGE_BYTES + 1) };
    let status = client.get_licensing(with_token(&bench, request)).await.expect_err("too large");
    assert_eq!(status.code(), Code::ResourceExhausted, "{status:?}");
    assert_eq!(status.get_details_error_info().expect("error info").reason, "TOO_LARGE");

    // A frame of two bytes that claim a field of 100.
    let frame: &'static [u8] = &[0, 0, 0, 0, 2, 0x0a, 100];
    let request = http::Request::post(format!("{PATH}/GetLicensing"))
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .body(Body::from(frame))
        .expect("a request");
    let response = tower::ServiceExt::oneshot(router, request).await.expect("infallible");
    assert_eq!(response.headers()["grpc-status"], "3", "{:?}", response.headers());
}
