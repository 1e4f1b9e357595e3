//! An event that no consumer can apply, put where only a broken producer could: into the outbox.

use anyhow::Context as _;
use platform::db::{Db, execute, query_one};
use uuid::Uuid;

/// Gives the lane's next number to these bytes, as a unit of work would. Answers the number.
///
/// # Errors
/// Those of the database.
pub async fn put(scheduling: &Db, company: &str, payload: &[u8]) -> anyhow::Result<i64> {
    let lane = company.strip_prefix("companies/").context("a company's name")?;
    let tx = scheduling.begin().await?;
    let taken = query_one(
        &tx,
        "update lane set next_seq = next_seq + 1 where lane = $1 returning next_seq - 1 as seq",
        vec![lane.into()],
    );
    let seq: i64 = taken.await?.context("the company's lane")?.try_get("", "seq")?;
    execute(
        &tx,
        "insert into outbox (event_id, lane, seq, kind, payload, recorded_at) values ($1, $2, $3, 'poison', $4, now())",
        vec![Uuid::now_v7().into(), lane.into(), seq.into(), payload.to_vec().into()],
    )
    .await?;
    tx.commit().await?;
    Ok(seq)
}
