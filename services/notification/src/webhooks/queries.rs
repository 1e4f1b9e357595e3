//! Reading endpoints and their deliveries.

use platform::{Call, Error, auth::Role, clock, name, page::PageRequest};
use proto::notification::v1 as pb;

use super::{
    EndpointId,
    endpoints::{self, Stored},
    queue, view,
};
use crate::Notification;

pub const ENDPOINT: &str = "webhookEndpoints/{endpoint}";

/// SOFTVIG's alone.
pub const MAY: [Role; 2] = [Role::Crm, Role::Operator];

impl Notification {
    /// RPC `GetWebhookEndpoint`.
    ///
    /// # Errors
    /// PERMISSION_DENIED, NOT_FOUND.
    pub async fn get_webhook_endpoint(
        &self,
        call: Call,
        request: pb::GetWebhookEndpointRequest,
    ) -> Result<pb::WebhookEndpoint, Error> {
        call.principal.require(&MAY)?;
        Ok(view::endpoint(&self.webhook_endpoint("name", &request.name).await?, clock::machine_now()))
    }

    /// RPC `ListWebhookEndpoints`.
    ///
    /// # Errors
    /// PERMISSION_DENIED, INVALID_ARGUMENT, PAGE_TOKEN_INVALID.
    pub async fn list_webhook_endpoints(
        &self,
        call: Call,
        request: pb::ListWebhookEndpointsRequest,
    ) -> Result<pb::ListWebhookEndpointsResponse, Error> {
        call.principal.require(&MAY)?;
        let page = PageRequest { size: request.page_size, token: &request.page_token };
        let read = async |db: &platform::db::Db, after, limit| endpoints::list(db.read(), after, limit).await;
        let page = self.core.page_by(page, "page webhook_endpoint", read, |stored| stored.value.id.0).await?;
        let now = clock::machine_now();
        Ok(pb::ListWebhookEndpointsResponse {
            webhook_endpoints: page.items.iter().map(|stored| view::endpoint(stored, now)).collect(),
            next_page_token: page.next_page_token,
        })
    }

    /// RPC `ListWebhookDeliveries`.
    ///
    /// # Errors
    /// PERMISSION_DENIED, NOT_FOUND, INVALID_ARGUMENT, PAGE_TOKEN_INVALID.
    pub async fn list_webhook_deliveries(
        &self,
        call: Call,
        request: pb::ListWebhookDeliveriesRequest,
    ) -> Result<pb::ListWebhookDeliveriesResponse, Error> {
        call.principal.require(&MAY)?;
        let endpoint = self.webhook_endpoint("parent", &request.parent).await?.value.id;
        let label = match pb::WebhookDeliveryState::try_from(request.state) {
            Ok(pb::WebhookDeliveryState::Unspecified) => None,
            Ok(pb::WebhookDeliveryState::Pending) => Some("pending"),
            Ok(pb::WebhookDeliveryState::Sending) => Some("sending"),
            Ok(pb::WebhookDeliveryState::Delivered) => Some("delivered"),
            Ok(pb::WebhookDeliveryState::GivenUp) => Some("given_up"),
            Err(_) => return Err(Error::unknown_state(request.state)),
        };
        let page = PageRequest { size: request.page_size, token: &request.page_token };
        let binding = format!("page webhook_delivery {endpoint} {label:?}");
        let read = async |db: &platform::db::Db, after, limit| {
            queue::list(db.read(), endpoint, label, after, limit).await
        };
        let page = self.core.page_by(page, &binding, read, |delivery| delivery.event_id).await?;
        Ok(pb::ListWebhookDeliveriesResponse {
            deliveries: page.items.iter().map(view::delivery).collect(),
            next_page_token: page.next_page_token,
        })
    }

    pub(super) async fn webhook_endpoint(&self, field: &str, name: &str) -> Result<Stored, Error> {
        let id = endpoint_id(field, name)?;
        endpoints::find(self.core.db.read(), id).await?.ok_or_else(|| Error::not_found(name))
    }
}

pub fn endpoint_id(field: &str, name: &str) -> Result<EndpointId, Error> {
    let [id] = name::ids(field, ENDPOINT, name)?;
    Ok(id.into())
}
