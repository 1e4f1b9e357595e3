//! A server on this machine that takes webhooks, and remembers them.

use std::{
    io,
    sync::{Arc, Mutex, MutexGuard},
};

use axum::{
    Router,
    http::{HeaderMap, StatusCode},
};
use tokio::{net::TcpListener, task::JoinHandle};

/// A request that came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Got {
    /// Its header `webhook-id`.
    pub id: String,
    pub body: String,
}

/// Takes everything. Dropping it ends the server.
pub struct Receiver {
    pub url: String,
    got: Arc<Mutex<Vec<Got>>>,
    server: JoinHandle<io::Result<()>>,
}

impl Receiver {
    /// # Errors
    /// No port is free.
    pub async fn start() -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}/events", listener.local_addr()?);
        let got = Arc::new(Mutex::new(Vec::new()));
        let theirs = Arc::clone(&got);
        let app = Router::new().fallback(async move |headers: HeaderMap, body: String| {
            let id = headers.get("webhook-id").and_then(|id| id.to_str().ok()).unwrap_or_default();
            lock(&theirs).push(Got { id: id.to_owned(), body });
            StatusCode::NO_CONTENT
        });
        let server = tokio::spawn(async move { axum::serve(listener, app).await });
        Ok(Self { url, got, server })
    }

    /// What came so far, in the order in which it came.
    pub fn got(&self) -> Vec<Got> {
        lock(&self.got).clone()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn lock(got: &Mutex<Vec<Got>>) -> MutexGuard<'_, Vec<Got>> {
    got.lock().expect("no code panics while it holds this lock")
}
