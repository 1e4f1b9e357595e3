//! What changes here when the database of scheduling or licensing was restored from a backup. What is kept of it becomes
//! what its snapshot has; what auditors recorded stays, also of attempts that scheduling does not know any more.

use platform::{
    actor::Actor, bus::Message, consumer::ApplyError, documents, id::CompanyId, lane::Lane,
    restored::Difference, unit::Unit,
};
use proto::{
    licensing::v1::{LicensingEvent, licensing_event::Event as Licensing},
    scheduling::v1::{SchedulingEvent, scheduling_event::Event as Scheduling},
};

use crate::{
    Audits,
    audit::{
        events,
        model::{Dossier, Event},
        store, view,
    },
    consume::decode,
};

impl Audits {
    pub(crate) async fn take_snapshot(
        &self,
        unit: &mut Unit,
        source: &str,
        snapshot: Option<&Message>,
    ) -> Result<Vec<Difference>, ApplyError> {
        let Lane::Company(company) = unit.lane() else { return Ok(Vec::new()) };
        if source == "licensing" {
            let told: Option<LicensingEvent> = snapshot.map(decode).transpose()?;
            let told = match told.and_then(|told| told.event) {
                Some(Licensing::Snapshot(snapshot)) => snapshot.events,
                _ => Vec::new(),
            };
            let set = |dossier: &mut Dossier, project: &str| {
                let told = told.iter().filter(|event| event.project == project);
                (dossier.set_back_licence(project, told), Vec::new())
            };
            return set_dossiers(unit, company, set).await;
        }
        let told: Option<SchedulingEvent> = snapshot.map(decode).transpose()?;
        let told = match told.and_then(|told| told.event) {
            Some(Scheduling::Snapshot(snapshot)) => snapshot.events,
            _ => Vec::new(),
        };
        unit.set_back_contacts(&told).await?;
        for event in &told {
            if let Some(Scheduling::CompanyChanged(changed)) = &event.event {
                store::put_company(unit.db(), company, &changed.display_name).await?;
            }
        }
        let now = unit.now();
        set_dossiers(unit, company, |dossier, project| {
            let told: Vec<_> = told.iter().filter(|event| event.project == project).collect();
            dossier.set_back(project, &told, now)
        })
        .await
    }
}

async fn set_dossiers(
    unit: &mut Unit,
    company: CompanyId,
    set: impl Fn(&mut Dossier, &str) -> (Vec<Difference>, Vec<Event>),
) -> Result<Vec<Difference>, ApplyError> {
    let mut differences = Vec::new();
    for mut stored in documents::of_company::<Dossier>(unit.db(), company).await? {
        let before = stored.value.clone();
        let project = view::project_name(&before).to_string();
        let (found, happened) = set(&mut stored.value, &project);
        differences.extend(found);
        if stored.value != before {
            events::tell(unit, &stored.value, &Actor::System, &happened)?;
            store::save(unit.db(), &stored, &before).await?;
        }
    }
    Ok(differences)
}
