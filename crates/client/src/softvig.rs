//! gRPC, for SOFTVIG: the CRM, operators, auditors.

use std::marker::PhantomData;

use proto::request::Request;
use tonic::{
    Status, Streaming,
    client::Grpc,
    codegen::http::uri::PathAndQuery,
    metadata::{MetadataMap, MetadataValue},
    transport::Channel,
};
use tonic_prost::ProstCodec;
use uuid::Uuid;

use crate::{
    Error, Installation,
    after::{AFTER, POSITION},
    patience::patiently,
};

/// Somebody at SOFTVIG.
#[derive(Clone, Debug)]
pub struct Softvig {
    installation: Installation,
    token: String,
}

impl Softvig {
    pub(crate) fn new(installation: Installation, token: String) -> Self {
        Self { installation, token }
    }

    /// One RPC, after everything that was written before. A command gets a request id of its own.
    ///
    /// # Errors
    /// The service's refusal, or that nobody answered.
    pub async fn call<R: Request>(&self, mut request: R) -> Result<R::Response, Error> {
        request.set_request_id(Uuid::now_v7().to_string());
        self.send(request).await
    }

    /// As [`Self::call`], with the request id that the request has.
    ///
    /// # Errors
    /// The service's refusal, or that nobody answered.
    pub async fn send<R: Request>(&self, request: R) -> Result<R::Response, Error> {
        let id = request.clone().take_request_id();
        let answer = patiently(&self.installation, async |attempt| {
            let mut grpc = self.grpc::<R>(attempt).await?;
            let path = PathAndQuery::from_static(R::GRPC_PATH);
            let codec = ProstCodec::<R, R::Response>::default();
            let answer = grpc.unary(self.with_headers(request.clone()), path, codec).await;
            let answer = answer.map_err(|status| Error::from_status(&status))?;
            if let Some(position) = answer.metadata().get(POSITION).and_then(|v| v.to_str().ok()) {
                self.installation.after.written(id.clone(), position);
            }
            Ok(answer.into_inner())
        });
        self.installation.hook.around::<R>(answer).await
    }

    /// A stream of answers: WatchEvents.
    ///
    /// # Errors
    /// The service's refusal, or that nobody answered.
    pub async fn watch<R: Request>(&self, request: R) -> Result<Events<R::Response>, Error> {
        let mut grpc = self.grpc::<R>(0).await?;
        let path = PathAndQuery::from_static(R::GRPC_PATH);
        let codec = ProstCodec::<R, R::Response>::default();
        let answer = grpc.server_streaming(self.with_headers(request), path, codec).await;
        let stream = answer.map_err(|status| Error::from_status(&status))?.into_inner();
        Ok(Events::new(stream))
    }

    async fn grpc<R: Request>(&self, attempt: usize) -> Result<Grpc<Channel>, Error> {
        let channel = self.installation.channel(self.installation.replica(R::METHOD, attempt));
        let mut grpc = Grpc::new(channel);
        grpc.ready().await.map_err(Error::away)?;
        Ok(grpc)
    }

    fn with_headers<R>(&self, request: R) -> tonic::Request<R> {
        let mut request = tonic::Request::new(request);
        let headers: &mut MetadataMap = request.metadata_mut();
        let mut put = |name: &'static str, value: String| {
            headers.insert(name, MetadataValue::try_from(value).expect("visible ASCII"));
        };
        put("authorization", format!("Bearer {}", self.token));
        if let Some(after) = self.installation.after.header() {
            put(AFTER, after);
        }
        request
    }
}

/// What a watch tells, one after the other.
#[derive(Debug)]
pub struct Events<T> {
    stream: Streaming<T>,
    _item: PhantomData<T>,
}

impl<T> Events<T> {
    pub(crate) fn new(stream: Streaming<T>) -> Self {
        Self { stream, _item: PhantomData }
    }

    /// The next one; waits for it.
    ///
    /// # Errors
    /// The stream ended: watch again from the last token.
    pub async fn next(&mut self) -> Result<T, Error> {
        let item = self.stream.message().await.map_err(|status| Error::from_status(&status))?;
        item.ok_or_else(|| Error::from_status(&Status::unavailable("the stream ended")))
    }
}
