//! One line for each RPC.

use proto::operations::v1::{self as pb, operations_service_server::OperationsService};
use tonic::Request;

use super::Operations;
use crate::grpc::{Answer, Server};

/// The service behind gRPC.
pub struct Grpc(pub Server<Operations>);

#[tonic::async_trait]
impl OperationsService for Grpc {
    async fn list_services(&self, r: Request<pb::ListServicesRequest>) -> Answer<pb::ListServicesResponse> {
        self.0.call(r, Operations::list_services).await
    }

    async fn get_outbox_status(&self, r: Request<pb::GetOutboxStatusRequest>) -> Answer<pb::OutboxStatus> {
        self.0.call(r, Operations::get_outbox_status).await
    }

    async fn list_parked_events(
        &self,
        r: Request<pb::ListParkedEventsRequest>,
    ) -> Answer<pb::ListParkedEventsResponse> {
        self.0.call(r, Operations::list_parked_events).await
    }

    async fn get_parked_event(&self, r: Request<pb::GetParkedEventRequest>) -> Answer<pb::ParkedEvent> {
        self.0.call(r, Operations::get_parked_event).await
    }

    async fn replay_parked_event(
        &self,
        r: Request<pb::ReplayParkedEventRequest>,
    ) -> Answer<pb::ReplayParkedEventResponse> {
        self.0.call(r, Operations::replay_parked_event).await
    }

    async fn drop_parked_event(
        &self,
        r: Request<pb::DropParkedEventRequest>,
    ) -> Answer<pb::DropParkedEventResponse> {
        self.0.call(r, Operations::drop_parked_event).await
    }

    async fn list_differences(
        &self,
        r: Request<pb::ListDifferencesRequest>,
    ) -> Answer<pb::ListDifferencesResponse> {
        self.0.call(r, Operations::list_differences).await
    }

    async fn close_difference(
        &self,
        r: Request<pb::CloseDifferenceRequest>,
    ) -> Answer<pb::CloseDifferenceResponse> {
        self.0.call(r, Operations::close_difference).await
    }

    async fn list_strays(&self, r: Request<pb::ListStraysRequest>) -> Answer<pb::ListStraysResponse> {
        self.0.call(r, Operations::list_strays).await
    }

    async fn list_timers(&self, r: Request<pb::ListTimersRequest>) -> Answer<pb::ListTimersResponse> {
        self.0.call(r, Operations::list_timers).await
    }

    async fn get_event(&self, r: Request<pb::GetEventRequest>) -> Answer<pb::Event> {
        self.0.call(r, Operations::get_event).await
    }

    async fn get_watch_token(&self, r: Request<pb::GetWatchTokenRequest>) -> Answer<pb::WatchToken> {
        self.0.call(r, Operations::get_watch_token).await
    }
}
