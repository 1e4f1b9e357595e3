//! Messages in the database. Rows change by compare-and-set on `version`.

use jiff::Timestamp;
use platform::{
    Error,
    clock::to_db,
    db::{execute, query_all, query_one},
    id::{CompanyId, ContactId, ProjectId},
};
use sea_orm::{ConnectionTrait, DbErr, QueryResult, Value};
use uuid::Uuid;

use super::{Message, MessageId, Recipient};

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
    for message in messages {
        let mentions: Vec<String> = message.mentions.iter().map(ContactId::to_string).collect();
        let values: Vec<Value> = vec![
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
            body(message)?.into(),
        ];
        execute(
            c,
            "insert into message (id, company, project, event_id, recipient, kind, part, mentions, label, due_at, version, body) \
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 1, $11) \
             on conflict (event_id, recipient, kind, part) do nothing",
            values,
        )
        .await?;
    }
    Ok(())
}

/// The message, if the company has it.
pub async fn find(
    c: &impl ConnectionTrait,
    company: CompanyId,
    id: MessageId,
) -> Result<Option<StoredMessage>, Error> {
    let sql = "select version, body from message where company = $1 and id = $2";
    let row = query_one(c, sql, vec![company.to_string().into(), id.0.into()]).await?;
    row.as_ref().map(read).transpose()
}

/// Replaces the message that was read. Refused as a conflict if somebody else did so in between.
pub async fn save(c: &impl ConnectionTrait, stored: &StoredMessage) -> Result<(), Error> {
    let message = &stored.value;
    let values: Vec<Value> = vec![
        message.label().into(),
        message.due_at().map(to_db).into(),
        body(message)?.into(),
        message.id.0.into(),
        stored.version.into(),
    ];
    let sql = "update message set label = $1, due_at = $2, body = $3, version = version + 1 where id = $4 and version = $5";
    match execute(c, sql, values).await? {
        1 => Ok(()),
        _ => Err(Error::lost_race()),
    }
}

/// What is due, of all companies, oldest first: the sender's work. Not what would overtake a message to the same
/// recipient that somebody is sending.
pub async fn due(
    c: &impl ConnectionTrait,
    machine_now: Timestamp,
    limit: u64,
) -> Result<Vec<StoredMessage>, Error> {
    let sql = format!(
        "select version, body from message where due_at <= $1 and not exists (select 1 from message as held \
         where held.company = message.company and held.recipient = message.recipient and held.id < message.id \
         and held.label = 'sending' and held.due_at > $1) order by due_at, id limit {limit}"
    );
    query_all(c, &sql, vec![to_db(machine_now).into()]).await?.iter().map(read).collect()
}

/// How many are due.
pub async fn count_due(c: &impl ConnectionTrait, machine_now: Timestamp) -> Result<i64, Error> {
    count(c, "due_at <= $1", machine_now).await
}

/// How many are due or leased.
pub async fn count_pending(c: &impl ConnectionTrait, machine_now: Timestamp) -> Result<i64, Error> {
    count(c, "due_at <= $1 or due_at is not null and label = 'sending'", machine_now).await
}

async fn count(c: &impl ConnectionTrait, which: &str, machine_now: Timestamp) -> Result<i64, Error> {
    let sql = format!("select count(*) as n from message where {which}");
    let row = query_one(c, &sql, vec![to_db(machine_now).into()]).await?;
    row.map_or(Ok(0), |row| row.try_get("", "n").map_err(Error::from))
}

/// Messages to a contact or naming it.
pub async fn concerning(
    c: &impl ConnectionTrait,
    company: CompanyId,
    contact: ContactId,
) -> Result<Vec<StoredMessage>, Error> {
    let sql = "select version, body from message where company = $1 and (recipient = $2 or mentions like $3)";
    let values = vec![company.to_string().into(), contact.to_string().into(), format!("%{contact}%").into()];
    query_all(c, sql, values).await?.iter().map(read).collect()
}

/// A page of messages, newest first, behind `after`.
pub async fn list(
    c: &impl ConnectionTrait,
    query: &MessageQuery,
    after: Option<Uuid>,
    limit: u64,
) -> Result<Vec<Message>, Error> {
    let mut sql = "select version, body from message where company = $1".to_owned();
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

fn read(row: &QueryResult) -> Result<StoredMessage, Error> {
    let body: serde_json::Value = row.try_get("", "body")?;
    let value = serde_json::from_value(body).map_err(|e| DbErr::Json(format!("message: {e}")))?;
    Ok(StoredMessage { version: row.try_get("", "version")?, value })
}

fn body(message: &Message) -> Result<serde_json::Value, Error> {
    serde_json::to_value(message).map_err(|e| Error::Internal(anyhow::Error::new(e).context("message")))
}
