//! What differs from the restored database of another service.

use proto::{
    operations::v1 as pb,
    refusal::{Refusal, words},
};
use uuid::Uuid;

use super::{Operations, company, may};
use crate::{
    call::Call, clock, core::Core, error::Error, name, page::PageRequest, restored::KeptDifference, text,
};

impl Operations {
    /// RPC `ListDifferences`.
    pub async fn list_differences(
        &self,
        call: Call,
        request: pb::ListDifferencesRequest,
    ) -> Result<pb::ListDifferencesResponse, Error> {
        may(&call)?;
        let core = self.parent(&request.parent)?;
        let page = PageRequest { size: request.page_size, token: &request.page_token };
        let page = core.differences_page(page).await?;
        Ok(pb::ListDifferencesResponse {
            differences: page.items.into_iter().map(|kept| to_proto(core, kept)).collect(),
            next_page_token: page.next_page_token,
        })
    }

    /// RPC `CloseDifference`.
    pub async fn close_difference(
        &self,
        call: Call,
        request: pb::CloseDifferenceRequest,
    ) -> Result<pb::CloseDifferenceResponse, Error> {
        may(&call)?;
        let [service, id] =
            name::parts("name", "services/{service}/differences/{difference}", &request.name)?;
        let core = self.find(service, &request.name)?;
        let id: Uuid = id
            .parse()
            .map_err(|_| Error::invalid("name", &request.name, words("a UUID", "identyfikator UUID")))?;
        Refusal::unless_empty(text::note("reason", &request.reason).into_iter().collect())?;
        core.close_difference(&call.principal, call.ticket()?, id, request.reason.trim()).await?;
        Ok(pb::CloseDifferenceResponse { name: request.name })
    }
}

fn to_proto(core: &Core, kept: KeptDifference) -> pb::Difference {
    let difference = kept.difference;
    pb::Difference {
        name: format!("services/{}/differences/{}", core.service, kept.id),
        source: kept.source,
        company: company(kept.lane),
        project: difference.project.unwrap_or_default(),
        what: difference.what,
        here: difference.here,
        there: difference.there,
        notice_time: Some(clock::to_wire(kept.noticed_at)),
    }
}
