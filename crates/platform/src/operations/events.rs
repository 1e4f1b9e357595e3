//! Events that a service told.

use proto::{operations::v1 as pb, refusal::words};
use uuid::Uuid;

use super::{Operations, company, content, may};
use crate::{call::Call, clock, db::query_one, error::Error, lane::Lane, name, watch::WatchFilter};

impl Operations {
    /// RPC `GetEvent`.
    pub async fn get_event(&self, call: Call, request: pb::GetEventRequest) -> Result<pb::Event, Error> {
        may(&call)?;
        let [service, event] = name::parts("name", "services/{service}/events/{event}", &request.name)?;
        let id: Uuid = event
            .parse()
            .map_err(|_| Error::invalid("name", &request.name, words("a UUID", "identyfikator UUID")))?;
        let core = self.find(service, &request.name)?;
        let sql = "select lane, seq, position, kind, project, payload, trace, follows, recorded_at, sequenced_at, \
                   published_at from outbox where event_id = $1";
        let row = query_one(core.db.read(), sql, vec![id.into()]).await?;
        let row = row.ok_or_else(|| Error::not_found(&request.name))?;
        let payload: Vec<u8> = row.try_get("", "payload")?;
        let instant = |column| -> Result<_, Error> {
            let at = row.try_get::<Option<chrono::DateTime<chrono::Utc>>>("", column)?;
            Ok(at.map(|at| clock::to_wire(clock::from_db(at))))
        };
        Ok(pb::Event {
            company: company(Lane::of(&row)?),
            project: row.try_get::<Option<String>>("", "project")?.unwrap_or_default(),
            sequence: row.try_get("", "seq")?,
            position: row.try_get("", "position")?,
            kind: row.try_get("", "kind")?,
            record_time: instant("recorded_at")?,
            sequence_time: instant("sequenced_at")?,
            publish_time: instant("published_at")?,
            traceparent: row.try_get::<Option<String>>("", "trace")?.unwrap_or_default(),
            follows: row.try_get::<Option<String>>("", "follows")?.unwrap_or_default(),
            size_bytes: payload.len() as i64,
            content: content(service, &payload),
            name: request.name,
        })
    }

    /// RPC `GetWatchToken`.
    pub async fn get_watch_token(
        &self,
        call: Call,
        request: pb::GetWatchTokenRequest,
    ) -> Result<pb::WatchToken, Error> {
        may(&call)?;
        let [service] = name::parts("name", "services/{service}/watchToken", &request.name)?;
        let filter = WatchFilter::parse(&request.company, &request.project)?;
        let core = self.find(service, &request.name)?;
        let resume_token = core.first_watch_token(&filter).await?;
        Ok(pb::WatchToken { name: request.name, resume_token })
    }
}
