//! Signatures as Standard Webhooks has them: `v1,` and base64 of HMAC-SHA256 over id, time and content.

use aws_lc_rs::hmac;
use base64::{Engine as _, engine::general_purpose::STANDARD};

/// One signature; `seconds` is the header `webhook-timestamp`.
pub fn sign(key: &[u8], id: &str, seconds: i64, payload: &str) -> String {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key));
    for part in [id, ".", &seconds.to_string(), ".", payload] {
        context.update(part.as_bytes());
    }
    format!("v1,{}", STANDARD.encode(context.sign()))
}
