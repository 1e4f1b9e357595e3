//! An issuer for development: its key lies in the data directory, for its owner's eyes only. The
//! configuration allows it only where every port is on loopback.

use std::{
    fs, io,
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::Path,
    time::Duration,
};

use anyhow::Context as _;
use aws_lc_rs::{digest, signature::Ed25519KeyPair, signature::KeyPair as _};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header, jwk::Jwk};
use serde::Serialize;

use super::{Issuer, Jwks, JwksSource, Role, RoleSet};
use crate::id::{CompanyId, ContactId};
use crate::private;

/// What a development token shall say.
#[derive(Clone, Debug)]
pub struct TokenFor {
    pub subject: String,
    pub roles: RoleSet,
    /// For contacts, with `contact`.
    pub company: Option<CompanyId>,
    pub contact: Option<ContactId>,
    pub valid_for: Duration,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    aud: &'a str,
    sub: &'a str,
    iat: i64,
    exp: i64,
    roles: &'a RoleSet,
    #[serde(skip_serializing_if = "Option::is_none")]
    company: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    contact: Option<String>,
}

pub struct DevelopmentIssuer {
    key: EncodingKey,
    kid: String,
}

impl DevelopmentIssuer {
    /// The `iss` of development tokens.
    pub const NAME: &str = "przesiadka-development";
    /// Their `aud`.
    pub const AUDIENCE: &str = "przesiadka";
    const FILE: &str = "development-issuer.pk8";

    /// Reads the key, or makes one; processes that start at once agree on one.
    ///
    /// # Errors
    /// The file cannot be made, or somebody else may read it.
    pub fn open(data_dir: &Path) -> anyhow::Result<Self> {
        crate::init();
        private::create_dir_all(data_dir).with_context(|| format!("cannot make {}", data_dir.display()))?;
        let path = data_dir.join(Self::FILE);
        if !path.exists() {
            generate(&path).with_context(|| format!("cannot write {}", path.display()))?;
        }
        let mode = fs::metadata(&path)?.permissions().mode() & 0o777;
        anyhow::ensure!(mode == 0o600, "{} has mode {mode:o}; it must be 600", path.display());
        let pkcs8 = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let pair = Ed25519KeyPair::from_pkcs8(&pkcs8)
            .map_err(|e| anyhow::anyhow!("{} is no Ed25519 key: {e}", path.display()))?;
        let hash = digest::digest(&digest::SHA256, pair.public_key().as_ref());
        Ok(Self { key: EncodingKey::from_ed_der(&pkcs8), kid: URL_SAFE_NO_PAD.encode(&hash.as_ref()[..12]) })
    }

    /// The JWKS document with the public key.
    pub fn jwks(&self) -> anyhow::Result<String> {
        let mut jwk = Jwk::from_encoding_key(&self.key, Algorithm::EdDSA)?;
        jwk.common.key_id = Some(self.kid.clone());
        Ok(serde_json::json!({ "keys": [jwk] }).to_string())
    }

    /// This issuer as the verifier knows it, for every role.
    pub fn issuer(&self) -> anyhow::Result<Issuer> {
        Ok(Issuer {
            name: Self::NAME.to_owned(),
            audience: Self::AUDIENCE.to_owned(),
            roles: Role::ALL.into_iter().collect(),
            keys: Jwks::new(JwksSource::Inline(self.jwks()?))?,
        })
    }

    /// A signed token, valid from now by machine time.
    pub fn mint(&self, token: &TokenFor) -> anyhow::Result<String> {
        let now = crate::clock::machine_now().as_second();
        let claims = Claims {
            iss: Self::NAME,
            aud: Self::AUDIENCE,
            sub: &token.subject,
            iat: now,
            exp: now.saturating_add_unsigned(token.valid_for.as_secs()),
            roles: &token.roles,
            company: token.company.map(|id| id.to_string()),
            contact: token.contact.map(|id| id.to_string()),
        };
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(self.kid.clone());
        Ok(jsonwebtoken::encode(&header, &claims, &self.key)?)
    }
}

/// Written aside and linked into place: nobody reads half a key, and the first of two wins.
fn generate(path: &Path) -> io::Result<()> {
    let pkcs8 =
        Ed25519KeyPair::generate_pkcs8v1(&aws_lc_rs::rand::SystemRandom::new()).map_err(io::Error::other)?;
    let aside = path.with_extension(format!("{}", uuid::Uuid::now_v7()));
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&aside)?;
    io::Write::write_all(&mut file, pkcs8.as_ref())?;
    file.sync_all()?;
    let linked = fs::hard_link(&aside, path);
    fs::remove_file(&aside)?;
    match linked {
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => other,
    }
}
