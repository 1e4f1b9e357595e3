//! Opaque tokens, such as those of pages and watches: sealed by a key of the database, bound to what they are for.

use aws_lc_rs::{hmac, rand};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sea_orm::{ConnectionTrait, DbErr};
use uuid::Uuid;

use crate::{db::query_one, error::Error};

const TAG: usize = 16;

/// Seals and opens tokens; the same on every replica, since the key lies in the database.
#[derive(Debug)]
pub struct Tokens {
    key: hmac::Key,
    /// Names this database's outbox: positions of another one mean nothing here.
    pub epoch: Uuid,
}

/// A new random key, for a new database.
pub(crate) fn new_key() -> Result<Vec<u8>, DbErr> {
    let mut key = vec![0; 32];
    rand::fill(&mut key).map_err(|_| DbErr::Custom("no random numbers to be had".into()))?;
    Ok(key)
}

impl Tokens {
    /// The key of a database, and its epoch.
    pub fn new(key: &[u8], epoch: Uuid) -> Self {
        Self { key: hmac::Key::new(hmac::HMAC_SHA256, key), epoch }
    }

    pub(crate) async fn load(c: &impl ConnectionTrait) -> Result<Self, Error> {
        let row = query_one(c, "select epoch, token_key from head where id = 1", vec![]).await?;
        let row = row.ok_or_else(|| anyhow::anyhow!("the schema has no head row"))?;
        let key: Vec<u8> = row.try_get("", "token_key")?;
        Ok(Self::new(&key, row.try_get("", "epoch")?))
    }

    /// Seals a value for one binding: what the caller may see and what was asked.
    pub fn seal(&self, binding: &str, value: &str) -> String {
        let mut sealed = self.tag(binding, value);
        sealed.extend_from_slice(value.as_bytes());
        URL_SAFE_NO_PAD.encode(sealed)
    }

    /// The value, if the token was sealed here for the same binding.
    pub fn open(&self, binding: &str, token: &str) -> Option<String> {
        let sealed = URL_SAFE_NO_PAD.decode(token).ok()?;
        let (tag, value) = sealed.split_at_checked(TAG)?;
        let value = str::from_utf8(value).ok()?;
        aws_lc_rs::constant_time::verify_slices_are_equal(tag, &self.tag(binding, value)).ok()?;
        Some(value.to_owned())
    }

    fn tag(&self, binding: &str, value: &str) -> Vec<u8> {
        let mut context = hmac::Context::with_key(&self.key);
        context.update(&(binding.len() as u64).to_be_bytes());
        context.update(binding.as_bytes());
        context.update(value.as_bytes());
        context.sign().as_ref()[..TAG].to_vec()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use testkit::foreign;

    use super::*;

    const BINDING: &str = "page question";

    fn tokens(key: u8) -> Tokens {
        Tokens::new(&[key; 32], Uuid::from_u128(1))
    }

    proptest! {
        #![proptest_config(foreign::cases())]

        #[test]
        fn a_token_opens_where_it_was_sealed_for_what_it_was_sealed(value in any::<String>(), binding in any::<String>()) {
            let sealed = tokens(1).seal(&binding, &value);
            prop_assert_eq!(tokens(1).open(&binding, &sealed), Some(value));
            prop_assert_eq!(tokens(1).open(&format!("{binding} "), &sealed), None);
            prop_assert_eq!(tokens(2).open(&binding, &sealed), None);
        }

        #[test]
        fn a_damaged_token_does_not_open(token in foreign::text([tokens(1).seal(BINDING, "0193a1c0-7e4c-7000-8000-5d1f3c2b1a00")])) {
            let opened = tokens(1).open(BINDING, &token);
            let sealed = opened.map(|value| tokens(1).seal(BINDING, &value));
            prop_assert!(sealed.is_none_or(|sealed| sealed == token));
        }
    }
}
