//! TLS from files.

use std::{path::PathBuf, sync::Arc};

use anyhow::Context as _;
use rustls::{
    RootCertStore, ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    server::WebPkiClientVerifier,
};
use serde::{Deserialize, Serialize};
use tokio_rustls::TlsAcceptor;

/// PEM files; read at start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// The certificate and its chain.
    pub cert: PathBuf,
    pub key: PathBuf,
    /// Callers must show a certificate of one of these authorities.
    pub client_ca: Option<PathBuf>,
}

impl Tls {
    pub(super) fn acceptor(&self) -> anyhow::Result<TlsAcceptor> {
        crate::init();
        let builder = ServerConfig::builder();
        let builder = match &self.client_ca {
            None => builder.with_no_client_auth(),
            Some(path) => {
                let mut roots = RootCertStore::empty();
                for authority in certificates(path)? {
                    roots.add(authority)?;
                }
                builder.with_client_cert_verifier(WebPkiClientVerifier::builder(roots.into()).build()?)
            }
        };
        let key = PrivateKeyDer::from_pem_file(&self.key);
        let key = key.with_context(|| format!("cannot read the key {}", self.key.display()))?;
        let mut config = builder.with_single_cert(certificates(&self.cert)?, key)?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}

fn certificates(path: &PathBuf) -> anyhow::Result<Vec<CertificateDer<'static>>> {
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let certificates = read.with_context(|| format!("cannot read certificates from {}", path.display()))?;
    anyhow::ensure!(!certificates.is_empty(), "{} holds no certificate", path.display());
    Ok(certificates)
}
