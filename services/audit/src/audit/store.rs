//! Dossiers in the database, and the rows that lists of audits and findings go through.

use std::collections::BTreeMap;

use platform::{
    Error,
    db::{execute, query_all, query_one},
    documents::{self, Document, Stored},
    id::CompanyId,
    name::ProjectName,
};
use sea_orm::ConnectionTrait;
use uuid::Uuid;

use super::model::{AttemptState, Dossier, FindingState};
use crate::schema;

impl Document for Dossier {
    const TABLE: &'static str = schema::DOSSIER;

    fn label(&self) -> String {
        if self.closed.is_some() { "closed" } else { "open" }.to_owned()
    }
}

/// What a list row stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PartKind {
    Audit,
    Finding,
}

impl PartKind {
    fn name(self) -> &'static str {
        match self {
            Self::Audit => "audit",
            Self::Finding => "finding",
        }
    }
}

/// An audit or a finding, and where it lies.
#[derive(Clone, Copy, Debug)]
pub struct Part {
    pub id: Uuid,
    pub project: ProjectName,
}

/// Which audits or findings a list shows.
#[derive(Clone, Debug)]
pub struct PartQuery {
    pub kind: PartKind,
    pub company: Option<CompanyId>,
    pub project: Option<Uuid>,
    pub label: Option<&'static str>,
    /// Of audits: who carries them out; empty for all.
    pub auditor: String,
}

/// The dossier of a project, if the company has it.
pub async fn find(c: &impl ConnectionTrait, project: ProjectName) -> Result<Option<Stored<Dossier>>, Error> {
    documents::find(c, project.company, project.project.0).await
}

/// Records what a company is called.
pub async fn put_company(c: &impl ConnectionTrait, company: CompanyId, name: &str) -> Result<(), Error> {
    execute(
        c,
        "insert into company (company, display_name) values ($1, $2) \
         on conflict (company) do update set display_name = excluded.display_name",
        vec![company.to_string().into(), name.into()],
    )
    .await?;
    Ok(())
}

/// What a company is called; nothing before scheduling has told it.
pub async fn company(c: &impl ConnectionTrait, company: CompanyId) -> Result<Option<String>, Error> {
    let sql = "select display_name from company where company = $1";
    let row = query_one(c, sql, vec![company.to_string().into()]).await?;
    Ok(row.map(|row| row.try_get("", "display_name")).transpose()?)
}

/// A project that audits have not heard of.
pub async fn insert(c: &impl ConnectionTrait, dossier: &Dossier) -> Result<(), Error> {
    documents::insert(c, dossier.company, dossier.project.0, dossier).await?;
    save_parts(c, dossier, &BTreeMap::new()).await
}

/// Replaces what was read as `before`; refused as a conflict after a lost race.
pub async fn save(c: &impl ConnectionTrait, stored: &Stored<Dossier>, before: &Dossier) -> Result<(), Error> {
    documents::save(c, stored).await?;
    save_parts(c, &stored.value, &labels(before)).await
}

/// What lists filter by: the label, and who carries an audit out.
type Labels<'a> = BTreeMap<(PartKind, Uuid), (&'static str, Option<&'a str>)>;

fn labels(dossier: &Dossier) -> Labels<'_> {
    let audits = dossier.attempts.iter().map(|a| {
        let auditor = a.assignments.last().map(|last| last.auditor.as_str());
        ((PartKind::Audit, a.id.0), (audit_label(&a.state), auditor))
    });
    let findings =
        dossier.findings.iter().map(|f| ((PartKind::Finding, f.id.0), (finding_label(f.state), None)));
    audits.chain(findings).collect()
}

async fn save_parts(c: &impl ConnectionTrait, dossier: &Dossier, before: &Labels<'_>) -> Result<(), Error> {
    for ((kind, id), (label, auditor)) in labels(dossier) {
        if before.get(&(kind, id)) == Some(&(label, auditor)) {
            continue;
        }
        execute(
            c,
            "insert into part (kind, id, company, project, label, auditor) values ($1, $2, $3, $4, $5, $6) \
             on conflict (kind, id) do update set label = excluded.label, auditor = excluded.auditor",
            vec![
                kind.name().into(),
                id.into(),
                dossier.company.to_string().into(),
                dossier.project.0.into(),
                label.into(),
                auditor.into(),
            ],
        )
        .await?;
    }
    Ok(())
}

/// At most `limit` parts above `after`, by id, which is by time of making.
pub async fn parts(
    c: &impl ConnectionTrait,
    query: &PartQuery,
    after: Option<Uuid>,
    limit: u64,
) -> Result<Vec<Part>, Error> {
    let mut sql = "select id, company, project from part where kind = $1".to_owned();
    let mut values: Vec<sea_orm::Value> = vec![query.kind.name().into()];
    let mut add = |condition: &str, value: sea_orm::Value| {
        values.push(value);
        sql.push_str(&format!(" and {condition} ${}", values.len()));
    };
    if let Some(company) = query.company {
        add("company =", company.to_string().into());
    }
    if let Some(project) = query.project {
        add("project =", project.into());
    }
    if let Some(label) = query.label {
        add("label =", label.into());
    }
    if !query.auditor.is_empty() {
        add("auditor =", query.auditor.as_str().into());
    }
    if let Some(after) = after {
        add("id >", after.into());
    }
    sql.push_str(&format!(" order by id limit {limit}"));
    let mut parts = Vec::new();
    for row in query_all(c, &sql, values).await? {
        let company: String = row.try_get("", "company")?;
        let company: CompanyId = company.parse().map_err(anyhow::Error::new)?;
        let project: Uuid = row.try_get("", "project")?;
        parts.push(Part {
            id: row.try_get("", "id")?,
            project: ProjectName { company, project: project.into() },
        });
    }
    Ok(parts)
}

/// The word that lists of audits filter by.
pub fn audit_label(state: &AttemptState) -> &'static str {
    match state {
        AttemptState::Open => "open",
        AttemptState::Concluded(conclusion) if conclusion.passed => "passed",
        AttemptState::Concluded(_) => "failed",
        AttemptState::Voided { .. } => "voided",
    }
}

/// The word that lists of findings filter by.
pub fn finding_label(state: FindingState) -> &'static str {
    match state {
        FindingState::Open => "open",
        FindingState::Answered => "answered",
        FindingState::Verified => "verified",
        FindingState::Rejected => "rejected",
    }
}
