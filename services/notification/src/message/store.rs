//! Messages in the database. Rows change by compare-and-set on `version`.

use std::collections::{BTreeSet, HashSet};

use jiff::{SignedDuration, Timestamp};
use platform::{
    Error,
    clock::{from_db, to_db},
    db::{Connections, as_json, execute, query_all, query_one, rows},
    id::{CompanyId, ContactId, ProjectId},
};
use sea_orm::{ConnectionTrait, DbErr, QueryResult, Value};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Message, MessageId, Recipient, Resent, State, Times, Try};

/// Most messages that one statement writes: so few texts are prepared on each connection.
const MOST_ROWS: usize = 10;

/// A message as it was read.
#[derive(Clone, Debug)]
pub struct StoredMessage {
    version: i64,
    pub value: Message,
}

/// Which messages a list shows; newest first.
#[derive(Clone, Copy, Debug)]
pub struct MessageQuery {
    pub company: CompanyId,
    pub project: Option<ProjectId>,
    /// Only to this recipient.
    pub recipient: Option<Recipient>,
    /// Leaves out what went to SOFTVIG.
    pub contacts_only: bool,
    /// As [`Message::label`] says.
    pub label: Option<&'static str>,
}

/// Adds messages; one that is there already for the same event, recipient, kind and part stays as it is.
pub async fn insert(c: &impl ConnectionTrait, messages: &[Message]) -> Result<(), Error> {
    for some in messages.chunks(MOST_ROWS) {
        let mut values: Vec<Value> = Vec::new();
        for message in some {
            let mentions: Vec<String> = message.mentions.iter().map(ContactId::to_string).collect();
            values.extend::<[Value; 13]>([
                message.id.0.into(),
                message.company.to_string().into(),
                message.project.map(|p| p.0).into(),
                message.event_id.into(),
                message.recipient.to_string().into(),
                message.kind.name().into(),
                message.part.clone().into(),
                mentions.join(" ").into(),
                message.label().into(),
                message.due_at().map(to_db).into(),
                message.held_until().map(to_db).into(),
                message.is_urgent().into(),
                body(message)?.into(),
            ]);
        }
        let sql = format!(
            "insert into message (id, company, project, event_id, recipient, kind, part, mentions, label, due_at, held_until, \
             urgent, body, version) \
             select new.column1, new.column2, new.column3, new.column4, new.column5, new.column6, new.column7, new.column8, \
             new.column9, new.column10, new.column11, new.column12, {}, 1 from (values {}) as new where true \
             on conflict (event_id, recipient, kind, part) do nothing",
            as_json(c, "new.column13"),
            rows(some.len(), 13, "")
        );
        execute(c, &sql, values).await?;
    }
    Ok(())
}

/// The message, if the company has it.
pub async fn find(
    c: &impl ConnectionTrait,
    company: CompanyId,
    id: MessageId,
) -> Result<Option<StoredMessage>, Error> {
    let sql = format!("select {COLUMNS} from message where company = $1 and id = $2");
    let row = query_one(c, &sql, vec![company.to_string().into(), id.0.into()]).await?;
    row.as_ref().map(read).transpose()
}

/// The message, of whatever company: for notices that name a message alone.
pub async fn find_anywhere(c: &impl ConnectionTrait, id: MessageId) -> Result<Option<StoredMessage>, Error> {
    let sql = format!("select {COLUMNS} from message where id = $1");
    query_one(c, &sql, vec![id.0.into()]).await?.as_ref().map(read).transpose()
}

/// Writes how those of the messages stand that nobody else changed since they were read; these, as they are stored
/// now. Their words stay as they are.
pub async fn save(
    c: &impl ConnectionTrait,
    mut messages: Vec<StoredMessage>,
) -> Result<Vec<StoredMessage>, Error> {
    let saved = update(c, "delivery = ", delivery, &messages).await?;
    messages.retain_mut(|stored| {
        stored.version += 1;
        saved.contains(&stored.value.id)
    });
    Ok(messages)
}

/// Replaces all the messages, their words too. Refused as a conflict if somebody else changed one of them since it
/// was read.
pub async fn replace_all(c: &impl ConnectionTrait, messages: &[StoredMessage]) -> Result<(), Error> {
    let replaced = update(c, "delivery = null, body = ", body, messages).await?;
    if replaced.len() < messages.len() { Err(Error::lost_race()) } else { Ok(()) }
}

async fn update(
    c: &impl ConnectionTrait,
    column: &str,
    json: fn(&Message) -> Result<String, Error>,
    messages: &[StoredMessage],
) -> Result<HashSet<MessageId>, Error> {
    let mut updated = HashSet::new();
    for some in messages.chunks(MOST_ROWS) {
        let mut values: Vec<Value> = Vec::new();
        for StoredMessage { version, value } in some {
            values.extend::<[Value; 6]>([
                value.id.0.into(),
                (*version).into(),
                value.label().into(),
                value.due_at().map(to_db).into(),
                value.held_until().map(to_db).into(),
                json(value)?.into(),
            ]);
        }
        let sql = format!(
            "update message set label = new.column3, due_at = new.column4, held_until = new.column5, {column}{}, \
             version = version + 1 from (values {}) as new where id = new.column1 and version = new.column2 returning id",
            as_json(c, "new.column6"),
            rows(some.len(), 6, "")
        );
        for row in query_all(c, &sql, values).await? {
            updated.insert(MessageId(row.try_get("", "id")?));
        }
    }
    Ok(updated)
}

