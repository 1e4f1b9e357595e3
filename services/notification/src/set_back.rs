//! What changes here when the database of a service that is heard was restored from a backup. What is known of people and
//! projects becomes what scheduling's snapshot has; of audit and licensing nothing is kept. Nobody is written to: an
//! operator is told what differs.

use platform::{
    bus, consumer::ApplyError, documents, id::CompanyId, lane::Lane, restored::Difference, unit::Unit,
};
use proto::scheduling::v1::{SchedulingEvent, scheduling_event::Event};

use crate::{
    Notification,
    book::OpenBook,
    consume::{Book, Heard, scheduling, undecodable},
    links::store as links,
    project::Project,
    recipients::Directory,
    webhooks::Heard as Passed,
};

impl Notification {
    pub(crate) async fn take_snapshot(
        &self,
        unit: &mut Unit,
        source: &str,
        snapshot: Option<&bus::Message>,
    ) -> Result<Vec<Difference>, ApplyError> {
        let Lane::Company(company) = unit.lane() else { return Ok(Vec::new()) };
        let heard = snapshot.map(|message| Heard::decode(source, &message.payload)).transpose()?;
        if let (Some(heard), Some(message)) = (&heard, snapshot) {
            let event_id = heard.event_id().map_err(undecodable)?;
            let passed_on = Passed { event_id, source, kind: &message.kind, company, project: None };
            self.pass_on(unit, passed_on, || heard.to_json()).await?;
        }
        if source != "scheduling" {
            return Ok(Vec::new());
        }
        self.set_back_to_scheduling(unit, company, &heard.map(Heard::snapshot).unwrap_or_default()).await
    }

    async fn set_back_to_scheduling(
        &self,
        unit: &mut Unit,
        company: CompanyId,
        told: &[SchedulingEvent],
    ) -> Result<Vec<Difference>, ApplyError> {
        unit.set_back_contacts(told).await?;
        let mut people = Book { directory: Directory::new(company), project: None };
        let (of_people, of_projects): (Vec<_>, Vec<_>) = told.iter().partition(|event| is_of_people(event));
        for event in of_people {
            scheduling(event, &mut people).map_err(undecodable)?;
        }
        let mut open = OpenBook::read(unit.db(), company, None).await?;
        let (mut differences, strangers) = open.book.directory.set_back(&people.directory);
        open.keep(unit, &self.reminders).await?;
        for contact in strangers {
            // Scheduling could not have this person's data removed any more.
            links::delete_of(unit.db(), company, contact).await?;
            self.forget(unit, company, contact).await?;
        }

        for stored in documents::of_company::<Project>(unit.db(), company).await? {
            let mut open = OpenBook::read(unit.db(), company, Some(stored.value.id)).await?;
            let name = format!("companies/{company}/projects/{}", stored.value.id);
            let mut told_of_it = Book { directory: people.directory.clone(), project: None };
            for event in of_projects.iter().filter(|event| event.project == name) {
                scheduling(event, &mut told_of_it).map_err(undecodable)?;
            }
            if let Some(project) = &mut open.book.project {
                differences.extend(project.set_back(&name, told_of_it.project));
            }
            open.keep(unit, &self.reminders).await?;
        }
        Ok(differences)
    }
}

fn is_of_people(told: &SchedulingEvent) -> bool {
    matches!(
        told.event,
        Some(
            Event::CompanyChanged(_)
                | Event::ContactCard(_)
                | Event::ContactReplaced(_)
                | Event::ContactAnonymised(_)
        )
    )
}
