//! Resource names of audits, findings and checklists.

use std::fmt;

use platform::{Error, id::CompanyId, name, name::ProjectName};
use proto::refusal::words;
use uuid::Uuid;

use super::model::{AttemptId, FindingId};
use crate::checklist::{AuditKind, Checklist};

const AUDIT: &str = "companies/{company}/projects/{project}/audits/{audit}";
const FINDING: &str = "companies/{company}/projects/{project}/findings/{finding}";
const CHECKLIST: &str = "checklists/audit-1, checklists/audit-2, or one of them with @{version}";

/// An audit or a finding of a project.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartName<Id> {
    pub project: ProjectName,
    pub id: Id,
}

pub type AuditName = PartName<AttemptId>;
pub type FindingName = PartName<FindingId>;

impl AuditName {
    pub fn parse(name: &str) -> Result<Self, Error> {
        let [company, project, id] = name::ids("name", AUDIT, name)?;
        Ok(Self { project: ProjectName { company: company.into(), project: project.into() }, id: id.into() })
    }
}

impl AuditName {
    /// The audit that a field names, which must be of this project.
    pub fn of_project(field: &str, name: &str, project: ProjectName) -> Result<AttemptId, Error> {
        let [company, its_project, id] = name::ids(field, AUDIT, name)?;
        if (company, its_project) == (project.company.0, project.project.0) {
            return Ok(id.into());
        }
        Err(Error::invalid(
            field,
            name,
            words("an audit of the same project", "audyt z tego samego projektu"),
        ))
    }
}

impl fmt::Display for AuditName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/audits/{}", self.project, self.id)
    }
}

impl FindingName {
    pub fn parse(name: &str) -> Result<Self, Error> {
        let [company, project, id] = name::ids("name", FINDING, name)?;
        Ok(Self { project: ProjectName { company: company.into(), project: project.into() }, id: id.into() })
    }
}

impl fmt::Display for FindingName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/findings/{}", self.project, self.id)
    }
}

/// The scope of a list; "-" stands for all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scope {
    pub company: Option<CompanyId>,
    pub project: Option<Uuid>,
}

impl Scope {
    pub fn parse(parent: &str) -> Result<Self, Error> {
        let [company, project] = name::parts("parent", ProjectName::PATTERN, parent)?;
        let part = |part: &str| match part {
            "-" => Ok(None),
            id => id.parse().map(Some).map_err(|_| Error::invalid("parent", parent, ProjectName::PATTERN)),
        };
        Ok(Self { company: part(company)?.map(CompanyId), project: part(project)? })
    }
}

/// `checklists/audit-1@2026-11`
pub fn checklist(list: &Checklist) -> String {
    format!("checklists/audit-{}@{}", u8::from(list.audit), list.version)
}

/// Audit and version; an empty version is the newest.
pub fn parse_checklist(name: &str) -> Result<(AuditKind, &str), Error> {
    let invalid = || Error::invalid("name", name, CHECKLIST);
    let rest = name.strip_prefix("checklists/audit-").ok_or_else(invalid)?;
    let (audit, version) = rest.split_once('@').unwrap_or((rest, ""));
    let audit: u8 = audit.parse().map_err(|_| invalid())?;
    Ok((AuditKind::try_from(audit).map_err(|_| invalid())?, version))
}
