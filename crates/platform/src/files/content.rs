//! A file on its way in.

use std::{fmt, pin::Pin, sync::Arc, time::Duration};

use bytes::Bytes;
use futures::{Stream, StreamExt as _};
use proto::refusal::words;
use tokio::{
    sync::{Mutex, OnceCell},
    time::Instant,
};

use super::upload::Received;
use crate::error::Error;

type Pieces = Pin<Box<dyn Stream<Item = Result<Bytes, Error>> + Send>>;

/// What a caller sends besides the request. Cloned freely; it is received once, however often the command
/// is tried.
#[derive(Clone)]
pub struct Content(Arc<Inner>);

struct Inner {
    pieces: Mutex<Pieces>,
    deadline: Instant,
    time: Duration,
    received: OnceCell<Received>,
}

impl Content {
    /// All of it must be there within `time`.
    pub fn new(pieces: impl Stream<Item = Result<Bytes, Error>> + Send + 'static, time: Duration) -> Self {
        let deadline = Instant::now() + time;
        let pieces = Mutex::new(Box::pin(pieces) as Pieces);
        Self(Arc::new(Inner { pieces, deadline, time, received: OnceCell::new() }))
    }

    /// The next bytes; none at the end.
    pub(super) async fn next(&self) -> Result<Option<Bytes>, Error> {
        let mut pieces = self.0.pieces.lock().await;
        match tokio::time::timeout_at(self.0.deadline, pieces.next()).await {
            Ok(piece) => piece.transpose(),
            Err(_) => Err(too_slow(self.0.time)),
        }
    }

    /// What all of it may take.
    pub(super) fn time(&self) -> Duration {
        self.0.time
    }

    /// What became of it, worked out by `receive` at the first try.
    pub(super) async fn received(
        &self,
        receive: impl AsyncFnOnce(&Self) -> Result<Received, Error>,
    ) -> Result<&Received, Error> {
        self.0.received.get_or_try_init(|| receive(self)).await
    }
}

/// A file that breaks off.
pub(crate) fn broken_off() -> Error {
    let asked = words("a file that breaks off", "plik, który się urywa");
    Error::invalid("data", asked, words("a whole one", "cały plik"))
}

/// A file that is not there in time.
pub(crate) fn too_slow(time: Duration) -> Error {
    let seconds = time.as_secs();
    let asked = words("a file that comes too slowly", "plik, który napływa zbyt wolno");
    let allowed = words(format!("all of it within {seconds} s"), format!("całość w ciągu {seconds} s"));
    Error::invalid("data", asked, allowed)
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Content")
    }
}
