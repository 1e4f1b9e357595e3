//! One row for all offers. Two companies that reserve at once meet in its lock: the second waits and
//! sees what the first left.

use platform::{
    Error, clock,
    db::execute,
    documents::{self, Document, Stored},
    id::CompanyId,
    unit::Unit,
};
use sea_orm::ConnectionTrait;
use uuid::Uuid;

use super::Reservations;

/// The row's id and company: it is nobody's.
const ID: Uuid = Uuid::nil();
const COMPANY: CompanyId = CompanyId(Uuid::nil());

impl Document for Reservations {
    const TABLE: &'static str = "reservations";

    fn label(&self) -> String {
        "all".to_owned()
    }
}

/// The reservations, to look at.
pub async fn read(c: &impl ConnectionTrait) -> Result<Reservations, Error> {
    let stored = documents::find::<Reservations>(c, COMPANY, ID).await?;
    Ok(stored.map(|stored| stored.value).unwrap_or_default())
}

/// The reservations, to change: nobody else changes them until this unit ends. The first to come
/// makes the row.
pub async fn load(unit: &Unit) -> Result<Stored<Reservations>, Error> {
    // The update that changes nothing takes the row's lock in both databases.
    execute(
        unit.db(),
        "insert into reservations (id, company, label, version, body, updated_at) values ($1, $2, $3, 1, $4, $5) \
         on conflict (id) do update set version = reservations.version",
        vec![
            ID.into(),
            COMPANY.to_string().into(),
            Reservations::default().label().into(),
            serde_json::json!(Reservations::default()).into(),
            clock::to_db(clock::machine_now()).into(),
        ],
    )
    .await?;
    let stored = documents::find(unit.db(), COMPANY, ID).await?;
    stored.ok_or_else(|| anyhow::anyhow!("the row of reservations is gone").into())
}

/// Keeps what was changed.
pub async fn save(unit: &Unit, stored: &Stored<Reservations>) -> Result<(), Error> {
    documents::save(unit.db(), stored).await
}
