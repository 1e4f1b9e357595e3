//! Endpoints over TLS whose certificates a private authority has made.

use std::{fs, io, net::SocketAddr, sync::Arc};

use axum::serve::Listener;
use platform::clock::machine_now;
use proto::notification::v1::{self as pb, WebhookDeliveryState};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use reqwest::Certificate;
use testkit::Backend;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
    },
    server::TlsStream,
};

use super::receiver::{Manner, Receiver};
use crate::config::{Config, WebhooksConfig};
use crate::fixtures::PROJECT;
use crate::tests::world::World;
use crate::webhooks::{LONGEST_TRY, Networks, Post, SystemLookup};

struct Authority {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Self {
        platform::init();
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let pem = params.self_signed(&key).expect("signed").pem();
        Self { pem, issuer: Issuer::new(params, key) }
    }

    /// As an installation trusts it.
    fn configured(&self) -> Vec<Certificate> {
        let file = std::env::temp_dir().join(format!("{}.pem", testkit::unique_name()));
        fs::write(&file, &self.pem).expect("a file");
        let webhooks = WebhooksConfig { ca_file: Some(file.clone()), ..Default::default() };
        let authorities = Config { webhooks, ..Default::default() }.webhook_authorities();
        fs::remove_file(file).expect("removed");
        authorities.expect("a certificate")
    }

    /// Proves that a server is the one of this name, for as long as `change` leaves it.
    fn vouch_for(&self, name: &str, change: impl FnOnce(&mut CertificateParams)) -> TlsAcceptor {
        let mut params = CertificateParams::new([name.to_owned()]).expect("a name");
        change(&mut params);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.issuer).expect("signed");
        let private = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = ServerConfig::builder().with_no_client_auth();
        let config = config.with_single_cert(vec![certificate.der().clone()], private).expect("a key");
        TlsAcceptor::from(Arc::new(config))
    }
}

struct Tls {
    listener: TcpListener,
    acceptor: TlsAcceptor,
}

impl Listener for Tls {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    /// The next one with whom TLS was agreed.
    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let (stream, from) = self.listener.accept().await.expect("a connection");
            if let Ok(stream) = self.acceptor.accept(stream).await {
                return (stream, from);
            }
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.listener.local_addr()
    }
}

/// What comes of one try to `https://localhost`, and what arrived there.
async fn tried(authorities: Vec<Certificate>, acceptor: TlsAcceptor) -> (pb::WebhookDelivery, usize) {
    let networks = Networks::default().and_loopback();
    let post = Post::new(networks, authorities, Arc::new(SystemLookup), LONGEST_TRY).expect("a client");
    let world = World::posting(Backend::Sqlite, post).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let receiver = Receiver::on(Tls { listener, acceptor }, |_| Manner::Status(204));
    let url = format!("https://localhost:{}/events", receiver.port);
    let endpoint = world.endpoint_of(pb::WebhookEndpoint { url, ..Default::default() }).await;
    world.verified(PROJECT).await;
    world.post_all(machine_now()).await;
    (world.deliveries(&endpoint.name).await.remove(0), receiver.take().len())
}

/// Nothing arrives, and the log says why.
async fn is_refused(authorities: Vec<Certificate>, acceptor: TlsAcceptor, why: &str) {
    let (delivery, arrived) = tried(authorities, acceptor).await;
    assert!(
        delivery.outcome.starts_with("no connection: ") && delivery.outcome.contains(why),
        "{delivery:?}"
    );
    assert_eq!((delivery.state(), delivery.status_code, arrived), (WebhookDeliveryState::Pending, 0, 0));
}

#[tokio::test]
async fn a_private_authority_is_trusted_where_it_is_configured_and_nowhere_else() {
    let (authority, other) = (Authority::new(), Authority::new());
    let acceptor = authority.vouch_for("localhost", |_| {});
    is_refused(Vec::new(), acceptor.clone(), "UnknownIssuer").await;
    is_refused(other.configured(), acceptor.clone(), "invalid peer certificate").await;
    let (delivery, arrived) = tried(authority.configured(), acceptor).await;
    assert_eq!((delivery.state(), arrived), (WebhookDeliveryState::Delivered, 1), "{delivery:?}");
}

#[tokio::test]
async fn a_certificate_of_another_host_is_refused() {
    let authority = Authority::new();
    let acceptor = authority.vouch_for("crm.example", |_| {});
    is_refused(authority.configured(), acceptor, "not valid for name").await;
}

#[tokio::test]
async fn a_certificate_whose_time_is_over_or_has_not_come_is_refused() {
    let authority = Authority::new();
    let over = authority.vouch_for("localhost", |params| params.not_after = date_time_ymd(2020, 1, 1));
    is_refused(authority.configured(), over, "expired").await;
    let to_come = authority.vouch_for("localhost", |params| params.not_before = date_time_ymd(3020, 1, 1));
    is_refused(authority.configured(), to_come, "not valid yet").await;
}
