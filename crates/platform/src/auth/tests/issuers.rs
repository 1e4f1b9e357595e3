//! Issuers over HTTP and in files: good ones, and those that misbehave.

use axum::{
    body::Body,
    response::{IntoResponse as _, Response},
};
use http::StatusCode;
use testkit::eventually;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::super::jwks::Pace;
use super::*;
use crate::{telemetry::metrics, testing::Scratch};

const LONG: Duration = Duration::from_secs(20);
/// One that asks when it likes, and by itself never.
const PACE: Pace = Pace {
    least_interval: Duration::ZERO,
    every: Duration::from_secs(3600),
    after_failure: Duration::from_secs(3600),
    timeout: Duration::from_secs(5),
};

type Answer = Arc<dyn Fn() -> Response + Send + Sync>;

/// An issuer whose answer can be changed and held back, and who counts how often it is asked.
struct Remote {
    url: String,
    answer: Arc<Mutex<Answer>>,
    asked: Arc<AtomicU32>,
    gate: Arc<Semaphore>,
}

impl Remote {
    async fn start(document: String) -> Self {
        let answer: Arc<Mutex<Answer>> =
            Arc::new(Mutex::new(Arc::new(move || document.clone().into_response())));
        let (asked, gate) = (Arc::new(AtomicU32::new(0)), Arc::new(Semaphore::new(1000)));
        let state = (Arc::clone(&answer), Arc::clone(&asked), Arc::clone(&gate));
        let handler = move || {
            let (answer, asked, gate) = state.clone();
            async move {
                asked.fetch_add(1, Ordering::SeqCst);
                let _place = gate.acquire().await.expect("never closed");
                let answer = Arc::clone(&answer.lock().expect("unpoisoned"));
                answer()
            }
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}/jwks", listener.local_addr().expect("an address"));
        let app = axum::Router::new().route("/jwks", axum::routing::get(handler));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { url, answer, asked, gate }
    }

    fn says(&self, document: String) {
        self.answers(move || document.clone().into_response());
    }

    fn answers(&self, answer: impl Fn() -> Response + Send + Sync + 'static) {
        *self.answer.lock().expect("unpoisoned") = Arc::new(answer);
    }

    fn asked(&self) -> u32 {
        self.asked.load(Ordering::SeqCst)
    }

    fn keys(&self, pace: Pace) -> Jwks {
        Jwks::with_pace(JwksSource::Url(self.url.clone()), pace).expect("a client")
    }
}

async fn reason(verifier: &Verifier, token: &str) -> ErrorReason {
    verifier.verify(token).await.expect_err("refused").reason()
}

#[tokio::test]
async fn a_new_key_is_found_and_known_keys_outlive_their_issuer() {
    let (old, new) = (Signer::new("old", Algorithm::EdDSA), Signer::new("new", Algorithm::ES256));
    let remote = Remote::start(jwks_of(&[&old])).await;
    let verifier = verifier(remote.keys(PACE));
    verifier.verify(&old.sign(&claims())).await.expect("the first key");

    remote.says(jwks_of(&[&old, &new]));
    verifier.verify(&new.sign(&claims())).await.expect("the key that was added");

    remote.answers(|| StatusCode::BAD_GATEWAY.into_response());
    verifier.verify(&old.sign(&claims())).await.expect("a known key while the issuer is away");
    let unknown = Signer::new("third", Algorithm::EdDSA).sign(&claims());
    assert_eq!(reason(&verifier, &unknown).await, ErrorReason::Unavailable);

    remote.says(jwks_of(&[&new]));
    assert_eq!(reason(&verifier, &unknown).await, ErrorReason::Unauthenticated, "asks again");
    assert_eq!(reason(&verifier, &old.sign(&claims())).await, ErrorReason::Unauthenticated, "was taken back");
}

