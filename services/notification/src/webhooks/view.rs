//! What the API shows of endpoints and deliveries. A secret is in none of it.

use jiff::Timestamp;
use platform::{clock::to_wire, etag, name::ProjectName};
use proto::notification::v1 as pb;

use super::{EndpointId, State, Why, endpoints::Stored, queue::Delivery};

/// `webhookEndpoints/{endpoint}`
pub fn name(id: EndpointId) -> String {
    format!("webhookEndpoints/{id}")
}

/// Secrets that sign no more at that time are not told.
pub fn endpoint(stored: &Stored, machine_now: Timestamp) -> pb::WebhookEndpoint {
    let endpoint = &stored.value;
    let (state, reason, disabled_at) = match endpoint.state {
        State::Enabled => (pb::WebhookEndpointState::Enabled, pb::WebhookDisabledReason::Unspecified, None),
        State::Disabled { why, at } => {
            let reason = match why {
                Why::Failing => pb::WebhookDisabledReason::Failing,
                Why::Gone => pb::WebhookDisabledReason::Gone,
            };
            (pb::WebhookEndpointState::Disabled, reason, Some(to_wire(at)))
        }
    };
    pb::WebhookEndpoint {
        name: name(endpoint.id),
        url: endpoint.settings.url.clone(),
        description: endpoint.settings.description.clone(),
        event_types: endpoint.settings.event_types.clone(),
        company: endpoint.settings.company.map(|id| format!("companies/{id}")).unwrap_or_default(),
        state: state.into(),
        disabled_reason: reason.into(),
        disabled_at,
        failing_since: stored.failing_since.map(to_wire),
        secret: String::new(),
        earlier_secrets_sign_until: endpoint
            .secrets
            .iter()
            .filter(|secret| secret.signs(machine_now))
            .filter_map(|secret| secret.signs_until.map(to_wire))
            .collect(),
        created_at: Some(to_wire(endpoint.created_at)),
        etag: etag::of(&endpoint.changing()),
    }
}

pub fn delivery(delivery: &Delivery) -> pb::WebhookDelivery {
    let project = delivery.project.map(|project| ProjectName { company: delivery.company, project });
    pb::WebhookDelivery {
        name: format!("{}/deliveries/{}", name(delivery.endpoint), delivery.event_id),
        event_type: delivery.event_type.clone(),
        company: format!("companies/{}", delivery.company),
        project: project.map(|project| project.to_string()).unwrap_or_default(),
        state: state(&delivery.label).into(),
        attempts: i32::try_from(delivery.attempts).unwrap_or(i32::MAX),
        status_code: delivery.status_code,
        outcome: delivery.outcome.clone(),
        created_at: Some(to_wire(delivery.heard_at)),
        last_tried_at: delivery.last_tried_at.map(to_wire),
        next_try_at: delivery.due_at.filter(|_| delivery.label == "pending").map(to_wire),
    }
}

fn state(label: &str) -> pb::WebhookDeliveryState {
    use pb::WebhookDeliveryState::{Delivered, GivenUp, Pending, Sending};
    match label {
        "sending" => Sending,
        "delivered" => Delivered,
        "given_up" => GivenUp,
        _ => Pending,
    }
}
