//! TLS from files, which are read again when they change.

use std::{
    path::PathBuf,
    sync::{Arc, LazyLock, Mutex, RwLock},
};

use rustls::{ServerConfig, server::WebPkiClientVerifier};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use crate::{
    followed::{Followed, LOOK_EVERY},
    loops::pause,
    pem,
    telemetry::metrics::{Gauge, KeyValue, gauge},
};

static EXPIRY: LazyLock<Gauge<f64>> = LazyLock::new(|| {
    let text = "When the certificate of a port ends, as Unix time.";
    gauge("przesiadka.certificate.expiry.timestamp", "s", text)
});

/// PEM files of a certificate with its chain, its key, and the authorities of those who may call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    pub cert: PathBuf,
    pub key: PathBuf,
    pub client_ca: Option<PathBuf>,
}

impl Tls {
    /// # Errors
    /// A file that cannot be used, or a certificate and a key that do not belong together.
    pub fn check(&self) -> anyhow::Result<()> {
        self.read().map(drop)
    }

    fn read(&self) -> anyhow::Result<Arc<ServerConfig>> {
        crate::init();
        let builder = ServerConfig::builder();
        let builder = match &self.client_ca {
            None => builder.with_no_client_auth(),
            Some(path) => {
                let roots = pem::authorities(path)?.into();
                builder.with_client_cert_verifier(WebPkiClientVerifier::builder(roots).build()?)
            }
        };
        let (certificates, key) = (pem::certificates(&self.cert)?, pem::key(&self.key)?);
        let mut config = builder.with_single_cert(certificates, key)?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }
}

/// A port's TLS as the files had it when they could last be used.
pub(super) struct Certificates {
    port: &'static str,
    tls: Tls,
    in_force: RwLock<Arc<ServerConfig>>,
    files: Mutex<Followed>,
}

impl Certificates {
    pub fn open(port: &'static str, tls: &Tls) -> anyhow::Result<Self> {
        let files = [&tls.cert, &tls.key].into_iter().chain(&tls.client_ca).cloned().collect();
        let files = Mutex::new(Followed::new(files));
        let certificates = Self { port, tls: tls.clone(), in_force: RwLock::new(tls.read()?), files };
        certificates.measure();
        Ok(certificates)
    }

    /// For the next connection.
    pub fn acceptor(&self) -> TlsAcceptor {
        self.in_force().into()
    }

    pub(super) fn in_force(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.in_force.read().expect("nobody panics while holding it"))
    }

    fn measure(&self) {
        match pem::ends_at(&self.tls.cert) {
            Ok(at) => EXPIRY.record(at.as_second() as f64, &[KeyValue::new("port", self.port)]),
            Err(error) => tracing::warn!(
                port = self.port,
                error = format!("{error:#}"),
                "cannot tell when the certificate ends"
            ),
        }
    }

    pub async fn follow(self: Arc<Self>, stop: CancellationToken) {
        while !stop.is_cancelled() {
            pause(LOOK_EVERY, &stop).await;
            self.look();
        }
    }

    /// A new certificate and its key are seen one after the other, perhaps: until they fit, the old ones stay.
    pub(super) fn look(&self) {
        if !self.files.lock().expect("nobody panics while holding it").have_changed() {
            return;
        }
        match self.tls.read() {
            Ok(config) => {
                *self.in_force.write().expect("nobody panics while holding it") = config;
                self.measure();
                tracing::info!(port = self.port, "changed certificates are in force");
            }
            Err(error) => {
                let error = format!("{error:#}");
                tracing::error!(
                    port = self.port,
                    error,
                    "changed certificates cannot be used, the old ones stay"
                );
            }
        }
    }
}
