//! The commands, one function each: read the request, load, let the model judge, keep what came of it.

use jiff::civil::Date;
use platform::{
    Call, Error,
    actor::Actor,
    auth::Role,
    clock,
    command::Started,
    documents::Stored,
    etag,
    files::{self, FileInfo, Upload},
    name::ProjectName,
    unit::Unit,
};
use proto::{audit::v1 as pb, common::v1 as common, refusal::words};

use super::{
    events,
    model::{AttemptId, Collected, Dossier, Event, FindingId, Measurement, Origin, Said, Terms},
    names::{AuditName, FindingName},
    store, view,
};
use crate::{Audits, checklist::Value, figures};

/// SOFTVIG's people who carry audits out, and the CRM that records for them.
const AUDITORS: [Role; 3] = [Role::Auditor, Role::Operator, Role::Crm];
/// Who may send what a program measured on the company's machines.
const COLLECTORS: [Role; 4] = [Role::Technical, Role::Auditor, Role::Operator, Role::Crm];
const CONTACTS: [Role; 2] = [Role::Technical, Role::Decision];

/// A command under way: its transaction, who acts, and the dossier before and now.
struct Change {
    unit: Unit,
    actor: Actor,
    resource: String,
    before: Dossier,
    dossier: Stored<Dossier>,
}

impl Change {
    /// The files that a request's `files` names; with this command they are attached.
    async fn files(&self, names: &[String]) -> Result<Vec<FileInfo>, Error> {
        files::attach(&self.unit, self.dossier.company, "files", names).await
    }
}

impl Audits {
    /// RPC `RecordValues`.
    pub async fn record_values(
        &self,
        call: Call,
        request: pb::RecordValuesRequest,
    ) -> Result<pb::Audit, Error> {
        let values = measurements(&request.values)?;
        let (id, change) = self.begin_audit(&call, &request.name, &AUDITORS).await?;
        let Some(mut change) = change else { return self.read_audit(&request.name).await };
        let happened = change.dossier.value.record(id, values, change.actor.clone(), change.unit.now())?;
        self.finish_audit(change, id, happened).await
    }

    /// RPC `ImportValues`.
    pub async fn import_values(
        &self,
        call: Call,
        request: pb::ImportValuesRequest,
    ) -> Result<pb::Audit, Error> {
        let pb::Origin { collector, version, host } = request.origin.unwrap_or_default();
        let collected = Collected {
            origin: Origin { collector, version, host },
            at: clock::from_request("collected_at", request.collected_at.as_ref())?,
            values: measurements(&request.values)?,
        };
        let (id, change) = self.begin_audit(&call, &request.name, &COLLECTORS).await?;
        let Some(mut change) = change else { return self.read_audit(&request.name).await };
        let happened = change.dossier.value.import(id, collected, change.actor.clone(), change.unit.now())?;
        self.finish_audit(change, id, happened).await
    }

    /// RPC `AssignAudit`.
    pub async fn assign_audit(
        &self,
        call: Call,
        request: pb::AssignAuditRequest,
    ) -> Result<pb::Audit, Error> {
        let (id, change) = self.begin_audit(&call, &request.name, &AUDITORS).await?;
        let Some(mut change) = change else { return self.read_audit(&request.name).await };
        let (actor, now) = (change.actor.clone(), change.unit.now());
        let happened = change.dossier.value.assign(id, &request.auditor, request.note, actor, now)?;
        self.finish_audit(change, id, happened).await
    }

    /// RPC `PauseAudit`.
    pub async fn pause_audit(&self, call: Call, request: pb::PauseAuditRequest) -> Result<pb::Audit, Error> {
        let (id, change) = self.begin_audit(&call, &request.name, &AUDITORS).await?;
        let Some(mut change) = change else { return self.read_audit(&request.name).await };
        let (actor, now) = (change.actor.clone(), change.unit.now());
        let happened = change.dossier.value.pause(id, request.reason, actor, now)?;
        self.finish_audit(change, id, happened).await
    }

    /// RPC `ResumeAudit`.
    pub async fn resume_audit(
        &self,
        call: Call,
        request: pb::ResumeAuditRequest,
    ) -> Result<pb::Audit, Error> {
        let (id, change) = self.begin_audit(&call, &request.name, &AUDITORS).await?;
        let Some(mut change) = change else { return self.read_audit(&request.name).await };
        let (actor, now) = (change.actor.clone(), change.unit.now());
        let happened = change.dossier.value.resume(id, actor, now)?;
        self.finish_audit(change, id, happened).await
    }

    /// RPC `UploadFile`.
    pub async fn upload_file(
        &self,
        call: Call,
        request: pb::UploadFileRequest,
    ) -> Result<common::File, Error> {
        let pb::UploadFileRequest { parent, display_name, sha256, .. } = &request;
        self.files.upload(&self.core, &call, Upload { parent, display_name, sha256 }).await
    }

