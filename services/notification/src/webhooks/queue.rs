//! Deliveries in the database. Those of one endpoint and project (or company, without a project) are a queue: only its
//! first one that is open is sent, and only that is due at some time. So a look for work reads no more than queues.

use jiff::Timestamp;
use platform::{
    Error,
    clock::{from_db, to_db},
    db::{execute, query_all, query_one},
    id::{CompanyId, ProjectId},
};
use sea_orm::{ConnectionTrait, QueryResult, Value};
use uuid::Uuid;

use super::EndpointId;

/// An event to be put in.
#[derive(Clone, Debug)]
pub struct New<'a> {
    pub event_id: Uuid,
    pub event_type: &'a str,
    pub company: CompanyId,
    pub project: Option<ProjectId>,
    pub payload: &'a str,
    /// Business time.
    pub heard_at: Timestamp,
    /// W3C traceparent of what it tells about.
    pub trace: Option<&'a str>,
}

/// One event on its way to one endpoint, as it was read. Times are machine time except `heard_at`.
#[derive(Clone, Debug)]
pub struct Delivery {
    pub position: i64,
    version: i64,
    pub endpoint: EndpointId,
    pub event_id: Uuid,
    pub queue: String,
    pub company: CompanyId,
    pub project: Option<ProjectId>,
    pub event_type: String,
    pub payload: String,
    pub label: String,
    pub due_at: Option<Timestamp>,
    pub attempts: i64,
    /// The first try that was recorded.
    pub first_tried_at: Option<Timestamp>,
    pub last_tried_at: Option<Timestamp>,
    pub status_code: i32,
    pub outcome: String,
    pub heard_at: Timestamp,
    pub trace: Option<String>,
}

/// Adds a delivery behind its queue; once for each event. Whoever calls holds the company's lane, as does who records.
pub async fn insert(
    c: &impl ConnectionTrait,
    endpoint: EndpointId,
    new: &New<'_>,
    machine_now: Timestamp,
) -> Result<(), Error> {
    let queue = new.project.map_or_else(|| new.company.to_string(), |project| project.to_string());
    let sql = format!(
        "insert into webhook_delivery (endpoint, event_id, queue, company, project, event_type, payload, label, due_at, \
         heard_at, created_at, trace) values ($1, $2, $3, $4, $5, $6, $7, 'pending', \
         case when exists (select 1 from webhook_delivery where endpoint = $1 and queue = $3 and {OPEN}) \
         then null else $9 end, $8, $9, $10) on conflict (endpoint, event_id) do nothing"
    );
    let values = vec![
        endpoint.0.into(),
        new.event_id.into(),
        queue.into(),
        new.company.to_string().into(),
        new.project.map(|project| project.0).into(),
        new.event_type.into(),
        new.payload.into(),
        to_db(new.heard_at).into(),
        to_db(machine_now).into(),
        new.trace.into(),
    ];
    execute(c, &sql, values).await?;
    Ok(())
}

const OPEN: &str = "label in ('pending', 'sending')";

/// Whether nothing before it in its queue is open.
const IS_FIRST: &str = "delivery.position = (select first.position from webhook_delivery as first \
                        where first.endpoint = delivery.endpoint and first.queue = delivery.queue \
                        and first.label in ('pending', 'sending') order by first.position limit 1)";

/// What is due for these endpoints, at most so many each, the longest due first, whichever's it is.
pub async fn due(
    c: &impl ConnectionTrait,
    endpoints: &[(EndpointId, usize)],
    machine_now: Timestamp,
) -> Result<Vec<Delivery>, Error> {
    let mut due = Vec::new();
    // SQLite takes 500 parts of a statement.
    for some in endpoints.chunks(100) {
        let mut values: Vec<Value> = vec![to_db(machine_now).into()];
        let mut parts = Vec::new();
        for (endpoint, most) in some {
            values.push(endpoint.0.into());
            parts.push(format!(
                "select * from (select {COLUMNS} from webhook_delivery as delivery where endpoint = ${} \
                 and due_at <= $1 and {IS_FIRST} order by due_at, position limit {most}) as of_one",
                values.len()
            ));
        }
        let rows = query_all(c, &parts.join(" union all "), values).await?;
        due.extend(rows.iter().map(read).collect::<Result<Vec<_>, _>>()?);
    }
    due.sort_by_key(|delivery| (delivery.due_at, delivery.position));
    Ok(due)
}

