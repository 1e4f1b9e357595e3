//! Loading and keeping the aggregate, and the frame of its commands.

use platform::{
    Call, Error,
    actor::Actor,
    command::Started,
    documents::{self, Document, Stored},
    files::{self, FileInfo},
    name::ProjectName,
    unit::Unit,
};
use proto::licensing::v1 as pb;
use sea_orm::ConnectionTrait;

use super::{Event, Licences, Phase, Status, checks, resource_name, timers, view};
use crate::{Licensing, events, offers::store as reservations};

impl Document for Licences {
    const TABLE: &'static str = "licences";

    fn label(&self) -> String {
        let label = match self.phase {
            Phase::Completed | Phase::Cancelled => "closed",
            Phase::Open if self.announced.as_ref().is_some_and(Status::complete) => "complete",
            Phase::Open => "incomplete",
        };
        label.to_owned()
    }
}

/// The licences of a project, if the company has it; their id is the project's.
pub(crate) async fn find(
    c: &impl ConnectionTrait,
    project: ProjectName,
) -> Result<Option<Stored<Licences>>, Error> {
    documents::find(c, project.company, project.project.0).await
}

/// The licences of a project that was opened.
pub(crate) async fn insert(unit: &Unit, project: ProjectName, licences: &Licences) -> Result<(), Error> {
    documents::insert(unit.db(), project.company, project.project.0, licences).await
}

/// Keeps what was changed: the aggregate, the offer's pieces, the events and the history.
pub(crate) async fn keep(
    unit: &mut Unit,
    project: ProjectName,
    stored: &Stored<Licences>,
    actor: &Actor,
    events: Vec<Event>,
) -> Result<(), Error> {
    documents::save(unit.db(), stored).await?;
    for event in &events {
        match event {
            Event::OfferReserved { offer, expires_at } => {
                let mut all = reservations::load(unit).await?;
                all.value.reserve(offer, project.project);
                reservations::save(unit, &all).await?;
                if let Some(due_at) = expires_at {
                    timers::set(unit, project, *due_at).await?;
                }
            }
            Event::OfferAccepted { .. } => timers::clear(unit, project).await?,
            Event::OfferReleased { offer, .. } => {
                let mut all = reservations::load(unit).await?;
                all.value.release(offer, project.project);
                reservations::save(unit, &all).await?;
                timers::clear(unit, project).await?;
            }
            _ => {}
        }
    }
    events::emit(unit, project, actor, events)
}

/// A command under way: who acts, in which unit, on what.
pub(super) struct Change {
    pub unit: Unit,
    pub actor: Actor,
    pub licences: Stored<Licences>,
    project: ProjectName,
}

impl Change {
    /// The files that a request's `files` names, by one who may record: with this command they are attached.
    ///
    /// Refused with `PERMISSION_DENIED`, `NOT_FOUND`, `INVALID_ARGUMENT`.
    pub async fn files(&self, names: &[String]) -> Result<Vec<FileInfo>, Error> {
        checks::contact_or_softvig(&self.actor)?;
        files::attach(&self.unit, self.project.company, "files", names).await
    }
}

impl Licensing {
    /// Begins a command on a project's licences; none where the same request was carried out before.
    ///
    /// Refused with `NOT_FOUND`, and by the platform for the caller and the request id.
    pub(super) async fn begin(&self, call: &Call, project: ProjectName) -> Result<Option<Change>, Error> {
        let name = resource_name(project);
        call.principal.sees(project.company, &name)?;
        match self.core.start(call, project.company.into()).await? {
            Started::Replayed(_) => Ok(None),
            Started::Fresh(unit, actor) => {
                let licences = find(unit.db(), project).await?;
                let licences = licences.ok_or_else(|| Error::not_found(name))?;
                Ok(Some(Change { unit, actor, licences, project }))
            }
        }
    }

    /// Keeps what a command came to, and answers with it. No events mean that nothing changed.
    pub(super) async fn finish(&self, change: Change, events: Vec<Event>) -> Result<pb::Licensing, Error> {
        let Change { mut unit, actor, licences, project } = change;
        let now = unit.now();
        if !events.is_empty() {
            keep(&mut unit, project, &licences, &actor, events).await?;
        }
        unit.commit(&resource_name(project)).await?;
        Ok(view::licensing(&self.catalogue, project, &licences.value, now))
    }

    /// The licensing as it now is.
    pub(super) async fn read(&self, project: ProjectName) -> Result<pb::Licensing, Error> {
        let stored = find(self.core.db.read(), project).await?;
        let stored = stored.ok_or_else(|| Error::not_found(resource_name(project)))?;
        Ok(view::licensing(&self.catalogue, project, &stored.value, self.core.clock.now()))
    }
}
