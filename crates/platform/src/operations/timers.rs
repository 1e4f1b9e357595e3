//! What a service will do by itself.

use proto::operations::v1 as pb;

use super::{Operations, company, may};
use crate::{
    call::Call,
    clock,
    error::Error,
    lane::Lane,
    name,
    page::PageRequest,
    timers::{Scheduled, TimerFilter},
};

impl Operations {
    /// RPC `ListTimers`.
    pub async fn list_timers(
        &self,
        call: Call,
        request: pb::ListTimersRequest,
    ) -> Result<pb::ListTimersResponse, Error> {
        may(&call)?;
        let core = self.parent(&request.parent)?;
        let lane = match request.company.as_str() {
            "" => None,
            company => Some(Lane::Company(name::company("company", company)?)),
        };
        let filter = TimerFilter { lane, overdue: request.overdue };
        let page = PageRequest { size: request.page_size, token: &request.page_token };
        let page = core.scheduled(page, &filter).await?;
        let now = core.clock.now();
        let timers =
            page.items.into_iter().map(|Scheduled { kind, key, lane, due_at, failures, retry_at }| {
                pb::Timer {
                    kind,
                    key,
                    company: company(lane),
                    due_time: Some(clock::to_wire(due_at)),
                    overdue: due_at <= now,
                    failures,
                    retry_time: retry_at.map(clock::to_wire),
                }
            });
        Ok(pb::ListTimersResponse { timers: timers.collect(), next_page_token: page.next_page_token })
    }
}
