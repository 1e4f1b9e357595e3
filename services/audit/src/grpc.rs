//! gRPC: each method of the contract is one line.

use platform::grpc::{Answer, Server, Streamed};
use proto::{
    audit::v1::{self as pb, audit_service_server::AuditService},
    common::v1::{File, FileContent},
};
use tonic::{Request, Streaming};

use crate::Audits;

/// The service behind gRPC.
pub struct Grpc(pub Server<Audits>);

#[tonic::async_trait]
impl AuditService for Grpc {
    type DownloadFileStream = Streamed<FileContent>;
    type RenderAuditReportStream = Streamed<FileContent>;
    type WatchEventsStream = Streamed<pb::WatchEventsResponse>;

    async fn get_audit(&self, r: Request<pb::GetAuditRequest>) -> Answer<pb::Audit> {
        self.0.call(r, Audits::get_audit).await
    }

    async fn list_audits(&self, r: Request<pb::ListAuditsRequest>) -> Answer<pb::ListAuditsResponse> {
        self.0.call(r, Audits::list_audits).await
    }

    async fn get_checklist(&self, r: Request<pb::GetChecklistRequest>) -> Answer<pb::Checklist> {
        self.0.call(r, Audits::get_checklist).await
    }

    async fn record_values(&self, r: Request<pb::RecordValuesRequest>) -> Answer<pb::Audit> {
        self.0.call(r, Audits::record_values).await
    }

    async fn import_values(&self, r: Request<pb::ImportValuesRequest>) -> Answer<pb::Audit> {
        self.0.call(r, Audits::import_values).await
    }

    async fn compare_audits(&self, r: Request<pb::CompareAuditsRequest>) -> Answer<pb::AuditComparison> {
        self.0.call(r, Audits::compare_audits).await
    }

    async fn get_audit_report(&self, r: Request<pb::GetAuditReportRequest>) -> Answer<pb::AuditReport> {
        self.0.call(r, Audits::get_audit_report).await
    }

    async fn render_audit_report(
        &self,
        r: Request<pb::RenderAuditReportRequest>,
    ) -> Answer<Self::RenderAuditReportStream> {
        self.0.download(r, Audits::render_audit_report).await
    }

    async fn assign_audit(&self, r: Request<pb::AssignAuditRequest>) -> Answer<pb::Audit> {
        self.0.call(r, Audits::assign_audit).await
    }

    async fn pause_audit(&self, r: Request<pb::PauseAuditRequest>) -> Answer<pb::Audit> {
        self.0.call(r, Audits::pause_audit).await
    }

    async fn resume_audit(&self, r: Request<pb::ResumeAuditRequest>) -> Answer<pb::Audit> {
        self.0.call(r, Audits::resume_audit).await
    }

    async fn upload_file(&self, r: Request<Streaming<pb::UploadFileRequest>>) -> Answer<File> {
        self.0.upload(r, Audits::upload_file).await
    }

    async fn download_file(&self, r: Request<pb::DownloadFileRequest>) -> Answer<Self::DownloadFileStream> {
        self.0.download(r, Audits::download_file).await
    }

    async fn attach_files(&self, r: Request<pb::AttachFilesRequest>) -> Answer<pb::Audit> {
        self.0.call(r, Audits::attach_files).await
    }

    async fn detach_file(&self, r: Request<pb::DetachFileRequest>) -> Answer<pb::Audit> {
        self.0.call(r, Audits::detach_file).await
    }

    async fn waive_item(&self, r: Request<pb::WaiveItemRequest>) -> Answer<pb::Audit> {
        self.0.call(r, Audits::waive_item).await
    }

    async fn override_limit(&self, r: Request<pb::OverrideLimitRequest>) -> Answer<pb::Audit> {
        self.0.call(r, Audits::override_limit).await
    }

    async fn conclude_audit(&self, r: Request<pb::ConcludeAuditRequest>) -> Answer<pb::Audit> {
        self.0.call(r, Audits::conclude_audit).await
    }

    async fn get_finding(&self, r: Request<pb::GetFindingRequest>) -> Answer<pb::Finding> {
        self.0.call(r, Audits::get_finding).await
    }

    async fn list_findings(&self, r: Request<pb::ListFindingsRequest>) -> Answer<pb::ListFindingsResponse> {
        self.0.call(r, Audits::list_findings).await
    }

    async fn answer_finding(&self, r: Request<pb::AnswerFindingRequest>) -> Answer<pb::Finding> {
        self.0.call(r, Audits::answer_finding).await
    }

    async fn verify_finding(&self, r: Request<pb::VerifyFindingRequest>) -> Answer<pb::Finding> {
        self.0.call(r, Audits::verify_finding).await
    }

    async fn reject_finding(&self, r: Request<pb::RejectFindingRequest>) -> Answer<pb::Finding> {
        self.0.call(r, Audits::reject_finding).await
    }

    async fn watch_events(&self, r: Request<pb::WatchEventsRequest>) -> Answer<Self::WatchEventsStream> {
        self.0.stream(r, Audits::watch_events).await
    }
}