/// How many are due or being sent, of endpoints that are switched on.
pub async fn count_due(c: &impl ConnectionTrait, machine_now: Timestamp) -> Result<i64, Error> {
    let sql = format!(
        "select count(*) as n from webhook_delivery as delivery \
         where endpoint in (select id from webhook_endpoint where label = 'enabled') \
         and (due_at <= $1 or due_at is not null and label = 'sending') and {IS_FIRST}"
    );
    let row = query_one(c, &sql, vec![to_db(machine_now).into()]).await?;
    row.map_or(Ok(0), |row| row.try_get("", "n").map_err(Error::from))
}

/// Leases a delivery for one try. False if it changed since it was read.
pub async fn lease(
    c: &impl ConnectionTrait,
    delivery: &Delivery,
    token: Uuid,
    until: Timestamp,
    machine_now: Timestamp,
) -> Result<bool, Error> {
    let sql = format!(
        "update webhook_delivery as delivery set label = 'sending', lease = $1, due_at = $2, attempts = attempts + 1, \
         last_tried_at = $3, version = version + 1 \
         where position = $4 and version = $5 and {IS_FIRST}"
    );
    let values = vec![
        token.into(),
        to_db(until).into(),
        to_db(machine_now).into(),
        delivery.position.into(),
        delivery.version.into(),
    ];
    Ok(execute(c, &sql, values).await? == 1)
}

/// How a delivery stands after a try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    Delivered,
    GivenUp,
    /// Machine time of the next try.
    Pending(Timestamp),
}

/// Ends the lease. False if it is another one's by now.
pub async fn record(
    c: &impl ConnectionTrait,
    delivery: &Delivery,
    token: Uuid,
    standing: &Standing,
    status_code: i32,
    outcome: &str,
) -> Result<bool, Error> {
    let (label, due_at) = match standing {
        Standing::Delivered => ("delivered", None),
        Standing::GivenUp => ("given_up", None),
        Standing::Pending(next_try) => ("pending", Some(to_db(*next_try))),
    };
    let sql = "update webhook_delivery set label = $1, due_at = $2, lease = null, status_code = $3, outcome = $4, \
               first_tried_at = coalesce(first_tried_at, last_tried_at), version = version + 1 \
               where position = $5 and lease = $6";
    let values = vec![
        label.into(),
        due_at.into(),
        status_code.into(),
        outcome.into(),
        delivery.position.into(),
        token.into(),
    ];
    Ok(execute(c, sql, values).await? == 1)
}

/// A delivery is done with: the next one of its queue is due.
pub async fn go_on(
    c: &impl ConnectionTrait,
    delivery: &Delivery,
    machine_now: Timestamp,
) -> Result<(), Error> {
    let sql = format!(
        "update webhook_delivery set due_at = $1 where label = 'pending' and due_at is null and position = \
         (select position from webhook_delivery where endpoint = $2 and queue = $3 and {OPEN} order by position limit 1)"
    );
    let values = vec![to_db(machine_now).into(), delivery.endpoint.0.into(), delivery.queue.as_str().into()];
    execute(c, &sql, values).await?;
    Ok(())
}

/// The first one of each queue begins anew, at once: all its tries are before it again. Nothing behind it was tried.
/// Whoever sends it meanwhile has lost its lease.
pub async fn begin_anew(
    c: &impl ConnectionTrait,
    endpoint: EndpointId,
    machine_now: Timestamp,
) -> Result<(), Error> {
    let sql = "update webhook_delivery set label = 'pending', due_at = $2, lease = null, attempts = 0, \
               first_tried_at = null, version = version + 1 where endpoint = $1 and due_at is not null";
    execute(c, sql, vec![endpoint.0.into(), to_db(machine_now).into()]).await?;
    Ok(())
}

