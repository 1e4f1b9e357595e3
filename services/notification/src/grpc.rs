//! gRPC: one line for each RPC.

use platform::grpc::{Answer, Server, Streamed};
use proto::notification::v1::{notification_service_server::NotificationService, *};
use tonic::Request;

use crate::Notification;

/// The service behind gRPC.
pub struct Grpc(pub Server<Notification>);

#[tonic::async_trait]
impl NotificationService for Grpc {
    type WatchEventsStream = Streamed<WatchEventsResponse>;

    async fn list_messages(&self, r: Request<ListMessagesRequest>) -> Answer<ListMessagesResponse> {
        self.0.call(r, Notification::list_messages).await
    }

    async fn get_message(&self, r: Request<GetMessageRequest>) -> Answer<Message> {
        self.0.call(r, Notification::get_message).await
    }

    async fn resend_message(&self, r: Request<ResendMessageRequest>) -> Answer<Message> {
        self.0.call(r, Notification::resend_message).await
    }

    async fn report_delivery_status(&self, r: Request<ReportDeliveryStatusRequest>) -> Answer<Message> {
        self.0.call(r, Notification::report_delivery_status).await
    }

    async fn list_templates(&self, r: Request<ListTemplatesRequest>) -> Answer<ListTemplatesResponse> {
        self.0.call(r, Notification::list_templates).await
    }

    async fn preview_message(&self, r: Request<PreviewMessageRequest>) -> Answer<PreviewMessageResponse> {
        self.0.call(r, Notification::preview_message).await
    }

    async fn ask_question(&self, r: Request<AskQuestionRequest>) -> Answer<Question> {
        self.0.call(r, Notification::ask_question).await
    }

    async fn answer_question(&self, r: Request<AnswerQuestionRequest>) -> Answer<Question> {
        self.0.call(r, Notification::answer_question).await
    }

    async fn list_questions(&self, r: Request<ListQuestionsRequest>) -> Answer<ListQuestionsResponse> {
        self.0.call(r, Notification::list_questions).await
    }

    async fn get_question(&self, r: Request<GetQuestionRequest>) -> Answer<Question> {
        self.0.call(r, Notification::get_question).await
    }

    async fn clear_undeliverable(
        &self,
        r: Request<ClearUndeliverableRequest>,
    ) -> Answer<ClearUndeliverableResponse> {
        self.0.call(r, Notification::clear_undeliverable).await
    }

    async fn get_contact_preferences(
        &self,
        r: Request<GetContactPreferencesRequest>,
    ) -> Answer<ContactPreferences> {
        self.0.call(r, Notification::get_contact_preferences).await
    }

    async fn update_contact_preferences(
        &self,
        r: Request<UpdateContactPreferencesRequest>,
    ) -> Answer<ContactPreferences> {
        self.0.call(r, Notification::update_contact_preferences).await
    }

    async fn export_contact(&self, r: Request<ExportContactRequest>) -> Answer<ContactExport> {
        self.0.call(r, Notification::export_contact).await
    }

    async fn create_calendar_link(&self, r: Request<CreateCalendarLinkRequest>) -> Answer<CalendarLink> {
        self.0.call(r, Notification::create_calendar_link).await
    }

    async fn list_calendar_links(
        &self,
        r: Request<ListCalendarLinksRequest>,
    ) -> Answer<ListCalendarLinksResponse> {
        self.0.call(r, Notification::list_calendar_links).await
    }

    async fn revoke_calendar_link(
        &self,
        r: Request<RevokeCalendarLinkRequest>,
    ) -> Answer<RevokeCalendarLinkResponse> {
        self.0.call(r, Notification::revoke_calendar_link).await
    }

    async fn create_webhook_endpoint(
        &self,
        r: Request<CreateWebhookEndpointRequest>,
    ) -> Answer<WebhookEndpoint> {
        self.0.call(r, Notification::create_webhook_endpoint).await
    }

    async fn get_webhook_endpoint(&self, r: Request<GetWebhookEndpointRequest>) -> Answer<WebhookEndpoint> {
        self.0.call(r, Notification::get_webhook_endpoint).await
    }

    async fn list_webhook_endpoints(
        &self,
        r: Request<ListWebhookEndpointsRequest>,
    ) -> Answer<ListWebhookEndpointsResponse> {
        self.0.call(r, Notification::list_webhook_endpoints).await
    }

    async fn update_webhook_endpoint(
        &self,
        r: Request<UpdateWebhookEndpointRequest>,
    ) -> Answer<WebhookEndpoint> {
        self.0.call(r, Notification::update_webhook_endpoint).await
    }

    async fn delete_webhook_endpoint(
        &self,
        r: Request<DeleteWebhookEndpointRequest>,
    ) -> Answer<DeleteWebhookEndpointResponse> {
        self.0.call(r, Notification::delete_webhook_endpoint).await
    }

    async fn rotate_webhook_secret(&self, r: Request<RotateWebhookSecretRequest>) -> Answer<WebhookEndpoint> {
        self.0.call(r, Notification::rotate_webhook_secret).await
    }

    async fn enable_webhook_endpoint(
        &self,
        r: Request<EnableWebhookEndpointRequest>,
    ) -> Answer<WebhookEndpoint> {
        self.0.call(r, Notification::enable_webhook_endpoint).await
    }

    async fn replay_webhook_endpoint(
        &self,
        r: Request<ReplayWebhookEndpointRequest>,
    ) -> Answer<ReplayWebhookEndpointResponse> {
        self.0.call(r, Notification::replay_webhook_endpoint).await
    }

    async fn list_webhook_deliveries(
        &self,
        r: Request<ListWebhookDeliveriesRequest>,
    ) -> Answer<ListWebhookDeliveriesResponse> {
        self.0.call(r, Notification::list_webhook_deliveries).await
    }

    async fn watch_events(&self, r: Request<WatchEventsRequest>) -> Answer<Self::WatchEventsStream> {
        self.0.stream(r, Notification::watch_events).await
    }
}
