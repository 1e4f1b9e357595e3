//! gRPC from the same functions as REST: each method of a service's trait is one line.
//!
//! ```ignore
//! pub struct Grpc(pub platform::grpc::Server<Scheduling>);
//!
//! #[tonic::async_trait]
//! impl SchedulingService for Grpc {
//!     async fn declare_readiness(&self, r: Request<DeclareReadinessRequest>) -> Answer<Project> {
//!         self.0.call(r, Scheduling::declare_readiness).await
//!     }
//! }
//! ```

use std::sync::Arc;

use futures::{
    Stream, StreamExt as _,
    future::ready,
    stream::{self, BoxStream},
};
use proto::{
    common::v1::{ErrorReason, FileContent},
    refusal::{Violation, words},
    request::Request,
};
use tonic::{
    Code, Extensions, Response, Status, Streaming,
    metadata::{MetadataMap, MetadataValue},
};

use crate::{
    call::{Function, Service},
    edge::{self, Caller, Done, Edge, Local, POSITION},
    error::Error,
    files::{Content, Download, broken_off, too_slow},
};

/// The largest request message, the same as REST's body.
pub const MESSAGE_BYTES: usize = 256 << 10;

/// What a method of a service's trait answers.
pub type Answer<T> = Result<Response<T>, Status>;

/// What a streaming method answers with.
pub type Streamed<T> = BoxStream<'static, Result<T, Status>>;

/// A service behind gRPC.
pub struct Server<S> {
    edge: Edge,
    service: Arc<S>,
}

impl<S: Service> Server<S> {
    pub fn new(edge: &Edge, service: &Arc<S>) -> Self {
        Self { edge: edge.clone(), service: Arc::clone(service) }
    }

    /// One request, one answer; a command's lane position goes into the answer's metadata.
    pub async fn call<Req, Resp, F>(&self, request: tonic::Request<Req>, function: F) -> Answer<Resp>
    where
        Req: Request,
        F: for<'a> Function<'a, S, Req, Resp>,
    {
        let (metadata, extensions, message) = request.into_parts();
        let caller = self.caller(metadata, &extensions).await.inspect_err(|e| e.log(Req::METHOD))?;
        self.run(caller, message, function).await
    }

    async fn caller(&self, metadata: MetadataMap, extensions: &Extensions) -> Result<Caller, Error> {
        let headers = metadata.into_headers();
        match extensions.get::<Local>() {
            Some(local) => self.edge.local_caller(&headers, *local),
            None => self.edge.caller(&headers).await,
        }
    }

    /// A request in pieces, of which the first has the fields, and one answer.
    pub async fn upload<Req, Resp, F>(
        &self,
        request: tonic::Request<Streaming<Req>>,
        function: F,
    ) -> Answer<Resp>
    where
        Req: Request,
        F: for<'a> Function<'a, S, Req, Resp>,
    {
        let (metadata, extensions, mut messages) = request.into_parts();
        let mut caller = self.caller(metadata, &extensions).await.inspect_err(|e| e.log(Req::METHOD))?;
        let first = tokio::time::timeout(self.edge.limits.body_time, messages.message()).await;
        let first = first.map_err(|_| too_slow(self.edge.limits.body_time))?;
        let mut message = first?.ok_or_else(broken_off)?;
        let data = stream::iter([Ok(message.take_data().into())]);
        let more = messages.map(|message| {
            let mut message = message.map_err(|e| broken(&e))?;
            let data = message.take_data();
            if message.encoded_len() > 0 {
                let asked =
                    words("another field after the first message", "inne pole po pierwszej wiadomości");
                return Err(Error::invalid("data", asked, words("data alone", "same dane")));
            }
            Ok(data.into())
        });
        caller.content = Some(Content::new(data.chain(more), self.edge.limits.upload_time));
        self.run(caller, message, function).await
    }

