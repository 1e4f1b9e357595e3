//! What is on its way, from a service and to it.

use std::collections::BTreeMap;

use proto::operations::v1 as pb;

use super::{Operations, may};
use crate::{
    call::Call,
    clock,
    core::Core,
    db::{query_all, query_one},
    error::Error,
    lane::{Lane, Number},
    name,
};

const MOST_LANES: usize = 100;

impl Operations {
    /// RPC `GetOutboxStatus`.
    pub async fn get_outbox_status(
        &self,
        call: Call,
        request: pb::GetOutboxStatusRequest,
    ) -> Result<pb::OutboxStatus, Error> {
        may(&call)?;
        let [service] = name::parts("name", "services/{service}/outboxStatus", &request.name)?;
        let core = self.find(service, &request.name)?;
        let oldest = query_one(
            core.db.read(),
            "select recorded_at from outbox where published_at is null order by recorded_at limit 1",
            vec![],
        )
        .await?;
        let oldest = oldest.map(|row| row.try_get("", "recorded_at")).transpose()?;
        Ok(pb::OutboxStatus {
            name: request.name,
            depth: core.outbox_depth().await?,
            oldest_record_time: oldest.map(|at| clock::to_wire(clock::from_db(at))),
            events: core.last_position().await?,
            inbox_depth: inbox_depth(core).await?,
            lanes_behind: self.lanes_behind(core).await?,
            lanes_ahead: lanes_ahead(core).await?,
        })
    }

    async fn lanes_behind(&self, core: &Core) -> Result<Vec<pb::LaneBehind>, Error> {
        let mut known = ends_in_inbox(core).await?;
        for source in self.cores.iter().filter(|source| core.sources().contains(&source.service)) {
            for head in source.lane_heads().await? {
                let end = known.entry((source.service.to_owned(), head.lane)).or_default();
                *end = head.number.max(*end);
            }
        }
        let rows =
            query_all(core.db.read(), "select source, lane, epoch, seq, parked from cursor", vec![]).await?;
        let mut cursors = BTreeMap::new();
        for row in &rows {
            let key = (row.try_get::<String>("", "source")?, Lane::of(row)?);
            cursors.insert(key, (Number::of(row)?, row.try_get::<bool>("", "parked")?));
        }
        let mut behind: Vec<_> = known
            .into_iter()
            .filter_map(|(key, known)| {
                let (applied, parked) = cursors.get(&key).copied().unwrap_or_default();
                let (source, lane) = key;
                (applied < known).then(|| pb::LaneBehind {
                    source,
                    lane: lane.to_string(),
                    applied: applied.seq,
                    known: known.seq,
                    parked,
                })
            })
            .collect();
        behind.sort_by_key(|lane| std::cmp::Reverse(lane.known - lane.applied));
        behind.truncate(MOST_LANES);
        Ok(behind)
    }
}

async fn lanes_ahead(core: &Core) -> Result<Vec<pb::LaneAhead>, Error> {
    let cursors: BTreeMap<_, _> =
        core.cursors().await?.into_iter().map(|at| ((at.service, at.lane), at.number)).collect();
    let ahead = core.sources().iter().flat_map(|&source| {
        core.lanes_set_back(source).into_iter().map(move |(lane, end)| (source, lane, end))
    });
    let ahead = ahead.take(MOST_LANES).map(|(source, lane, end)| pb::LaneAhead {
        source: source.to_owned(),
        lane: lane.to_string(),
        applied: cursors.get(&(source.to_owned(), lane)).copied().unwrap_or_default().seq,
        end: end.seq,
    });
    Ok(ahead.collect())
}

async fn inbox_depth(core: &Core) -> Result<i64, Error> {
    let row = query_one(core.db.read(), "select count(*) as n from inbox", vec![]).await?;
    row.map_or(Ok(0), |row| row.try_get("", "n").map_err(Error::from))
}

/// The last number that has come of each lane that waits.
async fn ends_in_inbox(core: &Core) -> Result<BTreeMap<(String, Lane), Number>, Error> {
    let sql =
        "select source, lane, epoch, max(seq) as seq from inbox group by source, lane, epoch order by epoch";
    let mut ends = BTreeMap::new();
    for row in query_all(core.db.read(), sql, vec![]).await? {
        ends.insert((row.try_get("", "source")?, Lane::of(&row)?), Number::of(&row)?);
    }
    Ok(ends)
}
