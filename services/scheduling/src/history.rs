//! The history: every change with who and when, people by id only.

use platform::{
    Call, Error, clock,
    db::{Db, query_all},
    id::CompanyId,
    name::{self, ProjectName},
    page::{Page, PageRequest},
};
use proto::scheduling::v1 as pb;
use sea_orm::{QueryResult, Value};
use uuid::Uuid;

use crate::Scheduling;

/// Which lines are read.
#[derive(Clone, Debug)]
pub enum Lines {
    /// What happened to a project.
    Project(ProjectName),
    /// What happened to a company itself: hours, closures, systems, contacts.
    Company(CompanyId),
    /// What somebody did, named as the history names them.
    Actor(CompanyId, String),
}

/// The lines after one of them, the oldest first. Never another company's.
pub async fn read(
    db: &Db,
    lines: &Lines,
    after: Option<Uuid>,
    limit: u64,
) -> Result<Vec<pb::HistoryEntry>, Error> {
    let (company, condition, value) = match lines {
        Lines::Project(project) => (project.company, "project = $2", Some(project.to_string())),
        Lines::Company(company) => (*company, "project is null", None),
        Lines::Actor(company, actor) => (*company, "actor = $2", Some(actor.clone())),
    };
    let mut values: Vec<Value> = vec![company.to_string().into()];
    values.extend(value.map(Value::from));
    let mut sql = format!(
        "select id, kind, actor, request, body, recorded_at from history where company = $1 and {condition}"
    );
    if let Some(after) = after {
        values.push(after.into());
        sql.push_str(&format!(" and id > ${}", values.len()));
    }
    sql.push_str(&format!(" order by id limit {limit}"));
    query_all(db.read(), &sql, values).await?.iter().map(entry).collect()
}

fn entry(row: &QueryResult) -> Result<pb::HistoryEntry, Error> {
    let body: serde_json::Value = row.try_get("", "body")?;
    Ok(pb::HistoryEntry {
        id: row.try_get::<Uuid>("", "id")?.to_string(),
        kind: row.try_get("", "kind")?,
        actor: row.try_get("", "actor")?,
        recorded_at: Some(clock::to_wire(clock::from_db(row.try_get("", "recorded_at")?))),
        body: body.to_string(),
        request: row.try_get::<Option<String>>("", "request")?.unwrap_or_default(),
    })
}

impl Scheduling {
    /// RPC `ListHistory`.
    pub async fn list_history(
        &self,
        call: Call,
        request: pb::ListHistoryRequest,
    ) -> Result<pb::ListHistoryResponse, Error> {
        let project = ProjectName::parse("parent", &request.parent)?;
        let page = PageRequest { size: request.page_size, token: &request.page_token };
        let page =
            self.list_lines(&call, project.company, &request.parent, page, &Lines::Project(project)).await?;
        Ok(pb::ListHistoryResponse { entries: page.items, next_page_token: page.next_page_token })
    }

    /// RPC `ListCompanyHistory`.
    pub async fn list_company_history(
        &self,
        call: Call,
        request: pb::ListCompanyHistoryRequest,
    ) -> Result<pb::ListCompanyHistoryResponse, Error> {
        let company = name::company("parent", &request.parent)?;
        let page = PageRequest { size: request.page_size, token: &request.page_token };
        let page = self.list_lines(&call, company, &request.parent, page, &Lines::Company(company)).await?;
        Ok(pb::ListCompanyHistoryResponse { entries: page.items, next_page_token: page.next_page_token })
    }

    /// One page of the lines of `name`, which is of the company.
    async fn list_lines(
        &self,
        call: &Call,
        company: CompanyId,
        name: &str,
        page: PageRequest<'_>,
        lines: &Lines,
    ) -> Result<Page<pb::HistoryEntry>, Error> {
        self.core.may_read(&call.principal, Some(company), name).await?;
        // Each has at least the line of its beginning.
        if read(&self.core.db, lines, None, 1).await?.is_empty() {
            return Err(Error::not_found(name));
        }
        self.core
            .page_by(
                page,
                &format!("history {name}"),
                async |db, after, limit| read(db, lines, after, limit).await,
                |entry| entry.id.parse().expect("written from a UUID above"),
            )
            .await
    }
}
