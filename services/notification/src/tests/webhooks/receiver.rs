//! A server that takes webhooks, or does not.

use std::{
    convert::Infallible,
    future::pending,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::{Body, Bytes},
    response::Response,
    serve::Listener,
};
use futures::stream;
use http::HeaderMap;
use serde_json::Value;
use tokio::{net::TcpListener, task::JoinHandle};

/// What it does with each request.
type Behaviour = Box<dyn FnMut(&Got) -> Manner + Send>;

/// How it answers.
#[derive(Clone, Copy, Debug)]
pub enum Manner {
    Status(u16),
    /// 503 with this `Retry-After`.
    Later(&'static str),
    /// To its own path `/other`.
    Redirect,
    /// Never.
    Silent,
    /// With this status, and a body that never ends.
    Endless(u16),
}

/// A request that came.
#[derive(Clone, Debug)]
pub struct Got {
    pub path: String,
    pub headers: HeaderMap,
    pub body: String,
}

impl Got {
    pub fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().expect("ASCII")
    }

    pub fn id(&self) -> String {
        self.header("webhook-id").to_owned()
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("JSON")
    }

    /// Whether the standard's own crate finds it signed by a secret.
    pub fn is_signed_by(&self, secret: &str) -> bool {
        let webhook = standardwebhooks::Webhook::new(secret).expect("a secret");
        webhook.verify(self.body.as_bytes(), &self.headers).is_ok()
    }
}

pub struct Receiver {
    pub port: u16,
    got: Arc<Mutex<Vec<Got>>>,
    manner: Arc<Mutex<Behaviour>>,
    server: JoinHandle<()>,
}

impl Receiver {
    /// Takes everything.
    pub async fn willing() -> Self {
        Self::with(|_| Manner::Status(204)).await
    }

    pub async fn with(manner: impl FnMut(&Got) -> Manner + Send + 'static) -> Self {
        Self::on(TcpListener::bind("127.0.0.1:0").await.expect("a port"), manner)
    }

    pub fn on(
        listener: impl Listener<Addr = SocketAddr>,
        manner: impl FnMut(&Got) -> Manner + Send + 'static,
    ) -> Self {
        let port = listener.local_addr().expect("bound").port();
        let got: Arc<Mutex<Vec<Got>>> = Arc::default();
        let manner: Arc<Mutex<Behaviour>> = Arc::new(Mutex::new(Box::new(manner)));
        let (theirs, how) = (Arc::clone(&got), Arc::clone(&manner));
        let app = Router::new().fallback(async move |uri: http::Uri, headers: HeaderMap, body: Bytes| {
            let body = String::from_utf8(body.to_vec()).expect("UTF-8");
            let got = Got { path: uri.path().to_owned(), headers, body };
            let manner = (how.lock().expect("no panic"))(&got);
            theirs.lock().expect("no panic").push(got);
            answer(manner).await
        });
        let server = tokio::spawn(async move { axum::serve(listener, app).await.expect("served") });
        Self { port, got, manner, server }
    }

    pub fn behave(&self, manner: impl FnMut(&Got) -> Manner + Send + 'static) {
        *self.manner.lock().expect("no panic") = Box::new(manner);
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/events", self.port)
    }

    /// What came since the last time.
    pub fn take(&self) -> Vec<Got> {
        std::mem::take(&mut *self.got.lock().expect("no panic"))
    }

    /// Their ids.
    pub fn take_ids(&self) -> Vec<String> {
        self.take().iter().map(Got::id).collect()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn answer(manner: Manner) -> Response {
    let status = |status: u16| Response::builder().status(status);
    match manner {
        Manner::Status(code) => status(code).body(Body::empty()),
        Manner::Later(retry_after) => status(503).header("retry-after", retry_after).body(Body::empty()),
        Manner::Redirect => status(307).header("location", "/other").body(Body::empty()),
        Manner::Silent => return pending().await,
        Manner::Endless(code) => {
            let forever = stream::repeat_with(|| Ok::<_, Infallible>(Bytes::from_static(&[b'x'; 1024])));
            status(code).body(Body::from_stream(forever))
        }
    }
    .expect("a response")
}
