//! Aggregates as documents: one table per aggregate, one row each, the state as JSON.
//!
//! Every finder is scoped to the company. Rows change by compare-and-set on `version`.

use sea_orm::{ConnectionTrait, DbErr, QueryResult};
use serde::{Serialize, de::DeserializeOwned};
use uuid::Uuid;

use crate::{
    clock,
    db::{as_json, execute, query_all, query_one},
    error::Error,
    id::CompanyId,
};

/// State that is kept as a document.
pub trait Document: Serialize + DeserializeOwned + Send + Sync {
    /// Table, made by [`crate::schema::document_table`].
    const TABLE: &'static str;

    /// The word that lists filter by, such as the stage.
    fn label(&self) -> String;
}

/// A document as it was read.
#[derive(Clone, Debug)]
pub struct Stored<T> {
    pub id: Uuid,
    pub company: CompanyId,
    /// Rises by one with each save.
    pub version: i64,
    pub value: T,
}

/// The document, if the company has it.
pub async fn find<T: Document>(
    c: &impl ConnectionTrait,
    company: CompanyId,
    id: impl Into<Uuid>,
) -> Result<Option<Stored<T>>, Error> {
    let sql = format!("select {COLUMNS} from {} where company = $1 and id = $2", T::TABLE);
    let row = query_one(c, &sql, vec![company.to_string().into(), id.into().into()]).await?;
    row.as_ref().map(read).transpose()
}

/// The documents with these ids, of whatever company.
pub async fn find_all<T: Document>(
    c: &impl ConnectionTrait,
    ids: impl IntoIterator<Item = Uuid>,
) -> Result<Vec<Stored<T>>, Error> {
    let ids: Vec<sea_orm::Value> = ids.into_iter().map(Into::into).collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let marks: Vec<String> = (1..=ids.len()).map(|n| format!("${n}")).collect();
    let sql = format!("select {COLUMNS} from {} where id in ({})", T::TABLE, marks.join(", "));
    query_all(c, &sql, ids).await?.iter().map(read).collect()
}

/// Two documents of different kinds in one query, each if the company has it.
pub async fn find_both<A: Document, B: Document>(
    c: &impl ConnectionTrait,
    company: CompanyId,
    a: impl Into<Uuid>,
    b: impl Into<Uuid>,
) -> Result<(Option<Stored<A>>, Option<Stored<B>>), Error> {
    let sql = format!(
        "select '{a}' as kind, {COLUMNS} from {a} where company = $1 and id = $2 union all \
         select '{b}' as kind, {COLUMNS} from {b} where company = $1 and id = $3",
        a = A::TABLE,
        b = B::TABLE
    );
    let rows = query_all(c, &sql, vec![company.to_string().into(), a.into().into(), b.into().into()]).await?;
    let mut found = (None, None);
    for row in &rows {
        if row.try_get::<String>("", "kind")? == A::TABLE {
            found.0 = Some(read(row)?);
        } else {
            found.1 = Some(read(row)?);
        }
    }
    Ok(found)
}

/// Adds a new document at version 1.
pub async fn insert<T: Document>(
    c: &impl ConnectionTrait,
    company: CompanyId,
    id: impl Into<Uuid>,
    value: &T,
) -> Result<(), Error> {
    let sql = format!(
        "insert into {} (id, company, label, version, body, updated_at) values ($1, $2, $3, 1, {}, $5)",
        T::TABLE,
        as_json(c, "$4")
    );
    let values = vec![
        id.into().into(),
        company.to_string().into(),
        value.label().into(),
        to_json(value)?.into(),
        clock::to_db(clock::machine_now()).into(),
    ];
    execute(c, &sql, values).await?;
    Ok(())
}

/// Replaces the document that was read. Refused as a conflict if somebody else did so in between.
pub async fn save<T: Document>(c: &impl ConnectionTrait, stored: &Stored<T>) -> Result<(), Error> {
    let sql = format!(
        "update {} set label = $1, version = version + 1, body = {}, updated_at = $3 where id = $4 and version = $5",
        T::TABLE,
        as_json(c, "$2")
    );
    let values = vec![
        stored.value.label().into(),
        to_json(&stored.value)?.into(),
        clock::to_db(clock::machine_now()).into(),
        stored.id.into(),
        stored.version.into(),
    ];
    match execute(c, &sql, values).await? {
        1 => Ok(()),
        _ => Err(Error::lost_race()),
    }
}

/// What a list asks for. Ordered by id, which is by time of making.
#[derive(Clone, Debug, Default)]
pub struct Query {
    /// Only this company's; all companies' where SOFTVIG asks for all.
    pub company: Option<CompanyId>,
    pub label: Option<String>,
    /// Only ids above this one.
    pub after: Option<Uuid>,
    pub limit: u64,
}

/// The documents that match.
pub async fn list<T: Document>(c: &impl ConnectionTrait, query: &Query) -> Result<Vec<Stored<T>>, Error> {
    let mut sql = format!("select {COLUMNS} from {} where 1 = 1", T::TABLE);
    let mut values: Vec<sea_orm::Value> = Vec::new();
    let mut add = |condition: &str, value: sea_orm::Value| {
        values.push(value);
        sql.push_str(&format!(" and {condition} ${}", values.len()));
    };
    if let Some(company) = query.company {
        add("company =", company.to_string().into());
    }
    if let Some(label) = &query.label {
        add("label =", label.clone().into());
    }
    if let Some(after) = query.after {
        add("id >", after.into());
    }
    sql.push_str(&format!(" order by id limit {}", query.limit));
    query_all(c, &sql, values).await?.iter().map(read).collect()
}

/// All of a company's; it has few projects in its life.
pub async fn of_company<T: Document>(
    c: &impl ConnectionTrait,
    company: CompanyId,
) -> Result<Vec<Stored<T>>, Error> {
    list(c, &Query { company: Some(company), limit: 1_000, ..Query::default() }).await
}

/// How many documents have this label.
pub async fn count<T: Document>(c: &impl ConnectionTrait, label: &str) -> Result<u64, Error> {
    let sql = format!("select count(*) as n from {} where label = $1", T::TABLE);
    let row = query_one(c, &sql, vec![label.into()]).await?;
    Ok(row.map_or(Ok(0), |row| row.try_get::<i64>("", "n"))? as u64)
}

/// The body as text: it is read into its type at once.
const COLUMNS: &str = "id, company, version, cast(body as text) as body";

fn read<T: Document>(row: &QueryResult) -> Result<Stored<T>, Error> {
    let company: String = row.try_get("", "company")?;
    let body: String = row.try_get("", "body")?;
    Ok(Stored {
        id: row.try_get("", "id")?,
        company: company.parse().map_err(|_| DbErr::Type(format!("company {company:?} in {}", T::TABLE)))?,
        version: row.try_get("", "version")?,
        value: serde_json::from_str(&body).map_err(|e| DbErr::Json(format!("{}: {e}", T::TABLE)))?,
    })
}

/// As text: it is written as it is, without a tree of values between.
fn to_json<T: Document>(value: &T) -> Result<String, Error> {
    serde_json::to_string(value).map_err(|e| Error::Internal(anyhow::Error::new(e).context(T::TABLE)))
}
