//! The commands on a company, one function each: read the request, load, let the model judge, keep
//! what came of it.

use calendar::local_day;
use platform::{Call, Error, command::Started, etag, id::CompanyId, name};
use proto::{refusal::Refusal, scheduling::v1 as pb};

use super::{Company, parse, resource_name, store::Change, view};
use crate::Scheduling;

/// The field of requests that carry the whole company.
const COMPANY: &str = "company";

impl Scheduling {
    /// RPC `CreateCompany`.
    pub async fn create_company(
        &self,
        call: Call,
        request: pb::CreateCompanyRequest,
    ) -> Result<pb::Company, Error> {
        let asked = parse::given(COMPANY, request.company)?;
        let sites = parse::sites(&asked.sites).map_err(in_company)?;
        let profile = parse::profile(asked).map_err(in_company)?;
        let id = CompanyId::new();
        let (unit, actor) = match self.core.start(&call, id.into()).await? {
            Started::Replayed(name) => return self.read_company(name::company("name", &name)?).await,
            Started::Fresh(unit, actor) => (unit, actor),
        };
        let (company, events) =
            Company::register(id, profile, sites, &self.brands, &actor).map_err(in_company)?;
        self.add_company(unit, &actor, &company, &events).await?;
        Ok(view::company(&company))
    }

    /// RPC `UpdateCompany`.
    pub async fn update_company(
        &self,
        call: Call,
        request: pb::UpdateCompanyRequest,
    ) -> Result<pb::Company, Error> {
        let asked = parse::given(COMPANY, request.company)?;
        let name = asked.name.clone();
        let id = name::company("company.name", &name)?;
        let profile = parse::profile(asked).map_err(in_company)?;
        let Some(mut change) = self.change_company(&call, id, &name).await? else {
            return self.read_company(id).await;
        };
        let company = &mut change.company.value;
        etag::check(call.etag.as_deref(), &view::facts(company))?;
        let events = company.update(profile, &self.brands, &change.actor).map_err(in_company)?;
        self.company_changed(change, &events).await
    }

    /// RPC `SetWorkingHours`.
    pub async fn set_working_hours(
        &self,
        call: Call,
        request: pb::SetWorkingHoursRequest,
    ) -> Result<pb::Company, Error> {
        let id = name::company("name", &request.name)?;
        let sites = parse::sites(&request.sites)?;
        let Some(mut change) = self.change_company(&call, id, &request.name).await? else {
            return self.read_company(id).await;
        };
        let company = &mut change.company.value;
        etag::check(call.etag.as_deref(), &view::facts(company))?;
        let events = company.set_working_hours(sites, &change.actor)?;
        self.company_changed(change, &events).await
    }

    /// RPC `EnterClosure`.
    pub async fn enter_closure(
        &self,
        call: Call,
        request: pb::EnterClosureRequest,
    ) -> Result<pb::Company, Error> {
        let id = name::company("name", &request.name)?;
        let (first, last) = parse::closure_days(&request.first_day, &request.last_day)?;
        let Some(mut change) = self.change_company(&call, id, &request.name).await? else {
            return self.read_company(id).await;
        };
        let today = local_day(change.unit.now());
        let company = &mut change.company.value;
        let events = company.enter_closure(first, last, &request.note, today, &change.actor)?;
        self.company_changed(change, &events).await
    }

    /// RPC `WithdrawClosure`.
    pub async fn withdraw_closure(
        &self,
        call: Call,
        request: pb::WithdrawClosureRequest,
    ) -> Result<pb::Company, Error> {
        let id = name::company("name", &request.name)?;
        let (first, last) = parse::closure_days(&request.first_day, &request.last_day)?;
        let Some(mut change) = self.change_company(&call, id, &request.name).await? else {
            return self.read_company(id).await;
        };
        let events = change.company.value.withdraw_closure(first, last, &change.actor)?;
        self.company_changed(change, &events).await
    }

    /// RPC `SetSystems`.
    pub async fn set_systems(
        &self,
        call: Call,
        request: pb::SetSystemsRequest,
    ) -> Result<pb::Company, Error> {
        let id = name::company("name", &request.name)?;
        let lists = parse::systems(request.systems, request.applications);
        let Some(mut change) = self.change_company(&call, id, &request.name).await? else {
            return self.read_company(id).await;
        };
        let company = &mut change.company.value;
        etag::check(call.etag.as_deref(), &view::facts(company))?;
        let events = company.set_systems(lists, &change.actor)?;
        self.company_changed(change, &events).await
    }

    async fn company_changed(
        &self,
        change: Change,
        events: &[super::CompanyEvent],
    ) -> Result<pb::Company, Error> {
        let name = resource_name(change.company.value.id);
        let company = self.finish_company(change, events, &name).await?;
        Ok(view::company(&company))
    }
}

fn in_company(refusal: Refusal) -> Refusal {
    refusal.within(COMPANY)
}
