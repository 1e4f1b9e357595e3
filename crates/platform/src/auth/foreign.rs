//! Tokens and JWKS documents that strangers write.

use std::{sync::LazyLock, time::Duration};

use jsonwebtoken::{Validation, decode, decode_header};
use proptest::prelude::*;
use proto::common::v1::ErrorReason;
use testkit::foreign;
use tokio::runtime::{Builder, Runtime};

use super::{DevelopmentIssuer, Role, RoleSet, TokenFor, Verifier, keys::KeySet};
use crate::testing::Scratch;

struct Good {
    jwks: String,
    tokens: [String; 2],
    verifier: Verifier,
    runtime: Runtime,
}

static GOOD: LazyLock<Good> = LazyLock::new(|| {
    let scratch = Scratch::new();
    let issuer = DevelopmentIssuer::open(&scratch.0).expect("a key");
    let token = |roles: &[Role], company: Option<u128>| {
        let id = |n: u128| uuid::Uuid::from_u128(n);
        let token = TokenFor {
            subject: "anna".to_owned(),
            roles: roles.iter().copied().collect::<RoleSet>(),
            company: company.map(|n| id(n).into()),
            contact: company.map(|n| id(n + 1).into()),
            valid_for: Duration::from_secs(3600),
        };
        issuer.mint(&token).expect("signed")
    };
    let tokens = [token(&[Role::Crm, Role::Operator], None), token(&[Role::Decision], Some(7))];
    let verifier = Verifier::new(vec![issuer.issuer().expect("an issuer")]);
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    Good { jwks: issuer.jwks().expect("a document"), tokens, verifier, runtime }
});

/// Its parts damaged one by one below their base64, so that more than the outermost layer is reached.
fn rewritten() -> impl Strategy<Value = String> {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    let part = |i: usize| {
        let part = GOOD.tokens[1].split('.').nth(i).expect("three parts");
        foreign::bytes([URL_SAFE_NO_PAD.decode(part).expect("base64")])
    };
    (part(0), part(1), part(2))
        .prop_map(|(a, b, c)| [a, b, c].map(|part| URL_SAFE_NO_PAD.encode(part)).join("."))
}

proptest! {
    #![proptest_config(foreign::cases())]

    #[test]
    fn a_token_is_as_it_was_signed_or_it_is_refused(
        token in prop_oneof![foreign::text(GOOD.tokens.clone().map(String::into_bytes)), rewritten()]
    ) {
        match GOOD.runtime.block_on(GOOD.verifier.verify(&token)) {
            Ok(_) => prop_assert!(GOOD.tokens.contains(&token), "{token}"),
            Err(error) => {
                prop_assert_eq!(error.reason(), ErrorReason::Unauthenticated);
                prop_assert!(!error.violations()[0].asked.is_empty());
            }
        }
    }

    #[test]
    fn a_jwks_document_gives_keys_or_is_refused(
        document in foreign::bytes([
            GOOD.jwks.clone().into_bytes(),
            br#"{"keys":[{"kty":"RSA","kid":"r","n":"AQAB","e":"AQAB","use":"sig","alg":"RS256"}]}"#.to_vec(),
            br#"{"keys":[{"kty":"EC","crv":"P-256","kid":"e","x":"AAAA","y":"AAAA"}]}"#.to_vec(),
        ]),
        token in prop::sample::select(GOOD.tokens.to_vec()),
    ) {
        // What is taken for a key, such as one of no use, must do no harm when a token is held against it.
        let Ok(keys) = KeySet::from_json(&document) else { return Ok(()) };
        let kid = decode_header(&token).expect("a header").kid.unwrap_or_default();
        for key in [kid.as_str(), "r", "e"].into_iter().filter_map(|kid| keys.get(kid)) {
            drop(decode::<serde_json::Value>(&token, &key.key, &Validation::new(key.algorithm)));
        }
    }
}
