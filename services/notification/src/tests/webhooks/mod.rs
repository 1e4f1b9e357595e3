//! Webhooks to a server on this machine, on both databases.

mod commands;
mod https;
mod order;
mod receiver;
mod refusing;
mod replicas;
mod secrets;
mod sending;
mod switching;

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};
use platform::{
    bus,
    harness::request_id,
    id::{CompanyId, ProjectId},
};
use prost::Message as _;
use proto::{
    notification::v1 as pb,
    scheduling::v1::{SchedulingEvent, scheduling_event::Event},
};
use uuid::Uuid;

use super::world::{World, softvig};
use crate::Notification;
use crate::fixtures::{COMPANY, event};
use receiver::Receiver;

/// A second project of the company.
pub const ELSEWHERE: ProjectId = ProjectId(Uuid::from_u128(0xB1));

impl World {
    /// An endpoint that gets everything.
    async fn endpoint(&self, receiver: &Receiver) -> pb::WebhookEndpoint {
        self.endpoint_of(pb::WebhookEndpoint { url: receiver.url(), ..Default::default() }).await
    }

    async fn endpoint_of(&self, endpoint: pb::WebhookEndpoint) -> pb::WebhookEndpoint {
        let request = pb::CreateWebhookEndpointRequest {
            webhook_endpoint: Some(endpoint),
            request_id: request_id(),
            ..Default::default()
        };
        self.call(&softvig(), Notification::create_webhook_endpoint, request).await.expect("made")
    }

    async fn read_endpoint(&self, name: &str) -> pb::WebhookEndpoint {
        let request = pb::GetWebhookEndpointRequest { name: name.to_owned() };
        self.call(&softvig(), Notification::get_webhook_endpoint, request).await.expect("there")
    }

    /// The log of an endpoint, oldest event first.
    async fn deliveries(&self, endpoint: &str) -> Vec<pb::WebhookDelivery> {
        let request = pb::ListWebhookDeliveriesRequest {
            parent: endpoint.to_owned(),
            page_size: 200,
            ..Default::default()
        };
        let listed = self.call(&softvig(), Notification::list_webhook_deliveries, request).await;
        let mut deliveries = listed.expect("listed").deliveries;
        deliveries.reverse();
        deliveries
    }

    /// An event of scheduling arrives, of a project or of the company alone; its id.
    async fn happens(&self, kind: &str, what: Event, project: Option<ProjectId>) -> String {
        let event_id = Uuid::now_v7().to_string();
        let message = self.happening(kind, what, project, &event_id);
        self.receive(message).await;
        event_id
    }

    fn happening(&self, kind: &str, what: Event, project: Option<ProjectId>, event_id: &str) -> bus::Message {
        let project = project.map(|id| format!("companies/{COMPANY}/projects/{id}")).unwrap_or_default();
        let event = SchedulingEvent { event_id: event_id.to_owned(), project, ..event(what) };
        self.message("scheduling", COMPANY.into(), kind, event.encode_to_vec())
    }

    /// `verified` in a project.
    async fn verified(&self, project: ProjectId) -> String {
        self.happens("verified", Event::Verified(Default::default()), Some(project)).await
    }

    /// Sends all that is due at a machine time; how many tries that were.
    async fn post_all(&self, now: Timestamp) -> usize {
        post_all(&self.service, now).await
    }
}

pub async fn post_all(service: &Notification, now: Timestamp) -> usize {
    let mut tries = 0;
    loop {
        let taken = service.take_deliveries(&HashMap::new(), now).await.expect("works");
        if taken.is_empty() {
            return tries;
        }
        tries += taken.len();
        for taken in taken {
            service.send_webhook(&taken, || now).await.expect("recorded");
        }
    }
}

pub fn hours(hours: i64) -> SignedDuration {
    SignedDuration::from_hours(hours)
}

pub fn company_name(company: CompanyId) -> String {
    format!("companies/{company}")
}
