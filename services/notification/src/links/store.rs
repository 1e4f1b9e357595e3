//! Links in the database. Of a link's secret only the digest is there.

use jiff::Timestamp;
use platform::{
    Error,
    clock::{from_db, to_db},
    db::{execute, query_all, query_one},
    id::{CompanyId, ContactId},
    secret::Secret,
};
use sea_orm::{ConnectionTrait, QueryResult, Value};
use uuid::Uuid;

use super::{CalendarLink, Holder, LinkId};

const COLUMNS: &str = "id, company, holder, created_at";

/// Keeps a link; the one that its holder had for the same dates is dead from now on.
pub async fn replace(c: &impl ConnectionTrait, link: &CalendarLink, secret: &Secret) -> Result<(), Error> {
    let (company, holder) = (column(link.company), link.holder.to_string());
    let sql = "delete from calendar_link where company = $1 and holder = $2";
    execute(c, sql, vec![company.clone().into(), holder.clone().into()]).await?;
    let sql =
        "insert into calendar_link (id, company, holder, digest, created_at) values ($1, $2, $3, $4, $5)";
    let values = vec![
        link.id.0.into(),
        company.into(),
        holder.into(),
        secret.digest().into(),
        to_db(link.created_at).into(),
    ];
    execute(c, sql, values).await?;
    Ok(())
}

/// The link with this id, if it shows those dates.
pub async fn find(
    c: &impl ConnectionTrait,
    company: Option<CompanyId>,
    id: LinkId,
) -> Result<Option<CalendarLink>, Error> {
    let sql = format!("select {COLUMNS} from calendar_link where company = $1 and id = $2");
    one(c, &sql, vec![column(company).into(), id.0.into()]).await
}

/// The link with this secret.
pub async fn find_by(c: &impl ConnectionTrait, secret: &Secret) -> Result<Option<CalendarLink>, Error> {
    let sql = format!("select {COLUMNS} from calendar_link where digest = $1");
    one(c, &sql, vec![secret.digest().into()]).await
}

/// A company's links, or those of all and for all, in the order in which they were made; of one holder, if one is
/// given.
pub async fn list(
    c: &impl ConnectionTrait,
    company: Option<CompanyId>,
    holder: Option<&Holder>,
    after: Option<Uuid>,
    limit: u64,
) -> Result<Vec<CalendarLink>, Error> {
    let mut values: Vec<Value> = vec![after.unwrap_or(Uuid::nil()).into()];
    let mut sql = format!("select {COLUMNS} from calendar_link where id > $1");
    let company = company.map(|id| ("company", id.to_string()));
    for (name, value) in company.into_iter().chain(holder.map(|holder| ("holder", holder.to_string()))) {
        values.push(value.into());
        sql.push_str(&format!(" and {name} = ${}", values.len()));
    }
    sql.push_str(&format!(" order by id limit {limit}"));
    query_all(c, &sql, values).await?.iter().map(read).collect()
}

/// The link is dead from now on.
pub async fn delete(c: &impl ConnectionTrait, id: LinkId) -> Result<(), Error> {
    execute(c, "delete from calendar_link where id = $1", vec![id.0.into()]).await?;
    Ok(())
}

/// So are the links of a contact who takes part no more.
pub async fn delete_of(
    c: &impl ConnectionTrait,
    company: CompanyId,
    contact: ContactId,
) -> Result<(), Error> {
    let sql = "delete from calendar_link where company = $1 and holder = $2";
    execute(c, sql, vec![company.to_string().into(), contact.to_string().into()]).await?;
    Ok(())
}

async fn one(c: &impl ConnectionTrait, sql: &str, values: Vec<Value>) -> Result<Option<CalendarLink>, Error> {
    query_one(c, sql, values).await?.as_ref().map(read).transpose()
}

fn read(row: &QueryResult) -> Result<CalendarLink, Error> {
    let company: String = row.try_get("", "company")?;
    let holder: String = row.try_get("", "holder")?;
    let created_at: Timestamp = from_db(row.try_get("", "created_at")?);
    let id = |text: &str| text.parse::<Uuid>().map_err(anyhow::Error::from);
    Ok(CalendarLink {
        id: LinkId(row.try_get("", "id")?),
        company: if company == "-" { None } else { Some(CompanyId(id(&company)?)) },
        holder: match holder.strip_prefix("softvig ") {
            Some(subject) => Holder::Softvig(subject.to_owned()),
            None => Holder::Contact(ContactId(id(&holder)?)),
        },
        created_at,
    })
}

fn column(company: Option<CompanyId>) -> String {
    company.map_or_else(|| "-".to_owned(), |id| id.to_string())
}
