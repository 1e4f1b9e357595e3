//! One request to an endpoint. Where it goes is checked for each connection, so a name whose address changes leads
//! nowhere else.

use std::{
    error::Error as StdError,
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use anyhow::Context as _;
use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use platform::telemetry::trace;
use reqwest::{
    Certificate, Client, Response, StatusCode,
    dns::{Addrs, Name, Resolve, Resolving},
    header::{CONTENT_TYPE, RETRY_AFTER},
    redirect::Policy,
};

use super::{Endpoint, Networks, address, queue::Delivery, schedule, signature::sign};

/// For the whole request, connecting included.
pub const LONGEST_TRY: Duration = Duration::from_secs(15);
/// Of an answer so much is read, so that the connection can be used again, and dropped.
const MOST_READ: usize = 4 << 10;

/// What an endpoint made of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// 2xx.
    Taken(u16),
    /// 410: it wants nothing any more.
    Gone,
    /// Anything else, or no answer: 0.
    Failed { status: u16, outcome: String, retry_after: Option<SignedDuration> },
}

/// Finds a name's addresses.
#[async_trait]
pub trait Lookup: std::fmt::Debug + Send + Sync {
    async fn lookup(&self, name: &str) -> io::Result<Vec<IpAddr>>;
}

/// As the system does.
#[derive(Debug)]
pub struct SystemLookup;

#[async_trait]
impl Lookup for SystemLookup {
    async fn lookup(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        Ok(tokio::net::lookup_host((name, 0)).await?.map(|address| address.ip()).collect())
    }
}

/// Sends requests, to allowed addresses only. Cloned freely; clones share connections.
#[derive(Clone, Debug)]
pub struct Post {
    client: Client,
    resolver: Guarded,
    longest_try: Duration,
}

impl Post {
    /// Certificates may be of these authorities besides the system's.
    ///
    /// # Errors
    /// TLS cannot be set up.
    pub fn new(
        networks: Networks,
        authorities: Vec<Certificate>,
        lookup: Arc<dyn Lookup>,
        longest_try: Duration,
    ) -> anyhow::Result<Self> {
        platform::init();
        let resolver = Guarded { networks: networks.into(), lookup };
        let client = Client::builder()
            .user_agent("Przesiadka-Webhooks")
            // A proxy would connect in our place, to wherever it finds.
            .no_proxy()
            .redirect(Policy::none())
            .dns_resolver(Arc::new(resolver.clone()))
            .tls_certs_merge(authorities)
            .timeout(longest_try)
            .pool_max_idle_per_host(2)
            .pool_idle_timeout(Duration::from_secs(30))
            .build()
            .context("cannot build the client for webhooks")?;
        Ok(Self { client, resolver, longest_try })
    }

    pub fn networks(&self) -> &Networks {
        &self.resolver.networks
    }

    /// After this a try is given up, whatever the endpoint does.
    pub fn longest_try(&self) -> Duration {
        self.longest_try
    }

    /// Whether a URL leads to allowed addresses only, as far as can be known now: one whose name is not found may be
    /// found later.
    ///
    /// # Errors
    /// The address that is not allowed.
    pub async fn check(&self, url: &str) -> Result<(), Forbidden> {
        let Ok(url) = url.parse::<url::Url>() else { return Ok(()) };
        match (address::literal(&url), url.host_str()) {
            (Some(address), _) => self.resolver.check([address]),
            (None, Some(name)) => {
                let found =
                    tokio::time::timeout(self.longest_try / 5, self.resolver.lookup.lookup(name)).await;
                self.resolver.check(found.ok().and_then(Result::ok).unwrap_or_default())
            }
            (None, None) => Ok(()),
        }
    }

    /// Sends a delivery, signed by each secret that signs at that time.
    pub async fn send(&self, endpoint: &Endpoint, delivery: &Delivery, machine_now: Timestamp) -> Answer {
        let url = match address::parse(&endpoint.settings.url, self.networks()) {
            Ok(url) => url,
            // The configuration allowed more when it was made.
            Err(_) => return failed(0, "the URL is not allowed"),
        };
        let (id, seconds) = (delivery.event_id.to_string(), machine_now.as_second());
        let signatures: Vec<String> = endpoint
            .signing(machine_now)
            .map(|secret| sign(&secret.key(), &id, seconds, &delivery.payload))
            .collect();
        let mut request = self.client.post(url);
        if let Some(trace) = trace::current().as_ref().or(delivery.trace.as_ref()) {
            request = request.header("traceparent", trace);
        }
        let sent = request
            .header(CONTENT_TYPE, "application/json")
            .header("webhook-id", id)
            .header("webhook-timestamp", seconds)
            .header("webhook-signature", signatures.join(" "))
            .body(delivery.payload.clone())
            .send()
            .await;
        match sent {
            Ok(response) => answer(response, machine_now).await,
            Err(error) => failed(0, &why(&error)),
        }
    }
}

async fn answer(response: Response, machine_now: Timestamp) -> Answer {
    let status = response.status();
    let retry_after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
    let retry_after = retry_after.and_then(|value| schedule::retry_after(value, machine_now));
    drain(response).await;
    match status {
        _ if status.is_success() => Answer::Taken(status.as_u16()),
        StatusCode::GONE => Answer::Gone,
        _ if status.is_redirection() => {
            failed(status.as_u16(), &format!("{}: a redirect, which is not followed", status.as_u16()))
        }
        _ => Answer::Failed { status: status.as_u16(), outcome: status.as_str().to_owned(), retry_after },
    }
}

/// What is not read ends with the connection; the client's timeout counts here, too.
async fn drain(mut response: Response) {
    let mut read = 0;
    while let Ok(Some(chunk)) = response.chunk().await {
        read += chunk.len();
        if read > MOST_READ {
            return;
        }
    }
}

fn failed(status: u16, outcome: &str) -> Answer {
    Answer::Failed { status, outcome: outcome.chars().take(200).collect(), retry_after: None }
}

/// In few words, without the URL.
fn why(error: &reqwest::Error) -> String {
    let mut causes = std::iter::successors(error.source(), |cause| (*cause).source());
    if let Some(forbidden) = causes.by_ref().find_map(|cause| cause.downcast_ref::<Forbidden>()) {
        return forbidden.to_string();
    }
    let last = std::iter::successors(error.source(), |cause| (*cause).source()).last();
    let last = last.map(ToString::to_string).unwrap_or_default();
    match error {
        _ if error.is_timeout() => "no answer in time".to_owned(),
        _ if error.is_connect() => format!("no connection: {last}"),
        _ => format!("no answer: {last}"),
    }
}

/// An address that requests may not go to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the address {0} is not allowed")]
pub struct Forbidden(pub IpAddr);

/// Gives the client only addresses that are allowed; none if one of them is not.
#[derive(Clone, Debug)]
struct Guarded {
    networks: Arc<Networks>,
    lookup: Arc<dyn Lookup>,
}

impl Guarded {
    fn check(&self, addresses: impl IntoIterator<Item = IpAddr>) -> Result<(), Forbidden> {
        match addresses.into_iter().find(|address| !self.networks.allow(*address)) {
            Some(address) => Err(Forbidden(address)),
            None => Ok(()),
        }
    }
}

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        let this = self.clone();
        Box::pin(async move {
            let found = this.lookup.lookup(name.as_str()).await?;
            this.check(found.iter().copied())?;
            Ok(Box::new(found.into_iter().map(|address| SocketAddr::new(address, 0))) as Addrs)
        })
    }
}