    /// One request, and a file in pieces.
    pub async fn download<Req, F>(
        &self,
        request: tonic::Request<Req>,
        function: F,
    ) -> Answer<Streamed<FileContent>>
    where
        Req: Request,
        F: for<'a> Function<'a, S, Req, Download>,
    {
        let response = self.call(request, function).await?;
        Ok(response.map(|Download { file, content }| {
            let first = FileContent { file: Some(file), data: Vec::new() };
            let more = content.map(|piece| match piece {
                Ok(data) => Ok(FileContent { file: None, data: data.into() }),
                Err(e) => {
                    e.log(Req::METHOD);
                    Err(Status::from(e))
                }
            });
            stream::iter([Ok(first)]).chain(more).boxed()
        }))
    }

    async fn run<Req, Resp, F>(&self, caller: Caller, message: Req, function: F) -> Answer<Resp>
    where
        Req: Request,
        F: for<'a> Function<'a, S, Req, Resp>,
    {
        let Done { response, position } = edge::run(&*self.service, &function, caller, message).await?;
        let mut response = Response::new(response);
        if let Some(position) = position.and_then(|p| MetadataValue::try_from(p.to_string()).ok()) {
            response.metadata_mut().insert(POSITION, position);
        }
        Ok(response)
    }

    /// One request, a stream of answers.
    pub async fn stream<Req, Item, Items, F>(
        &self,
        request: tonic::Request<Req>,
        function: F,
    ) -> Answer<Streamed<Item>>
    where
        Req: Request,
        Items: Stream<Item = Result<Item, Error>> + Send + 'static,
        Item: 'static,
        F: for<'a> Function<'a, S, Req, Items>,
    {
        let (metadata, _, message) = request.into_parts();
        let headers = metadata.into_headers();
        let caller = self.edge.caller(&headers).await.inspect_err(|e| e.log(Req::METHOD))?;
        let watch = self.edge.watches.open(caller.principal.key()).inspect_err(|e| e.log(Req::METHOD))?;
        let response = self.run(caller, message, function).await?;
        let stop = self.edge.stop.clone();
        Ok(response.map(|items| {
            let items = items.inspect(move |_| {
                let _open = &watch;
            });
            let items = items.map(|item| item.inspect_err(|e| e.log(Req::METHOD)).map_err(Status::from));
            let stopping = stop.clone();
            let last = stream::iter([()]).filter(move |()| ready(stopping.is_cancelled()));
            let last = last.map(|()| Err(Status::unavailable("this process stops: watch again")));
            items.take_until(stop.cancelled_owned()).chain(last).boxed()
        }))
    }
}

/// What a stream of pieces ended with.
fn broken(status: &Status) -> Error {
    if status.code() != Code::OutOfRange {
        return broken_off();
    }
    let allowed = words(
        format!("messages of at most {MESSAGE_BYTES} bytes"),
        format!("wiadomości o wielkości do {MESSAGE_BYTES} bajtów"),
    );
    Violation::new(ErrorReason::TooLarge).field("data").allowed(allowed).into()
}

/// tonic calls a message that it cannot read a fault of the server (INTERNAL) and one that is too
/// large OUT_OF_RANGE, both without details. This says whose fault it is.
pub fn explain_bad_messages(response: http::Response<axum::body::Body>) -> http::Response<axum::body::Body> {
    let header = |name| response.headers().get(name).and_then(|v: &http::HeaderValue| v.to_str().ok());
    let message = header("grpc-message").unwrap_or_default();
    let error = match header("grpc-status") {
        Some("13") if message.starts_with("failed%20to%20decode%20Protobuf") => Error::invalid(
            "",
            words("bytes that are no such message", "bajty, które nie są tą wiadomością"),
            words("the contract's message in Protobuf", "wiadomość z kontraktu w formacie Protobuf"),
        ),
        Some("11" | "8") if message.contains("message%20length%20too%20large") => {
            let allowed = words(format!("{MESSAGE_BYTES} bytes"), format!("{MESSAGE_BYTES} bajtów"));
            Violation::new(ErrorReason::TooLarge).allowed(allowed).into()
        }
        _ => return response,
    };
    error.to_status().into_http()
}

#[cfg(test)]
mod tests;
