//! Etags belong to the smallest thing changed, so that a change elsewhere does not spoil an answer.

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use proto::{
    common::v1::ErrorReason,
    refusal::{Refusal, Violation},
};
use serde::Serialize;

/// Of what it is now: equal parts have equal etags. Who changed it and when is best among the parts,
/// so that a part that changed back has another one.
pub fn of(part: &impl Serialize) -> String {
    let json = serde_json::to_vec(part).expect("state is kept as JSON, so it can be written as JSON");
    URL_SAFE_NO_PAD.encode(&digest(&SHA256, &json).as_ref()[..12])
}

/// # Errors
/// `ETAG_MISMATCH` where the caller saw another state than the present one.
pub fn check(seen: Option<&str>, part: &impl Serialize) -> Result<(), Refusal> {
    let Some(seen) = seen else { return Ok(()) };
    let now = of(part);
    if seen == now {
        return Ok(());
    }
    Err(Violation::new(ErrorReason::EtagMismatch).field("etag").asked(seen).allowed(now).into())
}
