//! What the database knows of files: `receiving` until all is there, `unused` until it is attached, then
//! `kept`; `deleting` until its content is gone.

use std::time::Duration;

use proto::{
    common::v1::ErrorReason,
    refusal::{Violation, words},
};
use sea_orm::{ConnectionTrait, QueryResult};

use super::{FileId, FileInfo, name};
use crate::{
    clock,
    db::{Db, execute, query_one},
    error::Error,
    id::CompanyId,
    unit::Unit,
};

/// Files that one request names.
const MOST_NAMED: usize = 10;

const COLUMNS: &str = "id, display_name, media_type, size_bytes, sha256, recorded_at";

/// A place for a file that is about to come, so that nothing lies in the store that is not known here.
pub(super) async fn insert(c: &impl ConnectionTrait, company: CompanyId, id: FileId) -> Result<(), Error> {
    let values = vec![id.0.into(), company.to_string().into(), clock::to_db(clock::machine_now()).into()];
    execute(c, "insert into file (id, company, state, created_at) values ($1, $2, 'receiving', $3)", values)
        .await?;
    Ok(())
}

/// How many of a company's files nothing is attached to.
pub(super) async fn count_unused(c: &impl ConnectionTrait, company: CompanyId) -> Result<i64, Error> {
    let sql = "select count(*) as n from file where company = $1 and state = 'unused'";
    let row = query_one(c, sql, vec![company.to_string().into()]).await?;
    Ok(row.map_or(Ok(0), |row| row.try_get("", "n"))?)
}

/// How many of a company's files are on their way; one takes at most `time`.
pub(super) async fn count_receiving(
    c: &impl ConnectionTrait,
    company: CompanyId,
    time: Duration,
) -> Result<i64, Error> {
    let sql = "select count(*) as n from file where company = $1 and state = 'receiving' and created_at > $2";
    let values = vec![company.to_string().into(), clock::to_db(clock::machine_now() - time).into()];
    let row = query_one(c, sql, values).await?;
    Ok(row.map_or(Ok(0), |row| row.try_get("", "n"))?)
}

/// All is there. Whether it was not given up meanwhile.
pub(super) async fn set_received(c: &impl ConnectionTrait, file: &FileInfo) -> Result<bool, Error> {
    let sql = "update file set state = 'unused', display_name = $2, media_type = $3, size_bytes = $4, sha256 = $5, \
               recorded_at = $6 where id = $1 and state = 'receiving'";
    let values = vec![
        file.id.0.into(),
        file.display_name.clone().into(),
        file.media_type.clone().into(),
        file.size_bytes.into(),
        file.sha256.clone().into(),
        clock::to_db(file.recorded_at).into(),
    ];
    Ok(execute(c, sql, values).await? == 1)
}

/// What is left of it is for the sweep.
pub(super) async fn set_deleting(db: &Db, id: FileId) -> Result<(), Error> {
    let sql = "update file set state = 'deleting' where id = $1 and state = 'receiving'";
    db.execute(sql, vec![id.0.into()]).await?;
    Ok(())
}

/// A file of the company that is wholly there.
pub(super) async fn find(
    c: &impl ConnectionTrait,
    company: CompanyId,
    id: FileId,
) -> Result<Option<FileInfo>, Error> {
    let sql =
        format!("select {COLUMNS} from file where id = $1 and company = $2 and state in ('unused', 'kept')");
    let row = query_one(c, &sql, vec![id.0.into(), company.to_string().into()]).await?;
    row.as_ref().map(read).transpose()
}

/// Attaches the files that `names` names, in a command's transaction: from now on they are kept.
///
/// # Errors
/// `INVALID_ARGUMENT` for more than 10, or one twice; `NOT_FOUND` for one that this company has not sent.
pub async fn attach(
    unit: &Unit,
    company: CompanyId,
    field: &str,
    names: &[String],
) -> Result<Vec<FileInfo>, Error> {
    if names.len() > MOST_NAMED {
        let allowed = words(format!("at most {MOST_NAMED}"), format!("najwyżej {MOST_NAMED}"));
        return Err(Error::invalid(field, names.len(), allowed));
    }
    let sql = format!(
        "update file set state = 'kept' where id = $1 and company = $2 and state in ('unused', 'kept') \
         returning {COLUMNS}"
    );
    let mut attached: Vec<FileInfo> = Vec::with_capacity(names.len());
    for (i, name) in names.iter().enumerate() {
        let field = format!("{field}[{i}]");
        let (owner, id) = name::parse(&field, name)?;
        if attached.iter().any(|file| file.id == id) {
            return Err(Error::invalid(field, name, words("each file once", "każdy plik raz")));
        }
        let values = vec![id.0.into(), company.to_string().into()];
        let row = if owner == company { query_one(unit.db(), &sql, values).await? } else { None };
        let row = row.ok_or_else(|| {
            let allowed = words("a file that was sent for this company", "plik przesłany dla tej firmy");
            Violation::new(ErrorReason::NotFound).field(field).asked(name).allowed(allowed)
        })?;
        attached.push(read(&row)?);
    }
    Ok(attached)
}

fn read(row: &QueryResult) -> Result<FileInfo, Error> {
    let id: uuid::Uuid = row.try_get("", "id")?;
    Ok(FileInfo {
        id: id.into(),
        display_name: row.try_get("", "display_name")?,
        media_type: row.try_get("", "media_type")?,
        size_bytes: row.try_get("", "size_bytes")?,
        sha256: row.try_get("", "sha256")?,
        recorded_at: clock::from_db(row.try_get("", "recorded_at")?),
    })
}
