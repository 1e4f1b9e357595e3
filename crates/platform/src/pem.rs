//! Certificates and keys from PEM files.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use jiff::Timestamp;
use rustls::{
    RootCertStore,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};
use schemars::JsonSchema;
use serde::Deserialize;

/// # Errors
/// A file that cannot be read, or has no certificate in it.
pub(crate) fn certificates(path: &Path) -> anyhow::Result<Vec<CertificateDer<'static>>> {
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let certificates = read.with_context(|| format!("cannot read certificates from {}", path.display()))?;
    anyhow::ensure!(!certificates.is_empty(), "{} holds no certificate", path.display());
    Ok(certificates)
}

/// When the first of a file's certificates ends: a chain is only as good as that.
///
/// # Errors
/// As [`certificates`], and one that is no X.509 certificate.
pub fn ends_at(path: &Path) -> anyhow::Result<Timestamp> {
    let mut ends = Timestamp::MAX;
    for certificate in certificates(path)? {
        let unreadable = || format!("{} holds no certificate that can be read", path.display());
        let (_, certificate) = x509_parser::parse_x509_certificate(&certificate).with_context(unreadable)?;
        ends = ends.min(Timestamp::from_second(certificate.validity().not_after.timestamp())?);
    }
    Ok(ends)
}

/// Those who may sign the other side's certificate.
///
/// # Errors
/// As [`certificates`], and one that is no authority's.
pub(crate) fn authorities(path: &Path) -> anyhow::Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    for authority in certificates(path)? {
        roots.add(authority).with_context(|| format!("an authority in {}", path.display()))?;
    }
    Ok(roots)
}

/// # Errors
/// A file that cannot be read, or has no key in it.
pub(crate) fn key(path: &Path) -> anyhow::Result<PrivateKeyDer<'static>> {
    PrivateKeyDer::from_pem_file(path).with_context(|| format!("cannot read the key {}", path.display()))
}

/// TLS to a server of ours.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClientTls {
    pub ca: Option<PathBuf>,
    pub cert: Option<PathBuf>,
    pub key: Option<PathBuf>,
}

impl ClientTls {
    /// # Errors
    /// A file that cannot be used, or a certificate and a key that do not belong together.
    pub fn check(&self) -> anyhow::Result<()> {
        crate::init();
        let roots = self.ca.as_deref().map(authorities).transpose()?.unwrap_or_else(RootCertStore::empty);
        let client = rustls::ClientConfig::builder().with_root_certificates(roots);
        match (&self.cert, &self.key) {
            (Some(cert), Some(key)) => {
                let with = client.with_client_auth_cert(certificates(cert)?, self::key(key)?);
                with.with_context(|| format!("{} with {}", cert.display(), key.display()))?;
            }
            (None, None) => {}
            _ => anyhow::bail!("a certificate without its key, or the other way round"),
        }
        Ok(())
    }
}
