//! Secrets that are shown once. Whoever has one needs nothing else; only its digest is kept.

use std::fmt;

use aws_lc_rs::rand;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::{
    call::{hash, hex},
    error::Error,
};

/// 256 random bits, as 43 characters that a URL takes as they are.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// # Errors
    /// A machine that has no random numbers.
    pub fn random() -> Result<Self, Error> {
        let mut bytes = [0; 32];
        rand::fill(&mut bytes).map_err(|_| anyhow::anyhow!("no random numbers to be had"))?;
        Ok(Self(URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// What somebody sent, which may be no secret at all.
    pub fn sent(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// SHA-256 as 64 hexadecimal digits.
    pub fn digest(&self) -> String {
        hex(&hash(&[self.0.as_bytes()]))
    }

    /// To be shown to its holder and to nobody else.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_known_by_its_digest_and_shows_itself_nowhere_else() {
        let (one, other) = (Secret::random().expect("random"), Secret::random().expect("random"));
        assert_eq!(one.reveal().len(), 43);
        assert_ne!(one.reveal(), other.reveal());
        assert_eq!(Secret::sent(one.reveal()).digest(), one.digest());
        assert_ne!(one.digest(), other.digest());
        assert!(!one.digest().contains(one.reveal()) && !format!("{one:?}").contains(one.reveal()));
    }
}
