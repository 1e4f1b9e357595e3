//! What changes here when the database of a service that is heard was restored from a backup, by the service. What is kept
//! of it becomes what its snapshot has; what the project rests on already, such as an audit's result, stays, and where the
//! two differ an operator is told.

use platform::{bus::Message, consumer::ApplyError, lane::Lane, restored::Difference, unit::Unit};
use proto::{
    audit::v1::{AuditEvent, audit_event::Event as Audit},
    licensing::v1::{LicensingEvent, licensing_event::Event as Licensing},
    notification::v1::{NotificationEvent, notification_event::Event as Notification},
};

use crate::{Scheduling, consume::decode};

impl Scheduling {
    pub(crate) async fn take_snapshot(
        &self,
        unit: &mut Unit,
        source: &str,
        snapshot: Option<&Message>,
    ) -> Result<Vec<Difference>, ApplyError> {
        let Lane::Company(company) = unit.lane() else { return Ok(Vec::new()) };
        match source {
            "audit" => {
                let told: Option<AuditEvent> = snapshot.map(decode).transpose()?;
                let told = match told.and_then(|told| told.event) {
                    Some(Audit::Snapshot(snapshot)) => snapshot.events,
                    _ => Vec::new(),
                };
                self.set_back_to_audit(unit, company, &told).await
            }
            "licensing" => {
                let told: Option<LicensingEvent> = snapshot.map(decode).transpose()?;
                let told = match told.and_then(|told| told.event) {
                    Some(Licensing::Snapshot(snapshot)) => snapshot.events,
                    _ => Vec::new(),
                };
                self.set_back_to_licensing(unit, company, &told).await
            }
            _ => {
                let told: Option<NotificationEvent> = snapshot.map(decode).transpose()?;
                let told = match told.and_then(|told| told.event) {
                    Some(Notification::Snapshot(snapshot)) => snapshot.events,
                    _ => Vec::new(),
                };
                self.set_back_contacts(unit, company, &told).await
            }
        }
    }
}
