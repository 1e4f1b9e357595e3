//! One port's accept loop. axum's own has no header timeout: a half-sent request would stay open
//! and hold up the shutdown.

use std::{
    net::SocketAddr,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::Router;
use hyper::{Request, body::Incoming};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto,
    service::TowerToHyperService,
};
use serde::{Deserialize, Serialize};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::Semaphore,
};
use tokio_rustls::TlsAcceptor;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::ServiceExt as _;

use super::{slow::Impatient, tls::Certificates};
use crate::edge::Local;

/// What connections may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConnectionLimits {
    /// For TLS, and then for the headers of each request.
    pub header_timeout_ms: u64,
    /// Per port; more wait in the kernel's queue.
    pub max_connections: usize,
    /// Of one request's headers together.
    pub header_bytes: u32,
    /// Requests of one connection of HTTP/2 at once.
    pub max_streams: u32,
    /// For a peer to take something of what it is sent.
    pub send_timeout_ms: u64,
}

impl ConnectionLimits {
    fn header_timeout(self) -> Duration {
        Duration::from_millis(self.header_timeout_ms)
    }

    fn send_timeout(self) -> Duration {
        Duration::from_millis(self.send_timeout_ms)
    }
}

pub(super) struct Port {
    pub name: &'static str,
    pub listener: TcpListener,
    pub tls: Option<Arc<Certificates>>,
    pub http2_only: bool,
    pub limits: ConnectionLimits,
}

/// After an error of accept (too many open files, say) the loop lets others finish first.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

impl Port {
    pub fn address(&self) -> SocketAddr {
        self.listener.local_addr().expect("a bound listener has an address")
    }

    /// Accepts until the soft stop, then lets connections finish what they began; the hard stop
    /// drops what is left.
    pub async fn serve(self, app: Router, soft: CancellationToken, hard: CancellationToken) {
        let Self { name, listener, tls, http2_only, limits } = self;
        let places = Arc::new(Semaphore::new(limits.max_connections));
        let connections = TaskTracker::new();
        let served = Served { app, http2_only, limits, soft: soft.clone() };
        if let Some(tls) = &tls {
            connections.spawn(Arc::clone(tls).follow(soft.clone()));
        }
        loop {
            let place = Arc::clone(&places).acquire_owned();
            let next = async {
                let place = place.await.expect("the semaphore is never closed");
                (place, listener.accept().await)
            };
            let Some((place, accepted)) = soft.run_until_cancelled(next).await else { break };
            let socket = match accepted {
                Ok((socket, _)) => socket,
                Err(error) => {
                    tracing::warn!(port = name, %error, "cannot accept a connection");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            };
            let (served, tls, hard) = (served.clone(), tls.as_ref().map(|tls| tls.acceptor()), hard.clone());
            connections.spawn(async move {
                hard.run_until_cancelled(served.connection(socket, tls)).await;
                drop(place);
            });
        }
        drop(listener);
        connections.close();
        connections.wait().await;
    }
}

#[derive(Clone)]
pub(super) struct Served {
    pub app: Router,
    pub http2_only: bool,
    pub limits: ConnectionLimits,
    pub soft: CancellationToken,
}

impl Served {
    async fn connection(self, socket: TcpStream, tls: Option<TlsAcceptor>) {
        // Small answers go out at once; an error means that the peer has gone.
        let _ = socket.set_nodelay(true);
        let most = self.limits.send_timeout();
        match tls {
            None => self.http(Impatient::new(socket, most), None).await,
            Some(tls) => {
                let handshake = tokio::time::timeout(
                    self.limits.header_timeout(),
                    tls.accept(Impatient::new(socket, most)),
                );
                if let Ok(Ok(stream)) = handshake.await {
                    self.http(stream, None).await;
                }
            }
        }
    }

    /// `local`: who is at the other end of a local socket.
    pub async fn http(
        self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        local: Option<Local>,
    ) {
        let timeout = self.limits.header_timeout();
        let mut builder = auto::Builder::new(TokioExecutor::new());
        let header_bytes = self.limits.header_bytes;
        builder
            .http1()
            .timer(TokioTimer::new())
            .header_read_timeout(timeout)
            .max_buf_size(header_bytes.try_into().unwrap_or(usize::MAX));
        builder
            .http2()
            .timer(TokioTimer::new())
            .keep_alive_interval(Duration::from_secs(30))
            .keep_alive_timeout(Duration::from_secs(20))
            .max_header_list_size(header_bytes)
            .max_concurrent_streams(self.limits.max_streams);
        if self.http2_only {
            builder = builder.http2_only();
        }
        let asked = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&asked);
        let app = self.app.map_request(move |mut request: Request<Incoming>| {
            seen.store(true, Ordering::Relaxed);
            if let Some(local) = local {
                request.extensions_mut().insert(local);
            }
            request
        });
        let mut connection =
            pin!(builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(app)));

        // hyper's timer starts with the first byte of HTTP/1 and not at all for HTTP/2's preface:
        // whoever has asked nothing by then is asked to go, and dropped after the same time again.
        let silent = async {
            tokio::time::sleep(timeout).await;
            if asked.load(Ordering::Relaxed) {
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            _ = connection.as_mut() => {}
            () = silent => {
                connection.as_mut().graceful_shutdown();
                let _ = tokio::time::timeout(timeout, connection).await;
            }
            () = self.soft.cancelled() => {
                connection.as_mut().graceful_shutdown();
                if asked.load(Ordering::Relaxed) {
                    let _ = connection.await;
                } else {
                    let _ = tokio::time::timeout(timeout, connection).await;
                }
            }
        }
    }
}