/// The first one of each queue of an endpoint is due, if it was not.
pub async fn mend(
    c: &impl ConnectionTrait,
    endpoint: EndpointId,
    machine_now: Timestamp,
) -> Result<(), Error> {
    // Looked up for each: with old statistics PostgreSQL would join a list of the first ones row by row.
    let sql = format!(
        "update webhook_delivery as delivery set due_at = $2 \
         where endpoint = $1 and label = 'pending' and due_at is null and {IS_FIRST}"
    );
    execute(c, &sql, vec![endpoint.0.into(), to_db(machine_now).into()]).await?;
    Ok(())
}

/// Everything that was heard since then waits again; how much. Whoever sends one of it meanwhile has lost its lease,
/// so that it goes out again in its turn.
pub async fn replay(
    c: &impl ConnectionTrait,
    endpoint: EndpointId,
    since: Timestamp,
    machine_now: Timestamp,
) -> Result<u64, Error> {
    let sql = "update webhook_delivery set label = 'pending', due_at = null, lease = null, attempts = 0, \
               first_tried_at = null, version = version + 1 where endpoint = $1 and heard_at >= $2";
    let replayed = execute(c, sql, vec![endpoint.0.into(), to_db(since).into()]).await?;
    mend(c, endpoint, machine_now).await?;
    Ok(replayed)
}

/// Whose deliveries there are, behind `after`: one look into an index for each.
pub async fn next_endpoint(
    c: &impl ConnectionTrait,
    after: Option<EndpointId>,
) -> Result<Option<EndpointId>, Error> {
    let sql = "select endpoint from webhook_delivery where endpoint > $1 order by endpoint limit 1";
    let after = after.map(|id| id.0).unwrap_or_default();
    let row = query_one(c, sql, vec![after.into()]).await?;
    row.map(|row| Ok(EndpointId(row.try_get("", "endpoint")?))).transpose()
}

/// A page of an endpoint's deliveries, newest event first, behind `after`.
pub async fn list(
    c: &impl ConnectionTrait,
    endpoint: EndpointId,
    label: Option<&str>,
    after: Option<Uuid>,
    limit: u64,
) -> Result<Vec<Delivery>, Error> {
    let mut sql = format!("select {COLUMNS} from webhook_delivery where endpoint = $1");
    let mut values: Vec<Value> = vec![endpoint.0.into()];
    let conditions =
        [label.map(|label| ("label =", label.into())), after.map(|id| ("event_id <", id.into()))];
    for (condition, value) in conditions.into_iter().flatten() {
        values.push(value);
        sql.push_str(&format!(" and {condition} ${}", values.len()));
    }
    sql.push_str(&format!(" order by event_id desc limit {limit}"));
    query_all(c, &sql, values).await?.iter().map(read).collect()
}

const COLUMNS: &str = "position, version, endpoint, event_id, queue, company, project, event_type, payload, label, due_at, \
                       attempts, first_tried_at, last_tried_at, status_code, outcome, heard_at, trace";

fn read(row: &QueryResult) -> Result<Delivery, Error> {
    let company: String = row.try_get("", "company")?;
    let time = |column: &str| -> Result<Option<Timestamp>, Error> {
        Ok(row.try_get::<Option<_>>("", column)?.map(from_db))
    };
    Ok(Delivery {
        position: row.try_get("", "position")?,
        version: row.try_get("", "version")?,
        endpoint: EndpointId(row.try_get("", "endpoint")?),
        event_id: row.try_get("", "event_id")?,
        queue: row.try_get("", "queue")?,
        company: company.parse().map_err(anyhow::Error::new)?,
        project: row.try_get::<Option<Uuid>>("", "project")?.map(ProjectId),
        event_type: row.try_get("", "event_type")?,
        payload: row.try_get("", "payload")?,
        label: row.try_get("", "label")?,
        due_at: time("due_at")?,
        attempts: row.try_get("", "attempts")?,
        first_tried_at: time("first_tried_at")?,
        last_tried_at: time("last_tried_at")?,
        status_code: row.try_get("", "status_code")?,
        outcome: row.try_get("", "outcome")?,
        heard_at: from_db(row.try_get("", "heard_at")?),
        trace: row.try_get("", "trace")?,
    })
}
