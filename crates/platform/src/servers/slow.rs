//! Peers that keep us waiting: they send a request piece by piece, or do not take the answer.

use std::{
    future::Future as _,
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::{
    body::{Body, HttpBody},
    extract::Request,
};
use hyper::body::{Frame, SizeHint};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep, sleep},
};

use crate::descriptor::CONTRACT;

/// A message of gRPC has to be there within so long, once its head is; files are judged by who reads them.
pub(super) fn within(most: Duration, request: Request) -> Request {
    if CONTRACT.is_upload(request.uri().path()) {
        return request;
    }
    request.map(|body| Body::new(Hurried { body, deadline: Box::pin(sleep(most)) }))
}

/// A body that fails when it is not whole in time.
struct Hurried {
    body: Body,
    deadline: Pin<Box<Sleep>>,
}

impl HttpBody for Hurried {
    type Data = <Body as HttpBody>::Data;
    type Error = axum::BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(cx) {
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        ready!(self.deadline.as_mut().poll(cx));
        Poll::Ready(Some(Err(tonic::Status::deadline_exceeded("the request came too slowly").into())))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A connection that fails when nothing of what we write is taken for too long.
pub(super) struct Impatient<S> {
    stream: S,
    most: Duration,
    /// Set while a write waits.
    deadline: Pin<Box<Sleep>>,
    waits: bool,
}

impl<S> Impatient<S> {
    pub fn new(stream: S, most: Duration) -> Self {
        Self { stream, most, deadline: Box::pin(sleep(most)), waits: false }
    }

    fn judge<T>(&mut self, cx: &mut Context<'_>, outcome: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if outcome.is_ready() {
            self.waits = false;
            return outcome;
        }
        if !self.waits {
            self.waits = true;
            self.deadline.as_mut().reset(Instant::now() + self.most);
        }
        ready!(self.deadline.as_mut().poll(cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Impatient<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Impatient<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.judge(cx, outcome)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.judge(cx, outcome)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let outcome = Pin::new(&mut self.stream).poll_flush(cx);
        self.judge(cx, outcome)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let outcome = Pin::new(&mut self.stream).poll_shutdown(cx);
        self.judge(cx, outcome)
    }
}

#[cfg(test)]
mod tests {
    use futures::stream;
    use http_body_util::BodyExt as _;
    use tokio::io::{AsyncWriteExt as _, duplex};

    use super::*;

    const SHORT: Duration = Duration::from_millis(20);

    #[tokio::test]
    async fn a_message_that_does_not_arrive_fails_and_a_file_may_take_its_time() {
        let request = |rpc: &str| {
            let uri = format!("/przesiadka.licensing.v1.LicensingService/{rpc}");
            let never = Body::from_stream(stream::pending::<Result<Vec<u8>, io::Error>>());
            within(SHORT, Request::builder().uri(uri).body(never).expect("a request"))
        };
        let error = request("GetLicensing").into_body().collect().await.expect_err("too slow");
        assert!(format!("{error:?}").contains("too slowly"), "{error:?}");
        let upload = request("UploadFile").into_body();
        assert!(tokio::time::timeout(2 * SHORT, upload.collect()).await.is_err(), "still waited for");
        let whole = within(SHORT, Request::new(Body::from("all of it")));
        assert_eq!(whole.into_body().collect().await.expect("whole").to_bytes(), "all of it");
    }

    #[tokio::test]
    async fn a_peer_that_takes_nothing_is_given_up() {
        let (ours, theirs) = duplex(16);
        let mut ours = Impatient::new(ours, SHORT);
        ours.write_all(&[0; 16]).await.expect("there is room");
        let error = ours.write_all(&[0; 1]).await.expect_err("nobody reads");
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        drop(theirs);
    }
}
