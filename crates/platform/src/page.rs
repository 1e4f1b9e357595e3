//! Pages: keyset on the id, an opaque token bound to caller and query, no totals.

use std::{fmt::Display, str::FromStr};

use proto::{
    common::v1::ErrorReason,
    refusal::{Violation, words},
};
use uuid::Uuid;

use crate::{
    core::Core,
    db::Db,
    documents::{self, Document, Query, Stored},
    error::Error,
};

const DEFAULT: u64 = 50;
const MOST: u64 = 200;

/// What a list request asks for.
#[derive(Clone, Debug)]
pub struct PageRequest<'a> {
    /// 0 means 50; more than 200 gives 200 (AIP-158).
    pub size: i32,
    /// Empty for the first page.
    pub token: &'a str,
}

/// One page.
#[derive(Clone, Debug)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// Empty on the last page.
    pub next_page_token: String,
}

impl Core {
    /// A page of documents. `query.after` and `query.limit` are set here.
    pub async fn page<T: Document>(
        &self,
        request: PageRequest<'_>,
        query: Query,
    ) -> Result<Page<Stored<T>>, Error> {
        let binding = format!("page {} {:?} {:?}", T::TABLE, query.company, query.label);
        self.page_by(
            request,
            &binding,
            async |db, after, limit| {
                documents::list(db.read(), &Query { after, limit, ..query.clone() }).await
            },
            |stored| stored.id,
        )
        .await
    }

    /// A page of anything that is read in the order of its ids; `binding` names the caller's scope and the query.
    pub async fn page_by<T>(
        &self,
        request: PageRequest<'_>,
        binding: &str,
        read: impl AsyncFnOnce(&Db, Option<Uuid>, u64) -> Result<Vec<T>, Error>,
        id: impl Fn(&T) -> Uuid,
    ) -> Result<Page<T>, Error> {
        self.page_by_key(request, binding, read, id).await
    }

    /// The same by any key that never changes.
    pub(crate) async fn page_by_key<T, K: FromStr + Display>(
        &self,
        request: PageRequest<'_>,
        binding: &str,
        read: impl AsyncFnOnce(&Db, Option<K>, u64) -> Result<Vec<T>, Error>,
        key: impl Fn(&T) -> K,
    ) -> Result<Page<T>, Error> {
        let size = match request.size {
            ..0 => return Err(Error::invalid("page_size", request.size, words("0 to 200", "od 0 do 200"))),
            0 => DEFAULT,
            n => (n as u64).min(MOST),
        };
        let tokens = self.tokens().await?;
        let after = match request.token {
            "" => None,
            token => Some(tokens.open(binding, token).and_then(|key| key.parse().ok()).ok_or_else(|| {
                Violation::new(ErrorReason::PageTokenInvalid).field("page_token").allowed(words(
                    "the token of this query's last page",
                    "token z ostatniej strony tego zapytania",
                ))
            })?),
        };
        // One more than asked tells whether there is another page.
        let mut items = read(&self.db, after, size + 1).await?;
        let more = items.len() as u64 > size;
        items.truncate(size as usize);
        let next_page_token = match items.last() {
            Some(last) if more => tokens.seal(binding, &key(last).to_string()),
            _ => String::new(),
        };
        Ok(Page { items, next_page_token })
    }
}
