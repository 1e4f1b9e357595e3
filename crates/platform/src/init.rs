//! What a process needs before anything else.

use std::sync::Once;

/// Chooses aws-lc-rs for TLS and for tokens. Both libraries panic at first use when nobody chose;
/// call it first in `main` and in tests. Any number of calls does no harm.
pub fn init() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // An error means that the embedding program has chosen already, which is as good.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let _ = jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER.install_default();
    });
}
