//! The commands, one function each: read the request, load, let the model judge, keep what came of it.

use jiff::Timestamp;
use platform::{Call, Error, actor::Actor, clock, etag, files::Upload};
use proto::{common::v1 as common, licensing::v1 as pb, refusal::Refusal};

use super::{AskedOffer, Event, Licences, NewOrder, NewProof, named, parse};
use crate::{Licensing, company, offers::store};

/// Reserves or accepts an offer.
type TakeOffer = fn(&mut Licences, &Actor, &AskedOffer, Timestamp) -> Result<Vec<Event>, Refusal>;

impl Licensing {
    /// RPC `SetNeeds`.
    pub async fn set_needs(&self, call: Call, request: pb::SetNeedsRequest) -> Result<pb::Licensing, Error> {
        let project = named("name", &request.name)?;
        let needs = parse::needs(request.needs)?;
        let Some(mut change) = self.begin(&call, project).await? else { return self.read(project).await };
        let licences = &mut change.licences.value;
        etag::check(call.etag.as_deref(), &licences.needs)?;
        let events = licences.set_needs(&self.catalogue, &change.actor, needs)?;
        self.finish(change, events).await
    }

    /// RPC `ChooseLicence`.
    pub async fn choose_licence(
        &self,
        call: Call,
        request: pb::ChooseLicenceRequest,
    ) -> Result<pb::Licensing, Error> {
        let project = named("name", &request.name)?;
        let kind = parse::kind("kind", request.kind)?;
        let metric = parse::metric("metric", request.metric)?;
        let Some(mut change) = self.begin(&call, project).await? else { return self.read(project).await };
        let licences = &mut change.licences.value;
        etag::check(call.etag.as_deref(), &licences.choice)?;
        let now = change.unit.now();
        let events = licences.choose(&self.catalogue, &change.actor, kind, metric, now)?;
        self.finish(change, events).await
    }

    /// RPC `RecommendLicence`.
    pub async fn recommend_licence(
        &self,
        call: Call,
        request: pb::RecommendLicenceRequest,
    ) -> Result<pb::Licensing, Error> {
        let project = named("name", &request.name)?;
        let kind = parse::kind("kind", request.kind)?;
        let Some(mut change) = self.begin(&call, project).await? else { return self.read(project).await };
        let licences = &mut change.licences.value;
        let events =
            licences.recommend(&self.catalogue, &change.actor, kind, request.note, change.unit.now())?;
        self.finish(change, events).await
    }

    /// RPC `ReserveOffer`.
    pub async fn reserve_offer(
        &self,
        call: Call,
        request: pb::ReserveOfferRequest,
    ) -> Result<pb::Licensing, Error> {
        self.take_offer(call, &request.name, &request.offer, Licences::reserve_offer).await
    }

    /// RPC `AcceptOffer`.
    pub async fn accept_offer(
        &self,
        call: Call,
        request: pb::AcceptOfferRequest,
    ) -> Result<pb::Licensing, Error> {
        self.take_offer(call, &request.name, &request.offer, Licences::accept_offer).await
    }

    /// A piece of the offer's quantity is set aside in the same transaction.
    async fn take_offer(
        &self,
        call: Call,
        name: &str,
        offer: &str,
        take: TakeOffer,
    ) -> Result<pb::Licensing, Error> {
        let project = named("name", name)?;
        let key = parse::offer(offer)?;
        let known = self.catalogue.offer(key);
        let Some(mut change) = self.begin(&call, project).await? else { return self.read(project).await };
        let reserved = store::load(&change.unit).await?.value;
        let left = known.map_or(0, |offer| reserved.left(offer));
        let client_since = company::client_since(change.unit.db(), project.company).await?;
        let licences = &mut change.licences.value;
        etag::check(call.etag.as_deref(), &licences.offer)?;
        let asked = AskedOffer { key, known, client_since, left };
        let events = take(licences, &change.actor, &asked, change.unit.now())?;
        self.finish(change, events).await
    }

    /// RPC `ReleaseOffer`.
    pub async fn release_offer(
        &self,
        call: Call,
        request: pb::ReleaseOfferRequest,
    ) -> Result<pb::Licensing, Error> {
        let project = named("name", &request.name)?;
        let Some(mut change) = self.begin(&call, project).await? else { return self.read(project).await };
        let licences = &mut change.licences.value;
        etag::check(call.etag.as_deref(), &licences.offer)?;
        let events = licences.release_offer(&change.actor)?;
        self.finish(change, events).await
    }

