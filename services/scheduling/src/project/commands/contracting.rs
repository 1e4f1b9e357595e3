//! Opening and cancelling, the contract, the variant.

use platform::{
    Call, Error,
    command::Started,
    id::ProjectId,
    name::{self, ProjectName},
};
use proto::{
    common::v1::ErrorReason,
    refusal::{Violation, words},
    scheduling::v1 as pb,
};

use super::super::{Project, parse, store, view};
use super::roles;
use crate::Scheduling;

impl Scheduling {
    /// RPC `OpenProject`.
    pub async fn open_project(
        &self,
        call: Call,
        request: pb::OpenProjectRequest,
    ) -> Result<pb::Project, Error> {
        let id = name::company("parent", &request.parent)?;
        call.principal.sees(id, &request.parent)?;
        call.principal.require(roles::CRM)?;
        let (mut unit, actor) = match self.core.start(&call, id.into()).await? {
            Started::Replayed(name) => return self.read(ProjectName::parse("name", &name)?).await,
            Started::Fresh(unit, actor) => (unit, actor),
        };
        if let Some(open) = store::find_open(unit.db(), id).await? {
            let open = store::name_of(&open.value);
            let violation =
                Violation::new(ErrorReason::OneOpenProject).field("parent").asked(&request.parent);
            let allowed = words(
                format!("once {open} is completed or cancelled"),
                format!("gdy {open} będzie zakończony lub anulowany"),
            );
            return Err(violation.allowed(allowed).into());
        }
        let surroundings = self.surroundings(unit.db(), id, None).await?;
        let ctx = self.context(unit.now(), &actor, &surroundings);
        let (project, events) = Project::open(ProjectId::new(), id, &actor, unit.now());
        store::insert(&mut unit, &project, &ctx, events).await?;
        let answer = view::project(&project, &ctx);
        unit.commit(&store::name_of(&project).to_string()).await?;
        Ok(answer)
    }

    /// RPC `CancelProject`.
    pub async fn cancel_project(
        &self,
        call: Call,
        request: pb::CancelProjectRequest,
    ) -> Result<pb::Project, Error> {
        self.change(&call, &request.name, roles::CRM_OR_OPERATOR, |project, ctx| {
            project.cancel(&request.reason, ctx)
        })
        .await
    }

    /// RPC `RecordContract`.
    pub async fn record_contract(
        &self,
        call: Call,
        request: pb::RecordContractRequest,
    ) -> Result<pb::Project, Error> {
        let day = parse::day("contract_day", &request.contract_day)?;
        self.change(&call, &request.name, roles::CRM, |project, ctx| {
            project.record_contract(day, &request.reason, ctx)
        })
        .await
    }

    /// RPC `AskVariantHelp`.
    pub async fn ask_variant_help(
        &self,
        call: Call,
        request: pb::AskVariantHelpRequest,
    ) -> Result<pb::Project, Error> {
        self.change(&call, &request.name, roles::DECISION, |project, ctx| {
            project.ask_variant_help(&request.note, ctx)
        })
        .await
    }

    /// RPC `RecommendVariant`.
    pub async fn recommend_variant(
        &self,
        call: Call,
        request: pb::RecommendVariantRequest,
    ) -> Result<pb::Project, Error> {
        let variant = self.variant(&request.variant)?;
        self.change(&call, &request.name, roles::CRM_OR_OPERATOR, |project, ctx| {
            project.recommend_variant(&variant, &request.note, ctx)
        })
        .await
    }

    /// RPC `ChooseVariant`.
    pub async fn choose_variant(
        &self,
        call: Call,
        request: pb::ChooseVariantRequest,
    ) -> Result<pb::Project, Error> {
        let variant = self.variant(&request.variant)?;
        self.change(&call, &request.name, roles::DECISION_OR_SOFTVIG, |project, ctx| {
            project.choose_variant(&variant, &request.reason, ctx)
        })
        .await
    }
}
