//! Bearer tokens: whatever is sent, nobody gets in without a signature.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use platform::auth::{Issuer, Jwks, JwksSource, Role, Verifier};
use tokio::runtime::{Builder, Runtime};

/// The public keys of examples in RFC 8037 and RFC 7517; nothing here is signed by them.
const JWKS: &str = r#"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"k1","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},
    {"kty":"EC","crv":"P-256","kid":"k2","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}]}"#;

static VERIFIER: LazyLock<(Verifier, Runtime)> = LazyLock::new(|| {
    let issuer = Issuer {
        name: "https://id.example.pl".to_owned(),
        audience: "przesiadka".to_owned(),
        roles: Role::ALL.into_iter().collect(),
        keys: Jwks::new(JwksSource::Inline(JWKS.to_owned())).expect("a client"),
    };
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    (Verifier::new(vec![issuer]), runtime)
});

fuzz_target!(|data: &[u8]| {
    let (verifier, runtime) = &*VERIFIER;
    let Ok(token) = str::from_utf8(data) else { return };
    assert!(runtime.block_on(verifier.verify(token)).is_err(), "let in");
});
