use std::{
    os::unix::fs::PermissionsExt as _,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use aws_lc_rs::{
    encoding::{AsDer as _, Pkcs8V1Der},
    rand::SystemRandom,
    rsa,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair},
};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode, jwk::Jwk};
use proto::common::v1::ErrorReason;
use serde_json::{Value, json};

use super::*;
use crate::{clock::machine_now, id::CompanyId};

mod issuers;

const ISSUER: &str = "https://id.softvig.pl";

struct Signer {
    kid: &'static str,
    algorithm: Algorithm,
    key: EncodingKey,
}

impl Signer {
    fn new(kid: &'static str, algorithm: Algorithm) -> Self {
        crate::init();
        let random = SystemRandom::new();
        let key = match algorithm {
            Algorithm::EdDSA => {
                EncodingKey::from_ed_der(Ed25519KeyPair::generate_pkcs8v1(&random).expect("a key").as_ref())
            }
            Algorithm::ES256 => EncodingKey::from_ec_der(
                EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random)
                    .expect("a key")
                    .as_ref(),
            ),
            _ => {
                let pair = rsa::KeyPair::generate(rsa::KeySize::Rsa2048).expect("a key");
                // PKCS#1 lies within PKCS#8 after a header of fixed length.
                let der: Pkcs8V1Der = pair.as_der().expect("encodes");
                EncodingKey::from_rsa_der(&der.as_ref()[26..])
            }
        };
        Self { kid, algorithm, key }
    }

    fn jwk(&self) -> Value {
        let mut jwk = Jwk::from_encoding_key(&self.key, self.algorithm).expect("a public key");
        jwk.common.key_id = Some(self.kid.to_owned());
        serde_json::to_value(jwk).expect("serialises")
    }

    fn sign(&self, claims: &Value) -> String {
        let mut header = Header::new(self.algorithm);
        header.kid = Some(self.kid.to_owned());
        encode(&header, claims, &self.key).expect("signs")
    }
}

fn claims() -> Value {
    let now = machine_now().as_second();
    json!({"iss": ISSUER, "aud": "przesiadka", "sub": "crm-1", "exp": now + 600, "roles": ["crm"]})
}

fn with(changes: Value) -> Value {
    let mut all = claims();
    for (key, value) in changes.as_object().expect("an object") {
        match value {
            Value::Null => all.as_object_mut().expect("an object").remove(key),
            value => all.as_object_mut().expect("an object").insert(key.clone(), value.clone()),
        };
    }
    all
}

fn jwks_of(signers: &[&Signer]) -> String {
    json!({"keys": signers.iter().map(|s| s.jwk()).collect::<Vec<_>>()}).to_string()
}

fn verifier(keys: Jwks) -> Verifier {
    Verifier::new(vec![Issuer {
        name: ISSUER.to_owned(),
        audience: "przesiadka".to_owned(),
        roles: RoleSet::from([Role::Crm, Role::Decision]),
        keys,
    }])
}

fn inline(signers: &[&Signer]) -> Verifier {
    verifier(Jwks::new(JwksSource::Inline(jwks_of(signers))).expect("a client"))
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}

#[tokio::test]
async fn each_of_the_three_algorithms_is_accepted() {
    for algorithm in [Algorithm::RS256, Algorithm::ES256, Algorithm::EdDSA] {
        let signer = Signer::new("k1", algorithm);
        let caller = inline(&[&signer]).verify(&signer.sign(&claims())).await.expect("accepted");
        assert_eq!((caller.subject.as_str(), caller.is_softvig()), ("crm-1", true));
    }
}

#[tokio::test]
async fn a_contact_carries_company_and_contact() {
    let signer = Signer::new("k1", Algorithm::EdDSA);
    let (company, contact) = (uuid::Uuid::from_u128(1), uuid::Uuid::from_u128(2));
    let token = signer.sign(&with(json!({"roles": ["decision"], "company": company, "contact": contact})));
    let caller = inline(&[&signer]).verify(&token).await.expect("accepted");
    assert_eq!(caller.company, Some(company.into()));
    caller.sees(company.into(), "companies/1").expect("its own company");
    let foreign = caller.sees(CompanyId(contact), "companies/2").expect_err("another company");
    assert_eq!(foreign.reason(), ErrorReason::NotFound);
    caller.require(&[Role::Crm, Role::Decision]).expect("one of them");
    assert_eq!(caller.require(&[Role::Crm]).expect_err("not crm").reason(), ErrorReason::PermissionDenied);
}

