//! Everything, over gRPC; one line for each RPC.

use platform::grpc::{Answer, Server, Streamed};
use proto::scheduling::v1::{self as pb, scheduling_service_server::SchedulingService};
use tonic::Request;

use crate::Scheduling;

/// The service behind gRPC.
pub struct Grpc(pub Server<Scheduling>);

#[tonic::async_trait]
impl SchedulingService for Grpc {
    type WatchEventsStream = Streamed<pb::WatchEventsResponse>;

    async fn create_company(&self, r: Request<pb::CreateCompanyRequest>) -> Answer<pb::Company> {
        self.0.call(r, Scheduling::create_company).await
    }

    async fn get_company(&self, r: Request<pb::GetCompanyRequest>) -> Answer<pb::Company> {
        self.0.call(r, Scheduling::get_company).await
    }

    async fn list_companies(
        &self,
        r: Request<pb::ListCompaniesRequest>,
    ) -> Answer<pb::ListCompaniesResponse> {
        self.0.call(r, Scheduling::list_companies).await
    }

    async fn update_company(&self, r: Request<pb::UpdateCompanyRequest>) -> Answer<pb::Company> {
        self.0.call(r, Scheduling::update_company).await
    }

    async fn set_working_hours(&self, r: Request<pb::SetWorkingHoursRequest>) -> Answer<pb::Company> {
        self.0.call(r, Scheduling::set_working_hours).await
    }

    async fn enter_closure(&self, r: Request<pb::EnterClosureRequest>) -> Answer<pb::Company> {
        self.0.call(r, Scheduling::enter_closure).await
    }

    async fn withdraw_closure(&self, r: Request<pb::WithdrawClosureRequest>) -> Answer<pb::Company> {
        self.0.call(r, Scheduling::withdraw_closure).await
    }

    async fn set_systems(&self, r: Request<pb::SetSystemsRequest>) -> Answer<pb::Company> {
        self.0.call(r, Scheduling::set_systems).await
    }

    async fn create_contact(&self, r: Request<pb::CreateContactRequest>) -> Answer<pb::Contact> {
        self.0.call(r, Scheduling::create_contact).await
    }

    async fn get_contact(&self, r: Request<pb::GetContactRequest>) -> Answer<pb::Contact> {
        self.0.call(r, Scheduling::get_contact).await
    }

    async fn list_contacts(&self, r: Request<pb::ListContactsRequest>) -> Answer<pb::ListContactsResponse> {
        self.0.call(r, Scheduling::list_contacts).await
    }

    async fn update_contact(&self, r: Request<pb::UpdateContactRequest>) -> Answer<pb::Contact> {
        self.0.call(r, Scheduling::update_contact).await
    }

    async fn replace_contact(&self, r: Request<pb::ReplaceContactRequest>) -> Answer<pb::Contact> {
        self.0.call(r, Scheduling::replace_contact).await
    }

    async fn remove_contact(&self, r: Request<pb::RemoveContactRequest>) -> Answer<pb::Contact> {
        self.0.call(r, Scheduling::remove_contact).await
    }

    async fn clear_address(&self, r: Request<pb::ClearAddressRequest>) -> Answer<pb::Contact> {
        self.0.call(r, Scheduling::clear_address).await
    }

    async fn export_contact(&self, r: Request<pb::ExportContactRequest>) -> Answer<pb::ContactExport> {
        self.0.call(r, Scheduling::export_contact).await
    }

    async fn anonymise_contact(&self, r: Request<pb::AnonymiseContactRequest>) -> Answer<pb::Contact> {
        self.0.call(r, Scheduling::anonymise_contact).await
    }

    async fn list_variants(&self, r: Request<pb::ListVariantsRequest>) -> Answer<pb::ListVariantsResponse> {
        self.0.call(r, Scheduling::list_variants).await
    }

    async fn open_project(&self, r: Request<pb::OpenProjectRequest>) -> Answer<pb::Project> {
        self.0.call(r, Scheduling::open_project).await
    }

    async fn get_project(&self, r: Request<pb::GetProjectRequest>) -> Answer<pb::Project> {
        self.0.call(r, Scheduling::get_project).await
    }

    async fn list_projects(&self, r: Request<pb::ListProjectsRequest>) -> Answer<pb::ListProjectsResponse> {
        self.0.call(r, Scheduling::list_projects).await
    }

    async fn list_history(&self, r: Request<pb::ListHistoryRequest>) -> Answer<pb::ListHistoryResponse> {
        self.0.call(r, Scheduling::list_history).await
    }

    async fn list_company_history(
        &self,
        r: Request<pb::ListCompanyHistoryRequest>,
    ) -> Answer<pb::ListCompanyHistoryResponse> {
        self.0.call(r, Scheduling::list_company_history).await
    }

    async fn cancel_project(&self, r: Request<pb::CancelProjectRequest>) -> Answer<pb::Project> {
        self.0.call(r, Scheduling::cancel_project).await
    }

    async fn record_contract(&self, r: Request<pb::RecordContractRequest>) -> Answer<pb::Project> {
        self.0.call(r, Scheduling::record_contract).await
    }

    async fn ask_variant_help(&self, r: Request<pb::AskVariantHelpRequest>) -> Answer<pb::Project> {
        self.0.call(r, Scheduling::ask_variant_help).await
    }

    async fn recommend_variant(&self, r: Request<pb::RecommendVariantRequest>) -> Answer<pb::Project> {
        self.0.call(r, Scheduling::recommend_variant).await
    }

    async fn choose_variant(&self, r: Request<pb::ChooseVariantRequest>) -> Answer<pb::Project> {
        self.0.call(r, Scheduling::choose_variant).await
    }

