//! Loading and keeping the project, and the frame of its commands.

use std::collections::{BTreeSet, HashMap};

use calendar::WorkingHours;
use platform::{
    Call, Error,
    actor::Actor,
    auth::Role,
    command::Started,
    documents::{self, Document, Stored},
    id::CompanyId,
    name::ProjectName,
    unit::Unit,
};
use proto::scheduling::v1 as pb;
use sea_orm::ConnectionTrait;

use super::{
    CompanyFacts, Context, Outcome, Project, ProjectEvent, VariantData, events, model::Status, timers, view,
};
use crate::{Scheduling, company, company::Company};

/// Labels of projects that are over; the others carry the name of their stage.
pub(crate) const OVER: [&str; 2] = ["completed", "cancelled"];

impl Document for Project {
    const TABLE: &'static str = "project";

    fn label(&self) -> String {
        match self.status {
            Status::Open => self.current_stage().name(),
            Status::Completed { .. } => OVER[0],
            Status::Cancelled { .. } => OVER[1],
        }
        .to_owned()
    }
}

/// The project, if the company has it.
pub(crate) async fn find(
    c: &impl ConnectionTrait,
    name: ProjectName,
) -> Result<Option<Stored<Project>>, Error> {
    documents::find(c, name.company, name.project.0).await
}

/// The company's open project, if there is one.
pub(crate) async fn find_open(
    c: &impl ConnectionTrait,
    company: CompanyId,
) -> Result<Option<Stored<Project>>, Error> {
    let all = documents::of_company(c, company).await?;
    Ok(all.into_iter().find(|stored: &Stored<Project>| stored.value.is_open()))
}

/// What surrounds a project when it is judged: its company's facts and its variant.
pub(crate) struct Surroundings {
    pub hours: WorkingHours,
    pub company: CompanyFacts,
    pub variant: Option<VariantData>,
}

impl Scheduling {
    /// Reads what surrounds a project.
    pub(crate) async fn surroundings(
        &self,
        c: &impl ConnectionTrait,
        company: CompanyId,
        variant: Option<&str>,
    ) -> Result<Surroundings, Error> {
        let company = company::store::load(c, company, &format!("companies/{company}")).await?.value;
        self.surroundings_of(&company, variant)
    }

    fn surroundings_of(&self, company: &Company, variant: Option<&str>) -> Result<Surroundings, Error> {
        Ok(Surroundings {
            hours: company.working_hours(),
            company: company.facts(),
            variant: variant.map(|key| self.variant(key)).transpose()?,
        })
    }

    /// A variant of the catalogue.
    pub(crate) fn variant(&self, key: &str) -> Result<VariantData, Error> {
        let found = self.catalogue.get(key);
        found.map(|variant| variant.data()).ok_or_else(|| {
            let known: Vec<_> = self.catalogue.all().iter().map(|v| v.key.as_str()).collect();
            Error::invalid("variant", key, known.join(", "))
        })
    }

    /// What a transition is judged against.
    pub(crate) fn context<'a>(
        &'a self,
        now: jiff::Timestamp,
        actor: &'a Actor,
        surroundings: &'a Surroundings,
    ) -> Context<'a> {
        Context {
            now,
            actor,
            calendar: &self.calendar,
            hours: &surroundings.hours,
            policy: &self.policy,
            variant: surroundings.variant.as_ref(),
            company: &surroundings.company,
        }
    }
}

