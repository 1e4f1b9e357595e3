//! Everything, over gRPC; one line for each RPC.

use platform::grpc::{Answer, Server, Streamed};
use proto::{
    common::v1::{File, FileContent},
    licensing::v1::{self as pb, licensing_service_server::LicensingService},
};
use tonic::{Request, Streaming};

use crate::Licensing;

/// The service behind gRPC.
pub struct Grpc(pub Server<Licensing>);

#[tonic::async_trait]
impl LicensingService for Grpc {
    type DownloadFileStream = Streamed<FileContent>;
    type WatchEventsStream = Streamed<pb::WatchEventsResponse>;

    async fn get_licensing(&self, r: Request<pb::GetLicensingRequest>) -> Answer<pb::Licensing> {
        self.0.call(r, Licensing::get_licensing).await
    }

    async fn get_questionnaire(&self, r: Request<pb::GetQuestionnaireRequest>) -> Answer<pb::Questionnaire> {
        self.0.call(r, Licensing::get_questionnaire).await
    }

    async fn list_licensings(
        &self,
        r: Request<pb::ListLicensingsRequest>,
    ) -> Answer<pb::ListLicensingsResponse> {
        self.0.call(r, Licensing::list_licensings).await
    }

    async fn set_needs(&self, r: Request<pb::SetNeedsRequest>) -> Answer<pb::Licensing> {
        self.0.call(r, Licensing::set_needs).await
    }

    async fn choose_licence(&self, r: Request<pb::ChooseLicenceRequest>) -> Answer<pb::Licensing> {
        self.0.call(r, Licensing::choose_licence).await
    }

    async fn recommend_licence(&self, r: Request<pb::RecommendLicenceRequest>) -> Answer<pb::Licensing> {
        self.0.call(r, Licensing::recommend_licence).await
    }

    async fn list_offers(&self, r: Request<pb::ListOffersRequest>) -> Answer<pb::ListOffersResponse> {
        self.0.call(r, Licensing::list_offers).await
    }

    async fn reserve_offer(&self, r: Request<pb::ReserveOfferRequest>) -> Answer<pb::Licensing> {
        self.0.call(r, Licensing::reserve_offer).await
    }

    async fn accept_offer(&self, r: Request<pb::AcceptOfferRequest>) -> Answer<pb::Licensing> {
        self.0.call(r, Licensing::accept_offer).await
    }

    async fn release_offer(&self, r: Request<pb::ReleaseOfferRequest>) -> Answer<pb::Licensing> {
        self.0.call(r, Licensing::release_offer).await
    }

    async fn upload_file(&self, r: Request<Streaming<pb::UploadFileRequest>>) -> Answer<File> {
        self.0.upload(r, Licensing::upload_file).await
    }

    async fn download_file(&self, r: Request<pb::DownloadFileRequest>) -> Answer<Self::DownloadFileStream> {
        self.0.download(r, Licensing::download_file).await
    }

    async fn order_licence(&self, r: Request<pb::OrderLicenceRequest>) -> Answer<pb::Licensing> {
        self.0.call(r, Licensing::order_licence).await
    }

    async fn cancel_order(&self, r: Request<pb::CancelOrderRequest>) -> Answer<pb::Licensing> {
        self.0.call(r, Licensing::cancel_order).await
    }

    async fn record_licence(&self, r: Request<pb::RecordLicenceRequest>) -> Answer<pb::Licensing> {
        self.0.call(r, Licensing::record_licence).await
    }

    async fn withdraw_proof(&self, r: Request<pb::WithdrawProofRequest>) -> Answer<pb::Licensing> {
        self.0.call(r, Licensing::withdraw_proof).await
    }

    async fn watch_events(&self, r: Request<pb::WatchEventsRequest>) -> Answer<Self::WatchEventsStream> {
        self.0.stream(r, Licensing::watch_events).await
    }
}
