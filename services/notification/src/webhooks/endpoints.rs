//! Endpoints in the database. Rows change by compare-and-set on `version`, except `failing_since`, which has statements
//! of its own: nobody writes what was read of it.

use jiff::Timestamp;
use platform::{
    Error,
    clock::{from_db, to_db},
    db::{as_json, execute, query_all, query_one},
};
use sea_orm::{ConnectionTrait, DbErr, QueryResult};
use uuid::Uuid;

use super::{Endpoint, EndpointId};

/// An endpoint as it was read.
#[derive(Clone, Debug)]
pub struct Stored {
    version: i64,
    pub value: Endpoint,
    /// Since when every try has failed; machine time.
    pub failing_since: Option<Timestamp>,
}

const COLUMNS: &str = "version, failing_since, cast(body as text) as body";

pub async fn find(c: &impl ConnectionTrait, id: EndpointId) -> Result<Option<Stored>, Error> {
    let sql = format!("select {COLUMNS} from webhook_endpoint where id = $1");
    query_one(c, &sql, vec![id.0.into()]).await?.as_ref().map(read).transpose()
}

/// In the order of making, behind `after`.
pub async fn list(c: &impl ConnectionTrait, after: Option<Uuid>, limit: u64) -> Result<Vec<Stored>, Error> {
    let sql = format!("select {COLUMNS} from webhook_endpoint where id > $1 order by id limit {limit}");
    query_all(c, &sql, vec![after.unwrap_or_default().into()]).await?.iter().map(read).collect()
}

/// Every one.
pub async fn all(c: &impl ConnectionTrait) -> Result<Vec<Endpoint>, Error> {
    let sql = format!("select {COLUMNS} from webhook_endpoint");
    query_all(c, &sql, vec![]).await?.iter().map(|row| Ok(read(row)?.value)).collect()
}

/// Those that events are sent to, and whether they fail.
pub async fn enabled(c: &impl ConnectionTrait) -> Result<Vec<(EndpointId, bool)>, Error> {
    let sql =
        "select id, failing_since is not null as is_failing from webhook_endpoint where label = 'enabled'";
    let rows = query_all(c, sql, vec![]).await?;
    rows.iter().map(|row| Ok((EndpointId(row.try_get("", "id")?), row.try_get("", "is_failing")?))).collect()
}

pub async fn count(c: &impl ConnectionTrait) -> Result<i64, Error> {
    let row = query_one(c, "select count(*) as n from webhook_endpoint", vec![]).await?;
    row.map_or(Ok(0), |row| row.try_get("", "n").map_err(Error::from))
}

pub async fn insert(c: &impl ConnectionTrait, endpoint: &Endpoint) -> Result<(), Error> {
    let sql = format!(
        "insert into webhook_endpoint (id, label, version, body) values ($1, $2, 1, {})",
        as_json(c, "$3")
    );
    execute(c, &sql, vec![endpoint.id.0.into(), label(endpoint).into(), json(endpoint)?.into()]).await?;
    Ok(())
}

/// Replaces what was read, except `failing_since`. Refused as a conflict if somebody else did so in between.
pub async fn save(c: &impl ConnectionTrait, stored: &Stored) -> Result<(), Error> {
    let sql = format!(
        "update webhook_endpoint set label = $1, version = version + 1, body = {} where id = $3 and version = $4",
        as_json(c, "$2")
    );
    let values = vec![
        label(&stored.value).into(),
        json(&stored.value)?.into(),
        stored.value.id.0.into(),
        stored.version.into(),
    ];
    match execute(c, &sql, values).await? {
        1 => Ok(()),
        _ => Err(Error::lost_race()),
    }
}

pub async fn delete(c: &impl ConnectionTrait, id: EndpointId) -> Result<(), Error> {
    execute(c, "delete from webhook_endpoint where id = $1", vec![id.0.into()]).await?;
    Ok(())
}

/// A try that began then failed: since when all have. Of several that were under way at once the first one counts,
/// whichever is recorded first.
pub async fn failed(c: &impl ConnectionTrait, id: EndpointId, began: Timestamp) -> Result<Timestamp, Error> {
    let sql = "update webhook_endpoint set failing_since = $2 \
               where id = $1 and (failing_since is null or failing_since > $2)";
    if execute(c, sql, vec![id.0.into(), to_db(began).into()]).await? == 1 {
        return Ok(began);
    }
    Ok(find(c, id).await?.and_then(|stored| stored.failing_since).unwrap_or(began))
}

/// A try did not fail.
pub async fn worked(c: &impl ConnectionTrait, id: EndpointId) -> Result<(), Error> {
    let sql = "update webhook_endpoint set failing_since = null where id = $1 and failing_since is not null";
    execute(c, sql, vec![id.0.into()]).await?;
    Ok(())
}

/// The failures until now count no more. The row is held from here on, also where there were none.
pub async fn forget_failures(c: &impl ConnectionTrait, id: EndpointId) -> Result<(), Error> {
    execute(c, "update webhook_endpoint set failing_since = null where id = $1", vec![id.0.into()]).await?;
    Ok(())
}

fn label(endpoint: &Endpoint) -> &'static str {
    if endpoint.is_enabled() { "enabled" } else { "disabled" }
}

fn read(row: &QueryResult) -> Result<Stored, Error> {
    let body: String = row.try_get("", "body")?;
    Ok(Stored {
        version: row.try_get("", "version")?,
        // Without the text: it holds secrets.
        value: serde_json::from_str(&body).map_err(|_| DbErr::Json("webhook_endpoint".to_owned()))?,
        failing_since: row.try_get::<Option<_>>("", "failing_since")?.map(from_db),
    })
}

fn json(endpoint: &Endpoint) -> Result<String, Error> {
    serde_json::to_string(endpoint)
        .map_err(|e| Error::Internal(anyhow::Error::new(e).context("webhook_endpoint")))
}