#[tokio::test]
async fn forged_kids_do_not_flood_the_issuer() {
    let signer = Signer::new("k1", Algorithm::EdDSA);
    let remote = Remote::start(jwks_of(&[&signer])).await;
    let verifier = verifier(remote.keys(Pace { least_interval: Duration::from_secs(3600), ..PACE }));
    for kid in ["a", "b", "c", "d"] {
        let forged = Signer::new(kid, Algorithm::EdDSA).sign(&claims());
        assert_eq!(reason(&verifier, &forged).await, ErrorReason::Unauthenticated);
    }
    verifier.verify(&signer.sign(&claims())).await.expect("the real key");
    assert_eq!(remote.asked(), 1);
}

#[tokio::test]
async fn of_many_with_a_new_key_one_asks_and_whoever_hangs_up_does_not_make_it_ask_again() {
    let signer = Signer::new("k1", Algorithm::EdDSA);
    let remote = Remote::start(jwks_of(&[&signer])).await;
    let closed = Arc::clone(&remote.gate).acquire_many_owned(1000).await.expect("never closed");
    let verifier =
        Arc::new(verifier(remote.keys(Pace { least_interval: Duration::from_secs(3600), ..PACE })));
    let token = signer.sign(&claims());
    let ask = || {
        let (verifier, token) = (Arc::clone(&verifier), token.clone());
        tokio::spawn(async move { verifier.verify(&token).await })
    };
    let first = ask();
    eventually(LONG, "the issuer to be asked", async || (remote.asked() == 1).then_some(())).await;
    first.abort();
    assert!(first.await.expect_err("hung up").is_cancelled());
    let others: Vec<_> = (0..50).map(|_| ask()).collect();
    drop(closed);
    for other in others {
        other.await.expect("no panic").expect("accepted");
    }
    assert_eq!(remote.asked(), 1);
}

#[tokio::test]
async fn a_key_that_was_taken_back_stops_counting_by_itself() {
    let (old, new) = (Signer::new("old", Algorithm::EdDSA), Signer::new("new", Algorithm::EdDSA));
    let scratch = Scratch::new();
    let file = scratch.0.join("jwks.json");
    std::fs::write(&file, jwks_of(&[&old])).expect("writes");
    let remote = Remote::start(jwks_of(&[&old])).await;
    // Only the loop may find out.
    let pace = Pace { least_interval: Duration::from_secs(3600), every: Duration::from_millis(10), ..PACE };
    let in_file = Jwks::with_pace(JwksSource::File(file.clone()), pace).expect("a client");
    for (keys, from_file) in [(remote.keys(pace), false), (in_file, true)] {
        let verifier = Arc::new(verifier(keys));
        let says = |document: String| {
            if from_file {
                std::fs::write(scratch.0.join("next"), document).expect("writes");
                std::fs::rename(scratch.0.join("next"), &file).expect("takes its place");
            } else {
                remote.says(document);
            }
        };
        let stop = CancellationToken::new();
        let (fresh, until) = (Arc::clone(&verifier), stop.clone());
        let loop_ = tokio::spawn(async move { fresh.keep_fresh(&until).await });
        verifier.verify(&old.sign(&claims())).await.expect("a good key");
        says(jwks_of(&[&new]));
        eventually(LONG, "the old key to be forgotten", async || {
            verifier.verify(&old.sign(&claims())).await.err()
        })
        .await;
        verifier.verify(&new.sign(&claims())).await.expect("the key that is there");
        // Nothing is left of the last one, either.
        says(jwks_of(&[]));
        eventually(LONG, "every key to be forgotten", async || {
            verifier.verify(&new.sign(&claims())).await.err()
        })
        .await;
        stop.cancel();
        loop_.await.expect("ends");
        assert!(metrics::text().contains("przesiadka_jwks_age_seconds{issuer="), "{}", metrics::text());
    }
}

