//! An event that no consumer can apply, put where only a broken producer could: into the outbox.

use std::time::Duration;

use anyhow::Context as _;
use platform::{
    db::{Db, execute, query_one},
    loops::pause,
};
use prost::Message as _;
use proto::scheduling::v1::SchedulingEvent;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

const TRIES: u32 = 60;
const TRY_EVERY: Duration = Duration::from_secs(1);

/// What is wrong with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Poison {
    /// No protobuf.
    Undecodable,
    /// Of a type that the contract does not have, as a newer build would write it.
    Unknown,
}

impl Poison {
    fn payload(self, event_id: Uuid, company: &str) -> Vec<u8> {
        match self {
            Self::Undecodable => vec![0xff; 3],
            Self::Unknown => {
                let (event_id, company) = (event_id.to_string(), company.to_owned());
                let mut payload = SchedulingEvent { event_id, company, ..Default::default() }.encode_to_vec();
                // Field 999, empty.
                payload.extend([0xba, 0x3e, 0x00]);
                payload
            }
        }
    }
}

/// Gives the lane's next number to such an event, as a unit of work would; again if the database dies meanwhile.
/// Answers the number.
///
/// # Errors
/// A database that stays away.
pub async fn put(scheduling: &Db, company: &str, poison: Poison) -> anyhow::Result<i64> {
    let lane = company.strip_prefix("companies/").context("a company's name")?;
    let event_id = Uuid::now_v7();
    for _ in 1..TRIES {
        if let Ok(seq) = try_put(scheduling, lane, event_id, poison.payload(event_id, company)).await {
            return Ok(seq);
        }
        pause(TRY_EVERY, &CancellationToken::new()).await;
    }
    try_put(scheduling, lane, event_id, poison.payload(event_id, company)).await
}

async fn try_put(scheduling: &Db, lane: &str, event_id: Uuid, payload: Vec<u8>) -> anyhow::Result<i64> {
    let tx = scheduling.begin().await?;
    let known = "select seq from outbox where event_id = $1";
    if let Some(row) = query_one(&tx, known, vec![event_id.into()]).await? {
        return Ok(row.try_get("", "seq")?);
    }
    let taken = query_one(
        &tx,
        "update lane set next_seq = next_seq + 1 where lane = $1 returning next_seq - 1 as seq",
        vec![lane.into()],
    );
    let seq: i64 = taken.await?.context("the company's lane")?.try_get("", "seq")?;
    execute(
        &tx,
        "insert into outbox (event_id, lane, seq, kind, payload, recorded_at) values ($1, $2, $3, 'poison', $4, now())",
        vec![event_id.into(), lane.into(), seq.into(), payload.into()],
    )
    .await?;
    tx.commit().await?;
    Ok(seq)
}