/// What is due, of all companies: the sender's work. First what belongs to running migrations, then the rest, each
/// oldest first.
pub async fn due(c: &Connections, machine_now: Timestamp, limit: u64) -> Result<Vec<StoredMessage>, Error> {
    let values = vec![to_db(machine_now).into(), holds_up_from(machine_now).into()];
    c.query_all_anew(&due_sql(limit), values).await?.iter().map(read).collect()
}

pub(crate) fn due_sql(limit: u64) -> String {
    format!("{} order by urgent desc, due_at, id limit {limit}", first_due(COLUMNS, limit))
}

/// The first of each urgency, in the order of `message_turn`.
fn first_due(columns: &str, limit: u64) -> String {
    let of = |urgent| {
        format!(
            "select * from (select urgent, due_at, id, {columns} from message where urgent = {urgent} \
             and due_at <= $1 and {IS_NEXT} order by due_at, id limit {limit}) as of_one"
        )
    };
    format!("{} union all {}", of(true), of(false))
}

/// How many are due or leased, or have been held long enough.
pub async fn count_pending(c: &impl ConnectionTrait, times: Times) -> Result<i64, Error> {
    let sql = format!(
        "select count(*) as n from message where held_until <= $3 \
         or (due_at <= $1 or due_at is not null and label = 'sending') and {IS_NEXT}"
    );
    let values =
        vec![to_db(times.machine).into(), holds_up_from(times.machine).into(), to_db(times.business).into()];
    let row = query_one(c, &sql, values).await?;
    row.map_or(Ok(0), |row| row.try_get("", "n").map_err(Error::from))
}

/// How many there are of each state in which a message waits.
pub async fn count_waiting(c: &impl ConnectionTrait) -> Result<Vec<(String, i64)>, Error> {
    // Each by an index of its own; what is done with is never read.
    let sql = "select label, count(*) as n from message where label in ('pending', 'sending') group by label \
               union all select label, count(*) as n from message where label = 'held' group by label";
    let rows = query_all(c, sql, vec![]).await?;
    rows.iter().map(|row| Ok((row.try_get("", "label")?, row.try_get("", "n")?))).collect()
}

/// Machine time at which the first of those was to be tried that are due and wait for nothing else.
pub async fn due_since(c: &Connections, machine_now: Timestamp) -> Result<Option<Timestamp>, Error> {
    let sql = format!("select min(due_at) as at from ({}) as due", first_due("label", 1));
    let values = vec![to_db(machine_now).into(), holds_up_from(machine_now).into()];
    let rows = c.query_all_anew(&sql, values).await?;
    let at = rows.first().map(|row| row.try_get::<Option<_>>("", "at")).transpose()?.flatten();
    Ok(at.map(from_db))
}

/// Whether a message is the first of its urgency to its recipient that is not done with, so that an invitation goes
/// out before its cancellation, however often it has to be tried. What is older than `$2` holds up nobody any more.
///
/// The first one is looked up for each in the index `message_open`, whatever PostgreSQL thinks of the table's size. As
/// a `not exists` it could become a join of all with all, and by `due_at` the index `message_turn` would fit, too,
/// which has to be read whole.
const IS_NEXT: &str = "(message.id < $2 or message.id = (select first.id from message as first \
                       where first.company = message.company and first.recipient = message.recipient \
                       and first.urgent = message.urgent and first.label in ('pending', 'sending') \
                       and first.id >= $2 order by first.id limit 1))";

/// What a mail server does not take for so long, it may never take.
const HOLDS_UP_FOR: SignedDuration = SignedDuration::from_hours(24);

/// The lowest id of a message that was written since then.
fn holds_up_from(machine_now: Timestamp) -> Uuid {
    let since = u128::try_from((machine_now - HOLDS_UP_FOR).as_millisecond()).unwrap_or(0);
    // A UUID of version 7 begins with the milliseconds since 1970.
    Uuid::from_u128(since << 80)
}

/// What has been held long enough, of all companies, oldest first.
pub async fn held(c: &Connections, now: Timestamp, limit: u64) -> Result<Vec<StoredMessage>, Error> {
    let sql =
        format!("select {COLUMNS} from message where held_until <= $1 order by held_until, id limit {limit}");
    c.query_all_anew(&sql, vec![to_db(now).into()]).await?.iter().map(read).collect()
}

/// All that is held of some companies, in the order in which it was written.
pub async fn held_of(c: &Connections, companies: &BTreeSet<CompanyId>) -> Result<Vec<StoredMessage>, Error> {
    let values: Vec<Value> = companies.iter().map(|company| company.to_string().into()).collect();
    let sql = format!(
        "select {COLUMNS} from message where label = 'held' and company in {} order by id",
        rows(1, values.len(), "")
    );
    c.query_all_anew(&sql, values).await?.iter().map(read).collect()
}