impl Scheduling {
    /// Carries a command on a project out: loads it, lets the model judge, keeps what it came to and
    /// answers with the project. `judge` is not asked where the same request was carried out before.
    /// `roles`: who may. Judged before the project is looked at, so that the answer to others does not
    /// depend on its state.
    ///
    /// # Errors
    /// What the model refuses; `NOT_FOUND`, `PERMISSION_DENIED`, and the platform's for the request id.
    pub(super) async fn change(
        &self,
        call: &Call,
        name: &str,
        roles: &[Role],
        judge: impl FnOnce(&mut Project, &Context) -> Outcome,
    ) -> Result<pb::Project, Error> {
        let name = ProjectName::parse("name", name)?;
        call.principal.sees(name.company, name)?;
        call.principal.require(roles)?;
        let (mut unit, actor) = match self.core.start(call, name.company.into()).await? {
            Started::Replayed(_) => return self.read(name).await,
            Started::Fresh(unit, actor) => (unit, actor),
        };
        actor.require(roles)?;
        let mut project = find(unit.db(), name).await?.ok_or_else(|| Error::not_found(name))?;
        let chosen = project.value.variant.chosen();
        let mut surroundings = self.surroundings(unit.db(), name.company, chosen).await?;
        let events = judge(&mut project.value, &self.context(unit.now(), &actor, &surroundings))?;
        let chosen = project.value.variant.chosen();
        if surroundings.variant.as_ref().map(|v| v.key.as_str()) != chosen {
            surroundings.variant = chosen.map(|key| self.variant(key)).transpose()?;
        }
        let ctx = self.context(unit.now(), &actor, &surroundings);
        keep(&mut unit, &project, &ctx, events).await?;
        let answer = view::project(&project.value, &ctx);
        unit.commit(&name.to_string()).await?;
        Ok(answer)
    }

    /// The project as it now is.
    pub(super) async fn read(&self, name: ProjectName) -> Result<pb::Project, Error> {
        let db = self.core.db.read();
        let stored = find(db, name).await?.ok_or_else(|| Error::not_found(name))?;
        self.show(&stored.value).await
    }

    /// The contract's view of a page of projects, with one look at their companies.
    pub(super) async fn show_all(&self, projects: &[Stored<Project>]) -> Result<Vec<pb::Project>, Error> {
        let ids: BTreeSet<_> = projects.iter().map(|stored| stored.company.0).collect();
        let companies = documents::find_all::<Company>(self.core.db.read(), ids).await?;
        let companies: HashMap<_, _> = companies.into_iter().map(|c| (c.company, c.value)).collect();
        let now = self.core.clock.now();
        let show = |project: &Project| {
            let company = companies.get(&project.company);
            let company =
                company.ok_or_else(|| Error::not_found(format!("companies/{}", project.company)))?;
            let surroundings = self.surroundings_of(company, project.variant.chosen())?;
            Ok(view::project(project, &self.context(now, &Actor::System, &surroundings)))
        };
        projects.iter().map(|stored| show(&stored.value)).collect()
    }

    /// The contract's view of a project that was read.
    pub(super) async fn show(&self, project: &Project) -> Result<pb::Project, Error> {
        let db = self.core.db.read();
        let surroundings = self.surroundings(db, project.company, project.variant.chosen()).await?;
        Ok(view::project(project, &self.context(self.core.clock.now(), &Actor::System, &surroundings)))
    }

    /// Lets time, an event or a change of the company act on a project, in the given unit.
    pub(crate) async fn act(
        &self,
        unit: &mut Unit,
        actor: &Actor,
        mut stored: Stored<Project>,
        act: impl FnOnce(&mut Project, &Context) -> Vec<ProjectEvent>,
    ) -> Result<(), Error> {
        let variant = stored.value.variant.chosen();
        let surroundings = self.surroundings(unit.db(), stored.company, variant).await?;
        let ctx = self.context(unit.now(), actor, &surroundings);
        let before = stored.value.clone();
        let events = act(&mut stored.value, &ctx);
        if events.is_empty() && stored.value == before {
            return timers::set(unit, &stored.value).await;
        }
        keep(unit, &stored, &ctx, events).await
    }
}

/// Keeps a changed project: the document, its timer, the events and the history.
async fn keep(
    unit: &mut Unit,
    stored: &Stored<Project>,
    ctx: &Context<'_>,
    events: Vec<ProjectEvent>,
) -> Result<(), Error> {
    documents::save(unit.db(), stored).await?;
    timers::set(unit, &stored.value).await?;
    events::emit(unit, &stored.value, ctx, events)
}

/// Adds a project that was opened.
pub(super) async fn insert(
    unit: &mut Unit,
    project: &Project,
    ctx: &Context<'_>,
    events: Vec<ProjectEvent>,
) -> Result<(), Error> {
    documents::insert(unit.db(), project.company, project.id.0, project).await?;
    timers::set(unit, project).await?;
    events::emit(unit, project, ctx, events)
}

/// The project's resource name.
pub(super) fn name_of(project: &Project) -> ProjectName {
    ProjectName { company: project.company, project: project.id }
}