    async fn suggest_dates(&self, r: Request<pb::SuggestDatesRequest>) -> Answer<pb::SuggestDatesResponse> {
        self.0.call(r, Scheduling::suggest_dates).await
    }

    async fn propose_dates(&self, r: Request<pb::ProposeDatesRequest>) -> Answer<pb::Project> {
        self.0.call(r, Scheduling::propose_dates).await
    }

    async fn accept_proposal(&self, r: Request<pb::AcceptProposalRequest>) -> Answer<pb::Project> {
        self.0.call(r, Scheduling::accept_proposal).await
    }

    async fn decline_proposal(&self, r: Request<pb::DeclineProposalRequest>) -> Answer<pb::Project> {
        self.0.call(r, Scheduling::decline_proposal).await
    }

    async fn withdraw_date(&self, r: Request<pb::WithdrawDateRequest>) -> Answer<pb::Project> {
        self.0.call(r, Scheduling::withdraw_date).await
    }

    async fn record_override(&self, r: Request<pb::RecordOverrideRequest>) -> Answer<pb::Project> {
        self.0.call(r, Scheduling::record_override).await
    }

    async fn confirm_readiness_condition(
        &self,
        r: Request<pb::ConfirmReadinessConditionRequest>,
    ) -> Answer<pb::Project> {
        self.0.call(r, Scheduling::confirm_readiness_condition).await
    }

    async fn retract_readiness_condition(
        &self,
        r: Request<pb::RetractReadinessConditionRequest>,
    ) -> Answer<pb::Project> {
        self.0.call(r, Scheduling::retract_readiness_condition).await
    }

    async fn declare_readiness(&self, r: Request<pb::DeclareReadinessRequest>) -> Answer<pb::Project> {
        self.0.call(r, Scheduling::declare_readiness).await
    }

    async fn correct_readiness(&self, r: Request<pb::CorrectReadinessRequest>) -> Answer<pb::Project> {
        self.0.call(r, Scheduling::correct_readiness).await
    }

    async fn withdraw_readiness(&self, r: Request<pb::WithdrawReadinessRequest>) -> Answer<pb::Project> {
        self.0.call(r, Scheduling::withdraw_readiness).await
    }

    async fn start_audit(&self, r: Request<pb::StartAuditRequest>) -> Answer<pb::Project> {
        self.0.call(r, Scheduling::start_audit).await
    }

    async fn void_audit(&self, r: Request<pb::VoidAuditRequest>) -> Answer<pb::Project> {
        self.0.call(r, Scheduling::void_audit).await
    }

    async fn confirm_stopped(&self, r: Request<pb::ConfirmStoppedRequest>) -> Answer<pb::Project> {
        self.0.call(r, Scheduling::confirm_stopped).await
    }

    async fn retract_stopped(&self, r: Request<pb::RetractStoppedRequest>) -> Answer<pb::Project> {
        self.0.call(r, Scheduling::retract_stopped).await
    }

    async fn start_run(&self, r: Request<pb::StartRunRequest>) -> Answer<pb::Project> {
        self.0.call(r, Scheduling::start_run).await
    }

    async fn record_databases_restored(
        &self,
        r: Request<pb::RecordDatabasesRestoredRequest>,
    ) -> Answer<pb::Project> {
        self.0.call(r, Scheduling::record_databases_restored).await
    }

    async fn finish_run(&self, r: Request<pb::FinishRunRequest>) -> Answer<pb::Project> {
        self.0.call(r, Scheduling::finish_run).await
    }

    async fn roll_back_run(&self, r: Request<pb::RollBackRunRequest>) -> Answer<pb::Project> {
        self.0.call(r, Scheduling::roll_back_run).await
    }

    async fn correct_run(&self, r: Request<pb::CorrectRunRequest>) -> Answer<pb::Project> {
        self.0.call(r, Scheduling::correct_run).await
    }

    async fn restore_integration(&self, r: Request<pb::RestoreIntegrationRequest>) -> Answer<pb::Project> {
        self.0.call(r, Scheduling::restore_integration).await
    }

    async fn drop_integration(&self, r: Request<pb::DropIntegrationRequest>) -> Answer<pb::Project> {
        self.0.call(r, Scheduling::drop_integration).await
    }

    async fn answer_drop(&self, r: Request<pb::AnswerDropRequest>) -> Answer<pb::Project> {
        self.0.call(r, Scheduling::answer_drop).await
    }

    async fn confirm_works(&self, r: Request<pb::ConfirmWorksRequest>) -> Answer<pb::Project> {
        self.0.call(r, Scheduling::confirm_works).await
    }

    async fn report_problem(&self, r: Request<pb::ReportProblemRequest>) -> Answer<pb::Project> {
        self.0.call(r, Scheduling::report_problem).await
    }

    async fn answer_problem(&self, r: Request<pb::AnswerProblemRequest>) -> Answer<pb::Project> {
        self.0.call(r, Scheduling::answer_problem).await
    }

    async fn sign_protocol(&self, r: Request<pb::SignProtocolRequest>) -> Answer<pb::Project> {
        self.0.call(r, Scheduling::sign_protocol).await
    }

    async fn decline_protocol(&self, r: Request<pb::DeclineProtocolRequest>) -> Answer<pb::Project> {
        self.0.call(r, Scheduling::decline_protocol).await
    }

    async fn watch_events(&self, r: Request<pb::WatchEventsRequest>) -> Answer<Self::WatchEventsStream> {
        self.0.stream(r, Scheduling::watch_events).await
    }
}
