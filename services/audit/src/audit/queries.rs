//! The service's functions that read: for SOFTVIG, and for a company's contacts what is their own.

use std::collections::BTreeMap;

use futures::{Stream, StreamExt as _};
use platform::{
    Error,
    auth::{Principal, Role},
    call::Call,
    documents::Stored,
    files::Download,
    id::{CompanyId, ProjectId},
    name::ProjectName,
    page::PageRequest,
    watch::{WatchFilter, WatchRequest, Watched},
};
use proto::audit::v1 as pb;

use super::{
    model::{AttemptId, Dossier, FindingId},
    names::{self, AuditName, FindingName, Scope},
    report,
    store::{self, Part, PartKind, PartQuery},
    view,
};
use crate::{Audits, checklist::view as list_view};

const SOFTVIG: [Role; 3] = [Role::Crm, Role::Operator, Role::Auditor];

impl Audits {
    /// An audit with its facts and items.
    pub async fn get_audit(&self, call: Call, request: pb::GetAuditRequest) -> Result<pb::Audit, Error> {
        self.may_read(&call.principal, AuditName::parse(&request.name)?.project.company, &request.name)
            .await?;
        self.read_audit(&request.name).await
    }

    pub(super) async fn read_audit(&self, name: &str) -> Result<pb::Audit, Error> {
        let AuditName { project, id } = AuditName::parse(name)?;
        let stored = self.dossier(project, name).await?;
        view::audit(&stored.value, id, self.core.clock.now()).map_err(|_| Error::not_found(name))
    }

    /// A finding with its steps.
    pub async fn get_finding(
        &self,
        call: Call,
        request: pb::GetFindingRequest,
    ) -> Result<pb::Finding, Error> {
        self.may_read(&call.principal, FindingName::parse(&request.name)?.project.company, &request.name)
            .await?;
        self.read_finding(&request.name).await
    }

    pub(super) async fn read_finding(&self, name: &str) -> Result<pb::Finding, Error> {
        let FindingName { project, id } = FindingName::parse(name)?;
        let stored = self.dossier(project, name).await?;
        let finding = stored.value.finding(id).map_err(|_| Error::not_found(name))?;
        Ok(view::finding(&stored.value, finding))
    }

    /// RPC `CompareAudits`.
    pub async fn compare_audits(
        &self,
        call: Call,
        request: pb::CompareAuditsRequest,
    ) -> Result<pb::AuditComparison, Error> {
        let AuditName { project, id } = AuditName::parse(&request.name)?;
        self.may_read(&call.principal, project.company, &request.name).await?;
        let base = match request.base.as_str() {
            "" => None,
            base => Some(AuditName::of_project("base", base, project)?),
        };
        let dossier = self.dossier(project, &request.name).await?.value;
        let later = dossier.attempt(id)?;
        Ok(view::comparison(&dossier, dossier.base_of(id, base)?, later, self.core.clock.now()))
    }

    /// RPC `DownloadFile`.
    pub async fn download_file(
        &self,
        call: Call,
        request: pb::DownloadFileRequest,
    ) -> Result<Download, Error> {
        self.files.download(&self.core, &call, &request.name).await
    }

    /// RPC `GetAuditReport`.
    pub async fn get_audit_report(
        &self,
        call: Call,
        request: pb::GetAuditReportRequest,
    ) -> Result<pb::AuditReport, Error> {
        let AuditName { project, id } = AuditName::parse(&request.name)?;
        self.may_read(&call.principal, project.company, &request.name).await?;
        let dossier = self.dossier(project, &request.name).await?.value;
        let company = store::company(self.core.db.read(), project.company).await?.unwrap_or_default();
        report::report(&dossier, id, company, self.core.clock.now())
            .map_err(|_| Error::not_found(&request.name))
    }

    /// Audits in the order in which they were opened.
    pub async fn list_audits(
        &self,
        call: Call,
        request: pb::ListAuditsRequest,
    ) -> Result<pb::ListAuditsResponse, Error> {
        let label = match pb::AuditState::try_from(request.state) {
            Ok(pb::AuditState::Unspecified) => None,
            Ok(pb::AuditState::Open) => Some("open"),
            Ok(pb::AuditState::Passed) => Some("passed"),
            Ok(pb::AuditState::Failed) => Some("failed"),
            Ok(pb::AuditState::Voided) => Some("voided"),
            Err(_) => return Err(Error::unknown_state(request.state)),
        };
        let page = PageRequest { size: request.page_size, token: &request.page_token };
        let listed =
            self.list(&call, PartKind::Audit, &request.parent, label, &request.auditor, page).await?;
        let now = self.core.clock.now();
        let audit = |(part, dossier): (Part, &Dossier)| {
            let attempt = dossier.attempt(AttemptId(part.id))?;
            Ok(view::audit_summary(dossier, attempt, now))
        };
        Ok(pb::ListAuditsResponse {
            audits: listed.each(audit)?,
            next_page_token: listed.next_page_token,
            watch_token: listed.watch_token,
        })
    }