    /// RPC `AttachFiles`.
    pub async fn attach_files(
        &self,
        call: Call,
        request: pb::AttachFilesRequest,
    ) -> Result<pb::Audit, Error> {
        let (id, change) = self.begin_audit(&call, &request.name, &COLLECTORS).await?;
        let Some(mut change) = change else { return self.read_audit(&request.name).await };
        let files = change.files(&request.files).await?;
        let pb::AttachFilesRequest { item, note, .. } = request;
        let (actor, now) = (change.actor.clone(), change.unit.now());
        let happened = change.dossier.value.attach(id, &item, files, note, &actor, now)?;
        self.finish_audit(change, id, happened).await
    }

    /// RPC `DetachFile`.
    pub async fn detach_file(&self, call: Call, request: pb::DetachFileRequest) -> Result<pb::Audit, Error> {
        let (company, file) = files::parse("file", &request.file)?;
        let (id, change) = self.begin_audit(&call, &request.name, &COLLECTORS).await?;
        let Some(mut change) = change else { return self.read_audit(&request.name).await };
        if company != change.dossier.company {
            return Err(Error::not_found(&request.file));
        }
        let pb::DetachFileRequest { item, reason, .. } = request;
        let happened = change.dossier.value.detach(id, &item, file, reason, &change.actor)?;
        self.finish_audit(change, id, happened).await
    }

    /// RPC `WaiveItem`.
    pub async fn waive_item(&self, call: Call, request: pb::WaiveItemRequest) -> Result<pb::Audit, Error> {
        let until = day("until", &request.until)?;
        let terms = Terms { approver: request.approver, reason: request.reason, until };
        let (id, change) = self.begin_audit(&call, &request.name, &AUDITORS).await?;
        let Some(mut change) = change else { return self.read_audit(&request.name).await };
        let (actor, now) = (change.actor.clone(), change.unit.now());
        let files = change.files(&request.files).await?;
        let happened = change.dossier.value.waive(id, &request.item, terms, files, actor, now)?;
        self.finish_audit(change, id, happened).await
    }

    /// RPC `OverrideLimit`.
    pub async fn override_limit(
        &self,
        call: Call,
        request: pb::OverrideLimitRequest,
    ) -> Result<pb::Audit, Error> {
        let until = day("until", &request.until)?;
        let terms = Terms { approver: request.approver, reason: request.reason, until };
        let (id, change) = self.begin_audit(&call, &request.name, &[Role::Operator]).await?;
        let Some(mut change) = change else { return self.read_audit(&request.name).await };
        let (actor, now) = (change.actor.clone(), change.unit.now());
        let dossier = &mut change.dossier.value;
        let happened = dossier.override_limit(id, &request.item, request.limits, terms, actor, now)?;
        self.finish_audit(change, id, happened).await
    }

    /// RPC `ConcludeAudit`.
    pub async fn conclude_audit(
        &self,
        call: Call,
        request: pb::ConcludeAuditRequest,
    ) -> Result<pb::Audit, Error> {
        let at = clock::from_request("occurred_at", request.occurred_at.as_ref())?;
        let (id, change) = self.begin_audit(&call, &request.name, &AUDITORS).await?;
        let Some(mut change) = change else { return self.read_audit(&request.name).await };
        let (actor, now) = (change.actor.clone(), change.unit.now());
        let happened = change.dossier.value.conclude(id, at, actor, now, &mut FindingId::new)?;
        let audit = self.finish_audit(change, id, happened).await?;
        figures::concluded(&audit);
        Ok(audit)
    }

    /// RPC `AnswerFinding`.
    pub async fn answer_finding(
        &self,
        call: Call,
        request: pb::AnswerFindingRequest,
    ) -> Result<pb::Finding, Error> {
        let (id, change) = self.begin_finding(&call, &request.name, &CONTACTS).await?;
        let Some(mut change) = change else { return self.read_finding(&request.name).await };
        let said = Said { text: request.answer, files: change.files(&request.files).await? };
        let happened = change.dossier.value.answer(id, said, &change.actor, change.unit.now())?;
        self.finish_finding(change, id, happened).await
    }

    /// RPC `VerifyFinding`.
    pub async fn verify_finding(
        &self,
        call: Call,
        request: pb::VerifyFindingRequest,
    ) -> Result<pb::Finding, Error> {
        let (id, change) = self.begin_finding(&call, &request.name, &AUDITORS).await?;
        let Some(mut change) = change else { return self.read_finding(&request.name).await };
        let said = Said { text: request.note, files: change.files(&request.files).await? };
        let happened = change.dossier.value.verify(id, said, &change.actor, change.unit.now())?;
        self.finish_finding(change, id, happened).await
    }