#[tokio::test]
async fn whatever_an_issuer_says_known_keys_go_on_and_nobody_waits_long() {
    let signer = Signer::new("k1", Algorithm::EdDSA);
    let remote = Remote::start(jwks_of(&[&signer])).await;
    let verifier = verifier(remote.keys(Pace { timeout: Duration::from_millis(300), ..PACE }));
    let known = signer.sign(&claims());
    verifier.verify(&known).await.expect("the first key");
    let endless = || futures::stream::repeat_with(|| Ok::<_, std::io::Error>(vec![b' '; 64 << 10]));
    let answers: [(&str, Answer); 8] = [
        ("a page", Arc::new(|| "<html>Login</html>".into_response())),
        ("nothing", Arc::new(|| "".into_response())),
        ("no keys", Arc::new(|| r#"{"keys": 7}"#.into_response())),
        ("bytes", Arc::new(|| vec![0xFF_u8; 4096].into_response())),
        ("a failure", Arc::new(|| StatusCode::INTERNAL_SERVER_ERROR.into_response())),
        (
            "another place",
            Arc::new(|| (StatusCode::FOUND, [("location", "http://127.0.0.1:1/")]).into_response()),
        ),
        ("no end", Arc::new(move || Body::from_stream(endless()).into_response())),
        (
            "silence",
            Arc::new(|| {
                Body::from_stream(futures::stream::pending::<Result<Vec<u8>, std::io::Error>>())
                    .into_response()
            }),
        ),
    ];
    for (what, answer) in answers {
        remote.answers(move || answer());
        let unknown = Signer::new("k2", Algorithm::EdDSA).sign(&claims());
        let asked = tokio::time::timeout(LONG, reason(&verifier, &unknown)).await.expect("in time");
        assert_eq!(asked, ErrorReason::Unavailable, "{what}");
        verifier.verify(&known).await.expect(what);
    }
}

#[tokio::test]
async fn symmetric_keys_of_an_issuer_are_no_keys() {
    let secret = b"a secret that everybody may read";
    let symmetric = json!({"kty": "oct", "kid": "shared", "alg": "HS256", "k": base64(secret)});
    let signer = Signer::new("k1", Algorithm::EdDSA);
    let document = json!({"keys": [symmetric, signer.jwk()]}).to_string();
    let remote = Remote::start(document).await;
    let verifier = verifier(remote.keys(PACE));
    let mut header = Header::new(Algorithm::HS256);
    header.kid = Some("shared".to_owned());
    let token = encode(&header, &claims(), &EncodingKey::from_secret(secret)).expect("signs");
    assert_eq!(reason(&verifier, &token).await, ErrorReason::Unauthenticated);
    verifier.verify(&signer.sign(&claims())).await.expect("the other key counts");
}

#[tokio::test]
async fn each_of_several_issuers_counts_with_its_own_keys_alone() {
    let (one, two) = (Signer::new("k", Algorithm::EdDSA), Signer::new("k", Algorithm::EdDSA));
    let issuer = |name: &str, signer: &Signer, role| Issuer {
        name: name.to_owned(),
        audience: "przesiadka".to_owned(),
        roles: RoleSet::from([role]),
        keys: Jwks::new(JwksSource::Inline(jwks_of(&[signer]))).expect("a client"),
    };
    let verifier = Verifier::new(vec![
        issuer("https://one", &one, Role::Crm),
        issuer("https://two", &two, Role::Auditor),
    ]);
    let of = |iss: &str, role: &str| with(json!({"iss": iss, "roles": [role]}));
    verifier.verify(&one.sign(&of("https://one", "crm"))).await.expect("its own");
    verifier.verify(&two.sign(&of("https://two", "auditor"))).await.expect("its own");
    for (signer, iss, role) in [
        (&two, "https://one", "crm"),
        (&one, "https://two", "auditor"),
        (&one, "https://one", "auditor"),
        (&two, "https://two", "crm"),
    ] {
        assert_eq!(
            reason(&verifier, &signer.sign(&of(iss, role))).await,
            ErrorReason::Unauthenticated,
            "{iss} {role}"
        );
    }
}
