//! What changes here when scheduling's database was restored from a backup. What is kept of it becomes what its snapshot
//! has; what was chosen, ordered and proved stays.

use platform::{
    actor::Actor, bus::Message, consumer::ApplyError, documents, lane::Lane, name::ProjectName,
    restored::Difference, unit::Unit,
};
use proto::scheduling::v1::{SchedulingEvent, scheduling_event::Event};

use crate::{
    Licensing, company,
    consume::{decode, facts},
    licences::{self, Licences},
};

impl Licensing {
    pub(crate) async fn take_snapshot(
        &self,
        unit: &mut Unit,
        snapshot: Option<&Message>,
    ) -> Result<Vec<Difference>, ApplyError> {
        let Lane::Company(company) = unit.lane() else { return Ok(Vec::new()) };
        let told = match snapshot.map(decode).transpose()?.and_then(|told| told.event) {
            Some(Event::Snapshot(snapshot)) => snapshot.events,
            _ => Vec::new(),
        };
        unit.set_back_contacts(&told).await?;
        for event in &told {
            if let Some(Event::CompanyChanged(changed)) = &event.event {
                company::put(unit, company, facts(changed)?).await?;
            }
        }
        let mut differences = Vec::new();
        for mut stored in documents::of_company::<Licences>(unit.db(), company).await? {
            let project = ProjectName { company, project: stored.id.into() };
            let name = project.to_string();
            let told: Vec<&SchedulingEvent> = told.iter().filter(|event| event.project == name).collect();
            let before = stored.value.clone();
            let (found, events) = stored.value.set_back(&self.catalogue, &name, &told);
            differences.extend(found);
            if stored.value != before {
                licences::keep(unit, project, &stored, &Actor::System, events).await?;
            }
        }
        Ok(differences)
    }
}
