//! The one way into a service: REST and gRPC read a caller's words, this carries them out.

mod places;
mod rate;

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use http::{HeaderMap, header::AUTHORIZATION};
use proto::{refusal::words, request::Request};
use tokio_util::sync::CancellationToken;

use crate::{
    auth::{Principal, Verifier, may_call, refused},
    call::{Call, Function, Service, hash},
    error::Error,
    files::Content,
    lane::LanePosition,
    panics::caught,
    telemetry::{access::Access, serving, trace},
    well_formed,
};

pub use self::rate::Rate;
use self::{
    places::{Places, Watches},
    rate::Rates,
};

/// Request header with positions to wait for, and the answer's header with the new one.
pub const AFTER: &str = "x-przesiadka-after";
pub const POSITION: &str = "x-przesiadka-position";
/// How often a command is tried that loses a race. Rare, as a lane's lock puts the commands of one
/// company in a row.
const MOST_ATTEMPTS: u32 = 5;
/// A client follows a handful of lanes, not hundreds.
const MOST_AFTER: usize = 8;

/// What both adapters share. Cloned freely.
#[derive(Clone)]
pub struct Edge {
    verifier: Arc<Verifier>,
    pub(crate) limits: Limits,
    /// Streams end here; a caller goes on from its token, at another replica.
    pub(crate) stop: CancellationToken,
    places: Arc<Places>,
    rates: Arc<Rates>,
    pub(crate) watches: Arc<Watches>,
}

/// What a request may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub body_bytes: usize,
    /// For the whole body, once the headers are there.
    pub body_time: Duration,
    /// The same for a file that is sent.
    pub upload_time: Duration,
    /// Requests that are worked on at once; as many wait, for so long.
    pub most_requests: usize,
    pub longest_wait: Duration,
    /// What one caller may ask; none is no limit.
    pub contacts: Option<Rate>,
    pub softvig: Option<Rate>,
    /// Open streams, in all and of one caller.
    pub most_watches: usize,
    pub most_watches_per_caller: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: 256 << 10,
            body_time: Duration::from_secs(30),
            upload_time: Duration::from_secs(600),
            most_requests: 256,
            longest_wait: Duration::from_millis(500),
            contacts: None,
            softvig: None,
            most_watches: 1000,
            most_watches_per_caller: 50,
        }
    }
}

/// What the headers say: who calls, after which writes, in which trace.
pub(crate) struct Caller {
    pub principal: Principal,
    pub after: Vec<LanePosition>,
    pub traceparent: Option<String>,
    /// A file that the caller sends.
    pub content: Option<Content>,
    /// Where the request is worked on.
    pub places: Arc<Places>,
}

/// Put into a request by the accept loop of a local socket: the user at its other end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Local {
    pub uid: u32,
}

impl Edge {
    pub fn new(verifier: Arc<Verifier>, limits: Limits) -> Self {
        Self {
            verifier,
            limits,
            stop: CancellationToken::new(),
            places: Arc::new(Places::new(limits.most_requests, limits.longest_wait)),
            rates: Arc::new(Rates::new(limits.contacts, limits.softvig)),
            watches: Arc::new(Watches::new(limits.most_watches, limits.most_watches_per_caller)),
        }
    }

    /// Ends open streams when this process stops, or they would hold it up to the deadline.
    #[must_use]
    pub fn ending_streams_at(self, stop: CancellationToken) -> Self {
        Self { stop, ..self }
    }

    /// # Errors
    /// UNAUTHENTICATED without a valid bearer token; INVALID_ARGUMENT for a header that cannot be read;
    /// RATE_LIMITED for who asks too much, UNAVAILABLE while this process has too much to do.
    pub(crate) async fn caller(&self, headers: &HeaderMap) -> Result<Caller, Error> {
        self.places.ensure_room()?;
        let principal = self.principal(headers).await?;
        self.rates.admit(&principal)?;
        self.with(headers, principal)
    }

    /// The same for whoever came by the local socket, which asks for no token.
    ///
    /// # Errors
    /// INVALID_ARGUMENT for a header that cannot be read.
    pub(crate) fn local_caller(&self, headers: &HeaderMap, local: Local) -> Result<Caller, Error> {
        self.with(headers, Principal::local_operator(local.uid))
    }