    /// Findings in the order in which they were opened.
    pub async fn list_findings(
        &self,
        call: Call,
        request: pb::ListFindingsRequest,
    ) -> Result<pb::ListFindingsResponse, Error> {
        let label = match pb::FindingState::try_from(request.state) {
            Ok(pb::FindingState::Unspecified) => None,
            Ok(pb::FindingState::Open) => Some("open"),
            Ok(pb::FindingState::Answered) => Some("answered"),
            Ok(pb::FindingState::Verified) => Some("verified"),
            Ok(pb::FindingState::Rejected) => Some("rejected"),
            Err(_) => return Err(Error::unknown_state(request.state)),
        };
        let page = PageRequest { size: request.page_size, token: &request.page_token };
        let listed = self.list(&call, PartKind::Finding, &request.parent, label, "", page).await?;
        let finding = |(part, dossier): (Part, &Dossier)| {
            Ok(view::finding(dossier, dossier.finding(FindingId(part.id))?))
        };
        Ok(pb::ListFindingsResponse {
            findings: listed.each(finding)?,
            next_page_token: listed.next_page_token,
            watch_token: listed.watch_token,
        })
    }

    /// A checklist, as loaded from its file.
    pub async fn get_checklist(
        &self,
        _: Call,
        request: pb::GetChecklistRequest,
    ) -> Result<pb::Checklist, Error> {
        let (audit, version) = names::parse_checklist(&request.name)?;
        let list = self.checklists.get(audit, version).ok_or_else(|| Error::not_found(&request.name))?;
        Ok(list_view::checklist(list))
    }

    /// The public events, resumable.
    pub async fn watch_events(
        &self,
        call: Call,
        request: pb::WatchEventsRequest,
    ) -> Result<impl Stream<Item = Result<pb::WatchEventsResponse, Error>> + Send + 'static + use<>, Error>
    {
        let pb::WatchEventsRequest { company, project, resume_token } = &request;
        let watch = WatchRequest { company, project, resume_token };
        let watched = self.core.watch_events(&call.principal, &SOFTVIG, watch).await?;
        Ok(watched.map(|item| item.map(response)))
    }

    async fn list(
        &self,
        call: &Call,
        kind: PartKind,
        parent: &str,
        label: Option<&'static str>,
        auditor: &str,
        page: PageRequest<'_>,
    ) -> Result<Listed, Error> {
        let Scope { company, project } = Scope::parse(parent)?;
        match company {
            Some(company) => self.may_read(&call.principal, company, parent).await?,
            None => call.principal.require(&SOFTVIG)?,
        }
        let query = PartQuery { kind, company, project, label, auditor: auditor.to_owned() };
        let binding = format!("{query:?} {:?}", call.principal.company);
        // Taken before the rows are read: what changes in between is seen twice rather than never.
        let watch_token = match call.principal.is_softvig() {
            true => self.core.watch_token(&watch_filter(company, project)).await?,
            false => String::new(),
        };
        let page = self
            .core
            .page_by(
                page,
                &binding,
                async |db, after, limit| store::parts(db.read(), &query, after, limit).await,
                |part: &Part| part.id,
            )
            .await?;
        let projects: BTreeMap<_, _> =
            page.items.iter().map(|part| (part.project.project, part.project)).collect();
        let mut dossiers = BTreeMap::new();
        for (id, project) in projects {
            dossiers.insert(id, self.dossier(project, parent).await?.value);
        }
        Ok(Listed { parts: page.items, dossiers, next_page_token: page.next_page_token, watch_token })
    }

    /// A contact reads its own company's things while it takes part.
    async fn may_read(&self, principal: &Principal, company: CompanyId, name: &str) -> Result<(), Error> {
        principal.sees(company, name)?;
        self.core.actor(principal).await.map(drop)
    }

    async fn dossier(&self, project: ProjectName, name: &str) -> Result<Stored<Dossier>, Error> {
        store::find(self.core.db.read(), project).await?.ok_or_else(|| Error::not_found(name))
    }
}

/// A page of audits or findings with the dossiers that they lie in.
struct Listed {
    parts: Vec<Part>,
    dossiers: BTreeMap<ProjectId, Dossier>,
    next_page_token: String,
    watch_token: String,
}

impl Listed {
    fn each<T>(&self, view: impl Fn((Part, &Dossier)) -> Result<T, Error>) -> Result<Vec<T>, Error> {
        self.parts.iter().map(|part| view((*part, &self.dossiers[&part.project.project]))).collect()
    }
}

/// What a list covers is what its token watches.
fn watch_filter(company: Option<CompanyId>, project: Option<uuid::Uuid>) -> WatchFilter {
    let project =
        company.zip(project).map(|(company, project)| ProjectName { company, project: project.into() });
    WatchFilter { company, project: project.map(|name| name.to_string()) }
}

fn response(item: Watched) -> pb::WatchEventsResponse {
    match item {
        Watched::Bookmark { token } => pb::WatchEventsResponse { event: None, resume_token: token },
        Watched::Event { message, token } => {
            let event = message.event_or(|event_id, company| pb::AuditEvent {
                event_id,
                company,
                ..Default::default()
            });
            pb::WatchEventsResponse { event: Some(event), resume_token: token }
        }
    }
}
