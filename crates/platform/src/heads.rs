//! What a producer tells its consumers: how far its lanes were at the announcement before. What came since is on its
//! way; a consumer that has not come so far asks for the rest.

use std::collections::{BTreeMap, VecDeque};

use sea_orm::QueryResult;

use crate::{
    bus::{Bus, LaneHead},
    core::Core,
    db::query_all,
    error::Error,
    lane::{Lane, Number},
};

/// Lanes that one announcement tells of in their turn: in a small installation, all.
const IN_TURN: usize = 1_000;
/// A lane that moved is told of in so many announcements more: what is lost, is mostly lost soon.
const MOVED_WITHIN: usize = 12;

/// How far the announcements have come.
#[derive(Debug)]
pub struct Heads {
    core: Core,
    in_turn: usize,
    /// The last lane that was told of in its turn; empty at the beginning of a round.
    last: String,
    /// The outbox's last position at the announcements before, the oldest first.
    positions: VecDeque<i64>,
}

impl Heads {
    pub fn new(core: Core) -> Self {
        Self::of(core, IN_TURN)
    }

    /// So many lanes in their turn at each announcement.
    pub fn of(core: Core, in_turn: usize) -> Self {
        Self { core, in_turn, last: String::new(), positions: VecDeque::new() }
    }

    /// Tells of the lanes whose turn it is, and of those that moved lately.
    pub(crate) async fn announce(&mut self, bus: &Bus) -> Result<(), Error> {
        let last = self.last.clone();
        let heads = self.next().await?;
        if heads.is_empty() {
            return Ok(());
        }
        bus.announce(self.core.service, heads).await.map_err(|e| {
            // Nobody heard it: those lanes have their turn again, not a round later.
            self.last = last;
            Error::Unavailable(e)
        })
    }

    /// The heads that the next announcement tells of.
    pub async fn next(&mut self) -> Result<Vec<LaneHead>, Error> {
        let db = self.core.db.read();
        let mut heads = BTreeMap::new();
        let position = self.core.last_position().await?;
        let before = self.positions.back().copied().unwrap_or(position);
        if let Some(since) = self.positions.front() {
            let moved = "select lane, max(seq) as seq from outbox where position > $1 and position <= $2 group by lane";
            let rows = query_all(db, moved, vec![(*since).into(), before.into()]).await?;
            heads.extend(rows.iter().map(head).collect::<Result<Vec<_>, _>>()?);
        }
        let in_turn = format!(
            "select lane, next_seq - 1 as seq from lane where next_seq > 1 and lane > $1 order by lane limit {}",
            self.in_turn
        );
        let rows = query_all(db, &in_turn, vec![self.last.as_str().into()]).await?;
        let since_then = "select lane, min(seq) - 1 as seq from (select lane, seq from outbox where position is null \
                          union all select lane, seq from outbox where position > $1) as young group by lane";
        let since_then = query_all(db, since_then, vec![before.into()]).await?;
        let since_then = since_then.iter().map(head).collect::<Result<BTreeMap<_, _>, _>>()?;
        for row in &rows {
            let (lane, seq) = head(row)?;
            heads.insert(lane, since_then.get(&lane).map_or(seq, |then| seq.min(*then)));
        }
        heads.retain(|_, seq| *seq > 0);
        self.last = match rows.last() {
            Some(row) if rows.len() == self.in_turn => row.try_get("", "lane")?,
            _ => String::new(),
        };
        self.positions.push_back(position);
        if self.positions.len() > MOVED_WITHIN {
            self.positions.pop_front();
        }
        // After a restoration every lane went on in the new epoch, in the same commit.
        let epoch = self.core.epoch().await?;
        Ok(heads.into_iter().map(|(lane, seq)| LaneHead { lane, number: Number { epoch, seq } }).collect())
    }
}

fn head(row: &QueryResult) -> Result<(Lane, i64), Error> {
    Ok((Lane::of(row)?, row.try_get("", "seq")?))
}
