//! From a bearer token to a principal.

use futures::future::join_all;
use jsonwebtoken::{Validation, dangerous::insecure_decode_claims, decode, decode_header, errors::ErrorKind};
use proto::{
    common::v1::ErrorReason,
    refusal::{Violation, words},
};
use serde::Deserialize;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{
    Jwks,
    jwks::KeyError,
    principal::{Principal, Role, RoleSet},
};
use crate::Error;

/// Clocks may differ by this many seconds.
const LEEWAY: u64 = 30;

/// Somebody whose tokens count, and for what.
pub struct Issuer {
    /// The `iss` of its tokens.
    pub name: String,
    /// One of the token's `aud`.
    pub audience: String,
    /// A token that asserts any other role is refused as a whole.
    pub roles: RoleSet,
    pub keys: Jwks,
}

#[derive(Default)]
pub struct Verifier {
    issuers: Vec<Issuer>,
}

#[derive(Deserialize)]
struct Claims {
    sub: String,
    #[serde(default)]
    roles: Vec<String>,
    company: Option<Uuid>,
    contact: Option<Uuid>,
}

#[derive(Deserialize)]
struct Unverified {
    iss: String,
}

impl Verifier {
    pub fn new(issuers: Vec<Issuer>) -> Self {
        crate::init();
        Self { issuers }
    }

    /// Keeps every issuer's keys fresh, until stopped: one that was taken back stops counting after 5 minutes, in a
    /// file after 10 seconds.
    pub async fn keep_fresh(&self, stop: &CancellationToken) {
        join_all(self.issuers.iter().map(|issuer| issuer.keys.keep_fresh(&issuer.name, stop))).await;
    }

    /// # Errors
    /// UNAUTHENTICATED, naming what is wrong with the token; UNAVAILABLE while an issuer whose keys
    /// were never read is away.
    pub async fn verify(&self, token: &str) -> Result<Principal, Error> {
        let header = decode_header(token).map_err(|e| malformed(e.kind()))?;
        if header.crit.is_some() || header.enc.is_some() {
            return Err(refused("extensions that are not understood", "nieznane rozszerzenia"));
        }
        let kid = header.kid.ok_or_else(|| refused("no kid", "brak kid"))?;
        let Unverified { iss } = insecure_decode_claims(token).map_err(|e| malformed(e.kind()))?;
        let issuer = self
            .issuers
            .iter()
            .find(|i| i.name == iss)
            .ok_or_else(|| refused("unknown issuer", "nieznany wystawca"))?;

        let key = match issuer.keys.key(&kid).await {
            Ok(key) => key,
            Err(KeyError::Unknown) => return Err(refused("unknown key", "nieznany klucz")),
            Err(KeyError::Away) => {
                return Err(Error::Unavailable(anyhow::anyhow!("the keys of issuer {iss} cannot be read")));
            }
        };
        let mut validation = Validation::new(key.algorithm);
        validation.leeway = LEEWAY;
        validation.validate_nbf = true;
        validation.set_issuer(&[&issuer.name]);
        validation.set_audience(&[&issuer.audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        let claims: Claims = decode(token, &key.key, &validation).map_err(|e| malformed(e.kind()))?.claims;
        principal(issuer, claims)
    }
}

fn principal(issuer: &Issuer, claims: Claims) -> Result<Principal, Error> {
    let mut roles = RoleSet::new();
    for name in &claims.roles {
        let role: Role = name.parse().map_err(|_| refused("unknown role", "nieznana rola"))?;
        if !issuer.roles.contains(&role) {
            return Err(refused(
                format!("role {role}, which its issuer may not assert"),
                format!("rola {role}, której wystawca nie może nadać"),
            ));
        }
        roles.insert(role);
    }
    let softvig = roles.iter().any(|role| role.is_softvig());
    let contact = roles.iter().any(|role| !role.is_softvig());
    match (softvig, contact) {
        (false, false) => return Err(refused("no role", "brak roli")),
        (true, true) => return Err(refused("roles of both parties", "role obu stron")),
        (true, false) if claims.company.is_some() || claims.contact.is_some() => {
            return Err(refused("a company for a role of SOFTVIG", "firma przy roli SOFTVIG"));
        }
        (false, true) if claims.company.is_none() || claims.contact.is_none() => {
            return Err(refused(
                "no company and contact for a role of a contact",
                "brak firmy i kontaktu przy roli kontaktu",
            ));
        }
        _ => {}
    }
    Ok(Principal {
        issuer: issuer.name.clone(),
        subject: claims.sub,
        roles,
        company: claims.company.map(Into::into),
        contact: claims.contact.map(Into::into),
    })
}

/// UNAUTHENTICATED, saying in English and in Polish what was presented.
pub(crate) fn refused(en: impl Into<String>, pl: impl Into<String>) -> Error {
    Violation::new(ErrorReason::Unauthenticated).field("authorization").asked(words(en, pl)).into()
}

fn malformed(kind: &ErrorKind) -> Error {
    let (en, pl) = match kind {
        ErrorKind::ExpiredSignature => ("an expired token", "token po terminie ważności"),
        ErrorKind::ImmatureSignature => ("a token that is not valid yet", "token jeszcze nieważny"),
        ErrorKind::InvalidSignature => ("a token with a wrong signature", "token z błędnym podpisem"),
        ErrorKind::InvalidAudience => ("a token for another audience", "token dla innego odbiorcy"),
        ErrorKind::InvalidIssuer => ("a token of another issuer", "token innego wystawcy"),
        ErrorKind::InvalidAlgorithm | ErrorKind::InvalidAlgorithmName | ErrorKind::UnsupportedAlgorithm => (
            "a token with an algorithm that its key does not use",
            "token z algorytmem, którego nie używa jego klucz",
        ),
        ErrorKind::MissingRequiredClaim(_) => {
            ("a token without exp, iss, aud or sub", "token bez exp, iss, aud lub sub")
        }
        _ => ("a malformed token", "nieprawidłowy token"),
    };
    refused(en, pl)
}
