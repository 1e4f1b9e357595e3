//! A call: what every service function is told about its caller and its request.

use std::{
    slice,
    sync::{Arc, OnceLock},
};

use aws_lc_rs::digest::{Context, SHA256};

use crate::{auth::Principal, core::Core, error::Error, files::Content, lane::LanePosition, unit::Ticket};

/// What the adapters need of a service.
pub trait Service: Send + Sync + 'static {
    fn core(&self) -> &Core;

    /// Whose cursors a call waits for.
    fn cores(&self) -> &[Core] {
        slice::from_ref(self.core())
    }
}

/// Everything about a call but the request itself; the same from gRPC and REST.
#[derive(Clone, Debug)]
pub struct Call {
    pub principal: Principal,
    /// Present for every command, 1 to 128 visible ASCII characters.
    pub request_id: Option<String>,
    /// `<service>.<rpc>`.
    pub method: &'static str,
    /// SHA-256 of the method and the encoded request without its id.
    pub payload_hash: [u8; 32],
    /// The state that the caller saw; none to not compare.
    pub etag: Option<String>,
    pub validate_only: bool,
    /// Positions of earlier writes that this call has waited for.
    pub after: Vec<LanePosition>,
    /// W3C traceparent of this call's span.
    pub traceparent: Option<String>,
    /// A command puts its lane's position here; the adapter sends it to the caller.
    pub position: Arc<OnceLock<LanePosition>>,
    /// What the caller sends besides the request, for an upload.
    pub content: Option<Content>,
}

impl Call {
    /// What makes this command happen once.
    ///
    /// # Errors
    /// INTERNAL for a call without a request id: the adapters let no command through without one.
    pub fn ticket(&self) -> Result<Ticket, Error> {
        let request_id = self
            .request_id
            .as_deref()
            .ok_or_else(|| anyhow::anyhow!("{} was called without a request id", self.method))?;
        let Self { principal: caller, .. } = self;
        Ok(Ticket {
            key: hex(&hash(&[&caller.issuer, &caller.subject, self.method, request_id].map(str::as_bytes))),
            request_id: request_id.to_owned(),
            payload_hash: hex(&self.payload_hash),
            validate_only: self.validate_only,
            trace: self.traceparent.clone(),
            position: Arc::clone(&self.position),
        })
    }
}

/// A service function, `async fn(&S, Call, Req) -> Result<Resp, Error>`, as the adapters take it.
/// Implemented for all of them; never by hand.
pub trait Function<'a, S, Req, Resp>: Clone + Send + Sync + 'static {
    type Future: Future<Output = Result<Resp, Error>> + Send + 'a;

    fn run(&self, service: &'a S, call: Call, request: Req) -> Self::Future;
}

impl<'a, S: 'a, Req, Resp, F, Fut> Function<'a, S, Req, Resp> for F
where
    F: Fn(&'a S, Call, Req) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Result<Resp, Error>> + Send + 'a,
{
    type Future = Fut;

    fn run(&self, service: &'a S, call: Call, request: Req) -> Fut {
        self(service, call, request)
    }
}

/// SHA-256 over parts that cannot run into each other.
pub(crate) fn hash(parts: &[&[u8]]) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    for part in parts {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part);
    }
    context.finish().as_ref().try_into().expect("SHA-256 has 32 bytes")
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
