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
    pub(crate) async fn load(c: &impl ConnectionTrait) -> Result<Self, Error> {
        let row = query_one(c, "select epoch, token_key from head where id = 1", vec![]).await?;
        let row = row.ok_or_else(|| anyhow::anyhow!("the schema has no head row"))?;
        let key: Vec<u8> = row.try_get("", "token_key")?;
        Ok(Self { key: hmac::Key::new(hmac::HMAC_SHA256, &key), epoch: row.try_get("", "epoch")? })
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
