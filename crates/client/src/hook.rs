//! Telling somebody of each answer, such as who measures.

use std::{fmt, sync::Arc};

use futures::future::BoxFuture;
use proto::request::Request;
use tokio::time::Instant;

use crate::Error;

/// A request that was answered.
#[derive(Clone, Copy, Debug)]
pub struct Answered {
    /// `<service>.<rpc>`.
    pub method: &'static str,
    pub is_command: bool,
    /// Whether the answer was no refusal and no fault.
    pub is_ok: bool,
    pub began: Instant,
    pub ended: Instant,
}

type Told = dyn Fn(Answered) -> BoxFuture<'static, ()> + Send + Sync;

/// Who is told, if anybody.
#[derive(Clone, Default)]
pub(crate) struct Hook(Option<Arc<Told>>);

impl Hook {
    pub fn new<F>(told: impl Fn(Answered) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        Self(Some(Arc::new(move |answered| Box::pin(told(answered)))))
    }

    /// Sends a request by `send`, and tells of it.
    pub async fn around<R: Request>(
        &self,
        send: impl Future<Output = Result<R::Response, Error>>,
    ) -> Result<R::Response, Error> {
        let Some(told) = &self.0 else { return send.await };
        let began = Instant::now();
        let outcome = send.await;
        let (ended, is_ok) = (Instant::now(), outcome.is_ok());
        told(Answered { method: R::METHOD, is_command: R::IS_COMMAND, is_ok, began, ended }).await;
        outcome
    }
}

impl fmt::Debug for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Hook").field(&self.0.is_some()).finish()
    }
}
