//! Public keys of an issuer, each with the one algorithm that it is used with.

use std::collections::HashMap;

use anyhow::Context as _;
use jsonwebtoken::{
    Algorithm, DecodingKey,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, PublicKeyUse},
};

#[derive(Clone)]
pub(super) struct VerifyingKey {
    /// Follows from the key's type; the token's header has no say.
    pub algorithm: Algorithm,
    pub key: DecodingKey,
}

/// Keys by `kid`.
#[derive(Clone, Default)]
pub(super) struct KeySet(HashMap<String, VerifyingKey>);

impl KeySet {
    pub fn get(&self, kid: &str) -> Option<&VerifyingKey> {
        self.0.get(kid)
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Reads a JWKS document. Keys of other types (symmetric ones, too), for other uses or without a `kid` are left
    /// out, so that an issuer may publish more than we use. None may be left: that takes all of them back.
    pub fn from_json(json: &[u8]) -> anyhow::Result<Self> {
        #[derive(serde::Deserialize)]
        struct Document {
            keys: Vec<serde_json::Value>,
        }
        let document: Document = serde_json::from_slice(json).context("not a JWKS document")?;
        let mut keys = HashMap::new();
        for value in document.keys {
            let Ok(jwk) = serde_json::from_value::<Jwk>(value) else { continue };
            if let (Some(kid), Some(key)) = (jwk.common.key_id.clone(), usable(&jwk)) {
                keys.insert(kid, key);
            }
        }
        Ok(Self(keys))
    }
}

fn usable(jwk: &Jwk) -> Option<VerifyingKey> {
    let (algorithm, name) = match &jwk.algorithm {
        AlgorithmParameters::RSA(_) => (Algorithm::RS256, KeyAlgorithm::RS256),
        AlgorithmParameters::EllipticCurve(p) if p.curve == EllipticCurve::P256 => {
            (Algorithm::ES256, KeyAlgorithm::ES256)
        }
        AlgorithmParameters::OctetKeyPair(p) if p.curve == EllipticCurve::Ed25519 => {
            (Algorithm::EdDSA, KeyAlgorithm::EdDSA)
        }
        _ => return None,
    };
    let for_signatures = matches!(jwk.common.public_key_use, None | Some(PublicKeyUse::Signature));
    if !for_signatures || jwk.common.key_algorithm.is_some_and(|stated| stated != name) {
        return None;
    }
    Some(VerifyingKey { algorithm, key: DecodingKey::from_jwk(jwk).ok()? })
}