    /// RPC `RejectFinding`.
    pub async fn reject_finding(
        &self,
        call: Call,
        request: pb::RejectFindingRequest,
    ) -> Result<pb::Finding, Error> {
        let (id, change) = self.begin_finding(&call, &request.name, &AUDITORS).await?;
        let Some(mut change) = change else { return self.read_finding(&request.name).await };
        let said = Said { text: request.reason, files: change.files(&request.files).await? };
        let happened = change.dossier.value.reject(id, said, &change.actor, change.unit.now())?;
        self.finish_finding(change, id, happened).await
    }

    /// Begins a command on an audit; no change where the same request was carried out before.
    async fn begin_audit(
        &self,
        call: &Call,
        name: &str,
        roles: &[Role],
    ) -> Result<(AttemptId, Option<Change>), Error> {
        let AuditName { project, id } = AuditName::parse(name)?;
        let change = self.begin(call, project, name, roles).await?;
        if let Some(change) = &change {
            etag::check(call.etag.as_deref(), &view::audit_part(&change.dossier.value, id)?)?;
        }
        Ok((id, change))
    }

    async fn begin_finding(
        &self,
        call: &Call,
        name: &str,
        roles: &[Role],
    ) -> Result<(FindingId, Option<Change>), Error> {
        let FindingName { project, id } = FindingName::parse(name)?;
        let change = self.begin(call, project, name, roles).await?;
        if let Some(change) = &change {
            etag::check(call.etag.as_deref(), &view::finding_part(&change.dossier.value, id)?)?;
        }
        Ok((id, change))
    }

    async fn begin(
        &self,
        call: &Call,
        project: ProjectName,
        resource: &str,
        roles: &[Role],
    ) -> Result<Option<Change>, Error> {
        call.principal.sees(project.company, resource)?;
        call.principal.require(roles)?;
        let Started::Fresh(unit, actor) = self.core.start(call, project.company.into()).await? else {
            return Ok(None);
        };
        actor.require(roles)?;
        let dossier = store::find(unit.db(), project).await?.ok_or_else(|| Error::not_found(resource))?;
        let before = dossier.value.clone();
        Ok(Some(Change { unit, actor, resource: resource.to_owned(), before, dossier }))
    }

    async fn finish_audit(
        &self,
        change: Change,
        id: AttemptId,
        happened: Vec<Event>,
    ) -> Result<pb::Audit, Error> {
        let audit = view::audit(&change.dossier.value, id, change.unit.now())?;
        self.finish(change, happened).await?;
        Ok(audit)
    }

    async fn finish_finding(
        &self,
        change: Change,
        id: FindingId,
        happened: Vec<Event>,
    ) -> Result<pb::Finding, Error> {
        let dossier = &change.dossier.value;
        let finding = view::finding(dossier, dossier.finding(id)?);
        self.finish(change, happened).await?;
        Ok(finding)
    }

    async fn finish(&self, change: Change, happened: Vec<Event>) -> Result<(), Error> {
        let Change { mut unit, actor, resource, before, dossier } = change;
        events::tell(&mut unit, &dossier.value, &actor, &happened)?;
        store::save(unit.db(), &dossier, &before).await?;
        unit.commit(&resource).await
    }
}

pub(super) fn measurements(values: &[pb::MeasuredValue]) -> Result<Vec<Measurement>, Error> {
    use pb::measured_value::Value as Wire;
    let measurement = |(i, sent): (usize, &pb::MeasuredValue)| {
        let field = |name: &str| format!("values[{i}].{name}");
        let value = match &sent.value {
            None => {
                let allowed = words("a value of the item's kind", "wartość rodzaju właściwego dla punktu");
                return Err(Error::invalid(field("value"), words("none", "brak"), allowed));
            }
            Some(Wire::BoolValue(v)) => Value::Bool(*v),
            Some(Wire::NumberValue(v)) => Value::Number(*v),
            Some(Wire::TextValue(v)) => Value::Text(v.clone()),
            Some(Wire::DateValue(v)) => Value::Date(day(&field("date_value"), v)?),
        };
        Ok(Measurement {
            key: sent.key.clone(),
            value,
            unit: sent.unit.clone(),
            note: sent.note.clone(),
            measured_at: clock::from_request(&field("measured_at"), sent.measured_at.as_ref())?,
        })
    };
    values.iter().enumerate().map(measurement).collect()
}

fn day(field: &str, text: &str) -> Result<Date, Error> {
    let allowed = || words("a day that exists, ISO 8601", "dzień, który istnieje, ISO 8601");
    text.parse().map_err(|_| Error::invalid(field, text, allowed()))
}