/// Those of the messages that there are.
pub async fn find_all(c: &impl ConnectionTrait, ids: &[MessageId]) -> Result<Vec<StoredMessage>, Error> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let values: Vec<Value> = ids.iter().map(|id| id.0.into()).collect();
    let sql = format!("select {COLUMNS} from message where id in {}", rows(1, values.len(), ""));
    query_all(c, &sql, values).await?.iter().map(read).collect()
}

/// Messages to a contact that did not arrive, or were not sent, oldest first.
pub async fn undelivered(
    c: &impl ConnectionTrait,
    company: CompanyId,
    contact: ContactId,
) -> Result<Vec<StoredMessage>, Error> {
    let sql = format!(
        "select {COLUMNS} from message where company = $1 and recipient = $2 \
         and label in ('undeliverable', 'bounced', 'given_up', 'dropped') order by id"
    );
    let values = vec![company.to_string().into(), contact.to_string().into()];
    query_all(c, &sql, values).await?.iter().map(read).collect()
}

/// The message of the same words to somebody else.
pub async fn find_copy(
    c: &impl ConnectionTrait,
    message: &Message,
    recipient: Recipient,
) -> Result<Option<StoredMessage>, Error> {
    let sql = format!(
        "select {COLUMNS} from message where company = $1 and event_id = $2 and recipient = $3 and kind = $4 and part = $5"
    );
    let values = vec![
        message.company.to_string().into(),
        message.event_id.into(),
        recipient.to_string().into(),
        message.kind.name().into(),
        message.part.clone().into(),
    ];
    query_one(c, &sql, values).await?.as_ref().map(read).transpose()
}

/// Messages to a contact or naming it.
pub async fn concerning(
    c: &impl ConnectionTrait,
    company: CompanyId,
    contact: ContactId,
) -> Result<Vec<StoredMessage>, Error> {
    let sql =
        format!("select {COLUMNS} from message where company = $1 and (recipient = $2 or mentions like $3)");
    let values = vec![company.to_string().into(), contact.to_string().into(), format!("%{contact}%").into()];
    query_all(c, &sql, values).await?.iter().map(read).collect()
}

/// A page of messages, newest first, behind `after`.
pub async fn list(
    c: &impl ConnectionTrait,
    query: &MessageQuery,
    after: Option<Uuid>,
    limit: u64,
) -> Result<Vec<Message>, Error> {
    let mut sql = format!("select {COLUMNS} from message where company = $1");
    let mut values: Vec<Value> = vec![query.company.to_string().into()];
    let mut and = |condition: &str, value: Value| {
        values.push(value);
        sql.push_str(&format!(" and {condition} ${}", values.len()));
    };
    if let Some(project) = query.project {
        and("project =", project.0.into());
    }
    if let Some(recipient) = query.recipient {
        and("recipient =", recipient.to_string().into());
    }
    if query.contacts_only {
        and("recipient <>", Recipient::Softvig.to_string().into());
    }
    if let Some(label) = query.label {
        and("label =", label.into());
    }
    if let Some(after) = after {
        and("id <", after.into());
    }
    sql.push_str(&format!(" order by id desc limit {limit}"));
    query_all(c, &sql, values).await?.iter().map(|row| Ok(read(row)?.value)).collect()
}

/// What of a message changes on its way. It is kept beside the body, which is far larger and mostly stays as it is.
#[derive(Serialize, Deserialize)]
struct Delivery {
    attempts: u32,
    outcome: String,
    state: State,
    #[serde(default)]
    tries: Vec<Try>,
    #[serde(default)]
    tried_since: Option<Timestamp>,
    #[serde(default)]
    resends: u32,
    #[serde(default)]
    resent: Option<Resent>,
}

const COLUMNS: &str = "version, cast(body as text) as body, cast(delivery as text) as delivery";

fn read(row: &QueryResult) -> Result<StoredMessage, Error> {
    let (body, delivery): (String, Option<String>) = (row.try_get("", "body")?, row.try_get("", "delivery")?);
    let bad = |e: serde_json::Error| DbErr::Json(format!("message: {e}"));
    let mut value: Message = serde_json::from_str(&body).map_err(bad)?;
    // None as long as it stands as it was put in.
    if let Some(delivery) = delivery {
        let Delivery { attempts, outcome, state, tries, tried_since, resends, resent } =
            serde_json::from_str(&delivery).map_err(bad)?;
        value = Message { attempts, outcome, state, tries, tried_since, resends, resent, ..value };
    }
    Ok(StoredMessage { version: row.try_get("", "version")?, value })
}

fn body(message: &Message) -> Result<String, Error> {
    json(message)
}

fn delivery(message: &Message) -> Result<String, Error> {
    let Message { attempts, outcome, state, tries, tried_since, resends, resent, .. } = message.clone();
    json(&Delivery { attempts, outcome, state, tries, tried_since, resends, resent })
}

fn json(value: &impl Serialize) -> Result<String, Error> {
    serde_json::to_string(value).map_err(|e| Error::Internal(anyhow::Error::new(e).context("message")))
}
