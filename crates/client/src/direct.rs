//! gRPC to one process, for the operator's commands.

use std::path::Path;

use hyper_util::rt::TokioIo;
use proto::request::Request;
use tokio::net::UnixStream;
use tonic::{
    client::Grpc,
    codegen::http::{Uri, uri::PathAndQuery},
    metadata::{Ascii, MetadataValue},
    transport::{Channel, Endpoint},
};
use tonic_prost::ProstCodec;
use tower::service_fn;
use uuid::Uuid;

use crate::{Error, Events};

/// A connection to one process.
#[derive(Clone, Debug)]
pub struct Direct {
    channel: Channel,
    authorization: Option<MetadataValue<Ascii>>,
}

impl Direct {
    /// Over the network, with a token.
    ///
    /// # Errors
    /// Nobody answers there; a token that cannot be one.
    pub async fn connect(endpoint: Endpoint, token: &str) -> Result<Self, Error> {
        let authorization = MetadataValue::try_from(format!("Bearer {token}"));
        let mut authorization =
            authorization.map_err(|_| Error::Unreadable("the token is not one line of ASCII".to_owned()))?;
        authorization.set_sensitive(true);
        let channel = endpoint.connect().await.map_err(Error::away)?;
        Ok(Self { channel, authorization: Some(authorization) })
    }

    /// Over the socket of a process on this machine.
    ///
    /// # Errors
    /// Nobody answers there.
    pub async fn local(socket: &Path) -> Result<Self, Error> {
        let socket = socket.to_owned();
        let connector = service_fn(move |_: Uri| {
            let socket = socket.clone();
            async move { UnixStream::connect(socket).await.map(TokioIo::new) }
        });
        let channel = Endpoint::from_static("http://localhost").connect_with_connector(connector).await;
        Ok(Self { channel: channel.map_err(Error::away)?, authorization: None })
    }

    /// One RPC. A command gets a request id of its own.
    ///
    /// # Errors
    /// The service's refusal, or that nobody answered.
    pub async fn call<R: Request>(&self, mut request: R) -> Result<R::Response, Error> {
        request.set_request_id(Uuid::now_v7().to_string());
        let (mut grpc, path) = self.grpc::<R>().await?;
        let answer =
            grpc.unary(self.with_token(request), path, ProstCodec::<R, R::Response>::default()).await;
        Ok(answer.map_err(|status| Error::from_status(&status))?.into_inner())
    }

    /// A stream of answers: WatchEvents.
    ///
    /// # Errors
    /// The service's refusal, or that nobody answered.
    pub async fn watch<R: Request>(&self, request: R) -> Result<Events<R::Response>, Error> {
        let (mut grpc, path) = self.grpc::<R>().await?;
        let codec = ProstCodec::<R, R::Response>::default();
        let answer = grpc.server_streaming(self.with_token(request), path, codec).await;
        Ok(Events::new(answer.map_err(|status| Error::from_status(&status))?.into_inner()))
    }

    async fn grpc<R: Request>(&self) -> Result<(Grpc<Channel>, PathAndQuery), Error> {
        let mut grpc = Grpc::new(self.channel.clone());
        grpc.ready().await.map_err(Error::away)?;
        Ok((grpc, PathAndQuery::from_static(R::GRPC_PATH)))
    }

    fn with_token<R>(&self, request: R) -> tonic::Request<R> {
        let mut request = tonic::Request::new(request);
        if let Some(authorization) = &self.authorization {
            request.metadata_mut().insert("authorization", authorization.clone());
        }
        request
    }
}