#[tokio::test]
async fn bad_claims_are_refused_by_name() {
    let signer = Signer::new("k1", Algorithm::EdDSA);
    let verifier = inline(&[&signer]);
    let now = machine_now().as_second();
    let id = uuid::Uuid::from_u128(7);
    for (changes, why) in [
        (json!({"exp": now - 60}), "an expired token"),
        (json!({"exp": null}), "a token without exp, iss, aud or sub"),
        (json!({"sub": null}), "malformed"),
        (json!({"nbf": now + 600}), "not valid yet"),
        (json!({"aud": "other"}), "another audience"),
        (json!({"iss": "https://evil.example"}), "unknown issuer"),
        (json!({"roles": ["operator"]}), "role operator, which its issuer may not assert"),
        (json!({"roles": ["crm", "operator"]}), "role operator, which its issuer may not assert"),
        (json!({"roles": ["king"]}), "unknown role"),
        (json!({"roles": []}), "no role"),
        (json!({"roles": ["decision"]}), "no company and contact"),
        (json!({"roles": ["decision"], "company": id}), "no company and contact"),
        (json!({"roles": ["crm"], "company": id}), "a company for a role of SOFTVIG"),
        (json!({"roles": ["crm", "decision"], "company": id, "contact": id}), "roles of both parties"),
    ] {
        let error = verifier.verify(&signer.sign(&with(changes))).await.expect_err(why);
        assert_eq!(error.reason(), ErrorReason::Unauthenticated, "{why}");
        assert!(error.violations()[0].asked.contains(why), "{why}: {}", error.violations()[0].asked);
    }
}

#[tokio::test]
async fn forged_tokens_are_refused() {
    let signer = Signer::new("k1", Algorithm::EdDSA);
    let foreign = Signer::new("k1", Algorithm::EdDSA);
    let other_kid = Signer::new("k2", Algorithm::EdDSA);
    let rsa = Signer::new("k1", Algorithm::RS256);
    let verifier = inline(&[&signer]);

    let body = base64(claims().to_string().as_bytes());
    let none = format!("{}.{body}.", base64(br#"{"alg":"none","kid":"k1"}"#));
    // The classic: the public key as the secret of a symmetric signature.
    let public = signer.jwk()["x"].as_str().expect("a public key").to_owned();
    let mut symmetric = Header::new(Algorithm::HS256);
    symmetric.kid = Some("k1".to_owned());
    let confused =
        encode(&symmetric, &claims(), &EncodingKey::from_secret(public.as_bytes())).expect("signs");
    let raw = EncodingKey::from_base64_secret(&public).unwrap_or(EncodingKey::from_secret(b"x"));
    let confused_raw = encode(&symmetric, &claims(), &raw).expect("signs");
    let no_kid = encode(&Header::new(Algorithm::EdDSA), &claims(), &signer.key).expect("signs");
    let mut critical = Header::new(Algorithm::EdDSA);
    critical.kid = Some("k1".to_owned());
    critical.crit = Some(vec!["b64".to_owned()]);
    let critical = encode(&critical, &claims(), &signer.key).expect("signs");
    let good = signer.sign(&claims());
    let tampered = {
        let parts: Vec<_> = good.split('.').collect();
        format!("{}.{}.{}", parts[0], base64(with(json!({"sub": "root"})).to_string().as_bytes()), parts[2])
    };

    for (token, why) in [
        (foreign.sign(&claims()), "wrong signature"),
        (other_kid.sign(&claims()), "unknown key"),
        (rsa.sign(&claims()), "algorithm that its key does not use"),
        (none, "malformed"),
        (confused, "algorithm that its key does not use"),
        (confused_raw, "algorithm that its key does not use"),
        (no_kid, "no kid"),
        (critical, "extensions"),
        (tampered, "wrong signature"),
        ("not.a.token".to_owned(), "malformed"),
        (String::new(), "malformed"),
    ] {
        let error = verifier.verify(&token).await.expect_err(why);
        assert_eq!(error.reason(), ErrorReason::Unauthenticated, "{why}");
        assert!(error.violations()[0].asked.contains(why), "{why}: {}", error.violations()[0].asked);
    }
}

#[tokio::test]
async fn the_development_issuer_keeps_its_key_to_itself() {
    let dir = std::env::temp_dir().join(format!("przesiadka-key-{}", uuid::Uuid::now_v7()));
    let first = DevelopmentIssuer::open(&dir).expect("a new key");
    let again = DevelopmentIssuer::open(&dir).expect("the same key");
    let (company, contact) = (uuid::Uuid::from_u128(1).into(), uuid::Uuid::from_u128(2).into());
    let token = first
        .mint(&TokenFor {
            subject: "anna".to_owned(),
            roles: RoleSet::from([Role::Technical, Role::Decision]),
            company: Some(company),
            contact: Some(contact),
            valid_for: Duration::from_secs(60),
        })
        .expect("signs");
    let verifier = Verifier::new(vec![again.issuer().expect("an issuer")]);
    let caller = verifier.verify(&token).await.expect("accepted");
    assert_eq!((caller.company, caller.contact), (Some(company), Some(contact)));

    let file =
        std::fs::read_dir(&dir).expect("the directory").next().expect("one file").expect("readable").path();
    assert_eq!(std::fs::metadata(&file).expect("there").permissions().mode() & 0o777, 0o600);
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640)).expect("owner");
    assert!(DevelopmentIssuer::open(&dir).is_err(), "a key that others can read");
    std::fs::remove_dir_all(&dir).expect("owner");
}