    /// RPC `UploadFile`.
    pub async fn upload_file(
        &self,
        call: Call,
        request: pb::UploadFileRequest,
    ) -> Result<common::File, Error> {
        let pb::UploadFileRequest { parent, display_name, sha256, .. } = &request;
        self.files.upload(&self.core, &call, Upload { parent, display_name, sha256 }).await
    }

    /// RPC `OrderLicence`.
    pub async fn order_licence(
        &self,
        call: Call,
        request: pb::OrderLicenceRequest,
    ) -> Result<pb::Licensing, Error> {
        let pb::OrderLicenceRequest {
            name, demand, number, supplier, expected_on, occurred_at, files, ..
        } = request;
        let project = named("name", &name)?;
        let expected_on = parse::optional_day("expected_on", &expected_on)?;
        let occurred_at = clock::from_request("occurred_at", occurred_at.as_ref())?;
        let Some(mut change) = self.begin(&call, project).await? else { return self.read(project).await };
        let files = change.files(&files).await?;
        let order = NewOrder { number, supplier, expected_on, occurred_at, files };
        let licences = &mut change.licences.value;
        etag::check(call.etag.as_deref(), &licences.records(&self.catalogue, &demand))?;
        let now = change.unit.now();
        let events = licences.order_licence(&self.catalogue, &change.actor, &demand, order, now)?;
        self.finish(change, events).await
    }

    /// RPC `CancelOrder`.
    pub async fn cancel_order(
        &self,
        call: Call,
        request: pb::CancelOrderRequest,
    ) -> Result<pb::Licensing, Error> {
        let pb::CancelOrderRequest { name, demand, reason, occurred_at, .. } = request;
        let project = named("name", &name)?;
        let occurred_at = clock::from_request("occurred_at", occurred_at.as_ref())?;
        let Some(mut change) = self.begin(&call, project).await? else { return self.read(project).await };
        let licences = &mut change.licences.value;
        etag::check(call.etag.as_deref(), &licences.records(&self.catalogue, &demand))?;
        let now = change.unit.now();
        let events =
            licences.cancel_order(&self.catalogue, &change.actor, &demand, reason, occurred_at, now)?;
        self.finish(change, events).await
    }

    /// RPC `RecordLicence`.
    pub async fn record_licence(
        &self,
        call: Call,
        request: pb::RecordLicenceRequest,
    ) -> Result<pb::Licensing, Error> {
        let pb::RecordLicenceRequest { name, demand, document, note, occurred_at, files, .. } = request;
        let project = named("name", &name)?;
        let document = parse::document(document)?;
        let occurred_at = clock::from_request("occurred_at", occurred_at.as_ref())?;
        let Some(mut change) = self.begin(&call, project).await? else { return self.read(project).await };
        let files = change.files(&files).await?;
        let proof = NewProof { document, note, occurred_at, files };
        let licences = &mut change.licences.value;
        etag::check(call.etag.as_deref(), &licences.records(&self.catalogue, &demand))?;
        let now = change.unit.now();
        let events = licences.record(&self.catalogue, &change.actor, &demand, proof, now)?;
        self.finish(change, events).await
    }

    /// RPC `WithdrawProof`.
    pub async fn withdraw_proof(
        &self,
        call: Call,
        request: pb::WithdrawProofRequest,
    ) -> Result<pb::Licensing, Error> {
        let pb::WithdrawProofRequest { name, demand, reason, occurred_at, .. } = request;
        let project = named("name", &name)?;
        let occurred_at = clock::from_request("occurred_at", occurred_at.as_ref())?;
        let Some(mut change) = self.begin(&call, project).await? else { return self.read(project).await };
        let licences = &mut change.licences.value;
        etag::check(call.etag.as_deref(), &licences.records(&self.catalogue, &demand))?;
        let now = change.unit.now();
        let events =
            licences.withdraw_proof(&self.catalogue, &change.actor, &demand, reason, occurred_at, now)?;
        self.finish(change, events).await
    }
}