    async fn principal(&self, headers: &HeaderMap) -> Result<Principal, Error> {
        let token = headers
            .get(AUTHORIZATION)
            .ok_or_else(|| refused("no token", "brak tokenu"))?
            .to_str()
            .ok()
            .and_then(|value| value.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .ok_or_else(|| {
                refused("an authorization that is no bearer token", "autoryzacja bez tokenu Bearer")
            })?
            .1;
        self.verifier.verify(token.trim()).await
    }

    fn with(&self, headers: &HeaderMap, principal: Principal) -> Result<Caller, Error> {
        let traceparent = serving::traceparent(headers).map(str::to_owned);
        Ok(Caller {
            principal,
            after: after(headers)?,
            traceparent,
            content: None,
            places: Arc::clone(&self.places),
        })
    }
}

/// Carries a request out, and tells who asked. A fault is logged here and nowhere else.
pub(crate) async fn run<S, Req, Resp, F>(
    service: &S,
    function: &F,
    caller: Caller,
    mut request: Req,
) -> Result<Done<Resp>, Error>
where
    S: Service,
    Req: Request,
    F: for<'a> Function<'a, S, Req, Resp>,
{
    let request_id = Req::IS_COMMAND.then(|| request.take_request_id());
    let access = Access::begin(&caller.principal, &request, request_id.as_deref());
    let outcome = async {
        may_call(&caller.principal, Req::METHOD, request.resource())?;
        // Files take long to arrive, and have places of their own.
        let _place = if caller.content.is_none() { Some(caller.places.take().await?) } else { None };
        let request_id = request_id.map(checked).transpose()?;
        well_formed::check(&request)?;
        let call = Call {
            request_id,
            method: Req::METHOD,
            payload_hash: hash(&[Req::METHOD.as_bytes(), &request.encode_to_vec()]),
            etag: Some(request.etag().to_owned()).filter(|etag| !etag.is_empty()),
            validate_only: request.validate_only(),
            traceparent: trace::current().or(caller.traceparent),
            principal: caller.principal,
            after: caller.after,
            position: Arc::new(OnceLock::new()),
            content: caller.content,
        };
        for core in service.cores() {
            core.wait_for(&call.after).await?;
        }
        let position = Arc::clone(&call.position);
        let mut attempt = 1;
        loop {
            match caught(Req::METHOD, function.run(service, call.clone(), request.clone())).await {
                Err(e) if e.is_conflict() && attempt < MOST_ATTEMPTS => attempt += 1,
                outcome => return Ok(Done { response: outcome?, position: position.get().cloned() }),
            }
        }
    }
    .await;
    access.ended(&outcome);
    outcome.inspect_err(|error: &Error| error.log(Req::METHOD))
}

/// An answer, and the lane's position after a command.
pub(crate) struct Done<Resp> {
    pub response: Resp,
    pub position: Option<LanePosition>,
}

/// Positions, comma-separated or in several headers.
fn after(headers: &HeaderMap) -> Result<Vec<LanePosition>, Error> {
    let mut positions = Vec::new();
    for value in headers.get_all(AFTER) {
        let text = value.to_str().unwrap_or_default();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            positions.push(part.parse().map_err(|form| Error::invalid(AFTER, part, form))?);
        }
    }
    if positions.len() > MOST_AFTER {
        let allowed =
            words(format!("at most {MOST_AFTER} positions"), format!("najwyżej {MOST_AFTER} pozycji"));
        return Err(Error::invalid(AFTER, positions.len(), allowed));
    }
    Ok(positions)
}

fn checked(request_id: String) -> Result<String, Error> {
    if (1..=128).contains(&request_id.len()) && request_id.bytes().all(|b| b.is_ascii_graphic()) {
        return Ok(request_id);
    }
    let allowed = words(
        "1 to 128 visible ASCII characters, a UUID for instance",
        "od 1 do 128 widocznych znaków ASCII, na przykład UUID",
    );
    Err(Error::invalid("request_id", request_id, allowed))
}

#[cfg(test)]
mod foreign;
